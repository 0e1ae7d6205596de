using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Reflection;
using Runspaced.Host.Output;

namespace Runspaced.Host.Metadata;

/// <summary>
/// What a command says about itself in its attributes and, if it is a function or a script, in its source. The help
/// system is not asked: it takes seconds for some modules.
/// </summary>
internal sealed class DeclaredCommand
{
    private static readonly HashSet<string> CommonParameters = new(StringComparer.OrdinalIgnoreCase)
    {
        "Verbose", "Debug", "ErrorAction", "WarningAction", "InformationAction", "ProgressAction", "ErrorVariable", "WarningVariable",
        "InformationVariable", "OutVariable", "OutBuffer", "PipelineVariable",
    };

    // Those of `function f($a) { }`.
    private static readonly PropertyInfo? HeadParameters = typeof(FunctionDefinitionAst).GetProperty("Parameters");

    private readonly Dictionary<string, DeclaredParameter> _parameters = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _aliases = [];
    private bool _isAdvanced;

    private readonly CommentHelp _comments;

    private DeclaredCommand(CommentHelp comments) => _comments = comments;

    internal string? Path { get; private set; }

    internal string? Synopsis { get; private set; }

    internal string? Description { get; private set; }

    /// <summary>The file that a function names with <c>.EXTERNALHELP</c>.</summary>
    internal string? HelpFile { get; private set; }

    internal string? DefaultParameterSet { get; private set; }

    internal bool SupportsShouldProcess { get; private set; }

    internal ConfirmImpact ConfirmImpact { get; private set; } = ConfirmImpact.Medium;

    internal IReadOnlyCollection<string> Aliases => _aliases;

    /// <summary>A function that works on each object of its pipeline input.</summary>
    internal bool HasProcessBlock { get; private set; }

    /// <summary>
    /// Reads what a command declares. <paramref name="comments"/> keeps what it knows of files, for their other functions.
    /// </summary>
    internal static DeclaredCommand Of(CommandInfo command, CommentHelp comments)
    {
        DeclaredCommand declared = new(comments);
        try
        {
            declared.Read(command);
        }
        catch (RuntimeException failure) when (!StopSignal.Is(failure))
        {
            // A script that does not parse or may not be read, an attribute whose type is not there: the parameters will say so.
        }

        return declared;
    }

    /// <summary>True for the parameters that PowerShell itself gives every command of this kind.</summary>
    internal bool IsCommon(string parameter) =>
        (_isAdvanced && CommonParameters.Contains(parameter))
        || (SupportsShouldProcess && (parameter.Equals("WhatIf", StringComparison.OrdinalIgnoreCase)
            || parameter.Equals("Confirm", StringComparison.OrdinalIgnoreCase)));

    internal DeclaredParameter Parameter(string name) =>
        _parameters.GetValueOrDefault(name, DeclaredParameter.Unknown);

    private static string? PathOf(Assembly assembly) =>
        assembly.IsDynamic || assembly.Location.Length == 0 ? null : assembly.Location;

    private void Read(CommandInfo command)
    {
        switch (command)
        {
            case CmdletInfo { ImplementingType: { } type }:
                _isAdvanced = true;
                Path = PathOf(type.Assembly);
                Read(type.GetCustomAttributes());
                break;
            case FunctionInfo function:
                Path = function.ScriptBlock?.File;
                Read(function.ScriptBlock);
                break;
            case ExternalScriptInfo script:
                Path = script.Path;
                Read(script.ScriptBlock);
                break;
        }
    }

    private void Read(IEnumerable<Attribute> attributes)
    {
        foreach (Attribute attribute in attributes)
        {
            switch (attribute)
            {
                case CmdletCommonMetadataAttribute common:
                    _isAdvanced = true;
                    DefaultParameterSet = common.DefaultParameterSetName is { Length: > 0 } name ? name : null;
                    SupportsShouldProcess = common.SupportsShouldProcess;
                    ConfirmImpact = common.ConfirmImpact;
                    break;
                case AliasAttribute alias:
                    _aliases.AddRange(alias.AliasNames);
                    break;
            }
        }
    }

    private void Read(ScriptBlock? script)
    {
        if (script is null)
        {
            return;
        }

        Read((IEnumerable<Attribute>)script.Attributes);
        IReadOnlyList<ParameterAst>? parameters = null;
        CommentHelpInfo? help = null;
        ScriptBlockAst? body = null;
        if (script.Ast is FunctionDefinitionAst function)
        {
            body = function.Body;
            parameters = HeadParameters?.GetValue(function) as IReadOnlyList<ParameterAst> ?? body?.ParamBlock?.Parameters;
            help = _comments.Of(function);
            HasProcessBlock = function.IsFilter;
        }
        else if (script.Ast is ScriptBlockAst alone)
        {
            body = alone;
            parameters = body.ParamBlock?.Parameters;
            help = body.GetHelpContent();
        }

        HasProcessBlock |= body?.ProcessBlock is not null;
        HelpFile = Trimmed(help?.MamlHelpFile);
        Synopsis = Trimmed(help?.Synopsis);
        Description = Trimmed(help?.Description);
        if (parameters is null)
        {
            return;
        }

        HashSet<string> askedFor = body is null ? [] : BoundParameterReview.NamesIn(body);
        foreach (ParameterAst parameter in parameters)
        {
            string name = parameter.Name.VariablePath.UserPath;
            string? description = null;
            // The parser keeps the names in upper case.
            _ = help?.Parameters?.TryGetValue(name.ToUpperInvariant(), out description);
            _parameters[name] = new(Trimmed(description), parameter.DefaultValue, askedFor.Contains(name));

            // A parameter with an attribute makes the function an advanced one, without CmdletBinding.
            foreach (AttributeBaseAst attribute in parameter.Attributes)
            {
                _isAdvanced |= attribute.TypeName.GetReflectionAttributeType() == typeof(ParameterAttribute);
            }
        }
    }

    private static string? Trimmed(string? text) => text?.Trim() is { Length: > 0 } trimmed ? trimmed : null;
}
