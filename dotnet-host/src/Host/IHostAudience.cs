using System.Management.Automation;

namespace Runspaced.Host.Host;

/// <summary>The running call, as the host's user interface sees it.</summary>
internal interface IHostAudience
{
    /// <summary>Text that was written to the host itself, past every stream.</summary>
    void OnHostText(string text);

    /// <summary>
    /// A question. Returns the reply, or throws <see cref="PromptBlockedException"/> if nobody can answer and
    /// <see cref="PipelineStoppedException"/> if the call was cancelled meanwhile.
    /// </summary>
    PromptReply Ask(PromptQuestion question);
}
