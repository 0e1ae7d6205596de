//! `Microsoft.PowerShell.Utility`.

use super::{
    BuiltIn,
    Danger::{Executes, Interactive, Network, Secrets, Session, Writes},
    acts, plans, reads, sensitive,
};

/// Requests that only fetch. No proxy, credential, certificate or session of the user's, nothing sent along, nothing
/// written.
const FETCH: &str = "Uri:web Method:fetch Headers UserAgent HttpVersion ConnectionTimeoutSeconds \
    OperationTimeoutSeconds MaximumRedirection MaximumRetryCount RetryIntervalSec DisableKeepAlive UseBasicParsing \
    SkipHttpErrorCheck SslProtocol";

pub(super) const COMMANDS: &[BuiltIn] = &[
    // A script method is code.
    acts("Add-Member", Executes),
    acts("Add-Type", Executes),
    plans("Clear-Variable"),
    reads(
        "Compare-Object",
        "ReferenceObject DifferenceObject SyncWindow Property:plain ExcludeDifferent IncludeEqual PassThru Culture \
         CaseSensitive",
    ),
    // Makes live objects of what it reads.
    acts("ConvertFrom-CliXml", Executes),
    reads("ConvertFrom-Csv", "Delimiter UseCulture InputObject Header"),
    reads("ConvertFrom-Json", "InputObject AsHashtable Depth NoEnumerate DateKind"),
    reads("ConvertFrom-Markdown", "Path:content LiteralPath:content InputObject AsVT100EncodedString"),
    reads("ConvertFrom-SddlString", "Sddl Type"),
    reads("ConvertFrom-StringData", "StringData Delimiter"),
    reads("ConvertTo-CliXml", "InputObject Depth"),
    reads(
        "ConvertTo-Csv",
        "InputObject Delimiter UseCulture IncludeTypeInformation NoTypeInformation QuoteFields UseQuotes NoHeader",
    ),
    reads(
        "ConvertTo-Html",
        "InputObject Property:plain Body Head Title As CssUri Fragment PostContent PreContent Meta Charset Transitional",
    ),
    reads("ConvertTo-Json", "InputObject Depth Compress EnumsAsStrings AsArray EscapeHandling"),
    reads("ConvertTo-Xml", "Depth InputObject NoTypeInformation As"),
    acts("Debug-Runspace", Session),
    plans("Disable-PSBreakpoint"),
    acts("Disable-RunspaceDebug", Session),
    plans("Enable-PSBreakpoint"),
    acts("Enable-RunspaceDebug", Session),
    plans("Export-Alias"),
    plans("Export-Clixml"),
    plans("Export-Csv"),
    acts("Export-FormatData", Writes),
    acts("Export-PSSession", Network),
    reads(
        "Format-Custom",
        "Property:plain Depth GroupBy:plain View ShowError DisplayError Force Expand InputObject",
    ),
    reads("Format-Hex", "Path:content LiteralPath:content InputObject Encoding Count Offset Raw"),
    reads("Format-List", "Property:plain GroupBy:plain View ShowError DisplayError Force Expand InputObject"),
    reads(
        "Format-Table",
        "AutoSize RepeatHeader HideTableHeaders Wrap Property:plain GroupBy:plain View ShowError DisplayError Force \
         Expand InputObject",
    ),
    reads(
        "Format-Wide",
        "Property:plain AutoSize Column GroupBy:plain View ShowError DisplayError Force Expand InputObject",
    ),
    reads("Get-Alias", "Name Exclude Scope Definition"),
    reads("Get-Culture", "Name NoUserOverrides ListAvailable"),
    reads(
        "Get-Date",
        "Date UnixTimeSeconds Year Month Day Hour Minute Second Millisecond DisplayHint UFormat Format AsUTC",
    ),
    reads("Get-Error", "Newest"),
    reads("Get-Event", "SourceIdentifier EventIdentifier"),
    reads("Get-EventSubscriber", "SourceIdentifier SubscriptionId Force"),
    reads("Get-FileHash", "Path:content LiteralPath:content Algorithm"),
    reads("Get-FormatData", "TypeName PowerShellVersion"),
    // Its result leads to the runspace.
    acts("Get-Host", Session),
    reads("Get-MarkdownOption", ""),
    reads("Get-Member", "InputObject Name MemberType View Static Force"),
    reads("Get-PSBreakpoint", "Id Type"),
    reads("Get-PSCallStack", ""),
    // SetSeed would make the numbers of later calls known.
    reads("Get-Random", "Maximum Minimum InputObject Count Shuffle"),
    acts("Get-Runspace", Session),
    acts("Get-RunspaceDebug", Session),
    reads("Get-SecureRandom", "Maximum Minimum InputObject Count Shuffle"),
    reads("Get-TraceSource", "Name"),
    reads("Get-TypeData", "TypeName"),
    reads("Get-UICulture", ""),
    reads("Get-Unique", "InputObject AsString OnType CaseInsensitive"),
    reads("Get-Uptime", "Since"),
    sensitive("Get-Variable", Secrets, "Name ValueOnly Include Exclude Scope"),
    reads("Get-Verb", "Verb Group"),
    reads("Group-Object", "NoElement AsHashTable AsString InputObject Property:plain Culture CaseSensitive"),
    plans("Import-Alias"),
    acts("Import-Clixml", Executes),
    reads("Import-Csv", "Delimiter Path:content LiteralPath:content UseCulture Header Encoding"),
    acts("Import-LocalizedData", Executes),
    // Constants only; SkipLimitCheck would let a file take all memory.
    reads("Import-PowerShellDataFile", "Path:content LiteralPath:content"),
    acts("Import-PSSession", Network),
    acts("Invoke-Expression", Executes),
    sensitive("Invoke-RestMethod", Network, FETCH),
    sensitive("Invoke-WebRequest", Network, FETCH),
    reads(
        "Join-String",
        "Property:plain Separator OutputPrefix OutputSuffix SingleQuote DoubleQuote FormatString UseCulture InputObject",
    ),
    acts("Measure-Command", Executes),
    reads(
        "Measure-Object",
        "InputObject Property:plain StandardDeviation Sum AllStats Average Maximum Minimum Line Word Character \
         IgnoreWhiteSpace",
    ),
    plans("New-Alias"),
    acts("New-Event", Session),
    reads("New-Guid", "Empty InputObject"),
    acts("New-Object", Executes),
    plans("New-TemporaryFile"),
    reads("New-TimeSpan", "Start End Days Hours Minutes Seconds Milliseconds"),
    plans("New-Variable"),
    plans("Out-File"),
    reads("Out-String", "Stream Width NoNewline InputObject"),
    acts("Read-Host", Interactive),
    acts("Register-EngineEvent", Executes),
    acts("Register-ObjectEvent", Executes),
    acts("Remove-Alias", Session),
    plans("Remove-Event"),
    plans("Remove-PSBreakpoint"),
    acts("Remove-TypeData", Session),
    plans("Remove-Variable"),
    reads(
        "Select-Object",
        "InputObject Property:plain ExcludeProperty ExpandProperty:plain Unique CaseInsensitive Last First Skip SkipLast \
         Wait Index SkipIndex",
    ),
    reads(
        "Select-String",
        "Culture InputObject Pattern Path:content LiteralPath:content Raw SimpleMatch CaseSensitive Quiet List NoEmphasis \
         Include Exclude NotMatch AllMatches Encoding Context",
    ),
    reads("Select-Xml", "Path:content LiteralPath:content Content XPath Namespace"),
    acts("Send-MailMessage", Network),
    plans("Set-Alias"),
    plans("Set-Date"),
    acts("Set-MarkdownOption", Session),
    acts("Set-PSBreakpoint", Executes),
    acts("Set-TraceSource", Writes),
    plans("Set-Variable"),
    // UseBrowser starts a program.
    reads("Show-Markdown", "InputObject Path:content LiteralPath:content"),
    reads(
        "Sort-Object",
        "Stable Descending Unique Top Bottom InputObject Property:plain Culture CaseSensitive",
    ),
    reads("Start-Sleep", "Seconds Milliseconds Duration"),
    acts("Tee-Object", Writes),
    // A schema may refer to others on the network.
    reads("Test-Json", "Json Path:content LiteralPath:content"),
    acts("Trace-Command", Executes),
    plans("Unblock-File"),
    plans("Unregister-Event"),
    acts("Update-FormatData", Session),
    reads("Update-List", "Add Remove Replace InputObject Property:plain"),
    acts("Update-TypeData", Session),
    acts("Wait-Debugger", Interactive),
    reads("Wait-Event", "SourceIdentifier Timeout"),
    reads("Write-Debug", "Message"),
    reads(
        "Write-Error",
        "Message Category ErrorId TargetObject RecommendedAction CategoryActivity CategoryReason CategoryTargetName \
         CategoryTargetType",
    ),
    reads("Write-Host", "Object NoNewline Separator ForegroundColor BackgroundColor"),
    reads("Write-Information", "MessageData Tags"),
    reads("Write-Output", "InputObject NoEnumerate"),
    reads(
        "Write-Progress",
        "Activity Status Id PercentComplete SecondsRemaining CurrentOperation ParentId Completed SourceId",
    ),
    reads("Write-Verbose", "Message"),
    reads("Write-Warning", "Message"),
    // Windows only.
    acts("Out-GridView", Interactive),
    acts("Out-Printer", Writes),
    acts("Show-Command", Interactive),
];
