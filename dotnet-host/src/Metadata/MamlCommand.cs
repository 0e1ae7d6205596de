using System.Collections.Generic;

namespace Runspaced.Host.Metadata;

/// <summary>What a help file says about one command.</summary>
internal sealed record MamlCommand(string? Synopsis, string? Description, IReadOnlyDictionary<string, string> Parameters);
