using System.Collections.Generic;
using System.Management.Automation;
using System.Reflection;

namespace Runspaced.Host.Session;

/// <summary>The functions of one scope. One that is redefined keeps its object and gets another script block.</summary>
internal sealed class FunctionWatch(Dictionary<string, FunctionInfo> table, string kind = "function", string prefix = "") : StateWatch
{
    private static readonly MethodInfo? s_update = typeof(FunctionInfo).GetMethod(
        "Update",
        BindingFlags.Instance | BindingFlags.NonPublic,
        [typeof(ScriptBlock), typeof(bool), typeof(ScopedItemOptions)]);

    private readonly Dictionary<string, FunctionInfo> _table = table;
    private readonly List<(string Name, FunctionInfo Function, ScriptBlock Body)> _baseline = [];

    internal override void Capture()
    {
        _baseline.Clear();
        foreach ((string name, FunctionInfo function) in _table)
        {
            _baseline.Add((name, function, function.ScriptBlock));
        }
    }

    /// <summary>
    /// Takes into the baseline what the named modules brought, and out of it what is no longer there; leaves the rest.
    /// </summary>
    internal void AcceptFrom(HashSet<string> modules)
    {
        Dictionary<string, int> places = [];
        for (int index = 0; index < _baseline.Count; index++)
        {
            places[_baseline[index].Name] = index;
        }

        foreach ((string name, FunctionInfo function) in _table)
        {
            if (!modules.Contains(function.ModuleName ?? string.Empty))
            {
                continue;
            }

            (string, FunctionInfo, ScriptBlock) entry = (name, function, function.ScriptBlock);
            if (places.TryGetValue(name, out int place))
            {
                _baseline[place] = entry;
            }
            else
            {
                _baseline.Add(entry);
            }
        }
    }

    internal override bool HasChanged()
    {
        if (_table.Count != _baseline.Count)
        {
            return true;
        }

        int index = 0;
        foreach ((string _, FunctionInfo function) in _table)
        {
            (string _, FunctionInfo known, ScriptBlock body) = _baseline[index++];
            if (!ReferenceEquals(function, known) || !ReferenceEquals(function.ScriptBlock, body))
            {
                return true;
            }
        }

        return false;
    }

    internal override void Report(ChangeList changes)
    {
        Dictionary<string, (FunctionInfo Function, ScriptBlock Body)> baseline = new(_table.Comparer);
        foreach ((string name, FunctionInfo function, ScriptBlock body) in _baseline)
        {
            baseline[name] = (function, body);
            if (!_table.ContainsKey(name))
            {
                changes.Add(kind, prefix + name);
            }
        }

        foreach ((string name, FunctionInfo function) in _table)
        {
            if (!baseline.TryGetValue(name, out (FunctionInfo Function, ScriptBlock Body) known)
                || !ReferenceEquals(function, known.Function)
                || !ReferenceEquals(function.ScriptBlock, known.Body))
            {
                changes.Add(kind, prefix + name);
            }
        }
    }

    internal override void Restore()
    {
        _table.Clear();
        foreach ((string name, FunctionInfo function, ScriptBlock body) in _baseline)
        {
            if (!ReferenceEquals(function.ScriptBlock, body))
            {
                s_update?.Invoke(function, [body, true, ScopedItemOptions.Unspecified]);
            }

            _table[name] = function;
        }
    }
}
