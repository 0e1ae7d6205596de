using System.Threading;

namespace Runspaced.Host.Slots;

/// <summary>The handoff to a slot's thread: the next call of a busy slot comes within microseconds.</summary>
internal sealed class Mailbox
{
    private readonly object _gate = new();
    private readonly Lookout _lookout = new();
    private bool _ready;
    private bool _asleep;

    /// <summary>Somebody has called <see cref="Signal"/>, and the thread has not seen it yet.</summary>
    internal bool IsSignalled => Volatile.Read(ref _ready);

    /// <summary>Wakes the thread.</summary>
    internal void Signal()
    {
        Volatile.Write(ref _ready, true);
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
        if (!_lookout.Look(ref _ready))
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

            _lookout.Woken();
        }

        Volatile.Write(ref _ready, false);
    }
}
