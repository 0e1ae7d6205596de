using System;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Runspaced.Host.Tests;

/// <summary>A real runspace on the thread of the test, as a slot has one.</summary>
internal sealed class LiveRunspace : IDisposable
{
    private readonly Runspace? _former = Runspace.DefaultRunspace;

    internal LiveRunspace()
    {
        Runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault());
        Runspace.ThreadOptions = PSThreadOptions.UseCurrentThread;
        Runspace.Open();
        Runspace.DefaultRunspace = Runspace;
    }

    internal Runspace Runspace { get; }

    internal Collection<PSObject> Run(string script)
    {
        using PowerShell pipeline = PowerShell.Create();
        pipeline.Runspace = Runspace;
        return pipeline.AddScript(script).Invoke();
    }

    /// <summary>All output values of a script, as the pipeline hands them over.</summary>
    internal object?[] Values(string script) => [.. Run(script)];

    public void Dispose()
    {
        Runspace.DefaultRunspace = _former;
        Runspace.Dispose();
    }
}
