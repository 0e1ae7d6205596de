using System.Collections.Generic;
using System.Diagnostics;
using System.Management.Automation;

namespace Runspaced.Host.Output;

/// <summary>
/// Lets at most ten progress records a second of each activity through. The first and the completing one always pass; the
/// newest of those that did not is kept, so that the last word of an activity is not lost.
/// </summary>
internal sealed class ProgressThrottle
{
    private const int MostActivities = 1_000;

    private static readonly long Interval = Stopwatch.Frequency / 10;

    // Made by the first record: most calls have no progress.
    private Dictionary<(long Source, int Activity), Seen>? _activities;

    private sealed class Seen
    {
        internal long Passed;
        internal ProgressRecord? Held;
        internal long At;
    }

    internal void Clear() => _activities?.Clear();

    /// <summary>Whether the record is to be sent now.</summary>
    internal bool Passes(long source, ProgressRecord record, long at)
    {
        (long, int) key = (source, record.ActivityId);
        _activities ??= [];
        if (record.RecordType == ProgressRecordType.Completed)
        {
            _activities.Remove(key);
            return true;
        }

        long now = Stopwatch.GetTimestamp();
        if (!_activities.TryGetValue(key, out Seen? seen))
        {
            if (_activities.Count < MostActivities)
            {
                _activities.Add(key, new() { Passed = now });
            }

            return true;
        }

        if (now - seen.Passed >= Interval)
        {
            seen.Passed = now;
            seen.Held = null;
            return true;
        }

        seen.Held = record;
        seen.At = at;
        return false;
    }

    /// <summary>Takes the records that are still held, one for each activity at most.</summary>
    internal IEnumerable<(ProgressRecord Record, long At)> TakeHeld()
    {
        if (_activities is null)
        {
            yield break;
        }

        foreach (Seen seen in _activities.Values)
        {
            if (seen.Held is { } record)
            {
                seen.Held = null;
                yield return (record, seen.At);
            }
        }
    }
}
