using System.Threading;

namespace Runspaced.Host.Slots;

/// <summary>
/// The handoff to a slot's thread. The thread spins a little before it sleeps, because the next call of a busy
/// slot comes within microseconds and waking a sleeping thread costs more than a short call.
/// </summary>
internal sealed class Mailbox
{
    private const int SpinsBeforeSleep = 30;

    private readonly object _gate = new();
    private volatile bool _ready;
    private bool _asleep;

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
        SpinWait spinner = default;
        for (int spin = 0; spin < SpinsBeforeSleep && !_ready; spin++)
        {
            spinner.SpinOnce(sleep1Threshold: -1);
        }

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
}
