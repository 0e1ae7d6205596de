namespace Runspaced.Host.Interop;

/// <summary>Budgets of one call, as the request gives them.</summary>
internal readonly record struct Limits
{
    public Limits()
    {
    }

    /// <summary>Levels of nesting written.</summary>
    internal int Depth { get; init; } = 6;

    /// <summary>Entries written of one collection inside a value.</summary>
    internal int Items { get; init; } = 1_000;

    /// <summary>UTF-16 units written of one string.</summary>
    internal int StringChars { get; init; } = 64 << 10;

    /// <summary>Bytes of the output document.</summary>
    internal int OutputBytes { get; init; } = 1 << 20;

    /// <summary>Records kept of each stream other than output.</summary>
    internal int Records { get; init; } = 1_000;

    /// <summary>Bytes kept of each stream other than output.</summary>
    internal int RecordBytes { get; init; } = 256 << 10;

    /// <summary>Milliseconds for all property getters of one output value together.</summary>
    internal int GetterMilliseconds { get; init; } = 5_000;
}
