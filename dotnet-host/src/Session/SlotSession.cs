using System;
using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.PowerShell;
using Runspaced.Host.Host;
using Runspaced.Host.Slots;

namespace Runspaced.Host.Session;

/// <summary>The runspace of a slot, and what it was opened with.</summary>
internal sealed class SlotSession
{
    private static readonly ConcurrentDictionary<string, InitialSessionState> s_initialStates = new();

    private readonly SlotConfig _config;

    private SlotSession(SlotConfig config, CultureInfo culture, SlotHost host, Runspace runspace)
    {
        _config = config;
        Culture = culture;
        Host = host;
        Runspace = runspace;
    }

    internal Runspace Runspace { get; }

    internal SlotHost Host { get; }

    internal CultureInfo Culture { get; }

    private long OpenMicroseconds { get; set; }

    private long ModulesMicroseconds { get; set; }

    /// <summary>Opens the runspace on the calling thread, which is its thread from then on.</summary>
    /// <exception cref="SlotOpenException">It could not be opened as configured.</exception>
    internal static SlotSession Open(SlotConfig config)
    {
        long start = Stopwatch.GetTimestamp();
        CultureInfo culture = FindCulture(config.Culture);
        CultureInfo.CurrentCulture = culture;
        CultureInfo.CurrentUICulture = culture;
        _ = PowerShellSurface.Instance;
        SlotHost host = new(culture);
        Runspace runspace = OpenRunspace(config, host);
        SlotSession session = new(config, culture, host, runspace);
        try
        {
            Runspace.DefaultRunspace = runspace;
            session.OpenMicroseconds = Elapsed(start);
            start = Stopwatch.GetTimestamp();
            session.Prepare();
            session.ModulesMicroseconds = Elapsed(start);
            return session;
        }
        catch (Exception)
        {
            session.Close();
            throw;
        }
    }

    internal PowerShell NewPipeline()
    {
        PowerShell pipeline = PowerShell.Create();
        pipeline.Runspace = Runspace;
        return pipeline;
    }

    internal List<string> ModuleNames()
    {
        using PowerShell pipeline = NewPipeline();
        pipeline.AddCommand("Microsoft.PowerShell.Core\\Get-Module");
        List<string> names = [];
        foreach (PSObject module in pipeline.Invoke())
        {
            if (module.BaseObject is PSModuleInfo info)
            {
                names.Add(info.Name);
            }
        }

        return names;
    }

    /// <summary>What the slot reports about itself once it is open.</summary>
    internal byte[] DescribeItself()
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("open_us"u8, OpenMicroseconds);
            json.WriteNumber("modules_us"u8, ModulesMicroseconds);
            json.WriteNumber("thread_id"u8, NativeThread.CurrentId());
            json.WriteString("ps_version"u8, PowerShellSurface.Instance.Version);
            json.WriteString("ps_home"u8, PowerShellSurface.Instance.Home);
            json.WriteString("runtime_version"u8, RuntimeInformation.FrameworkDescription);
            json.WriteString("language_mode"u8, Runspace.SessionStateProxy.LanguageMode.ToString());
            json.WriteString("execution_policy"u8, ExecutionPolicyInForce());
            json.WriteString("culture"u8, Culture.Name);
            json.WriteBoolean("invariant_globalization"u8, IsInvariant());
            json.WriteStartArray("modules"u8);
            foreach (string name in ModuleNames())
            {
                json.WriteStringValue(name);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Closes the runspace, on its own thread.</summary>
    internal void Close()
    {
        Runspace.Close();
        Runspace.Dispose();
        Runspace.DefaultRunspace = null!;
    }

    private static Runspace OpenRunspace(SlotConfig config, SlotHost host)
    {
        Runspace? runspace = null;
        try
        {
            // CreateRunspace clones the state, so that slots do not share what a script changes in it.
            InitialSessionState state = s_initialStates.GetOrAdd(config.InitialStateKey, static (_, from) => BuildState(from), config);
            runspace = RunspaceFactory.CreateRunspace(host, state);
            runspace.ThreadOptions = PSThreadOptions.UseCurrentThread;
            runspace.Open();
            return runspace;
        }
        catch (Exception failure)
        {
            runspace?.Dispose();
            throw new SlotOpenException("runspace", null, failure.Message, failure);
        }
    }

    private static InitialSessionState BuildState(SlotConfig config)
    {
        InitialSessionState state = config.CoreOnly ? InitialSessionState.CreateDefault2() : InitialSessionState.CreateDefault();
        state.ThrowOnRunspaceOpenError = true;
        state.ThreadOptions = PSThreadOptions.UseCurrentThread;
        if (OperatingSystem.IsWindows() && Enum.TryParse(config.ExecutionPolicy, ignoreCase: true, out ExecutionPolicy policy))
        {
            state.ExecutionPolicy = policy;
        }

        return state;
    }

    private void Prepare()
    {
        foreach (string module in _config.Modules)
        {
            ImportModule(module);
        }
    }

    private void ImportModule(string module)
    {
        using PowerShell pipeline = NewPipeline();
        pipeline.AddCommand("Microsoft.PowerShell.Core\\Import-Module").AddParameter("Name", module).AddParameter("ErrorAction", "Stop");
        RunOrFail(pipeline, "module", module);
    }

    private static void RunOrFail(PowerShell pipeline, string phase, string? subject)
    {
        try
        {
            Collection<PSObject> ignored = pipeline.Invoke();
            if (pipeline.HadErrors && pipeline.Streams.Error.Count > 0)
            {
                throw new SlotOpenException(phase, subject, pipeline.Streams.Error[0].ToString());
            }
        }
        catch (RuntimeException failure)
        {
            throw new SlotOpenException(phase, subject, failure.Message, failure);
        }
    }

    private static CultureInfo FindCulture(string name)
    {
        try
        {
            return CultureInfo.GetCultureInfo(name);
        }
        catch (CultureNotFoundException)
        {
            // Without ICU only the invariant culture exists; the slot says so in its report.
            return CultureInfo.InvariantCulture;
        }
    }

    private static bool IsInvariant() =>
        AppContext.TryGetSwitch("System.Globalization.Invariant", out bool invariant) && invariant;

    private string ExecutionPolicyInForce()
    {
        if (!OperatingSystem.IsWindows())
        {
            return "Unrestricted";
        }

        using PowerShell pipeline = NewPipeline();
        pipeline.AddCommand("Microsoft.PowerShell.Security\\Get-ExecutionPolicy");
        Collection<PSObject> policies = pipeline.Invoke();
        return policies.Count > 0 ? policies[0].ToString() : string.Empty;
    }

    private static long Elapsed(long start) => (long)Stopwatch.GetElapsedTime(start).TotalMicroseconds;
}
