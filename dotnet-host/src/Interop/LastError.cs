using System;
using System.Text;

namespace Runspaced.Host.Interop;

/// <summary>Why the last export called on this thread answered something other than 0.</summary>
internal static class LastError
{
    [ThreadStatic]
    private static string? t_text;

    internal static int Set(ExportStatus status, string text)
    {
        t_text = text;
        return (int)status;
    }

    /// <summary>Copies the text as UTF-8. Returns its length, or minus the room it needs.</summary>
    internal static int CopyTo(Span<byte> target)
    {
        string text = t_text ?? string.Empty;
        int needed = Encoding.UTF8.GetByteCount(text);
        return needed > target.Length ? -needed : Encoding.UTF8.GetBytes(text, target);
    }
}
