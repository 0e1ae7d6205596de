using System;
using System.Text.Json;

namespace Runspaced.Host.Output;

/// <summary>The marks that stand in the output for what is not there.</summary>
internal static class Marker
{
    private const int LongestMessage = 1_000;

    private static readonly JsonEncodedText Truncated = JsonEncodedText.Encode("$truncated");
    private static readonly JsonEncodedText Error = JsonEncodedText.Encode("$error");
    private static readonly JsonEncodedText Reason = JsonEncodedText.Encode("reason");
    private static readonly JsonEncodedText Omitted = JsonEncodedText.Encode("omitted");

    private static readonly JsonEncodedText[] Names =
    [
        JsonEncodedText.Encode("depth"),
        JsonEncodedText.Encode("items"),
        JsonEncodedText.Encode("bytes"),
        JsonEncodedText.Encode("string"),
        JsonEncodedText.Encode("cycle"),
        JsonEncodedText.Encode("getter"),
    ];

    internal static JsonEncodedText NameOf(CutReason reason) => Names[(int)reason];

    /// <summary>Writes the mark as a value.</summary>
    internal static void WriteCut(Utf8JsonWriter json, CutReason reason, long? omitted)
    {
        json.WriteStartObject();
        WriteCutMember(json, reason, omitted);
        json.WriteEndObject();
    }

    /// <summary>Writes the mark as a member of the object that was cut.</summary>
    internal static void WriteCutMember(Utf8JsonWriter json, CutReason reason, long? omitted)
    {
        json.WriteStartObject(Truncated);
        json.WriteString(Reason, NameOf(reason));
        if (omitted is { } count)
        {
            json.WriteNumber(Omitted, count);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes the mark of a value that could not be read.</summary>
    internal static void WriteError(Utf8JsonWriter json, Exception exception)
    {
        json.WriteStartObject();
        WriteErrorMember(json, exception);
        json.WriteEndObject();
    }

    /// <summary>Writes the mark of a failed enumeration as a member of the object that breaks off there.</summary>
    internal static void WriteErrorMember(Utf8JsonWriter json, Exception exception) =>
        json.WriteString(Error, Clip(MessageOf(exception)));

    private static string MessageOf(Exception exception)
    {
        // What PowerShell and reflection wrap around the exception of a getter says nothing more.
        while (exception is System.Management.Automation.GetValueException or System.Reflection.TargetInvocationException
            && exception.InnerException is { } inner)
        {
            exception = inner;
        }

        try
        {
            return exception.Message is { Length: > 0 } message ? message : exception.GetType().FullName ?? "error";
        }
        catch (Exception)
        {
            // Message is virtual: a script's exception class may throw from it.
            return exception.GetType().FullName ?? "error";
        }
    }

    private static ReadOnlySpan<char> Clip(string message) =>
        message.AsSpan(0, TextBoundary.Before(message, Math.Min(message.Length, LongestMessage)));
}
