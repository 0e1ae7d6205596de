using System;
using System.Collections.Generic;
using System.Text.Json;

namespace Runspaced.Host.Host;

/// <summary>The answer to a <see cref="PromptQuestion"/>.</summary>
internal sealed record PromptReply(bool Accepted, IReadOnlyList<string> Values)
{
    /// <summary>Null if the bytes are no reply.</summary>
    internal static PromptReply? Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            bool accepted = root.GetProperty("accepted"u8).GetBoolean();
            List<string> values = [];
            if (root.TryGetProperty("values"u8, out JsonElement given) && given.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement value in given.EnumerateArray())
                {
                    values.Add(value.GetString() ?? string.Empty);
                }
            }

            return new PromptReply(accepted, values);
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The value at <paramref name="index"/>, empty if there is none.</summary>
    internal string At(int index) => index < Values.Count ? Values[index] : string.Empty;
}
