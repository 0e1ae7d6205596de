using System;
using System.Text;

namespace Runspaced.Host.Interop;

/// <summary>
/// The way out: events and answers to the other side. Set once by <see cref="Exports.Bootstrap"/>; nothing here
/// throws or blocks.
/// </summary>
internal static unsafe class Border
{
    internal const uint AbiVersion = 3;

    private static HostCallbacks s_callbacks;

    internal static void Connect(in HostCallbacks callbacks) => s_callbacks = callbacks;

    internal static CallBuffer NewBuffer() => new(s_callbacks.Grow);

    internal static int Send(EventKind kind, ulong slot, ulong call, long value, ReadOnlySpan<byte> payload)
    {
        if (s_callbacks.Event is null)
        {
            return 0;
        }

        fixed (byte* bytes = payload)
        {
            return s_callbacks.Event((uint)kind, slot, call, value, bytes, (nuint)payload.Length);
        }
    }

    /// <summary>Offers a record of a call. False: no room, wait for <c>resume</c> and offer it again.</summary>
    internal static bool Offer(ulong slot, ulong call, ReadOnlySpan<byte> record) =>
        Send(EventKind.Record, slot, call, 0, record) == 0;

    internal static void Done(ulong slot, ulong call, nuint context, int outputEnd, int recordsEnd, int total) =>
        s_callbacks.Done(slot, call, context, (nuint)outputEnd, (nuint)recordsEnd, (nuint)total);

    internal static void Log(LogLevel level, string text) =>
        Send(EventKind.Log, 0, 0, (long)level, Encoding.UTF8.GetBytes(text));

    internal static void Fatal(string text) => Send(EventKind.Fatal, 0, 0, 0, Encoding.UTF8.GetBytes(text));
}
