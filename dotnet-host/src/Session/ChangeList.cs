using System.Collections.Generic;

namespace Runspaced.Host.Session;

/// <summary>What a call left behind, as <c>kind:name</c>.</summary>
internal sealed class ChangeList
{
    private const int Most = 50;

    private readonly List<string> _changes = [];

    internal IReadOnlyList<string> Items => _changes;

    internal void Add(string kind, string name)
    {
        string change = $"{kind}:{name}";
        if (_changes.Count < Most && !_changes.Contains(change))
        {
            _changes.Add(change);
        }
    }

    internal void Clear() => _changes.Clear();
}
