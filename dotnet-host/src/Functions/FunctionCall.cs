using System;
using System.Collections.Generic;
using System.Threading;
using Runspaced.Host.Interop;

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
    private bool _cancelled;
    private bool _ended;

    private FunctionCall(ulong slot, ulong call)
    {
        _slot = slot;
        _call = call;
        Id = Interlocked.Increment(ref s_last);
    }

    internal ulong Id { get; }

    /// <summary>Begins a call with the document that says what is called.</summary>
    internal static FunctionCall Begin(ulong slot, ulong call, ReadOnlySpan<byte> document)
    {
        FunctionCall begun = new(slot, call);
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
        }

        Taken(message);
        return true;
    }

    public bool Take(out FunctionMessage message)
    {
        lock (_gate)
        {
            while (_messages.Count == 0 && !_cancelled)
            {
                Monitor.Wait(_gate);
            }

            if (_cancelled)
            {
                message = default;
                return false;
            }

            message = _messages.Dequeue();
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
            Monitor.PulseAll(_gate);
        }

        return true;
    }

    public void Cancel()
    {
        lock (_gate)
        {
            _cancelled = true;
            Monitor.PulseAll(_gate);
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
