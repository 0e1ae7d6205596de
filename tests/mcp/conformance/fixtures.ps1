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
