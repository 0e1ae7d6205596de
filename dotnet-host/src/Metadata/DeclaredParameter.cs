namespace Runspaced.Host.Metadata;

/// <summary>What the source of a function says about one of its parameters.</summary>
internal readonly record struct DeclaredParameter(string? Description, string? DefaultText);
