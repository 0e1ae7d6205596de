# Functions that the tests expose as tools.

function Get-Echo {
    <#
    .SYNOPSIS
    Gives back what it is given.
    .PARAMETER Text
    What to give back
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [string] $Text,
        [ValidateRange(1, 100)] [int] $Times = 1
    )
    [pscustomobject]@{ Text = $Text; Times = $Times }
}

function Get-Half {
    'before'
    Write-Error 'boom'
    Write-Warning 'careful'
    'after'
}

function Stop-Early {
    'before'
    throw 'enough of it'
}

function Exit-Early {
    exit 5
}

function Wait-Long {
    param([int] $Seconds = 60)
    Start-Sleep -Seconds $Seconds
    'waited'
}

function Wait-Busy {
    while ($true) { }
}

function Write-Steps {
    foreach ($percent in 10, 40, 80, 100) {
        Write-Progress -Activity 'Steps' -Status "at $percent" -PercentComplete $percent
        Start-Sleep -Milliseconds 150
    }
    'done'
}

function Write-Noise {
    param([string] $Text)
    [Console]::Write('noise without an end')
    [Console]::Out.WriteLine('{"jsonrpc":"2.0","id":1,"result":{}}')
    Write-Host 'noise of the host'
    if (Get-Command cat -CommandType Application -ErrorAction Ignore) {
        # Reads the standard input to its end: it must be empty, and not the client's.
        cat
        sh -c 'printf "noise of a child" 1>&2; printf "%s" "read:$(cat)"'
    }
    $Text
}

function Read-Answer {
    Read-Host 'Name'
}

function Set-Leak {
    param([string] $Value)
    $global:Leak = $Value
    $env:RUNSPACED_TEST_LEAK = $Value
    "set"
}

function Get-Leak {
    "$global:Leak|$env:RUNSPACED_TEST_LEAK"
}

function Set-Marker {
    # Lives as long as the runtime does: no reset of a runspace removes it.
    param([string] $Value)
    [AppContext]::SetData('runspaced.test.marker', $Value)
    'set'
}

function Get-Marker {
    "$([AppContext]::GetData('runspaced.test.marker'))"
}

function End-Process {
    [Environment]::Exit(3)
}

function Wait-Forever {
    [Threading.Thread]::Sleep(-1)
}

function Remove-Thing {
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')]
    param([Parameter(Mandatory)] [string] $Name)
    if ($PSCmdlet.ShouldProcess($Name, 'Remove')) { "removed $Name" } else { "kept $Name" }
}

function Read-Both {
    $name = Read-Host 'Name'
    $chosen = $Host.UI.PromptForChoice('Colour', "Which colour, ${name}?", @('&Red', '&Green'), 1)
    "$name/$chosen/$RunspacedCallId"
}

function Read-Missing {
    [CmdletBinding(DefaultParameterSetName = 'A')]
    param(
        [Parameter(Mandatory, ParameterSetName = 'A')] [int] $Count,
        [Parameter(Mandatory, ParameterSetName = 'A')] [bool] $On,
        [Parameter(Mandatory, ParameterSetName = 'B')] [string] $Other
    )
    "$($Count + 1) $On"
}

function Read-Secret {
    (Get-Credential -Message 'Who are you?').UserName
}

function Get-Rows {
    param([int] $Count = 3000)
    foreach ($n in 1..$Count) { [pscustomobject]@{ Id = $n; Name = "name of $n"; Kind = if ($n % 3) { 'odd' } else { 'third' } } }
}

function Get-Text {
    param([int] $Length = 300000)
    [pscustomobject]@{ Id = 7; Text = 'abcdefghij' * ($Length / 10) }
}

function Write-Words {
    [CmdletBinding()]
    param()
    Write-Information 'news'
    Write-Verbose 'detail'
    Write-Warning 'careful'
    'said'
}

function Get-Fruit {
    param(
        [ValidateSet('Apple', 'Pear', 'Plum')] [string] $Kind,
        [ArgumentCompleter({ param($command, $parameter, $word) "x'y", 'Alder', 'Ash', 'Birch' | Where-Object { $_ -like "$word*" } })] [string] $Tree
    )
    "$Kind$Tree"
}
