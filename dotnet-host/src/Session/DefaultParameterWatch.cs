using System.Collections;
using System.Management.Automation;

namespace Runspaced.Host.Session;

/// <summary>What is in <c>$PSDefaultParameterValues</c>: the table that every command asks.</summary>
internal sealed class DefaultParameterWatch(RunspaceTables tables) : StateWatch
{
    private DictionaryEntry[] _baseline = [];

    internal override void Capture()
    {
        _baseline = [];
        if (Values() is { Count: > 0 } values)
        {
            _baseline = new DictionaryEntry[values.Count];
            int index = 0;
            foreach (DictionaryEntry entry in values)
            {
                _baseline[index++] = entry;
            }
        }
    }

    internal override bool HasChanged()
    {
        IDictionary? values = Values();
        if (values is null || values.Count != _baseline.Length)
        {
            return values is not null;
        }

        foreach (DictionaryEntry entry in _baseline)
        {
            if (!values.Contains(entry.Key) || !Equals(values[entry.Key], entry.Value))
            {
                return true;
            }
        }

        return false;
    }

    internal override void Report(ChangeList changes) => changes.Add("variable", "PSDefaultParameterValues");

    internal override void Restore()
    {
        if (Values() is not { } values)
        {
            return;
        }

        values.Clear();
        foreach (DictionaryEntry entry in _baseline)
        {
            values.Add(entry.Key, entry.Value);
        }
    }

    private IDictionary? Values() =>
        tables.Variables is { } variables && variables.TryGetValue("PSDefaultParameterValues", out PSVariable? variable)
            ? variable.Value as IDictionary
            : null;
}
