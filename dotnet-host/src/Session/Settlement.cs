using System;
using System.Buffers;
using System.Text.Json;

namespace Runspaced.Host.Session;

/// <summary>What is to become of a slot after a call.</summary>
internal enum Verdict
{
    Clean,
    Restored,
    Retire,
}

/// <summary>What the detectors found after a call, as it goes out. Reused from call to call.</summary>
internal sealed class Settlement
{
    private readonly ArrayBufferWriter<byte> _buffer = new(256);
    private readonly Utf8JsonWriter _json;

    internal Settlement() => _json = new Utf8JsonWriter(_buffer);

    internal ReadOnlySpan<byte> Write(Verdict verdict, ChangeList changes, ProcessVerdict process, long microseconds)
    {
        _buffer.ResetWrittenCount();
        _json.Reset(_buffer);
        _json.WriteStartObject();
        _json.WriteString(
            "verdict"u8,
            verdict switch
            {
                Verdict.Clean => "clean"u8,
                Verdict.Restored => "restored"u8,
                _ => "retire"u8,
            });
        _json.WriteStartArray("changes"u8);
        foreach (string change in changes.Items)
        {
            _json.WriteStringValue(change);
        }

        _json.WriteEndArray();
        _json.WriteBoolean("environment_overlap"u8, process.Overlap);
        _json.WriteBoolean("environment_dirty"u8, process.Dirty);
        _json.WriteNumber("settle_us"u8, microseconds);
        _json.WriteEndObject();
        _json.Flush();
        return _buffer.WrittenSpan;
    }
}
