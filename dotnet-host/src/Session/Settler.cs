using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using Runspaced.Host.Binding;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Session;

/// <summary>
/// Looks after every call at what it left behind, and takes that away again as its isolation says. What it takes to
/// find nothing is a few comparisons against a baseline; the rest is paid for by calls that leave something.
/// </summary>
internal sealed class Settler
{
    private readonly SlotSession _session;
    private readonly RunspaceTables _tables;
    private readonly List<StateWatch> _watches = [];
    private readonly VariableWatch? _variables;
    private readonly FunctionWatch? _functions;
    private readonly AliasWatch? _aliases;
    private readonly ModuleWatch? _modules;
    private readonly TypeDataWatch _typeData;
    private readonly SettingsWatch _settings;
    private readonly EventWatch _events;
    private readonly JobWatch _jobs;
    private readonly List<StateWatch> _ofModules = [];
    private readonly LocationWatch _location;
    private readonly List<string> _assemblies = [];
    private readonly ArrayList? _errors;
    private readonly EventHandler<CommandLookupEventArgs> _onLookup;
    private bool _modulesCame;
    private bool _stale;

    internal Settler(SlotSession session)
    {
        _session = session;
        _tables = new RunspaceTables(session.Runspace);
        _typeData = new TypeDataWatch(session.Runspace);
        _onLookup = (_, _) => _modules?.NoteLoaded();
        if (_tables.Variables is { } variables)
        {
            _watches.Add(_variables = new VariableWatch(variables, "variable"));
            _watches.Add(new DefaultParameterWatch(_tables));
            _errors = variables.TryGetValue("Error", out PSVariable? error) ? error.Value as ArrayList : null;
        }

        if (_tables.Functions is { } functions)
        {
            _watches.Add(_functions = new FunctionWatch(functions));
        }

        if (_tables.Aliases is { } aliases)
        {
            _watches.Add(_aliases = new AliasWatch(aliases));
        }

        if (_tables is { Modules: not null, LoadedModules: not null })
        {
            _modules = new ModuleWatch(session, _tables);
        }

        _watches.Add(_jobs = new JobWatch(session, _tables));
        if (_tables.Cmdlets is { } cmdlets)
        {
            _ofModules.Add(new CmdletWatch(cmdlets));
        }

        if (_tables.Completers is { } completers)
        {
            _ofModules.Add(new CompleterWatch(completers, "completer"));
        }

        if (_tables.NativeCompleters is { } nativeCompleters)
        {
            _ofModules.Add(new CompleterWatch(nativeCompleters, "native_completer"));
        }

        _watches.Add(_settings = new SettingsWatch(session, _tables));
        _watches.Add(_events = new EventWatch(session.Runspace, _tables));
        _watches.Add(new DriveWatch(session.Runspace, _tables));
        _watches.Add(_typeData);

        // Last: its drive is there again by then.
        _watches.Add(_location = new LocationWatch(session.Runspace, _tables));
    }

    internal RunspaceTables Tables => _tables;

    /// <summary>What was found after the last call.</summary>
    internal ChangeList Changes { get; } = new();

    /// <summary><c>$?</c>.</summary>
    internal bool? Succeeded =>
        _tables.Variables is { } variables && variables.TryGetValue("?", out PSVariable? variable) ? variable.Value as bool? : null;

    /// <summary>The number object in <c>$LASTEXITCODE</c>, if there is one.</summary>
    internal object? NativeExitCode =>
        _tables.Variables is { } variables && variables.TryGetValue(VariableWatch.NativeExitCode, out PSVariable? variable) ? variable.Value : null;

    /// <summary>The location is that of the baseline again, by another object.</summary>
    internal void AcceptLocation() => _location.Accept();

    /// <summary>Takes the runspace as it is now as the baseline.</summary>
    internal void Capture()
    {
        _modules?.Capture();
        foreach (StateWatch watch in Everything())
        {
            watch.Capture();
        }

        _stale = false;
    }

    /// <summary>
    /// To be called before a call: after calls that were allowed to leave something, that is the new baseline.
    /// </summary>
    internal void Prepare(Isolation isolation)
    {
        _assemblies.Clear();
        _modulesCame = false;
        if (_stale && isolation is not (Isolation.Shared or Isolation.Session))
        {
            Capture();
        }
    }

    /// <summary>
    /// Takes the modules that are loaded now as those of the baseline: the call asked for them, and has not run yet.
    /// </summary>
    internal void AcceptModules(CallRequest request)
    {
        if (_modules?.HasChanged() != true)
        {
            return;
        }

        _modulesCame = true;
        if (request.UsesLocalScope)
        {
            AcceptFrom(_modules.Reconcile(request.Modules, new ChangeList(), out _, out _));
        }
    }

    /// <summary>
    /// Watches for modules that load while a script runs. A command needs no watch: its module is there before it runs.
    /// </summary>
    internal void WatchModules(CallRequest request)
    {
        if (_modules is not null && request.UsesLocalScope && request.Kind != CallKind.Command)
        {
            _settings.WatchLookups(_onLookup);
        }
    }

    internal void UnwatchModules() => _settings.UnwatchLookups();

    /// <summary>Names of all modules if the call changed which are loaded; null if not.</summary>
    internal List<string>? ChangedModules() => _modulesCame || _modules?.HasChanged() == true ? _modules?.Names() : null;

    /// <summary>An assembly was loaded by the slot's own thread.</summary>
    internal void NoteAssembly(string name) => _assemblies.Add(name);

    /// <summary>Ends all jobs, before the runspace closes.</summary>
    internal void EndJobs() => _jobs.EndAll();

    /// <summary>Looks, restores, looks again.</summary>
    internal Verdict Settle(CallRequest request, out ProcessVerdict process)
    {
        Changes.Clear();
        bool withModules = _modulesCame || _modules?.HasChanged() == true;
        bool withEnvironment = !request.IsHarmless || withModules || _typeData.HasAdditions;
        process = default;

        // What comes with types or subscribers may run scripts in any call.
        bool leavesNothing = request.LeavesNothing && !withModules && !_typeData.HasAdditions && !_events.HasBaseline;
        Verdict verdict;
        switch (request.Isolation)
        {
            case Isolation.Shared:
                _stale = true;
                verdict = Verdict.Clean;
                break;
            case Isolation.Session:
                _stale = true;
                process = leavesNothing ? ProcessState.SettleOthers(Changes) : ProcessState.Settle(Changes, withEnvironment, withModules);
                verdict = Verdict.Clean;
                break;
            case Isolation.Fresh:
                process = leavesNothing ? ProcessState.SettleOthers(Changes) : ProcessState.Settle(Changes, withEnvironment, withModules);
                verdict = Verdict.Retire;
                break;
            default:
                verdict = SettleRunspace(request, leavesNothing);
                process = leavesNothing ? ProcessState.SettleOthers(Changes) : ProcessState.Settle(Changes, withEnvironment, withModules);
                if (process.Changed && verdict == Verdict.Clean)
                {
                    verdict = Verdict.Restored;
                }

                break;
        }

        foreach (string assembly in _assemblies)
        {
            Changes.Add("assembly", assembly);
        }

        return verdict;
    }

    private Verdict SettleRunspace(CallRequest request, bool leavesNothing)
    {
        _errors?.Clear();
        _variables?.DropEngineVariables();
        _session.Host.Interface.ResetScreen();
        if (_location.HasMoved() && !_settings.HasChanged())
        {
            // To go somewhere is nothing to report. (A hook of the script would run now; it goes first.)
            _location.Restore();
        }

        bool forced = request.Isolation == Isolation.Reset || !_tables.IsComplete;
        bool modulesChanged = _modules?.HasChanged() ?? false;
        if (!forced && !modulesChanged && (leavesNothing || !AnyChanged(request.IsHarmless)))
        {
            return Verdict.Clean;
        }

        return Undo(request, modulesChanged, forced);
    }

    private Verdict Undo(CallRequest request, bool modulesChanged, bool forced)
    {
        _session.Commands.Clear();
        bool undone = true;
        bool found = false;
        if (modulesChanged)
        {
            AcceptFrom(_modules!.Reconcile(request.Modules, Changes, out found, out undone));
        }

        int afterModules = Changes.Items.Count;
        ReportAll();
        found |= Changes.Items.Count > afterModules;
        if (forced)
        {
            undone &= Reset();
        }

        RestoreAll();
        if (!forced && AnyChanged())
        {
            undone &= Reset();
            RestoreAll();
        }

        if (!undone || AnyChanged())
        {
            return Verdict.Retire;
        }

        return found ? Verdict.Restored : Verdict.Clean;
    }

    private void AcceptFrom(HashSet<string> modules)
    {
        if (modules.Count == 0)
        {
            return;
        }

        _functions?.AcceptFrom(modules);
        _aliases?.AcceptFrom(modules);
        _typeData.Capture();
        foreach (StateWatch watch in _ofModules)
        {
            watch.Capture();
        }

        foreach ((string name, PSVariable variable) in new Dictionary<string, PSVariable>(_tables.Variables ?? []))
        {
            if (modules.Contains(variable.ModuleName ?? string.Empty))
            {
                _variables?.Accept(name);
            }
        }
    }

    // PowerShell's own reset: new global variables, event manager, debugger and history. The variables of the baseline
    // are put back afterwards; event subscribers of the baseline cannot be.
    private bool Reset()
    {
        bool loses = _events.HasBaseline;

        // PowerShell sets variables in a reset that a constrained session may not set.
        PSLanguageMode mode = _settings.LanguageMode;
        _session.Runspace.SessionStateProxy.LanguageMode = PSLanguageMode.FullLanguage;
        _session.Runspace.ResetRunspaceState();
        _session.Runspace.SessionStateProxy.LanguageMode = mode;
        _variables?.Restore();
        _events.Capture();
        _location.Restore();
        if (loses)
        {
            Changes.Add("event_subscriber", "lost");
        }

        return !loses;
    }

    private IEnumerable<StateWatch> Everything()
    {
        foreach (StateWatch watch in _ofModules)
        {
            yield return watch;
        }

        // The location, which comes last here, needs its drive.
        foreach (StateWatch watch in _watches)
        {
            yield return watch;
        }
    }

    /// <param name="harmless">Only built-in commands ran, which leave nothing in what modules are for.</param>
    private bool AnyChanged(bool harmless = false)
    {
        if (!harmless)
        {
            foreach (StateWatch watch in _ofModules)
            {
                if (watch.HasChanged())
                {
                    return true;
                }
            }
        }

        foreach (StateWatch watch in _watches)
        {
            if (watch.HasChanged())
            {
                return true;
            }
        }

        if (_modules is not null)
        {
            foreach (StateWatch scope in _modules.Scopes)
            {
                if (scope.HasChanged())
                {
                    return true;
                }
            }
        }

        return false;
    }

    private void ReportAll()
    {
        foreach (StateWatch watch in Everything())
        {
            if (watch.HasChanged())
            {
                watch.Report(Changes);
            }
        }

        foreach (StateWatch scope in _modules?.Scopes ?? [])
        {
            if (scope.HasChanged())
            {
                scope.Report(Changes);
            }
        }
    }

    private void RestoreAll()
    {
        foreach (StateWatch watch in Everything())
        {
            try
            {
                if (watch.HasChanged())
                {
                    watch.Restore();
                }
            }
            catch (Exception failure)
            {
                // The look afterwards finds what is left.
                Border.Log(LogLevel.Debug, $"{watch.GetType().Name} could not restore its baseline: {failure.Message}");
            }
        }

        foreach (StateWatch scope in _modules?.Scopes ?? [])
        {
            if (scope.HasChanged())
            {
                scope.Restore();
            }
        }
    }
}
