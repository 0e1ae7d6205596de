using System.Collections.Generic;
using System.Management.Automation.Language;

namespace Runspaced.Host.Metadata;

/// <summary>Default values that can be read from the source because nothing has to run for them.</summary>
internal static class ConstantDefault
{
    /// <summary>The value: null, a string, a boolean, a number, or an array of these.</summary>
    /// <returns>False if the expression is none, or is not constant.</returns>
    internal static bool TryRead(Ast? expression, out object? value)
    {
        value = null;
        switch (expression)
        {
            case ConstantExpressionAst constant:
                value = constant.Value;
                return true;
            case VariableExpressionAst { Splatted: false } variable:
                return TryReadVariable(variable.VariablePath.UserPath, out value);
            case UnaryExpressionAst { TokenKind: TokenKind.Minus } negated when TryRead(negated.Child, out object? number):
                value = Negated(number);
                return value is not null;
            case ParenExpressionAst { Pipeline: PipelineAst pipeline }:
                return TryRead(pipeline.GetPureExpression(), out value);
            case ArrayLiteralAst list:
                return TryReadAll(list.Elements, out value);
            case ArrayExpressionAst { SubExpression: { Traps: null, Statements: var statements } }:
                return TryReadStatements(statements, out value);
            default:
                return false;
        }
    }

    private static bool TryReadVariable(string name, out object? value)
    {
        value = name.ToUpperInvariant() switch
        {
            "TRUE" => true,
            "FALSE" => false,
            _ => null,
        };
        return value is not null || name.Equals("null", System.StringComparison.OrdinalIgnoreCase);
    }

    private static object? Negated(object? number) => number switch
    {
        int whole => -(long)whole,
        long whole when whole != long.MinValue => -whole,
        double real => -real,
        decimal real => -real,
        _ => null,
    };

    private static bool TryReadAll(IEnumerable<ExpressionAst> elements, out object? value)
    {
        List<object?> values = [];
        value = null;
        foreach (ExpressionAst element in elements)
        {
            if (!TryRead(element, out object? one))
            {
                return false;
            }

            values.Add(one);
        }

        value = values.ToArray();
        return true;
    }

    // `@()`, `@(1)`, `@('a', 'b')`.
    private static bool TryReadStatements(IReadOnlyList<StatementAst> statements, out object? value)
    {
        value = System.Array.Empty<object?>();
        if (statements.Count == 0)
        {
            return true;
        }

        if (statements.Count > 1 || statements[0] is not PipelineAst pipeline || !TryRead(pipeline.GetPureExpression(), out object? only))
        {
            return false;
        }

        value = only as object?[] ?? [only];
        return true;
    }
}
