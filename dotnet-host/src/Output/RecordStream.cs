namespace Runspaced.Host.Output;

/// <summary>A stream other than output.</summary>
internal enum RecordStream
{
    Error,
    Warning,
    Verbose,
    Debug,
    Information,
    Progress,
}
