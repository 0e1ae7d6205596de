using System;
using System.Collections.Generic;
using System.Management.Automation;

namespace Runspaced.Host.Session;

/// <summary>What PowerShell's own sources of traces write, which is a setting of the process.</summary>
internal sealed class TraceSourceWatch : StateWatch
{
    private readonly Dictionary<string, PSTraceSource>? _catalog =
        HiddenMember.StaticValue(typeof(PSTraceSource), "TraceCatalog") as Dictionary<string, PSTraceSource>;

    // Numbers: a dictionary of an enum is compiled at each start.
    private readonly Dictionary<PSTraceSource, int> _baseline = [];
    private PSTraceSource[] _sources = [];
    private PSTraceSourceOptions[] _options = [];

    internal override void Capture()
    {
        _baseline.Clear();
        _sources = [];
        TakeNew();
        foreach (PSTraceSource source in _sources)
        {
            _baseline[source] = (int)source.Options;
        }

        Align();
    }

    internal override bool HasChanged()
    {
        // A source comes when it is first used, and writes nothing unless somebody says so.
        if (_catalog is not null && _catalog.Count != _sources.Length)
        {
            TakeNew();
            Align();
        }

        for (int index = 0; index < _sources.Length; index++)
        {
            if (_sources[index].Options != _options[index])
            {
                return true;
            }
        }

        return false;
    }

    internal override void Report(ChangeList changes)
    {
        for (int index = 0; index < _sources.Length; index++)
        {
            if (_sources[index].Options != _options[index])
            {
                changes.Add("trace_source", _sources[index].Name);
            }
        }
    }

    internal override void Restore()
    {
        for (int index = 0; index < _sources.Length; index++)
        {
            if (_sources[index].Options != _options[index])
            {
                _sources[index].Options = _options[index];
            }
        }
    }

    private void TakeNew()
    {
        try
        {
            _sources = _catalog is null ? [] : [.. _catalog.Values];
        }
        catch (InvalidOperationException)
        {
            // Another thread adds one at this moment; the next look finds it.
        }
    }

    private void Align()
    {
        _options = new PSTraceSourceOptions[_sources.Length];
        for (int index = 0; index < _sources.Length; index++)
        {
            _options[index] = _baseline.TryGetValue(_sources[index], out int known) ? (PSTraceSourceOptions)known : default;
        }
    }
}
