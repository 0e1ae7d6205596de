//! What else belongs to a runspace.

use crate::row::{Nature::*, Row};

pub const ROWS: &[Row] = &[
    Row::new(Call, "location", "Set-Location /", "(Get-Location).Path"),
    Row::new(Call, "location in another provider", "Set-Location variable:", "(Get-Location).Path"),
    Row::new(Restored, "stack of locations", "Push-Location /", "(Get-Location -Stack).Count"),
    Row::new(
        Restored,
        "drive, new",
        "$null = New-PSDrive -Scope Global -Name Leak -PSProvider FileSystem -Root /",
        "Test-Path Leak:",
    ),
    Row::new(Restored, "drive, removed", "Remove-PSDrive Base", "Test-Path Base:"),
    Row::new(
        Call,
        "drive of the script",
        "$null = New-PSDrive -Name Leak -PSProvider FileSystem -Root /",
        "Test-Path Leak:",
    ),
    Row::new(
        Restored,
        "event subscriber of the engine",
        "$null = Register-EngineEvent -SourceIdentifier Leak -Action { }",
        "@(Get-EventSubscriber -SourceIdentifier Leak -ErrorAction Ignore).Count",
    ),
    Row::new(
        Restored,
        "timer with a subscriber",
        "$timer = [Timers.Timer]::new(3600000); $null = Register-ObjectEvent $timer Elapsed -SourceIdentifier Leak; $timer.Start()",
        "@(Get-EventSubscriber -SourceIdentifier Leak -ErrorAction Ignore).Count",
    ),
    Row::new(
        Restored,
        "event in the queue",
        "$null = New-Event -SourceIdentifier Leak",
        "@(Get-Event).Count",
    ),
    Row::new(Restored, "job", "$null = Start-Job { Start-Sleep 600 }", "@(Get-Job).Count"),
    Row::new(
        Retired,
        "type data, new",
        "Update-TypeData -TypeName Runspaced.Leak -MemberName Leak -MemberType NoteProperty -Value leak",
        "[string]([pscustomobject]@{ PSTypeName = 'Runspaced.Leak' }).Leak",
    ),
    Row::new(
        Retired,
        "type data, changed",
        "Update-TypeData -TypeName Runspaced.Canary -MemberName Level -MemberType NoteProperty -Value leak -Force",
        "([pscustomobject]@{ PSTypeName = 'Runspaced.Canary' }).Level",
    ),
    Row::new(
        Retired,
        "type data, removed",
        "Remove-TypeData -TypeName Runspaced.Canary",
        "[string]([pscustomobject]@{ PSTypeName = 'Runspaced.Canary' }).Level",
    ),
    Row::new(
        Retired,
        "format data",
        r#"
        $file = Join-Path $Scratch "$Canary.format.ps1xml"
        Set-Content $file @"
<Configuration><ViewDefinitions><View><Name>Leak</Name><ViewSelectedBy><TypeName>Runspaced.Leak</TypeName></ViewSelectedBy>
<ListControl><ListEntries><ListEntry><ListItems><ListItem><PropertyName>Leak</PropertyName></ListItem></ListItems></ListEntry></ListEntries></ListControl>
</View></ViewDefinitions></Configuration>
"@
        Update-FormatData -PrependPath $file
        "#,
        "@(Get-FormatData Runspaced.Leak).Count",
    ),
    Row::new(
        Restored,
        "transcript",
        r#"$null = Start-Transcript (Join-Path $Scratch "$Canary.txt")"#,
        "try { $null = Stop-Transcript; 'on' } catch { 'off' }",
    ),
    Row::new(
        Restored,
        "history",
        "[pscustomobject]@{ CommandLine = $Canary; ExecutionStatus = 'Completed'; StartExecutionTime = [datetime]::Now; EndExecutionTime = [datetime]::Now } | Add-History",
        "@(Get-History).Count",
    ),
    Row::new(
        Restored,
        "breakpoint",
        "$null = Set-PSBreakpoint -Command Get-Canary -Action { }",
        "@(Get-PSBreakpoint).Count",
    ),
    Row::new(
        Restored,
        "argument completer",
        "Register-ArgumentCompleter -CommandName Get-Base -ParameterName Name -ScriptBlock { 'leak' }",
        "[Management.Automation.CommandCompletion]::CompleteInput('Get-Base -Name ', 15, $null).CompletionMatches.CompletionText -contains 'leak'",
    ),
    Row::new(
        Restored,
        "argument completer of a native command",
        "Register-ArgumentCompleter -Native -CommandName leakcommand -ScriptBlock { 'leak' }",
        "[Management.Automation.CommandCompletion]::CompleteInput('leakcommand ', 12, $null).CompletionMatches.CompletionText -contains 'leak'",
    ),
    Row::new(
        Restored,
        "Set-PSDebug -Trace",
        "Set-PSDebug -Trace 1",
        r"
        $hidden = [Reflection.BindingFlags]'NonPublic, Instance'
        $context = $ExecutionContext.GetType().GetField('_context', $hidden).GetValue($ExecutionContext)
        $context.GetType().GetField('_debugTraceLevel', $hidden).GetValue($context)
        ",
    ),
    Row::new(
        Restored,
        "Set-PSDebug -Strict",
        "Set-PSDebug -Strict",
        "& { try { $null = $NotThere; 'off' } catch { 'on' } }",
    ),
    Row::new(
        Restored,
        "hook for commands that are not found",
        "$ExecutionContext.InvokeCommand.CommandNotFoundAction = { param($name, $found) $found.CommandScriptBlock = { 'leak' } }",
        "try { Get-NotThereAtAll } catch { 'none' }",
    ),
    Row::new(
        Restored,
        "hook before commands are looked up",
        "$ExecutionContext.InvokeCommand.PreCommandLookupAction = { param($name, $found) if ($name -eq 'Get-NotThereAtAll') { $found.CommandScriptBlock = { 'leak' } } }",
        "try { Get-NotThereAtAll } catch { 'none' }",
    ),
    Row::new(
        Restored,
        "hook after commands are looked up",
        "$ExecutionContext.InvokeCommand.PostCommandLookupAction = { param($name, $found) if ($name -eq 'Get-Base') { $found.CommandScriptBlock = { 'leak' } } }",
        "Get-Base",
    ),
    Row::new(
        Restored,
        "hook for changes of location",
        "$ExecutionContext.InvokeCommand.LocationChangedAction = { $env:LEAK_LOCATION = '1' }",
        "[bool]$ExecutionContext.InvokeCommand.LocationChangedAction",
    ),
    Row::new(
        Restored,
        "language mode",
        "$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'",
        "[string]$ExecutionContext.SessionState.LanguageMode",
    ),
    Row::new(
        Retired,
        "list of the applications that may run",
        "$ExecutionContext.SessionState.Applications.Clear()",
        "$ExecutionContext.SessionState.Applications.Count",
    ),
    Row::new(
        Retired,
        "list of the scripts that may run",
        "$ExecutionContext.SessionState.Scripts.Clear()",
        "$ExecutionContext.SessionState.Scripts.Count",
    ),
    Row::new(
        Restored,
        "cmdlet, hidden",
        "(Get-Command Get-Date -CommandType Cmdlet).Visibility = 'Private'",
        "[string](Get-Command Get-Date -CommandType Cmdlet -ErrorAction Ignore).Visibility",
    ),
    Row::new(
        Call,
        "title of the window",
        "$Host.UI.RawUI.WindowTitle = $Canary",
        "$Host.UI.RawUI.WindowTitle",
    ),
];

/// Rows that need the module ThreadJob, which an installation may lack.
pub const THREAD_JOB: &[Row] =
    &[Row::new(Restored, "thread job", "$null = Start-ThreadJob { Start-Sleep 600 }", "@(Get-Job).Count")];
