using System;
using System.Buffers;
using System.Runtime.CompilerServices;

namespace Runspaced.Host.Interop;

/// <summary>
/// The buffer of one call: memory that the other side owns and grows. Reused by a slot for one call after the
/// other; after <see cref="Begin"/> and before <see cref="Release"/> it is the only writer.
/// </summary>
internal sealed unsafe class CallBuffer : MemoryManager<byte>, IBufferWriter<byte>
{
    private const int SmallestRoom = 256;

    private readonly delegate* unmanaged<nuint, nuint, nuint, nuint*, byte*> _grow;
    private nuint _context;
    private byte* _start;
    private int _capacity;
    private int _position;

    internal CallBuffer(delegate* unmanaged<nuint, nuint, nuint, nuint*, byte*> grow) => _grow = grow;

    /// <summary>
    /// Bytes written so far. May be set back to take away what was written last, never forward.
    /// </summary>
    internal int Position
    {
        get => _position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)value, (uint)_position, nameof(value));
            _position = value;
        }
    }

    /// <summary>What was written so far; valid until the next growth.</summary>
    internal ReadOnlySpan<byte> Written => new(_start, _position);

    internal nuint Context => _context;

    /// <summary>Takes over the buffer of the call <paramref name="context"/> stands for.</summary>
    internal void Begin(nuint context)
    {
        _context = context;
        _start = null;
        _capacity = 0;
        _position = 0;
    }

    /// <summary>Lets go of the memory; it must not be touched any more.</summary>
    internal void Release() => Begin(0);

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_capacity - _position), nameof(count));
        _position += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return CreateMemory(_position, _capacity - _position);
    }

    public override Span<byte> GetSpan() => new(_start, _capacity);

    public Span<byte> GetSpan(int sizeHint)
    {
        Reserve(sizeHint);
        return new(_start + _position, _capacity - _position);
    }

    internal void Write(scoped ReadOnlySpan<byte> bytes)
    {
        if (_capacity - _position < bytes.Length)
        {
            Reserve(bytes.Length);
        }

        bytes.CopyTo(new(_start + _position, bytes.Length));
        _position += bytes.Length;
    }

    internal void Write(byte value)
    {
        Reserve(1);
        _start[_position++] = value;
    }

    // The memory is not managed: nothing to pin.
    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }

    private void Reserve(int sizeHint)
    {
        int wanted = Math.Max(sizeHint, 1);
        if (_capacity - _position < wanted)
        {
            Grow(Math.Max(wanted, SmallestRoom));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int room)
    {
        nuint capacity = 0;
        byte* start = _grow(_context, (nuint)_position, (nuint)room, &capacity);
        if (start is null || capacity < (nuint)(_position + (long)room))
        {
            throw new InsufficientMemoryException($"No memory for {room} more bytes of a call's answer after {_position}.");
        }

        _start = start;
        _capacity = (int)Math.Min(capacity, (nuint)int.MaxValue);
    }
}
