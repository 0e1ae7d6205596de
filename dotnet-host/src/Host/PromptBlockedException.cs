using System.Management.Automation;
using System.Management.Automation.Host;

namespace Runspaced.Host.Host;

/// <summary>
/// A question that nobody can answer. A script may catch it; where it does not, the call ends as
/// <c>prompt_blocked</c>.
/// </summary>
internal sealed class PromptBlockedException : HostException
{
    internal PromptBlockedException(PromptQuestion question)
        : base($"Nobody can answer a prompt here ({question.Kind}{Subject(question)}). Pass the value as an argument, or run the call interactively.",
            null!,
            "PromptBlocked",
            ErrorCategory.ResourceUnavailable) => Question = question;

    internal PromptQuestion Question { get; }

    private static string Subject(PromptQuestion question)
    {
        string subject = question.Fields.Count > 0 ? string.Join(", ", question.Fields) : question.Message;
        return subject.Length == 0 ? string.Empty : $": {subject}";
    }
}
