using System;
using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading;
using Microsoft.PowerShell;
using Runspaced.Host.Binding;
using Runspaced.Host.Functions;
using Runspaced.Host.Host;
using Runspaced.Host.Interop;
using Runspaced.Host.Slots;

namespace Runspaced.Host.Session;

/// <summary>The runspace of a slot, and what it was opened with.</summary>
internal sealed class SlotSession
{
    /// <summary>The variable in which a script finds the number of its call.</summary>
    internal const string CallIdVariable = "RunspacedCallId";

    private static readonly ConcurrentDictionary<string, InitialSessionState> s_initialStates = new();
    private static readonly Lock s_firstGate = new();
    private static volatile bool s_firstIsOpen;

    private readonly SlotConfig _config;
    private readonly PSVariable _callId = new(CallIdVariable, null!, ScopedItemOptions.None);

    private SlotSession(SlotConfig config, CultureInfo culture, SlotHost host, Runspace runspace)
    {
        _config = config;
        Culture = culture;
        Host = host;
        Runspace = runspace;
        Commands = new CommandCache(runspace);
        Settler = new Settler(this);
    }

    internal Runspace Runspace { get; }

    internal SlotHost Host { get; }

    internal CultureInfo Culture { get; }

    internal CommandCache Commands { get; }

    internal Settler Settler { get; }

    private long OpenMicroseconds { get; set; }

    private long ModulesMicroseconds { get; set; }

    /// <summary>Opens the runspace on the calling thread, which is its thread from then on.</summary>
    /// <exception cref="SlotOpenException">It could not be opened as configured.</exception>
    internal static SlotSession Open(SlotConfig config)
    {
        if (s_firstIsOpen)
        {
            return OpenNow(config);
        }

        // The first one by itself: it sets up what the process has once, and the others find it there.
        lock (s_firstGate)
        {
            SlotSession session = OpenNow(config);
            s_firstIsOpen = true;
            return session;
        }
    }

    /// <summary>Opens another runspace of the same kind on the same thread, to see what that costs.</summary>
    internal Runspace OpenTwin() => OpenRunspace(_config, Host);

    internal PowerShell NewPipeline()
    {
        PowerShell pipeline = PowerShell.Create();
        pipeline.Runspace = Runspace;
        return pipeline;
    }

    /// <summary>
    /// A pipeline of one of PowerShell's own cmdlets, whatever the session calls by that name and shows of it.
    /// </summary>
    internal PowerShell NewPipeline(string cmdlet)
    {
        PowerShell pipeline = NewPipeline();
        CmdletInfo? command = Runspace.SessionStateProxy.InvokeCommand.GetCmdlet(cmdlet);
        if (command is null || !PowerShellSurface.Instance.AddCommand(pipeline, command))
        {
            pipeline.AddCommand(cmdlet);
        }

        return pipeline;
    }

    /// <summary>Runs a pipeline of the host's own; what goes wrong is logged.</summary>
    internal static void RunQuietly(PowerShell pipeline)
    {
        try
        {
            pipeline.Invoke();
            foreach (ErrorRecord error in pipeline.Streams.Error)
            {
                Border.Log(LogLevel.Debug, $"{pipeline.Commands.Commands[0].CommandText}: {error}");
            }
        }
        catch (RuntimeException failure)
        {
            Border.Log(LogLevel.Debug, $"{pipeline.Commands.Commands[0].CommandText}: {failure.Message}");
        }
    }

    /// <summary>Makes the number of the call readable to its script.</summary>
    internal void ShowCallId(string? id)
    {
        if (id is not null || _callId.Value is not null)
        {
            _callId.Value = id!;
        }
    }

    /// <summary>True if a module of that name or path is imported.</summary>
    internal bool HasModule(string name)
    {
        foreach (PSModuleInfo module in Settler.Tables.Modules?.Values ?? (IEnumerable<PSModuleInfo>)[])
        {
            if (name.Equals(module.Name, StringComparison.OrdinalIgnoreCase) || name.Equals(module.Path, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    internal PowerShell ImportPipeline(string module)
    {
        PowerShell pipeline = NewPipeline("Import-Module");
        pipeline.AddParameter("Name", module).AddParameter("Global", true).AddParameter("ErrorAction", ActionPreference.Stop);
        return pipeline;
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
            foreach (PSModuleInfo module in Settler.Tables.Modules?.Values ?? (IEnumerable<PSModuleInfo>)[])
            {
                json.WriteStringValue(module.Name);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Closes the runspace, on its own thread.</summary>
    internal void Close()
    {
        try
        {
            Settler.EndJobs();
            Runspace.Close();
            Runspace.Dispose();
        }
        catch (Exception failure)
        {
            Border.Log(LogLevel.Warn, $"A runspace did not close as it should: {failure.Message}");
        }

        Runspace.DefaultRunspace = null!;
    }

    private static SlotSession OpenNow(SlotConfig config)
    {
        long start = Stopwatch.GetTimestamp();
        CultureInfo culture = FindCulture(config.Culture);
        CultureInfo.CurrentCulture = culture;
        CultureInfo.CurrentUICulture = culture;
        _ = PowerShellSurface.Instance;
        EnvironmentBlock environment = ProcessState.SlotOpens();
        SlotHost host = new(culture);
        Runspace runspace = OpenRunspace(config, host);
        SlotSession session;
        try
        {
            Runspace.DefaultRunspace = runspace;
            session = new SlotSession(config, culture, host, runspace) { OpenMicroseconds = Elapsed(start) };
            start = Stopwatch.GetTimestamp();
            new SlotPreparation(session, config).Run();
            runspace.SessionStateProxy.PSVariable.Set(session._callId);
            session.ModulesMicroseconds = Elapsed(start);
        }
        catch (Exception)
        {
            runspace.Dispose();
            Runspace.DefaultRunspace = null!;
            throw;
        }

        session.Settler.Capture();
        ProcessState.SlotOpened(environment);
        return session;
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

        if (config.HasHostFunctions)
        {
            state.Commands.Add(new SessionStateCmdletEntry(
                InvokeHostFunctionCommand.CommandName, typeof(InvokeHostFunctionCommand), helpFileName: null));
        }

        foreach ((string name, string definition) in config.HostCommands)
        {
            state.Commands.Add(new SessionStateFunctionEntry(name, definition));
        }

        return state;
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
            return nameof(ExecutionPolicy.Unrestricted);
        }

        using PowerShell pipeline = NewPipeline("Get-ExecutionPolicy");
        return pipeline.Invoke() is [PSObject policy, ..] ? policy.ToString() : string.Empty;
    }

    private static long Elapsed(long start) => (long)Stopwatch.GetElapsedTime(start).TotalMicroseconds;
}
