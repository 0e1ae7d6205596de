using System;
using System.Globalization;

namespace Runspaced.Host.Output;

/// <summary>Texts of records are cut with a mark in the text itself, because they have no place for another.</summary>
internal static class ClippedText
{
    internal static string Of(string text, int chars)
    {
        if (text.Length <= chars)
        {
            return text;
        }

        int kept = TextBoundary.Before(text, Math.Max(chars, 0));
        return string.Concat(text.AsSpan(0, kept), string.Create(CultureInfo.InvariantCulture, $"… [{text.Length - kept} more]"));
    }
}
