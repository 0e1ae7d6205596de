namespace Runspaced.Host.Interop;

/// <summary>What the output document of a call is.</summary>
internal enum Format
{
    /// <summary>A JSON array of values.</summary>
    Json,

    /// <summary>One JSON string: what <c>Out-String</c> prints.</summary>
    Text,
}
