using System.Collections.Generic;
using System.Linq;
using System.Management.Automation.Language;
using Runspaced.Host.Metadata;
using Xunit;

namespace Runspaced.Host.Tests.Metadata;

public sealed class CommentHelpTests
{
    private const string Functions = """
        # A comment of the file.

        # .SYNOPSIS
        # Stands right above.
        function Get-Above { param($A) }

        <#
        .SYNOPSIS
        Too far above.
        #>



        function Get-Far { }
        function Get-Inside {
            <#
            .SYNOPSIS
            First in the body.
            .PARAMETER B
            From the block.
            #>
            param(
                # From beside the parameter.
                [string] $A,
                [string] $B
            )
            function Get-Nested {
                # .SYNOPSIS
                # Of a function in a function.
            }
        }
        function Get-Last {
            'x'
            <#
            .SYNOPSIS
            Last in the body.
            #>
        }
        function Get-Nothing { } <# .SYNOPSIS
        Behind it. #>
        function Get-Head($C) { <# .SYNOPSIS
        In one line. #> }
        filter Get-Filter { # .SYNOPSIS
            # Of a filter.
            $_ }
        """;

    [PowerShellFact]
    public void SaysWhatPowerShellSays()
    {
        ScriptBlockAst file = Parser.ParseInput(Functions, out _, out ParseError[] errors);
        Assert.Empty(errors);
        FunctionDefinitionAst[] functions = file.FindAll(ast => ast is FunctionDefinitionAst, searchNestedScriptBlocks: true)
            .Cast<FunctionDefinitionAst>()
            .ToArray();
        CommentHelp help = new();
        List<string> synopses = [];
        foreach (FunctionDefinitionAst function in functions)
        {
            CommentHelpInfo? expected = function.GetHelpContent();
            CommentHelpInfo? found = help.Of(function);
            Assert.Equal(expected?.GetCommentBlock(), found?.GetCommentBlock());
            Assert.Equal(expected?.Parameters, found?.Parameters);
            synopses.Add($"{function.Name}: {found?.Synopsis?.Trim()}");
        }

        Assert.Equal(8, functions.Length);
        Assert.Contains("Get-Above: Stands right above.", synopses);
        Assert.Contains("Get-Nested: Of a function in a function.", synopses);
        Assert.Contains("Get-Last: Last in the body.", synopses);
        Assert.Contains("Get-Nothing: ", synopses);
    }
}
