namespace Runspaced.Host.Output;

/// <summary>Which budget cut a value.</summary>
internal enum CutReason
{
    Depth,
    Items,
    Bytes,
    String,
    Cycle,
    Getter,
}
