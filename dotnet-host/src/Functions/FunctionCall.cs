using System;
using System.Collections.Generic;
using System.Threading;
using Runspaced.Host.Interop;
using Runspaced.Host.Slots;

namespace Runspaced.Host.Functions;

/// <summary>
/// A call of a host function, seen from the pipeline: what goes out is sent at once, what comes in waits here until the
/// pipeline's thread takes it.
/// </summary>
internal sealed class FunctionCall : IFunctionCall
{
    private static ulong s_last;

    private readonly ulong _slot;
    private readonly ulong _call;
    private readonly object _gate = new();
    private readonly Queue<FunctionMessage> _messages = [];
    private readonly Lookout _lookout;
    private bool _arrived;
    private bool _asleep;
    private bool _cancelled;
    private bool _ended;

    private FunctionCall(ulong slot, ulong call, Lookout lookout)
    {
        _slot = slot;
        _call = call;
        _lookout = lookout;
        Id = Interlocked.Increment(ref s_last);
    }

    internal ulong Id { get; }

    /// <summary>Begins a call with the document that says what is called; the thread's lookout is for its messages.</summary>
    internal static FunctionCall Begin(ulong slot, ulong call, ReadOnlySpan<byte> document, Lookout lookout)
    {
        FunctionCall begun = new(slot, call, lookout);
        FunctionCalls.Add(begun);
        begun.Send(EventKind.FunctionCalled, document);
        return begun;
    }

    public bool OfferInput(ReadOnlySpan<byte> value) => Send(EventKind.FunctionInput, value) == 0;

    public void EndInput() => Send(EventKind.FunctionInputEnded, default);

    public bool TryTake(out FunctionMessage message)
    {
        lock (_gate)
        {
            if (!_messages.TryDequeue(out message))
            {
                return false;
            }

            Volatile.Write(ref _arrived, _messages.Count > 0 || _cancelled);
        }

        Taken(message);
        return true;
    }

    public bool Take(out FunctionMessage message)
    {
        bool seen = _lookout.Look(ref _arrived);
        lock (_gate)
        {
            while (_messages.Count == 0 && !_cancelled)
            {
                _asleep = true;
                Monitor.Wait(_gate);
                _asleep = false;
            }

            if (_cancelled)
            {
                message = default;
                return false;
            }

            message = _messages.Dequeue();
            Volatile.Write(ref _arrived, _messages.Count > 0);
        }

        if (!seen)
        {
            _lookout.Woken();
        }

        Taken(message);
        return true;
    }

    internal bool Deliver(ulong slot, ulong call, FunctionMessage message)
    {
        if (slot != _slot || call != _call)
        {
            return false;
        }

        lock (_gate)
        {
            _messages.Enqueue(message);
            Arrive();
        }

        return true;
    }

    public void Cancel()
    {
        lock (_gate)
        {
            _cancelled = true;
            Arrive();
        }
    }

    public void Dispose()
    {
        FunctionCalls.Remove(Id);
        if (!_ended)
        {
            _ended = true;
            Send(EventKind.FunctionDropped, default);
        }
    }

    private void Arrive()
    {
        Volatile.Write(ref _arrived, true);
        if (_asleep)
        {
            Monitor.Pulse(_gate);
        }
    }

    private void Taken(FunctionMessage message)
    {
        if (message.IsLast)
        {
            _ended = true;
        }
        else if (message.Kind != FunctionMessageKind.Room)
        {
            Send(EventKind.FunctionTaken, default);
        }
    }

    private int Send(EventKind kind, ReadOnlySpan<byte> payload) => Border.Send(kind, _slot, _call, (long)Id, payload);
}
