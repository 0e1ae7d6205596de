using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Reflection;

namespace Runspaced.Host.Session;

/// <summary>
/// Colours and progress of <c>$PSStyle</c>, which is one object for the process. (Its rendering is compared by itself,
/// after every call.)
/// </summary>
internal sealed class StyleWatch : StateWatch
{
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<string, string>? _extensions;
    private Dictionary<string, string> _knownExtensions = [];

    internal StyleWatch()
    {
        object? style = HiddenMember.StaticValue(typeof(PSObject).Assembly.GetType("System.Management.Automation.PSStyle"), "Instance");
        foreach (string group in new[] { "Formatting", "Progress", "FileInfo" })
        {
            object? owner = HiddenMember.Value(style, group);
            foreach (PropertyInfo property in owner?.GetType().GetProperties(BindingFlags.Instance | BindingFlags.Public) ?? [])
            {
                if (property is { CanRead: true, CanWrite: true } && property.GetIndexParameters().Length == 0)
                {
                    _entries.Add(new Entry(group + "." + property.Name, property, owner!));
                }
            }

            if (group == "FileInfo")
            {
                _extensions = HiddenMember.Value(HiddenMember.Value(owner, "Extension"), "_extensionDictionary") as Dictionary<string, string>;
            }
        }
    }

    internal override void Capture()
    {
        foreach (Entry entry in _entries)
        {
            entry.Baseline = entry.Read();
        }

        _knownExtensions = _extensions is null ? [] : new(_extensions, _extensions.Comparer);
    }

    internal override bool HasChanged()
    {
        foreach (Entry entry in _entries)
        {
            if (entry.HasChanged)
            {
                return true;
            }
        }

        return ExtensionsChanged();
    }

    internal override void Report(ChangeList changes)
    {
        foreach (Entry entry in _entries)
        {
            if (entry.HasChanged)
            {
                changes.Add("style", entry.Name);
            }
        }

        if (ExtensionsChanged())
        {
            changes.Add("style", "FileInfo.Extension");
        }
    }

    internal override void Restore()
    {
        foreach (Entry entry in _entries)
        {
            if (entry.HasChanged)
            {
                entry.Restore();
            }
        }

        if (ExtensionsChanged())
        {
            _extensions!.Clear();
            foreach ((string extension, string style) in _knownExtensions)
            {
                _extensions[extension] = style;
            }
        }
    }

    private bool ExtensionsChanged()
    {
        if (_extensions is null)
        {
            return false;
        }

        if (_extensions.Count != _knownExtensions.Count)
        {
            return true;
        }

        foreach ((string extension, string style) in _knownExtensions)
        {
            if (!_extensions.TryGetValue(extension, out string? now) || !ReferenceEquals(now, style))
            {
                return true;
            }
        }

        return false;
    }

    private sealed class Entry(string name, PropertyInfo property, object owner)
    {
        private readonly Func<string>? _text = property.PropertyType == typeof(string) ? property.GetMethod!.CreateDelegate<Func<string>>(owner) : null;

        internal string Name => name;

        internal object? Baseline { get; set; }

        internal bool HasChanged => _text is not null ? !ReferenceEquals(_text(), Baseline) : !Equals(property.GetValue(owner), Baseline);

        internal object? Read() => _text is not null ? _text() : property.GetValue(owner);

        internal void Restore() => property.SetValue(owner, Baseline);
    }
}
