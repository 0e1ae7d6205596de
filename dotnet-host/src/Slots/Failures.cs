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

    internal static bool IsOutOfMemory(Exception? failure) => Find<OutOfMemoryException>(failure) is not null;

    /// <summary>The script called itself too often; what is left of the stack is not worth going on with.</summary>
    internal static bool IsTooDeep(Exception? failure) => Find<ScriptCallDepthException>(failure) is not null;

    /// <summary>
    /// The question that nobody could answer, if that is what the error is about.
    /// </summary>
    /// <param name="failure">The error, as an exception.</param>
    /// <param name="record">The error, as a record.</param>
    /// <param name="last">
    /// The last question that was refused: PowerShell's binder asks for missing mandatory parameters itself, and makes an
    /// error of its own of a host that does not answer.
    /// </param>
    internal static PromptQuestion? BlockedPrompt(Exception? failure, ErrorRecord? record, PromptQuestion? last)
    {
        if (last is null || record is null)
        {
            return null;
        }

        return record.FullyQualifiedErrorId.StartsWith(MissingMandatory, StringComparison.Ordinal)
            ? last
            : (Find<PromptBlockedException>(failure) ?? Find<PromptBlockedException>(record.Exception))?.Question;
    }

    private static T? Find<T>(Exception? failure)
        where T : Exception
    {
        for (int hops = 0; failure is not null && hops < DeepestChain; hops++)
        {
            if (failure is T found)
            {
                return found;
            }

            failure = failure.InnerException;
        }

        return null;
    }
}
