using System;
using System.Collections.Generic;
using System.Text.Json;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Binding;

/// <summary>Reads the envelope of a request in one pass over its bytes, without a document in between.</summary>
internal static class RequestReader
{
    /// <summary>Levels of nesting accepted in values of a request.</summary>
    internal const int MaxDepth = 256;

    internal static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };

    // In the order of the enums.
    private static readonly string[] s_kinds = ["command", "script", "file", "describe", "measure"];
    private static readonly string[] s_isolations = ["shared", "scoped", "reset", "fresh", "session"];

    /// <exception cref="RequestFormatException">The bytes are not a request.</exception>
    internal static void Read(CallRequest request)
    {
        request.Clear();
        ReadOnlySpan<byte> bytes = request.Bytes.AsSpan(0, request.Length);
        try
        {
            Utf8JsonReader reader = new(bytes, Options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw new RequestFormatException("a request is a JSON object");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                ReadField(ref reader, request);
            }

            if (reader.TokenType != JsonTokenType.EndObject || reader.Read())
            {
                throw new RequestFormatException("there is something behind the request's object");
            }
        }
        catch (JsonException failure)
        {
            throw new RequestFormatException($"not JSON: {failure.Message}");
        }
        catch (InvalidOperationException failure)
        {
            throw new RequestFormatException($"a field has the wrong type, or a string is not valid Unicode: {failure.Message}");
        }
        catch (FormatException failure)
        {
            throw new RequestFormatException($"a number is out of range: {failure.Message}");
        }
    }

    private static void ReadField(ref Utf8JsonReader reader, CallRequest request)
    {
        if (reader.ValueTextEquals("kind"u8))
        {
            request.Kind = (CallKind)ReadName(ref reader, "kind", s_kinds);
        }
        else if (reader.ValueTextEquals("text"u8))
        {
            reader.Read();
            request.Text = reader.GetString() ?? string.Empty;
        }
        else if (reader.ValueTextEquals("parameters"u8))
        {
            request.Parameters = Skip(ref reader, JsonTokenType.StartObject, "parameters");
        }
        else if (reader.ValueTextEquals("isolation"u8))
        {
            request.Isolation = (Isolation)ReadName(ref reader, "isolation", s_isolations);
        }
        else if (reader.ValueTextEquals("format"u8))
        {
            reader.Read();
            request.Format = reader.ValueTextEquals("text"u8) ? Format.Text : Format.Json;
        }
        else if (reader.ValueTextEquals("limits"u8))
        {
            reader.Read();
            request.Limits = ReadLimits(ref reader);
        }
        else if (reader.ValueTextEquals("live"u8))
        {
            request.Live = ReadFlag(ref reader);
        }
        else if (reader.ValueTextEquals("stream"u8))
        {
            request.Stream = ReadFlag(ref reader);
        }
        else if (reader.ValueTextEquals("judge"u8))
        {
            request.Judge = ReadFlag(ref reader);
        }
        else if (reader.ValueTextEquals("interactive"u8))
        {
            request.Interactive = ReadFlag(ref reader);
        }
        else if (reader.ValueTextEquals("width"u8))
        {
            reader.Read();
            request.Width = (int)Math.Clamp(reader.GetInt64(), 1, 10_000);
        }
        else
        {
            ReadRareField(ref reader, request);
        }
    }

    private static void ReadRareField(ref Utf8JsonReader reader, CallRequest request)
    {
        if (reader.ValueTextEquals("arguments"u8))
        {
            request.Arguments = Skip(ref reader, JsonTokenType.StartArray, "arguments");
        }
        else if (reader.ValueTextEquals("input"u8))
        {
            request.Input = Skip(ref reader, JsonTokenType.StartArray, "input");
        }
        else if (reader.ValueTextEquals("secrets"u8))
        {
            reader.Read();
            request.Secrets = ReadSecrets(ref reader);
        }
        else if (reader.ValueTextEquals("modules"u8))
        {
            reader.Read();
            request.Modules = ReadTexts(ref reader);
        }
        else if (reader.ValueTextEquals("working_directory"u8))
        {
            reader.Read();
            request.WorkingDirectory = reader.GetString();
        }
        else if (reader.ValueTextEquals("count"u8))
        {
            reader.Read();
            request.Count = reader.TokenType == JsonTokenType.Null ? 0 : reader.GetInt64();
        }
        else if (reader.ValueTextEquals("correlation_id"u8))
        {
            reader.Read();
            request.CorrelationId = reader.GetString();
        }
        else
        {
            reader.Read();
            reader.Skip();
        }
    }

    private static bool ReadFlag(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.True;
    }

    private static JsonSpan Skip(ref Utf8JsonReader reader, JsonTokenType expected, string field)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return default;
        }

        if (reader.TokenType != expected)
        {
            string wanted = expected == JsonTokenType.StartObject ? "an object" : "an array";
            throw new RequestFormatException($"`{field}` has to be {wanted}");
        }

        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        return new JsonSpan(start, (int)reader.BytesConsumed - start);
    }

    /// <summary>Reads one of some names; answers its place among them.</summary>
    private static int ReadName(ref Utf8JsonReader reader, string field, string[] names)
    {
        reader.Read();
        for (int index = 0; index < names.Length; index++)
        {
            if (reader.ValueTextEquals(names[index]))
            {
                return index;
            }
        }

        throw new RequestFormatException($"`{field}` is {string.Join(", ", names[..^1])} or {names[^1]}, not {reader.GetString()}");
    }

    private static Limits ReadLimits(ref Utf8JsonReader reader)
    {
        Limits limits = new();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return limits;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("depth"u8))
            {
                limits = limits with { Depth = ReadCount(ref reader) };
            }
            else if (reader.ValueTextEquals("items"u8))
            {
                limits = limits with { Items = ReadCount(ref reader) };
            }
            else if (reader.ValueTextEquals("string_chars"u8))
            {
                limits = limits with { StringChars = ReadCount(ref reader) };
            }
            else if (reader.ValueTextEquals("output_bytes"u8))
            {
                limits = limits with { OutputBytes = ReadCount(ref reader) };
            }
            else if (reader.ValueTextEquals("records"u8))
            {
                limits = limits with { Records = ReadCount(ref reader) };
            }
            else if (reader.ValueTextEquals("record_bytes"u8))
            {
                limits = limits with { RecordBytes = ReadCount(ref reader) };
            }
            else if (reader.ValueTextEquals("getter_ms"u8))
            {
                limits = limits with { GetterMilliseconds = ReadCount(ref reader) };
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return limits;
    }

    private static int ReadCount(ref Utf8JsonReader reader)
    {
        reader.Read();
        return (int)Math.Clamp(reader.GetInt64(), 0, int.MaxValue);
    }

    private static List<string>? ReadTexts(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return null;
        }

        List<string> texts = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.GetString() is { Length: > 0 } text)
            {
                texts.Add(text);
            }
        }

        return texts.Count == 0 ? null : texts;
    }

    private static Dictionary<string, Secret>? ReadSecrets(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        Dictionary<string, Secret> secrets = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            string? user = null;
            string value = string.Empty;
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isUser = reader.ValueTextEquals("user"u8);
                bool isValue = reader.ValueTextEquals("value"u8);
                reader.Read();
                if (isUser)
                {
                    user = reader.GetString();
                }
                else if (isValue)
                {
                    value = reader.GetString() ?? string.Empty;
                }
                else
                {
                    reader.Skip();
                }
            }

            secrets[name] = new Secret(user, value);
        }

        return secrets;
    }
}
