using System;
using System.Collections.Generic;
using System.Management.Automation.Language;

namespace Runspaced.Host.Metadata;

/// <summary>Finds the parameters of which a function asks whether they were given.</summary>
internal static class BoundParameterReview
{
    private const string Variable = "PSBoundParameters";

    /// <summary>Names in <c>$PSBoundParameters.ContainsKey('Name')</c>, <c>$PSBoundParameters['Name']</c> and <c>$PSBoundParameters.Name</c>.</summary>
    internal static HashSet<string> NamesIn(Ast body)
    {
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        if (!body.Extent.Text.Contains(Variable, StringComparison.OrdinalIgnoreCase))
        {
            return names;
        }

        foreach (Ast found in body.FindAll(static ast => NameIn(ast) is not null, searchNestedScriptBlocks: true))
        {
            names.Add(NameIn(found)!);
        }

        return names;
    }

    private static string? NameIn(Ast ast) => ast switch
    {
        InvokeMemberExpressionAst { Arguments: [StringConstantExpressionAst name], Member: StringConstantExpressionAst { Value: var method } } call
            when IsTheVariable(call.Expression) && method.Equals("ContainsKey", StringComparison.OrdinalIgnoreCase) => name.Value,
        InvokeMemberExpressionAst => null,
        MemberExpressionAst { Member: StringConstantExpressionAst name } member when IsTheVariable(member.Expression) => name.Value,
        IndexExpressionAst { Index: StringConstantExpressionAst name } index when IsTheVariable(index.Target) => name.Value,
        _ => null,
    };

    private static bool IsTheVariable(Ast expression) =>
        expression is VariableExpressionAst { VariablePath.UserPath: var name } && name.Equals(Variable, StringComparison.OrdinalIgnoreCase);
}
