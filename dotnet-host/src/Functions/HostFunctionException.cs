using System;
using System.Management.Automation;

namespace Runspaced.Host.Functions;

/// <summary>A host function failed.</summary>
public sealed class HostFunctionException : Exception
{
    public HostFunctionException()
    {
    }

    public HostFunctionException(string message)
        : base(message)
    {
    }

    public HostFunctionException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>What the function says about the error beside its text, for scripts to look at; null if nothing.</summary>
    public PSObject? Details { get; init; }
}
