namespace Runspaced.Host.Interop;

/// <summary>What an event says.</summary>
internal enum EventKind : uint
{
    Opened = 1,
    OpenFailed = 2,
    Record = 3,
    Prompt = 4,
    Settled = 5,
    Closed = 6,
    ExitRequested = 7,
    Log = 8,
    Fatal = 9,
    FunctionCalled = 10,
    FunctionInput = 11,
    FunctionInputEnded = 12,
    FunctionTaken = 13,
    FunctionDropped = 14,
}
