using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Reflection;

namespace Runspaced.Host.Session;

/// <summary>Type accelerators that were added: short names of types, which hold for the process.</summary>
internal sealed class AcceleratorWatch : StateWatch
{
    private static readonly Type? s_accelerators = typeof(PSObject).Assembly.GetType("System.Management.Automation.TypeAccelerators");
    private static readonly Dictionary<string, Type>? s_added = HiddenMember.StaticValue(s_accelerators, "userTypeAccelerators") as Dictionary<string, Type>;
    private static readonly MethodInfo? s_add = s_accelerators?.GetMethod("Add", [typeof(string), typeof(Type)]);
    private static readonly MethodInfo? s_remove = s_accelerators?.GetMethod("Remove", [typeof(string)]);

    private Dictionary<string, Type> _baseline = [];

    internal override void Capture() => _baseline = s_added is null ? [] : new(s_added, s_added.Comparer);

    internal override bool HasChanged()
    {
        if (s_added is null)
        {
            return false;
        }

        if (s_added.Count != _baseline.Count)
        {
            return true;
        }

        foreach ((string name, Type type) in _baseline)
        {
            if (!s_added.TryGetValue(name, out Type? now) || now != type)
            {
                return true;
            }
        }

        return false;
    }

    internal override void Report(ChangeList changes)
    {
        foreach (string name in Different())
        {
            changes.Add("accelerator", name);
        }
    }

    internal override void Restore()
    {
        foreach (string name in Different())
        {
            s_remove?.Invoke(null, [name]);
            if (_baseline.TryGetValue(name, out Type? type))
            {
                s_add?.Invoke(null, [name, type]);
            }
        }
    }

    private List<string> Different()
    {
        List<string> names = [];
        foreach ((string name, Type type) in s_added ?? [])
        {
            if (!_baseline.TryGetValue(name, out Type? known) || known != type)
            {
                names.Add(name);
            }
        }

        foreach (string name in _baseline.Keys)
        {
            if (s_added?.ContainsKey(name) != true)
            {
                names.Add(name);
            }
        }

        return names;
    }
}
