using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Language;
using Runspaced.Host.Session;

namespace Runspaced.Host.Binding;

/// <summary>The parameters of a command or script, by name and alias.</summary>
internal sealed class ParameterTable
{
    private readonly Dictionary<string, ParameterShape> _shapes = new(StringComparer.OrdinalIgnoreCase);

    private ParameterTable(string owner) => Owner = owner;

    /// <summary>How messages name what the parameters belong to.</summary>
    internal string Owner { get; }

    /// <summary>More parameters may appear when the command is bound (dynamic ones).</summary>
    internal bool IsOpen { get; private init; }

    /// <summary>A native command: arguments, but no parameters.</summary>
    internal bool IsNative { get; private init; }

    /// <summary>A built-in cmdlet that reads or computes and nothing else; false for a script.</summary>
    internal bool IsHarmless { get; private init; }

    /// <summary>The source of a script; null for a command.</summary>
    internal ScriptBlockAst? Source { get; private init; }

    internal IEnumerable<string> Names => _shapes.Keys;

    internal int Count => _shapes.Count;

    internal bool TryGet(string name, out ParameterShape shape) => _shapes.TryGetValue(name, out shape!);

    internal static ParameterTable Of(CommandInfo command)
    {
        if (command is ApplicationInfo)
        {
            return new ParameterTable(command.Name) { IsNative = true };
        }

        ParameterTable table = new(command.Name) { IsOpen = HasDynamicParameters(command), IsHarmless = OnlyReads(command) };
        foreach (ParameterMetadata metadata in command.Parameters.Values)
        {
            ParameterShape shape = ParameterShape.Of(metadata);
            table._shapes[metadata.Name] = shape;
            foreach (string alias in metadata.Aliases)
            {
                table._shapes.TryAdd(alias, shape);
            }
        }

        return table;
    }

    /// <summary>The parameters that script text declares in its <c>param</c> block.</summary>
    internal static ParameterTable OfScript(string text)
    {
        ScriptBlockAst script = Parser.ParseInput(text, out _, out _);
        ParameterTable table = new("the script") { Source = script };
        if (script.ParamBlock is not { } block)
        {
            return table;
        }

        foreach (ParameterAst parameter in block.Parameters)
        {
            string name = parameter.Name.VariablePath.UserPath;
            Type type = parameter.StaticType;
            bool allowsNull = !type.IsValueType || Nullable.GetUnderlyingType(type) is not null;
            ParameterShape shape = ParameterShape.Of(name, type, allowsNull && !ForbidsNull(parameter));
            table._shapes[name] = shape;
            foreach (string alias in Aliases(parameter))
            {
                table._shapes.TryAdd(alias, shape);
            }
        }

        if (IsAdvanced(block))
        {
            foreach (string name in Cmdlet.CommonParameters)
            {
                Type type = name is "Verbose" or "Debug" ? typeof(SwitchParameter) : typeof(object);
                table._shapes.TryAdd(name, ParameterShape.Of(name, type, allowsNull: false));
            }

            foreach (string name in Cmdlet.OptionalCommonParameters)
            {
                table._shapes.TryAdd(name, ParameterShape.Of(name, typeof(SwitchParameter), allowsNull: false));
            }
        }

        return table;
    }

    private static bool OnlyReads(CommandInfo command) =>
        command is CmdletInfo cmdlet
        && Path.GetDirectoryName(cmdlet.ImplementingType.Assembly.Location) == PowerShellSurface.Instance.Home
        && (cmdlet.Verb is "Get" or "ConvertTo" or "ConvertFrom" or "Select" or "Sort" or "Group" or "Measure" or "Compare" or "Test" or "Join"
            or "Split" or "Resolve");

    private static bool HasDynamicParameters(CommandInfo command) => command switch
    {
        CmdletInfo cmdlet => typeof(IDynamicParameters).IsAssignableFrom(cmdlet.ImplementingType),
        FunctionInfo function => function.ScriptBlock?.Ast is FunctionDefinitionAst { Body.DynamicParamBlock: not null }
            or ScriptBlockAst { DynamicParamBlock: not null },
        ExternalScriptInfo script => script.ScriptBlock?.Ast is ScriptBlockAst { DynamicParamBlock: not null },
        _ => false,
    };

    private static bool IsAdvanced(ParamBlockAst block)
    {
        foreach (AttributeAst attribute in block.Attributes)
        {
            if (attribute.TypeName.GetReflectionAttributeType() == typeof(CmdletBindingAttribute))
            {
                return true;
            }
        }

        foreach (ParameterAst parameter in block.Parameters)
        {
            foreach (AttributeBaseAst attribute in parameter.Attributes)
            {
                if (attribute is AttributeAst && attribute.TypeName.GetReflectionAttributeType() == typeof(ParameterAttribute))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool ForbidsNull(ParameterAst parameter)
    {
        bool forbids = false;
        foreach (AttributeBaseAst attribute in parameter.Attributes)
        {
            Type? type = attribute is AttributeAst ? attribute.TypeName.GetReflectionAttributeType() : null;
            if (type == typeof(AllowNullAttribute))
            {
                return false;
            }

            if (type is not null && typeof(ValidateArgumentsAttribute).IsAssignableFrom(type))
            {
                forbids = true;
            }

            if (type == typeof(ParameterAttribute) && IsMandatory((AttributeAst)attribute))
            {
                forbids = true;
            }
        }

        return forbids;
    }

    private static bool IsMandatory(AttributeAst attribute)
    {
        foreach (NamedAttributeArgumentAst argument in attribute.NamedArguments)
        {
            if (argument.ArgumentName.Equals("Mandatory", StringComparison.OrdinalIgnoreCase))
            {
                return argument.ExpressionOmitted
                    || argument.Argument is not VariableExpressionAst { VariablePath.UserPath: "false" };
            }
        }

        return false;
    }

    private static IEnumerable<string> Aliases(ParameterAst parameter)
    {
        foreach (AttributeBaseAst attribute in parameter.Attributes)
        {
            if (attribute is AttributeAst { PositionalArguments: var names } && attribute.TypeName.GetReflectionAttributeType() == typeof(AliasAttribute))
            {
                foreach (ExpressionAst name in names)
                {
                    if (name is StringConstantExpressionAst constant)
                    {
                        yield return constant.Value;
                    }
                }
            }
        }
    }
}
