namespace Runspaced.Host.Interop;

/// <summary>Severity of a log event.</summary>
internal enum LogLevel
{
    Error = 0,
    Warn = 1,
    Info = 2,
    Debug = 3,
}
