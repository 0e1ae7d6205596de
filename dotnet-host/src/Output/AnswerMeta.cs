using System.Collections.Generic;
using System.Management.Automation;

namespace Runspaced.Host.Output;

/// <summary>What the third document of an answer says beside what output and records know themselves.</summary>
internal readonly record struct AnswerMeta
{
    public AnswerMeta()
    {
    }

    /// <summary>How the call ended, a word of the contract: <c>completed</c>, <c>failed</c>, ...</summary>
    internal required string Status { get; init; }

    internal int? ExitCode { get; init; }

    internal int? NativeExitCode { get; init; }

    /// <summary><c>$?</c> after the last statement; null if nobody asked.</summary>
    internal bool? Succeeded { get; init; }

    internal bool HadErrors { get; init; }

    internal ErrorRecord? Error { get; init; }

    /// <summary>The prompt that nobody could answer, as JSON.</summary>
    internal byte[]? Prompt { get; init; }

    internal long BindMicroseconds { get; init; }

    internal long RunMicroseconds { get; init; }

    internal long WriteMicroseconds { get; init; }

    /// <summary>Modules loaded after the call; null if the call changed nothing.</summary>
    internal IReadOnlyList<string>? Modules { get; init; }
}
