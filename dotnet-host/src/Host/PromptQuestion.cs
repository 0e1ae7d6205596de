using System.Buffers;
using System.Collections.Generic;
using System.Text.Json;

namespace Runspaced.Host.Host;

/// <summary>A question of a script.</summary>
internal sealed record PromptQuestion(string Kind, string Caption, string Message)
{
    /// <summary>Field names of a prompt, labels of a choice.</summary>
    internal IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>Index of the default choice, -1 for none.</summary>
    internal int DefaultChoice { get; init; } = -1;

    internal byte[] ToJson()
    {
        ArrayBufferWriter<byte> buffer = new();
        using Utf8JsonWriter json = new(buffer);
        json.WriteStartObject();
        json.WriteString("kind"u8, Kind);
        json.WriteString("caption"u8, Caption);
        json.WriteString("message"u8, Message);
        json.WriteStartArray("fields"u8);
        foreach (string field in Fields)
        {
            json.WriteStringValue(field);
        }

        json.WriteEndArray();
        json.WriteNumber("default_choice"u8, DefaultChoice);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }
}
