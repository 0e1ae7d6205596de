using System;
using System.Buffers;
using System.Text.Json;

namespace Runspaced.Host.Slots;

/// <summary>Why a slot did not open.</summary>
internal sealed class SlotOpenException(string phase, string? subject, string message, Exception? cause = null)
    : Exception(message, cause)
{
    internal byte[] ToJson()
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("phase"u8, phase);
            json.WriteString("subject"u8, subject);
            json.WriteString("message"u8, Message);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
