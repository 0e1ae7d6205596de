using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Session;

/// <summary>
/// The tables of one runspace in which a call can leave something behind. PowerShell keeps the same dictionaries for
/// the life of a runspace, so they are found once and read directly from then on.
/// </summary>
internal sealed class RunspaceTables
{
    private static int s_reported;

    private readonly List<string> _missing = [];
    private readonly Runspace _runspace;
    private readonly object? _globalScope;
    private readonly Func<object?>? _history;
    private object? _knownHistory;
    private Func<long>? _historyCount;

    internal RunspaceTables(Runspace runspace)
    {
        _runspace = runspace;
        object? context = HiddenMember.Value(runspace, "ExecutionContext");
        object? session = HiddenMember.Value(context, "EngineSessionState");
        _globalScope = HiddenMember.Value(session, "GlobalScope");

        Variables = Table<string, PSVariable>(_globalScope, "_variables");
        Functions = Table<string, FunctionInfo>(_globalScope, "_functions");
        Aliases = Table<string, AliasInfo>(_globalScope, "_alias");
        Modules = Table<string, PSModuleInfo>(session, "ModuleTable");
        LoadedModules = Table<string, PSModuleInfo>(HiddenMember.Value(context, "Modules"), "ModuleTable");
        Jobs = Table<Guid, Job>(HiddenMember.Value(runspace, "JobRepository"), "_repository");
        JobSources = Table<string, JobSourceAdapter>(HiddenMember.Value(runspace, "JobManager"), "_sourceAdapters");
        LocationStacks = Table<string, Stack<PathInfo>>(session, "_workingLocationStack");
        Transcripts = Found(HiddenMember.Value(HiddenMember.Value(runspace, "TranscriptionData"), "Transcripts") as ICollection, "transcripts");
        StrictMode = Found(HiddenMember.Reader<Version?>(_globalScope, "StrictModeVersion"), "strict mode");
        SetStrictMode = HiddenMember.Writer<Version?>(_globalScope, "StrictModeVersion");
        LanguageMode = Found(HiddenMember.Reader<PSLanguageMode>(context, "LanguageMode"), "language mode");
        DebugTraceLevel = Found(HiddenMember.Reader<int>(context, "_debugTraceLevel"), "debug trace level");
        PassExitOn = Found(HiddenMember.Writer<bool>(context, "ScriptCommandProcessorShouldRethrowExit"), "the exit of script files");
        DebuggingMode = Found(HiddenMember.Reader<int>(context, "_debuggingMode"), "breakpoints");
        Cmdlets = Table<string, List<CmdletInfo>>(_globalScope, "_cmdlets");
        Completers = Found(HiddenMember.Reader<Dictionary<string, ScriptBlock>?>(context, "CustomArgumentCompleters"), "argument completers");
        NativeCompleters = Found(HiddenMember.Reader<Dictionary<string, ScriptBlock>?>(context, "NativeArgumentCompleters"), "argument completers of native commands");
        LocationHook = Found(HiddenMember.Reader<object?>(runspace.SessionStateProxy.InvokeCommand, "LocationChangedAction"), "location hook");
        _history = Found(HiddenMember.Reader<object?>(runspace, "History"), "history");
        Report();
    }

    internal Dictionary<string, PSVariable>? Variables { get; }

    internal Dictionary<string, FunctionInfo>? Functions { get; }

    internal Dictionary<string, AliasInfo>? Aliases { get; }

    /// <summary>Modules imported into the session, by the key PowerShell gives them.</summary>
    internal Dictionary<string, PSModuleInfo>? Modules { get; }

    /// <summary>All loaded modules, nested ones included.</summary>
    internal Dictionary<string, PSModuleInfo>? LoadedModules { get; }

    internal Dictionary<Guid, Job>? Jobs { get; }

    internal Dictionary<string, List<CmdletInfo>>? Cmdlets { get; }

    /// <summary>Where the jobs of modules are; those of PowerShell itself are in <see cref="Jobs"/>.</summary>
    internal Dictionary<string, JobSourceAdapter>? JobSources { get; }

    internal Func<Dictionary<string, ScriptBlock>?>? Completers { get; }

    internal Func<Dictionary<string, ScriptBlock>?>? NativeCompleters { get; }

    /// <summary>What a script has called at every change of location.</summary>
    internal Func<object?>? LocationHook { get; }

    internal Dictionary<string, Stack<PathInfo>>? LocationStacks { get; }

    internal ICollection? Transcripts { get; }

    internal Func<Version?>? StrictMode { get; }

    internal Action<Version?>? SetStrictMode { get; }

    internal Func<PSLanguageMode>? LanguageMode { get; }

    internal Func<int>? DebugTraceLevel { get; }

    internal Func<int>? DebuggingMode { get; }

    /// <summary>
    /// Set before a pipeline starts: the exit of its first command, a script file, is the pipeline's. Otherwise it is
    /// only that file's, as for one script that calls another.
    /// </summary>
    internal Action<bool>? PassExitOn { get; }

    /// <summary>True if nothing that a call may leave in this runspace goes unseen.</summary>
    internal bool IsComplete => _missing.Count == 0;

    /// <summary>The drives of the session; PowerShell makes the table with the first drive.</summary>
    internal Dictionary<string, PSDriveInfo>? Drives =>
        HiddenMember.Value(_globalScope, "_drives") as Dictionary<string, PSDriveInfo>;

    /// <summary>The event subscribers. A reset replaces the table.</summary>
    internal Dictionary<PSEventSubscriber, Delegate>? EventSubscribers =>
        HiddenMember.Value(_runspace.Events, "_eventSubscribers") as Dictionary<PSEventSubscriber, Delegate>;

    /// <summary>How many entries were added to the history. A reset replaces it.</summary>
    internal long HistoryCount
    {
        get
        {
            object? history = _history?.Invoke();
            if (!ReferenceEquals(history, _knownHistory))
            {
                _knownHistory = history;
                _historyCount = HiddenMember.Reader<long>(history, "_countEntriesAdded");
            }

            return _historyCount?.Invoke() ?? 0;
        }
    }

    /// <summary>The functions of a module's own scope, whether exported or not; null for a module without one.</summary>
    internal static Dictionary<string, FunctionInfo>? FunctionsOf(PSModuleInfo module)
    {
        object? session = HiddenMember.Value(module.SessionState, "Internal");
        return HiddenMember.Value(HiddenMember.Value(session, "ModuleScope"), "_functions") as Dictionary<string, FunctionInfo>;
    }

    /// <summary>The variables of a module's own scope; null for a module without one.</summary>
    internal static Dictionary<string, PSVariable>? VariablesOf(PSModuleInfo module)
    {
        object? session = HiddenMember.Value(module.SessionState, "Internal");
        return HiddenMember.Value(HiddenMember.Value(session, "ModuleScope"), "_variables") as Dictionary<string, PSVariable>;
    }

    private Dictionary<TKey, TValue>? Table<TKey, TValue>(object? owner, string name)
        where TKey : notnull =>
        Found(HiddenMember.Value(owner, name) as Dictionary<TKey, TValue>, name);

    private T? Found<T>(T? member, string name)
        where T : class
    {
        if (member is null)
        {
            _missing.Add(name);
        }

        return member;
    }

    private void Report()
    {
        if (_missing.Count > 0 && System.Threading.Interlocked.Exchange(ref s_reported, 1) == 0)
        {
            Border.Log(
                LogLevel.Warn,
                $"This PowerShell ({PowerShellSurface.Instance.Version}) hides {string.Join(", ", _missing)}: calls with scoped isolation end with a full reset, and changes there go unseen.");
        }
    }
}
