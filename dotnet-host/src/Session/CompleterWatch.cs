using System;
using System.Collections.Generic;
using System.Management.Automation;

namespace Runspaced.Host.Session;

/// <summary>Argument completers, which PowerShell keeps in a table that comes with the first of them.</summary>
internal sealed class CompleterWatch(Func<Dictionary<string, ScriptBlock>?> table, string kind) : StateWatch
{
    private Dictionary<string, ScriptBlock> _baseline = [];

    internal override void Capture() => _baseline = table() is { } now ? new(now, now.Comparer) : [];

    internal override bool HasChanged()
    {
        Dictionary<string, ScriptBlock>? now = table();
        if ((now?.Count ?? 0) != _baseline.Count)
        {
            return true;
        }

        foreach ((string name, ScriptBlock block) in _baseline)
        {
            if (!now!.TryGetValue(name, out ScriptBlock? other) || !ReferenceEquals(block, other))
            {
                return true;
            }
        }

        return false;
    }

    internal override void Report(ChangeList changes)
    {
        foreach ((string name, ScriptBlock block) in table() ?? [])
        {
            if (!_baseline.TryGetValue(name, out ScriptBlock? known) || !ReferenceEquals(block, known))
            {
                changes.Add(kind, name);
            }
        }

        foreach (string name in _baseline.Keys)
        {
            if (table()?.ContainsKey(name) != true)
            {
                changes.Add(kind, name);
            }
        }
    }

    internal override void Restore()
    {
        if (table() is { } now)
        {
            now.Clear();
            foreach ((string name, ScriptBlock block) in _baseline)
            {
                now[name] = block;
            }
        }
    }
}
