using System;
using System.Management.Automation;
using System.Text.Json;

namespace Runspaced.Host.Output;

/// <summary>Writes PowerShell's <see cref="ErrorRecord"/> whole, each text within a limit.</summary>
internal static class ErrorRecordWriter
{
    internal const int DefaultTextChars = 16 << 10;

    private const int MostInner = 10;

    internal static void Write(Utf8JsonWriter json, ErrorRecord record, int textChars = DefaultTextChars)
    {
        Exception? exception = record.Exception;
        json.WriteStartObject();
        Text(json, "message", Read(record, static record => record.ErrorDetails?.Message ?? record.Exception?.Message) ?? string.Empty, textChars);
        Text(json, "category", Read(record, static record => record.CategoryInfo?.Category.ToString()) ?? string.Empty, textChars);
        Text(json, "fullyQualifiedErrorId", Read(record, static record => record.FullyQualifiedErrorId) ?? string.Empty, textChars);
        Text(json, "target", Read(record, static record => record.TargetObject?.ToString()), textChars);
        Text(json, "exceptionType", TypeOf(exception), textChars);
        WritePosition(json, record.InvocationInfo, textChars);
        Text(json, "scriptStackTrace", Read(record, static record => record.ScriptStackTrace), textChars);
        WriteInner(json, exception, textChars);
        Text(json, "commandName", Read(record, static record => record.InvocationInfo?.MyCommand?.Name), textChars);
        Text(json, "recommendedAction", Read(record, static record => record.ErrorDetails?.RecommendedAction), textChars);
        json.WriteEndObject();
    }

    private static void WritePosition(Utf8JsonWriter json, InvocationInfo? invocation, int textChars)
    {
        if (invocation is null || invocation.ScriptLineNumber <= 0)
        {
            json.WriteNull("position"u8);
            return;
        }

        json.WriteStartObject("position"u8);
        Text(json, "file", invocation.ScriptName is { Length: > 0 } file ? file : null, textChars);
        json.WriteNumber("line"u8, invocation.ScriptLineNumber);
        json.WriteNumber("column"u8, Math.Max(invocation.OffsetInLine, 0));
        Text(json, "text", invocation.Line?.TrimEnd('\r', '\n') ?? string.Empty, textChars);
        json.WriteEndObject();
    }

    private static void WriteInner(Utf8JsonWriter json, Exception? exception, int textChars)
    {
        json.WriteStartArray("inner"u8);
        int count = 0;
        for (Exception? inner = exception?.InnerException; inner is not null && count < MostInner; inner = inner.InnerException, count++)
        {
            json.WriteStartObject();
            Text(json, "type", TypeOf(inner), textChars);
            Text(json, "message", Read(inner, static inner => inner.Message) ?? string.Empty, textChars);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string TypeOf(Exception? exception) => exception?.GetType().FullName ?? string.Empty;

    /// <summary>Reads a text that scripts can define: their exceptions and targets may throw from it.</summary>
    private static string? Read<T>(T source, Func<T, string?> read)
    {
        try
        {
            return read(source);
        }
        catch (Exception exception) when (!StopSignal.Is(exception))
        {
            return $"({exception.GetType().FullName})";
        }
    }

    private static void Text(Utf8JsonWriter json, string name, string? value, int textChars)
    {
        if (value is null)
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteString(name, ClippedText.Of(value, textChars));
        }
    }
}
