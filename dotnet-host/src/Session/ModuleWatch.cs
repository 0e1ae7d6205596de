using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;

namespace Runspaced.Host.Session;

/// <summary>
/// The modules of a runspace and the state of their scopes. Modules of the module path stay, as they do when a command
/// loads them by itself: loading one again for every call would cost more than the call. Others go again.
/// </summary>
internal sealed class ModuleWatch(SlotSession session, RunspaceTables tables)
{
    private readonly Dictionary<string, PSModuleInfo> _imported = tables.Modules!;
    private readonly Dictionary<string, PSModuleInfo> _loaded = tables.LoadedModules!;
    private readonly List<(string Key, PSModuleInfo Module)> _baseline = [];
    private readonly List<PSModuleInfo> _known = [];
    private readonly Dictionary<PSModuleInfo, List<StateWatch>> _watches = [];
    private readonly List<StateWatch> _scopes = [];
    private int _noted;

    /// <summary>The variables and functions of the scopes of all loaded modules.</summary>
    internal IReadOnlyList<StateWatch> Scopes => _scopes;

    internal void Capture()
    {
        _baseline.Clear();
        foreach ((string key, PSModuleInfo module) in _imported)
        {
            _baseline.Add((key, module));
        }

        CaptureScopes([]);
    }

    internal bool HasChanged()
    {
        if (_imported.Count != _baseline.Count || _loaded.Count != _known.Count)
        {
            return true;
        }

        int index = 0;
        foreach ((string _, PSModuleInfo module) in _loaded)
        {
            if (!ReferenceEquals(module, _known[index++]))
            {
                return true;
            }
        }

        return false;
    }

    internal List<string> Names()
    {
        List<string> names = [];
        foreach (PSModuleInfo module in _imported.Values)
        {
            names.Add(module.Name);
        }

        return names;
    }

    /// <summary>
    /// Takes the state of modules that were just loaded, before a function of theirs has run. To be called whenever a
    /// command was looked up.
    /// </summary>
    internal void NoteLoaded()
    {
        if (_loaded.Count == _noted)
        {
            return;
        }

        _noted = _loaded.Count;
        foreach (PSModuleInfo module in _loaded.Values)
        {
            if (!_watches.ContainsKey(module))
            {
                Watch(module);
            }
        }
    }

    /// <summary>
    /// Sorts what came: modules that stay are returned by name, with those they brought along; others are removed.
    /// </summary>
    /// <param name="requested">Modules the call asked for.</param>
    /// <param name="changes">Takes what was found.</param>
    /// <param name="removed">Modules were removed again.</param>
    /// <param name="undone">False: a module of the baseline is gone, or one cannot be removed.</param>
    internal HashSet<string> Reconcile(IReadOnlyCollection<string>? requested, ChangeList changes, out bool removed, out bool undone)
    {
        undone = true;
        removed = false;
        HashSet<string> kept = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string key, PSModuleInfo module) in Baseline())
        {
            // Replaced by another instance, with a state of its own, counts as well; a module that stays may be.
            if (!_imported.TryGetValue(key, out PSModuleInfo? now) || (!ReferenceEquals(now, module) && !Stays(now, requested)))
            {
                changes.Add("module_removed", module.Name);
                undone = false;
            }
        }

        foreach ((string key, PSModuleInfo module) in new Dictionary<string, PSModuleInfo>(_imported))
        {
            if (IsKnown(key, module))
            {
                continue;
            }

            if (Stays(module, requested))
            {
                AddWithNested(module, kept);
                changes.Add("module", module.Name);
            }
            else
            {
                changes.Add("module_imported", module.Name);
                removed = true;
                undone &= Remove(module);
            }
        }

        CaptureAdded();
        return kept;
    }

    private (string Key, PSModuleInfo Module)[] Baseline() => [.. _baseline];

    private bool IsKnown(string key, PSModuleInfo module)
    {
        foreach ((string knownKey, PSModuleInfo known) in _baseline)
        {
            if (ReferenceEquals(module, known) && key == knownKey)
            {
                return true;
            }
        }

        return false;
    }

    private static bool Stays(PSModuleInfo module, IReadOnlyCollection<string>? requested)
    {
        foreach (string name in requested ?? [])
        {
            if (module.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
                || module.Path.Equals(name, StringComparison.OrdinalIgnoreCase)
                || module.Name.Equals(Path.GetFileNameWithoutExtension(name), StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        if (string.IsNullOrEmpty(module.ModuleBase) || !string.IsNullOrEmpty(module.Prefix))
        {
            return false;
        }

        foreach (string folder in (Environment.GetEnvironmentVariable("PSModulePath") ?? string.Empty).Split(
            Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string root = Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar;
            if (module.ModuleBase.StartsWith(root, OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return module.ModuleBase.StartsWith(PowerShellSurface.Instance.Home, StringComparison.OrdinalIgnoreCase);
    }

    private bool Remove(PSModuleInfo module)
    {
        if (HasBinary(module))
        {
            return false;
        }

        using PowerShell pipeline = session.NewPipeline("Remove-Module");
        pipeline.AddParameter("ModuleInfo", module).AddParameter("Force", true);
        SlotSession.RunQuietly(pipeline);
        return !_imported.ContainsValue(module);
    }

    private static bool HasBinary(PSModuleInfo module)
    {
        if (module.ModuleType == ModuleType.Binary)
        {
            return true;
        }

        foreach (PSModuleInfo nested in module.NestedModules)
        {
            if (HasBinary(nested))
            {
                return true;
            }
        }

        return false;
    }

    private static void AddWithNested(PSModuleInfo module, HashSet<string> names)
    {
        if (!names.Add(module.Name))
        {
            return;
        }

        foreach (PSModuleInfo nested in module.NestedModules)
        {
            AddWithNested(nested, names);
        }
    }

    // What modules of the baseline hold stays compared with what they held then.
    private void CaptureAdded()
    {
        _baseline.Clear();
        foreach ((string key, PSModuleInfo module) in _imported)
        {
            _baseline.Add((key, module));
        }

        CaptureScopes(new Dictionary<PSModuleInfo, List<StateWatch>>(_watches));
    }

    private void CaptureScopes(Dictionary<PSModuleInfo, List<StateWatch>> before)
    {
        _known.Clear();
        _watches.Clear();
        _scopes.Clear();
        foreach (PSModuleInfo module in _loaded.Values)
        {
            _known.Add(module);
            if (before.TryGetValue(module, out List<StateWatch>? watches))
            {
                _watches[module] = watches;
                _scopes.AddRange(watches);
            }
            else
            {
                Watch(module);
            }
        }

        _noted = _loaded.Count;
    }

    private void Watch(PSModuleInfo module)
    {
        List<StateWatch> watches = [];
        if (RunspaceTables.VariablesOf(module) is { } variables)
        {
            watches.Add(new VariableWatch(variables, "module_state", module.Name + "/"));
        }

        if (RunspaceTables.FunctionsOf(module) is { } functions)
        {
            watches.Add(new ModuleFunctionWatch(functions, module.Name + "/"));
        }

        foreach (StateWatch watch in watches)
        {
            watch.Capture();
        }

        _watches[module] = watches;
        _scopes.AddRange(watches);
    }
}
