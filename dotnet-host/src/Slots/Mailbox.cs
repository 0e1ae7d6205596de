using System;
using System.Diagnostics;
using System.Threading;

namespace Runspaced.Host.Slots;

/// <summary>
/// The handoff to a slot's thread. The thread spins a little before it sleeps, because the next call of a busy
/// slot comes within microseconds and waking a sleeping thread costs more than a short call. Where that loses it the core for
/// a whole time slice, on a busy machine, it sleeps at once for a while.
/// </summary>
internal sealed class Mailbox
{
    private const int SpinsBeforeSleep = 30;
    private const int FewestSleeps = 8;
    private const int MostSleeps = 4_096;

    // A yield that takes longer gave the core to somebody who has nothing to do with this slot.
    private static readonly TimeSpan s_contended = TimeSpan.FromMicroseconds(200);

    private readonly object _gate = new();
    private volatile bool _ready;
    private bool _asleep;
    private int _sleeps;
    private int _nextSleeps;

    /// <summary>Somebody has called <see cref="Signal"/>, and the thread has not seen it yet.</summary>
    internal bool IsSignalled => _ready;

    /// <summary>Wakes the thread.</summary>
    internal void Signal()
    {
        _ready = true;
        lock (_gate)
        {
            if (_asleep)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Waits until <see cref="Signal"/> was called since the last return.</summary>
    internal void Wait()
    {
        Spin();
        if (!_ready)
        {
            lock (_gate)
            {
                _asleep = true;
                while (!_ready)
                {
                    Monitor.Wait(_gate);
                }

                _asleep = false;
            }
        }

        _ready = false;
    }

    private void Spin()
    {
        if (_sleeps > 0)
        {
            _sleeps--;
            return;
        }

        SpinWait spinner = default;
        for (int spin = 0; spin < SpinsBeforeSleep && !_ready; spin++)
        {
            if (!spinner.NextSpinWillYield)
            {
                spinner.SpinOnce(sleep1Threshold: -1);
                continue;
            }

            long offered = Stopwatch.GetTimestamp();
            Thread.Yield();
            if (Stopwatch.GetElapsedTime(offered) > s_contended)
            {
                _sleeps = Math.Clamp(_nextSleeps, FewestSleeps, MostSleeps);
                _nextSleeps = _sleeps * 2;
                return;
            }
        }

        _nextSleeps /= 2;
    }
}
