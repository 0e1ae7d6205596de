using System;
using System.Buffers;
using System.Collections.Generic;
using System.Management.Automation;
using System.Text.Json;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Output;

/// <summary>
/// The output document of a call: in JSON format an array of values, in text format one string. One for each slot, reused by
/// its calls; everything happens on the slot's thread. The document is complete JSON after <see cref="End"/>, whatever was
/// added and however the pipeline ended, and at most a few hundred bytes larger than its budget.
/// </summary>
internal sealed class OutputDocument
{
    private const int LargestKeptBuffer = 1 << 20;

    private readonly JsonPath _path = new();
    private readonly ValueWriter _values;
    private readonly List<byte> _bytes = [];
    private readonly Utf8JsonWriter _json = new(new ArrayBufferWriter<byte>(), JsonStyle.Options);
    private readonly Func<Utf8JsonWriter, long, bool> _writeValue;
    private ArrayBufferWriter<byte> _single = new(4_096);
    private CallBuffer _buffer = null!;
    private Limits _limits = new();
    private Format _format;
    private long _start;
    private bool _full;
    private bool _first;
    private object? _value;

    internal OutputDocument()
        : this(static () => MemberSurface.Instance)
    {
    }

    internal OutputDocument(Func<MemberSurface?> findSurface)
    {
        _values = new(_path, Cuts, findSurface);
        _writeValue = (json, room) => _values.Write(json, _value, room);
    }

    /// <summary>Values written; a run of bytes is one value.</summary>
    internal long Count { get; private set; }

    /// <summary>True once the budget of bytes was used up: the pipeline is to be stopped.</summary>
    internal bool IsFull => _full;

    /// <summary>Where the document was cut, and where it has strings in the place of numbers.</summary>
    internal CutLog Cuts { get; } = new();

    /// <summary>Starts the document of a call at the buffer's position.</summary>
    /// <summary>No value of the document has members or entries.</summary>
    internal bool HasOnlyScalars => _values.WroteOnlyScalars;

    internal void Begin(CallBuffer buffer, in Limits limits, Format format)
    {
        _buffer = buffer;
        _limits = limits;
        _format = format;
        _full = false;
        _first = true;
        _bytes.Clear();
        Cuts.Clear();
        Count = 0;
        _values.Begin(limits);
        _start = buffer.Position;
        if (format == Format.Json)
        {
            buffer.Write((byte)'[');
        }
        else
        {
            _json.Reset(buffer);
        }
    }

    /// <summary>
    /// Adds a value; in text format a line of <c>Out-String -Stream</c>. Throws only when the pipeline is being stopped
    /// or the buffer cannot grow; the document is then as it was before.
    /// </summary>
    /// <returns>False if the budget is used up: the caller stops the pipeline.</returns>
    internal bool Add(object? value)
    {
        if (_full)
        {
            return false;
        }

        if (_format == Format.Text)
        {
            return AddLine(value);
        }

        // What a byte stream sends one by one is one value: `Get-Content -AsByteStream`, an array of bytes that was enumerated.
        if ((value is PSObject wrapper ? wrapper.BaseObject : value) is byte next)
        {
            _bytes.Add(next);
            if (_bytes.Count / 3L * 4 <= _limits.OutputBytes - (_buffer.Position - _start))
            {
                return true;
            }

            return FlushBytes() && !_full;
        }

        return FlushBytes() && AddElement(value);
    }

    /// <summary>Adds a value that <paramref name="write"/> writes: it is kept whole or not at all.</summary>
    /// <returns>False if the budget is used up.</returns>
    internal bool AddWritten<T>(T source, Action<Utf8JsonWriter, T> write) =>
        !_full && FlushBytes() && AddElement((json, room) =>
        {
            write(json, source);
            return true;
        }, mayBeCut: false);

    /// <summary>Completes the document.</summary>
    internal void End()
    {
        if (_format == Format.Json)
        {
            _ = FlushBytes();
            _buffer.Write((byte)']');
        }
        else
        {
            _json.WriteStringValueSegment(ReadOnlySpan<char>.Empty, isFinalSegment: true);
            _json.Flush();
        }
    }

    /// <summary>
    /// Makes the record of an output value for a streaming call. The document stays empty; the budget of bytes is
    /// that of each value. The bytes are valid until the next call.
    /// </summary>
    internal ReadOnlySpan<byte> WriteSingle(object? value)
    {
        if (_single.Capacity > LargestKeptBuffer)
        {
            _single = new(4_096);
        }

        CutLog.Mark mark = Cuts.Now();
        StartSingle();
        try
        {
            _path.Start(Count);
            _values.Write(_json, value, _limits.OutputBytes);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            if (StopSignal.Is(exception))
            {
                throw new PipelineStoppedException();
            }

            Cuts.Rewind(mark);
            StartSingle();
            Marker.WriteError(_json, exception);
        }

        _json.WriteEndObject();
        _json.Flush();
        Count++;
        return _single.WrittenSpan;
    }

    private void StartSingle()
    {
        _single.ResetWrittenCount();
        _json.Reset(_single);
        _json.WriteStartObject();
        _json.WriteString("stream"u8, "output"u8);
        _json.WriteNumber("at"u8, Count);
        _json.WritePropertyName("data"u8);
    }

    private bool FlushBytes()
    {
        if (_bytes.Count == 0)
        {
            return true;
        }

        byte[] bytes = _bytes.ToArray();
        _bytes.Clear();
        return AddElement(bytes);
    }

    private bool AddElement(object? value)
    {
        _value = value;
        bool goesOn = AddElement(_writeValue, mayBeCut: true);
        _value = null;
        return goesOn;
    }

    /// <summary>
    /// Adds what <paramref name="write"/> writes, which returns false if it cut it to make it fit. What did not fit stays
    /// if it may be cut and had at least half the budget.
    /// </summary>
    private bool AddElement(Func<Utf8JsonWriter, long, bool> write, bool mayBeCut)
    {
        int start = _buffer.Position;
        if (!_first)
        {
            _buffer.Write((byte)',');
        }

        int from = _buffer.Position;
        long room = _limits.OutputBytes - (from - _start) - 1;
        CutLog.Mark mark = Cuts.Now();
        _path.Start(Count);
        bool whole;
        bool fits;
        try
        {
            _json.Reset(_buffer);
            whole = write(_json, room);
            _json.Flush();
            fits = whole && _json.BytesCommitted <= room;
        }
        catch (Exception exception)
        {
            // What the writer still holds goes nowhere; what it handed over is taken back.
            _json.Reset();
            Cuts.Rewind(mark);
            if (exception is OutOfMemoryException || StopSignal.Is(exception))
            {
                _buffer.Position = start;
                throw exception is OutOfMemoryException ? exception : new PipelineStoppedException();
            }

            _buffer.Position = from;
            Marker.WriteError(_json, exception);
            _json.Flush();
            whole = fits = true;
        }

        // One that is whole and a few bytes over is kept like one that fits, if it is most of what there is.
        _first = false;
        if (fits || (whole && mayBeCut && room >= _limits.OutputBytes / 2))
        {
            Count++;
            return true;
        }

        _full = true;
        if (mayBeCut && room >= _limits.OutputBytes / 2)
        {
            // As much of it as half the budget or more holds is worth more than a mark.
            Count++;
            return false;
        }

        _buffer.Position = from;
        Cuts.Rewind(mark);
        _json.Reset(_buffer);
        _path.Start(Count);
        Cuts.AddCut(CutReason.Bytes, _path, omitted: null);
        Marker.WriteCut(_json, CutReason.Bytes, omitted: null);
        _json.Flush();
        return false;
    }

    private bool AddLine(object? value)
    {
        string line = (value is PSObject wrapper ? wrapper.BaseObject : value) as string ?? value?.ToString() ?? string.Empty;
        Count++;
        if (AppendText(line) && AppendText(Environment.NewLine))
        {
            return true;
        }

        _full = true;
        _path.Clear();
        Cuts.AddCut(CutReason.Bytes, _path, omitted: null);
        return false;
    }

    /// <summary>Appends as much of the text as fits; false if that is not all of it.</summary>
    private bool AppendText(ReadOnlySpan<char> text)
    {
        const int SegmentChars = 8_192;
        const int BytesPerChar = 6;
        while (text.Length > 0)
        {
            // Two bytes for the quotes.
            long fitting = Math.Max(_limits.OutputBytes - 2 - _json.BytesCommitted - _json.BytesPending, 0) / BytesPerChar;
            int take = TextBoundary.Before(text, (int)Math.Min(Math.Min(text.Length, SegmentChars), fitting));
            if (take == 0)
            {
                return false;
            }

            _json.WriteStringValueSegment(text[..take], isFinalSegment: false);
            text = text[take..];
        }

        return true;
    }
}
