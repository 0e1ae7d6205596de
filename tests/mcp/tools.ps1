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
