# What the official conformance suite calls, as far as PowerShell commands can be it.

function Test-SimpleText {
    'This is a simple text response for testing.'
}

function Test-ErrorHandling {
    throw 'This tool intentionally returns an error for testing'
}

function Test-ToolWithProgress {
    foreach ($percent in 0, 50, 100) {
        Write-Progress -Activity 'Test' -Status "$percent of 100" -PercentComplete $percent
        # Progress is passed on at most ten times a second.
        Start-Sleep -Milliseconds 150
    }
    'done'
}

function Test-ToolWithLogging {
    foreach ($text in 'Tool execution started', 'Tool processing data', 'Tool execution completed') {
        Write-Information $text
        Start-Sleep -Milliseconds 50
    }
    'done'
}

# Asks for values as commands do whose mandatory parameters were not given.
function Read-Field {
    param([string] $Message, [System.Collections.IDictionary] $Types)
    $fields = foreach ($name in $Types.Keys) {
        $field = [System.Management.Automation.Host.FieldDescription]::new($name)
        $field.SetParameterType($Types[$name])
        $field
    }
    $Host.UI.Prompt('', $Message, @($fields))
}

function Test-Elicitation {
    param([Parameter(Mandatory)] [string] $Message)
    $answer = Read-Field $Message ([ordered]@{ username = [string]; email = [string] })
    "User response: $($answer.username), $($answer.email)"
}

function Test-InputRequiredResultElicitation {
    "Hello, $((Read-Field 'What is your name?' @{ name = [string] }).name)!"
}

function Test-InputRequiredResultRequestState {
    $answer = Read-Field 'Please confirm' @{ ok = [bool] }
    "state-ok: $($answer.ok)"
}

function Test-InputRequiredResultMultiRound {
    $name = (Read-Field 'Step 1: What is your name?' @{ name = [string] }).name
    $color = (Read-Field 'Step 2: What is your favorite color?' @{ color = [string] }).color
    "$name likes $color"
}

function Test-StreamingElicitation {
    Write-Progress -Activity 'Test' -PercentComplete 50
    "Hello, $((Read-Field 'What is your name?' @{ name = [string] }).name)!"
}

function Test-LoggingTool {
    Write-Information 'not to be sent to a client that set no level'
    'done'
}
