namespace Runspaced.Host.Binding;

/// <summary>How much of a call the next one may see.</summary>
internal enum Isolation
{
    Shared,
    Scoped,
    Reset,
    Fresh,
    Session,
}
