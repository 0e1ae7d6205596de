using System;
using System.Management.Automation.Language;

namespace Runspaced.Host.Binding;

/// <summary>
/// Tells scripts that cannot have touched the environment of the process, from their source alone: no method is
/// called, no static member or <c>$env:</c> is used, no property set, nothing is run but built-in commands that only
/// read.
/// </summary>
internal static class ScriptReview
{
    internal static bool OnlyReads(ScriptBlockAst script, CommandCache commands) =>
        script.UsingStatements.Count == 0 && script.Find(part => !IsHarmless(part, commands), searchNestedScriptBlocks: true) is null;

    private static bool IsHarmless(Ast part, CommandCache commands) => part switch
    {
        CommandAst command => command.GetCommandName() is { } name && commands.Command(name)?.IsHarmless == true,
        InvokeMemberExpressionAst or TypeDefinitionAst or FunctionDefinitionAst or UsingStatementAst => false,
        MemberExpressionAst member => !member.Static,
        VariableExpressionAst variable => !variable.VariablePath.IsDriveQualified,
        ConvertExpressionAst conversion => IsPlain(conversion.Type.TypeName),
        ParameterAst or AttributeAst => true,
        FileRedirectionAst => false,
        AssignmentStatementAst assignment => assignment.Left.Find(static target => target is MemberExpressionAst or IndexExpressionAst, searchNestedScriptBlocks: false) is null,
        UnaryExpressionAst { TokenKind: TokenKind.PlusPlus or TokenKind.MinusMinus or TokenKind.PostfixPlusPlus or TokenKind.PostfixMinusMinus } step =>
            step.Child is VariableExpressionAst,
        _ => true,
    };

    private static bool IsPlain(ITypeName name)
    {
        Type? type = name.GetReflectionType();
        return type is { IsPrimitive: true } || type == typeof(string) || name.FullName.Equals("pscustomobject", StringComparison.OrdinalIgnoreCase)
            || name.FullName.Equals("ordered", StringComparison.OrdinalIgnoreCase) || type == typeof(System.Collections.Hashtable);
    }
}
