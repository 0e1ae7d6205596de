namespace Runspaced.Host.Interop;

/// <summary>What an export answers at once.</summary>
internal enum ExportStatus
{
    Accepted = 0,
    SlotUnavailable = 1,
    RequestNotUnderstood = 2,
    ShuttingDown = 3,
    InternalError = 4,
}
