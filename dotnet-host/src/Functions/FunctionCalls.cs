using System;
using System.Collections.Concurrent;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Functions;

/// <summary>All calls of host functions that are under way, by their number.</summary>
internal static class FunctionCalls
{
    private static readonly ConcurrentDictionary<ulong, FunctionCall> s_calls = new();

    internal static void Add(FunctionCall call) => s_calls[call.Id] = call;

    internal static void Remove(ulong id) => s_calls.TryRemove(id, out _);

    /// <summary>Brings a message to its call.</summary>
    internal static int Deliver(ulong slot, ulong call, ulong id, uint kind, ReadOnlySpan<byte> payload)
    {
        if (kind is < (uint)FunctionMessageKind.Value or > (uint)FunctionMessageKind.Room)
        {
            return LastError.Set(ExportStatus.RequestNotUnderstood, $"There is no message of kind {kind}.");
        }

        return s_calls.TryGetValue(id, out FunctionCall? found)
            && found.Deliver(slot, call, new FunctionMessage((FunctionMessageKind)kind, payload.ToArray()))
                ? (int)ExportStatus.Accepted
                : LastError.Set(ExportStatus.RequestNotUnderstood, $"Call {call} has no call {id} of a host function under way.");
    }
}
