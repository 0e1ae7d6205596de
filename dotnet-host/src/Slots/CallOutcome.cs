using System.Management.Automation;
using Runspaced.Host.Host;

namespace Runspaced.Host.Slots;

/// <summary>What a call came to. Reused from call to call.</summary>
internal sealed class CallOutcome
{
    internal AnswerStatus Status { get; set; }

    /// <summary>Why the pipeline was stopped from inside, if it was; <see cref="AnswerStatus.Completed"/> if not.</summary>
    internal AnswerStatus StoppedBy { get; set; }

    internal ErrorRecord? Error { get; set; }

    internal bool HadErrors { get; set; }

    /// <summary>The last question that nobody could answer.</summary>
    internal PromptQuestion? RefusedQuestion { get; set; }

    /// <summary>The question the call ended with.</summary>
    internal PromptQuestion? BlockedPrompt { get; set; }

    internal int? ExitCode { get; set; }

    internal int? NativeExitCode { get; set; }

    /// <summary><c>$?</c> after the last statement; null if nobody asked.</summary>
    internal bool? Succeeded { get; set; }

    internal long BindTicks { get; set; }

    internal long RunTicks { get; set; }

    internal long WriteTicks { get; set; }

    internal void Clear()
    {
        Status = AnswerStatus.Completed;
        StoppedBy = AnswerStatus.Completed;
        Error = null;
        HadErrors = false;
        RefusedQuestion = null;
        BlockedPrompt = null;
        ExitCode = null;
        NativeExitCode = null;
        Succeeded = null;
        BindTicks = 0;
        RunTicks = 0;
        WriteTicks = 0;
    }
}
