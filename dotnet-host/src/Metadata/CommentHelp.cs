using System;
using System.Collections.Generic;
using System.Management.Automation.Language;

namespace Runspaced.Host.Metadata;

/// <summary>
/// Help in comments of functions. PowerShell looks for the comments of a function among all tokens of its file, from the first
/// one on, which takes a minute for a file of some thousand functions. It is given those around the function only.
/// </summary>
internal sealed class CommentHelp
{
    private readonly Dictionary<Ast, Token[]> _files = [];

    /// <summary>What the comments of a function say; null if they are no help.</summary>
    internal CommentHelpInfo? Of(FunctionDefinitionAst function)
    {
        Ast root = function;
        bool isPlain = true;
        while (root.Parent is { } parent)
        {
            root = parent;
            // Its comments belong to what stands around it.
            isPlain &= root is not ConfigurationDefinitionAst;
        }

        if (!_files.TryGetValue(root, out Token[]? tokens))
        {
            _ = Parser.ParseInput(root.Extent.Text, out tokens, out _);
            _files.Add(root, tokens);
        }

        return function.GetHelpContent(new Dictionary<Ast, Token[]> { [root] = isPlain ? Around(tokens, function.Extent) : tokens });
    }

    // Compared by lines and columns, as PowerShell does it.
    private static Token[] Around(Token[] tokens, IScriptExtent extent)
    {
        int first = First(tokens, token => !IsBefore(token.Extent, extent));
        int end = First(tokens, token => IsAfter(token.Extent, extent));

        // Comments before the function, and what they follow.
        do
        {
            first--;
        }
        while (first >= 0 && tokens[first].Kind is TokenKind.Comment or TokenKind.NewLine);
        return tokens[Math.Max(first, 0)..Math.Min(end + 1, tokens.Length)];
    }

    private static int First(Token[] tokens, Predicate<Token> isThere)
    {
        int low = 0;
        int high = tokens.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (isThere(tokens[middle]))
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    private static bool IsBefore(IScriptExtent token, IScriptExtent extent) =>
        token.EndLineNumber < extent.StartLineNumber
        || (token.EndLineNumber == extent.StartLineNumber && token.EndColumnNumber <= extent.StartColumnNumber);

    private static bool IsAfter(IScriptExtent token, IScriptExtent extent) =>
        token.StartLineNumber > extent.EndLineNumber
        || (token.StartLineNumber == extent.EndLineNumber && token.StartColumnNumber >= extent.EndColumnNumber);
}
