using System;

namespace Runspaced.Host.Binding;

/// <summary>Where a value lies in the bytes of a request. The default is a value that is absent.</summary>
internal readonly record struct JsonSpan(int Start, int Length)
{
    internal bool IsPresent => Length > 0;

    internal ReadOnlySpan<byte> In(ReadOnlySpan<byte> request) => request.Slice(Start, Length);
}
