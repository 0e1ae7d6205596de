using System.Collections.Generic;

namespace Runspaced.Host.Session;

/// <summary>
/// Watches one kind of state against a baseline. <see cref="HasChanged"/> runs after every call and costs well under
/// a microsecond when nothing has; the rest runs only when something has.
/// </summary>
internal abstract class StateWatch
{
    /// <summary>Takes what is there now as the baseline.</summary>
    internal abstract void Capture();

    internal abstract bool HasChanged();

    /// <summary>Names what has changed.</summary>
    internal abstract void Report(ChangeList changes);

    /// <summary>Brings the baseline back as far as that can be done; whoever calls looks again afterwards.</summary>
    internal abstract void Restore();

    /// <summary>What is there and does not belong to the baseline.</summary>
    protected static List<T> Added<T>(IEnumerable<T> now, ICollection<T> baseline)
    {
        List<T> added = [];
        foreach (T item in now)
        {
            if (!baseline.Contains(item))
            {
                added.Add(item);
            }
        }

        return added;
    }
}
