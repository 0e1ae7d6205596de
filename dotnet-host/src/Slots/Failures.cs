using System;
using System.Management.Automation;
using Runspaced.Host.Host;

namespace Runspaced.Host.Slots;

/// <summary>What an exception that came out of a pipeline means.</summary>
internal static class Failures
{
    private const int DeepestChain = 32;
    private const string MissingMandatory = "MissingMandatoryParameter";

    internal static ErrorRecord RecordOf(Exception failure) =>
        (failure as IContainsErrorRecord)?.ErrorRecord ?? new ErrorRecord(failure, failure.GetType().Name, ErrorCategory.NotSpecified, null);

    internal static bool IsOutOfMemory(Exception? failure)
    {
        for (int hops = 0; failure is not null && hops < DeepestChain; hops++)
        {
            if (failure is OutOfMemoryException)
            {
                return true;
            }

            failure = failure.InnerException;
        }

        return false;
    }

    /// <summary>
    /// The question that nobody could answer, if that is what the error is about. <paramref name="last"/> is the last
    /// question that was refused: PowerShell's binder asks for missing mandatory parameters itself, and makes an error
    /// of its own of a host that does not answer.
    /// </summary>
    internal static PromptQuestion? BlockedPrompt(ErrorRecord? record, PromptQuestion? last)
    {
        Exception? failure = record?.Exception;
        if (failure is ParameterBindingException { ErrorId: MissingMandatory })
        {
            return last;
        }

        for (int hops = 0; failure is not null && hops < DeepestChain; hops++)
        {
            if (failure is PromptBlockedException blocked)
            {
                return blocked.Question;
            }

            failure = failure.InnerException;
        }

        return null;
    }
}
