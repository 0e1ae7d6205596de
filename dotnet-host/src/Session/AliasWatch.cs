using System.Collections.Generic;
using System.Management.Automation;
using System.Reflection;

namespace Runspaced.Host.Session;

/// <summary>The aliases of the global scope.</summary>
internal sealed class AliasWatch(Dictionary<string, AliasInfo> table) : StateWatch
{
    private static readonly MethodInfo? s_setDefinition = typeof(AliasInfo).GetMethod(
        "SetDefinition", BindingFlags.Instance | BindingFlags.NonPublic, [typeof(string), typeof(bool)]);

    private readonly Dictionary<string, AliasInfo> _table = table;
    private readonly List<(string Name, AliasInfo Alias, string Definition)> _baseline = [];

    internal override void Capture()
    {
        _baseline.Clear();
        foreach ((string name, AliasInfo alias) in _table)
        {
            _baseline.Add((name, alias, alias.Definition));
        }
    }

    /// <summary>Takes into the baseline what the named modules brought, and leaves the rest.</summary>
    internal void AcceptFrom(HashSet<string> modules)
    {
        foreach ((string name, AliasInfo alias) in _table)
        {
            if (!modules.Contains(alias.ModuleName ?? string.Empty))
            {
                continue;
            }

            _baseline.RemoveAll(entry => _table.Comparer.Equals(entry.Name, name));
            _baseline.Add((name, alias, alias.Definition));
        }
    }

    internal override bool HasChanged()
    {
        if (_table.Count != _baseline.Count)
        {
            return true;
        }

        int index = 0;
        foreach ((string _, AliasInfo alias) in _table)
        {
            (string _, AliasInfo known, string definition) = _baseline[index++];
            if (!ReferenceEquals(alias, known) || !ReferenceEquals(alias.Definition, definition))
            {
                return true;
            }
        }

        return false;
    }

    internal override void Report(ChangeList changes)
    {
        Dictionary<string, (AliasInfo Alias, string Definition)> baseline = new(_table.Comparer);
        foreach ((string name, AliasInfo alias, string definition) in _baseline)
        {
            baseline[name] = (alias, definition);
            if (!_table.ContainsKey(name))
            {
                changes.Add("alias", name);
            }
        }

        foreach ((string name, AliasInfo alias) in _table)
        {
            if (!baseline.TryGetValue(name, out (AliasInfo Alias, string Definition) known)
                || !ReferenceEquals(alias, known.Alias)
                || !ReferenceEquals(alias.Definition, known.Definition))
            {
                changes.Add("alias", name);
            }
        }
    }

    internal override void Restore()
    {
        _table.Clear();
        foreach ((string name, AliasInfo alias, string definition) in _baseline)
        {
            if (!ReferenceEquals(alias.Definition, definition))
            {
                s_setDefinition?.Invoke(alias, [definition, true]);
            }

            _table[name] = alias;
        }
    }
}
