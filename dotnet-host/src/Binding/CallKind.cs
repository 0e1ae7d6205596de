namespace Runspaced.Host.Binding;

/// <summary>What is to run.</summary>
internal enum CallKind
{
    Command,
    Script,
    File,
    Describe,
    Measure,
}
