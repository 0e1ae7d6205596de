namespace Runspaced.Host.Slots;

/// <summary>How a call ended.</summary>
internal enum AnswerStatus
{
    Completed,
    Failed,
    Stopped,
    Truncated,
    Refused,
    PromptBlocked,
    OutOfMemory,
}

internal static class AnswerStatusNames
{
    internal static string Name(this AnswerStatus status) => status switch
    {
        AnswerStatus.Completed => "completed",
        AnswerStatus.Failed => "failed",
        AnswerStatus.Stopped => "stopped",
        AnswerStatus.Truncated => "truncated",
        AnswerStatus.Refused => "refused",
        AnswerStatus.PromptBlocked => "prompt_blocked",
        _ => "out_of_memory",
    };
}
