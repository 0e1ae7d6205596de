using System;
using System.Management.Automation;

namespace Runspaced.Host.Output;

/// <summary>Tells the end of a pipeline from the failure of a getter.</summary>
internal static class StopSignal
{
    /// <summary>True if the pipeline is being stopped. A script property wraps that as if its getter had failed.</summary>
    internal static bool Is(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is PipelineStoppedException)
            {
                return true;
            }
        }

        return false;
    }
}
