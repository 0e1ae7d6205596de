using System.Collections.Generic;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Binding;

/// <summary>
/// One invocation as the other side sent it. Values that need the command's metadata to become objects stay
/// spans of <see cref="Bytes"/>. Reused by a slot for one call after the other.
/// </summary>
internal sealed class CallRequest
{
    internal byte[] Bytes { get; set; } = [];

    internal int Length { get; set; }

    internal CallKind Kind { get; set; }

    internal string Text { get; set; } = string.Empty;

    internal JsonSpan Parameters { get; set; }

    internal JsonSpan Arguments { get; set; }

    internal JsonSpan Input { get; set; }

    internal Dictionary<string, Secret>? Secrets { get; set; }

    internal Isolation Isolation { get; set; }

    internal Format Format { get; set; }

    internal Limits Limits { get; set; } = new();

    internal bool Live { get; set; }

    internal bool Stream { get; set; }

    internal bool Interactive { get; set; }

    /// <summary>Whether the answer says if the last statement succeeded.</summary>
    internal bool Judge { get; set; }

    internal List<string>? Modules { get; set; }

    internal string? WorkingDirectory { get; set; }

    internal int Width { get; set; }

    internal long Count { get; set; }

    internal string? CorrelationId { get; set; }

    /// <summary>The call runs nothing but a built-in command that only reads: it cannot have touched the process.</summary>
    internal bool IsHarmless { get; set; }

    /// <summary>Moreover the command asks no provider, which may be anybody's, and its output was nothing but plain values.</summary>
    internal bool IsSelfContained { get; set; }

    /// <summary>A parameter of the call names a variable that PowerShell sets (<c>OutVariable</c> and its like).</summary>
    internal bool SetsVariables { get; set; }

    /// <summary>
    /// The call has run one built-in command that only reads, with plain values and no provider, without an error, and nothing of its output was
    /// formatted or read property by property: no script of anybody's has run, and there is nothing it could have left behind.
    /// </summary>
    internal bool LeavesNothing => IsSelfContained && Kind == CallKind.Command && !SetsVariables && Format == Format.Json && Modules is null;

    /// <summary>Variables and functions of the call live in a scope of their own.</summary>
    internal bool UsesLocalScope => Isolation is Isolation.Scoped or Isolation.Reset;

    internal void Clear()
    {
        Kind = CallKind.Command;
        Text = string.Empty;
        Parameters = default;
        Arguments = default;
        Input = default;
        Secrets = null;
        Isolation = Isolation.Scoped;
        Format = Format.Json;
        Limits = new();
        Live = false;
        Stream = false;
        Interactive = false;
        Judge = false;
        Modules = null;
        WorkingDirectory = null;
        Width = 120;
        Count = 0;
        CorrelationId = null;
        IsHarmless = false;
        IsSelfContained = false;
        SetsVariables = false;
    }
}
