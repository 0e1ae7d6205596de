using System.Management.Automation.Language;

namespace Runspaced.Host.Metadata;

/// <summary>What the source of a function says about one of its parameters.</summary>
/// <param name="Description">From its help.</param>
/// <param name="Default">The expression of its default.</param>
/// <param name="AbsenceMatters">The function asks whether it was given: <c>false</c> is not the same as nothing.</param>
internal sealed record DeclaredParameter(string? Description, ExpressionAst? Default, bool AbsenceMatters)
{
    internal static DeclaredParameter Unknown { get; } = new(null, null, AbsenceMatters: false);
}
