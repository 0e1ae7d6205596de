using System;

namespace Runspaced.Host.Output;

/// <summary>Where a text may be cut.</summary>
internal static class TextBoundary
{
    /// <summary>The largest cut at or before <paramref name="index"/> that splits no surrogate pair.</summary>
    internal static int Before(ReadOnlySpan<char> text, int index) =>
        index > 0 && index < text.Length && char.IsHighSurrogate(text[index - 1]) && char.IsLowSurrogate(text[index])
            ? index - 1
            : index;
}
