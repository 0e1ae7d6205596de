using System;
using System.Runtime.InteropServices;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Tests;

/// <summary>A call's buffer as the other side of the border keeps it: memory that grows, moves, and may run out.</summary>
internal sealed unsafe class AnswerBuffer : IDisposable
{
    // The callback knows its buffer by thread: a test has one at a time.
    [ThreadStatic]
    private static AnswerBuffer? t_current;

    private readonly nuint _most;
    private byte* _start;
    private nuint _capacity;

    internal AnswerBuffer(nuint most = 1 << 30)
    {
        _most = most;
        t_current = this;
        Calls = new CallBuffer(&Grow);
        Calls.Begin(1);
    }

    internal CallBuffer Calls { get; }

    internal nuint Capacity => _capacity;

    public void Dispose()
    {
        Calls.Release();
        NativeMemory.Free(_start);
        _start = null;
        t_current = null;
    }

    [UnmanagedCallersOnly]
    private static byte* Grow(nuint context, nuint used, nuint room, nuint* capacity)
    {
        AnswerBuffer self = t_current!;
        nuint wanted = Math.Max(used + room, used * 2);
        if (wanted > self._most)
        {
            return null;
        }

        // A new place each time: whoever kept the old one writes into freed memory, and the test sees it.
        byte* moved = (byte*)NativeMemory.Alloc(wanted);
        NativeMemory.Copy(self._start, moved, used);
        NativeMemory.Fill(self._start, self._capacity, 0xDD);
        NativeMemory.Free(self._start);
        self._start = moved;
        self._capacity = wanted;
        *capacity = wanted;
        return moved;
    }
}
