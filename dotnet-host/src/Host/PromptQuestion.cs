using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text.Json;

namespace Runspaced.Host.Host;

/// <summary>A question of a script.</summary>
internal sealed record PromptQuestion(string Kind, string Caption, string Message)
{
    /// <summary>Field names of a prompt, labels of a choice.</summary>
    internal IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>Full names of the types of a prompt's fields, in their order; empty for other questions.</summary>
    internal IReadOnlyList<string> Types { get; init; } = [];

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
        WriteTexts(json, "fields"u8, Fields);
        WriteTexts(json, "types"u8, Types);
        json.WriteNumber("default_choice"u8, DefaultChoice);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteTexts(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
