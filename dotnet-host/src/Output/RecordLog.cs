using System;
using System.Buffers;
using System.Management.Automation;
using System.Text.Json;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Output;

/// <summary>
/// The records of a call in the order in which they were written, kept as JSON: the second document of the answer, and
/// what is sent while the call runs. One for each slot, reused by its calls. Each stream has budgets of its own; what is over
/// them is counted.
/// </summary>
internal sealed class RecordLog
{
    private const int StreamCount = (int)RecordStream.Progress + 1;
    private const int LargestKeptBuffer = 1 << 20;

    private static readonly JsonEncodedText[] Names =
    [
        JsonEncodedText.Encode("error"),
        JsonEncodedText.Encode("warning"),
        JsonEncodedText.Encode("verbose"),
        JsonEncodedText.Encode("debug"),
        JsonEncodedText.Encode("information"),
        JsonEncodedText.Encode("progress"),
    ];

    private readonly Utf8JsonWriter _json = new(new ArrayBufferWriter<byte>(), JsonStyle.Options);
    private readonly ProgressThrottle _throttle = new();
    private readonly long[] _counts = new long[StreamCount];
    private readonly long[] _sizes = new long[StreamCount];
    private readonly long[] _dropped = new long[StreamCount];
    private ArrayBufferWriter<byte> _records = new(1_024);
    private Limits _limits = new();

    private delegate void WriteData<in T>(Utf8JsonWriter json, T record, int textChars);

    /// <summary>True if an error was added, kept or not.</summary>
    internal bool HadErrors { get; private set; }

    internal void Begin(in Limits limits)
    {
        _limits = limits;
        _throttle.Clear();
        Array.Clear(_counts);
        Array.Clear(_sizes);
        Array.Clear(_dropped);
        HadErrors = false;
        if (_records.Capacity > LargestKeptBuffer)
        {
            _records = new(1_024);
        }
        else
        {
            _records.ResetWrittenCount();
        }
    }

    /// <summary>How many records of a stream did not fit its budgets.</summary>
    internal long Dropped(RecordStream stream) => _dropped[(int)stream];

    // Each Add returns the record's JSON, to be sent while the call runs; empty if it was dropped. It is valid until the next
    // one. `at` is the count of output values before the record.

    internal ReadOnlySpan<byte> AddError(ErrorRecord record, long at)
    {
        HadErrors = true;
        return Add(RecordStream.Error, record, at, static (json, record, chars) => ErrorRecordWriter.Write(json, record, chars));
    }

    internal ReadOnlySpan<byte> AddWarning(string? message, long at) => AddText(RecordStream.Warning, message, at);

    internal ReadOnlySpan<byte> AddVerbose(string? message, long at) => AddText(RecordStream.Verbose, message, at);

    internal ReadOnlySpan<byte> AddDebug(string? message, long at) => AddText(RecordStream.Debug, message, at);

    internal ReadOnlySpan<byte> AddInformation(InformationRecord record, long at) =>
        Add(RecordStream.Information, record, at, WriteInformation);

    internal ReadOnlySpan<byte> AddProgress(long source, ProgressRecord record, long at) =>
        _throttle.Passes(source, record, at) ? Add(RecordStream.Progress, record, at, WriteProgress) : default;

    internal ReadOnlySpan<byte> AddText(RecordStream stream, string? message, long at) =>
        Add(stream, message ?? string.Empty, at, static (json, message, chars) => json.WriteStringValue(ClippedText.Of(message, chars)));

    /// <summary>Writes the document. Progress that was held back to the end is in it.</summary>
    internal void WriteTo(CallBuffer buffer)
    {
        foreach ((ProgressRecord record, long at) in _throttle.TakeHeld())
        {
            _ = Add(RecordStream.Progress, record, at, WriteProgress);
        }

        buffer.Write((byte)'[');
        buffer.Write(_records.WrittenSpan);
        buffer.Write((byte)']');
    }

    /// <summary>Writes the member <c>dropped</c> of the meta document.</summary>
    internal void WriteDropped(Utf8JsonWriter json)
    {
        json.WriteStartObject("dropped"u8);
        for (int stream = 0; stream < StreamCount; stream++)
        {
            json.WriteNumber(Names[stream], _dropped[stream]);
        }

        json.WriteEndObject();
    }

    private static void WriteInformation(Utf8JsonWriter json, InformationRecord record, int textChars)
    {
        HostInformationMessage? host = (record.MessageData is PSObject wrapper ? wrapper.BaseObject : record.MessageData) as HostInformationMessage;
        json.WriteStartObject();
        json.WriteString("message"u8, ClippedText.Of(host is null ? TextOf(record.MessageData) : host.Message ?? string.Empty, textChars));
        json.WriteStartArray("tags"u8);
        foreach (string tag in record.Tags)
        {
            json.WriteStringValue(ClippedText.Of(tag, textChars));
        }

        json.WriteEndArray();
        json.WriteString("source"u8, ClippedText.Of(record.Source ?? string.Empty, textChars));
        json.WriteBoolean("host"u8, host is not null);
        json.WriteEndObject();
    }

    private static string TextOf(object? message)
    {
        try
        {
            return message?.ToString() ?? string.Empty;
        }
        catch (Exception exception) when (!StopSignal.Is(exception))
        {
            return $"({exception.GetType().FullName})";
        }
    }

    private static void WriteProgress(Utf8JsonWriter json, ProgressRecord record, int textChars)
    {
        json.WriteStartObject();
        json.WriteString("activity"u8, ClippedText.Of(record.Activity ?? string.Empty, textChars));
        json.WriteString("status"u8, ClippedText.Of(record.StatusDescription ?? string.Empty, textChars));
        json.WriteString("currentOperation"u8, ClippedText.Of(record.CurrentOperation ?? string.Empty, textChars));
        json.WriteNumber("percent"u8, record.PercentComplete);
        json.WriteNumber("secondsRemaining"u8, record.SecondsRemaining);
        json.WriteNumber("activityId"u8, record.ActivityId);
        json.WriteNumber("parentId"u8, record.ParentActivityId);
        json.WriteBoolean("completed"u8, record.RecordType == ProgressRecordType.Completed);
        json.WriteEndObject();
    }

    private ReadOnlySpan<byte> Add<T>(RecordStream stream, T record, long at, WriteData<T> write)
    {
        int index = (int)stream;
        long room = _limits.RecordBytes - _sizes[index];
        if (_counts[index] >= _limits.Records || room <= 0)
        {
            _dropped[index]++;
            return default;
        }

        int comma = _records.WrittenCount == 0 ? 0 : 1;
        if (comma != 0)
        {
            _records.GetSpan(1)[0] = (byte)',';
            _records.Advance(1);
        }

        int start = _records.WrittenCount;
        _json.Reset(_records);
        _json.WriteStartObject();
        _json.WriteString("stream"u8, Names[index]);
        _json.WriteNumber("at"u8, at);
        _json.WritePropertyName("data"u8);
        write(_json, record, _limits.StringChars);
        _json.WriteEndObject();
        _json.Flush();
        int size = _records.WrittenCount - start;
        if (size > room)
        {
            TakeBack(start - comma);
            _sizes[index] = _limits.RecordBytes;
            _dropped[index]++;
            return default;
        }

        _counts[index]++;
        _sizes[index] += size;
        return _records.WrittenSpan[start..];
    }

    // The buffer cannot step back by itself. Once for each stream and call at most: its budget is used up then.
    private void TakeBack(int length)
    {
        byte[] kept = _records.WrittenSpan[..length].ToArray();
        _records.ResetWrittenCount();
        _records.Write(kept);
    }
}
