using System;
using System.Diagnostics;
using System.Threading;

namespace Runspaced.Host.Slots;

/// <summary>
/// Looks for what another thread is about to bring, before the own thread sleeps: what comes within microseconds comes sooner than a
/// sleeping thread is woken. How long is worth it is learned from when it came the last time. Where looking loses the core for a
/// whole time slice, on a busy machine, it is left out for a while. For one thread.
/// </summary>
internal sealed class Lookout
{
    private const int SpinsBetweenYields = 20;
    private const int FewestSleeps = 8;
    private const int MostSleeps = 4_096;

    // As long as it costs to wake a thread.
    private static readonly long s_brief = Ticks(40);

    // A client's way from an answer to its next call.
    private static readonly long s_patient = Ticks(400);

    // A yield that takes longer gave the core to somebody who has nothing to do with this.
    private static readonly long s_contended = Ticks(200);

    private long _patience = s_brief;
    private long _begun;
    private int _sleeps;
    private int _nextSleeps;

    /// <summary>Looks at a flag until it is set or the thread had better sleep. True if it is set.</summary>
    internal bool Look(ref readonly bool arrived)
    {
        _begun = Stopwatch.GetTimestamp();
        if (_sleeps > 0)
        {
            _sleeps--;
            return Volatile.Read(in arrived);
        }

        while (true)
        {
            for (int spin = 0; spin < SpinsBetweenYields; spin++)
            {
                if (Volatile.Read(in arrived))
                {
                    _nextSleeps /= 2;
                    return true;
                }

                Thread.SpinWait(1);
            }

            long offered = Stopwatch.GetTimestamp();
            if (offered - _begun > _patience)
            {
                return false;
            }

            Thread.Yield();
            if (Stopwatch.GetTimestamp() - offered > s_contended)
            {
                _sleeps = Math.Clamp(_nextSleeps, FewestSleeps, MostSleeps);
                _nextSleeps = _sleeps * 2;
                return false;
            }
        }
    }

    /// <summary>The thread slept, and what it looked for has arrived.</summary>
    internal void Woken() => _patience = Stopwatch.GetTimestamp() - _begun < s_patient ? s_patient : s_brief;

    private static long Ticks(int microseconds) => Stopwatch.Frequency * microseconds / 1_000_000;
}
