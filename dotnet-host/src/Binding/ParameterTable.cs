using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Language;
using Runspaced.Host.Session;

namespace Runspaced.Host.Binding;

/// <summary>The parameters of a command or script, by name and alias.</summary>
internal sealed class ParameterTable
{
    // A cmdlet's parameters are those of its type, in every runspace; PowerShell works them out anew for each.
    private static readonly ConcurrentDictionary<Type, Dictionary<string, ParameterShape>> s_cmdlets = new();

    private readonly Lazy<Dictionary<string, ParameterShape>> _shapes;

    private ParameterTable(string owner, Func<Dictionary<string, ParameterShape>> shapes)
    {
        Owner = owner;
        _shapes = new(shapes, System.Threading.LazyThreadSafetyMode.None);
    }

    /// <summary>How messages name what the parameters belong to.</summary>
    internal string Owner { get; }

    /// <summary>More parameters may appear when the command is bound (dynamic ones).</summary>
    internal bool IsOpen { get; private init; }

    /// <summary>A native command: arguments, but no parameters.</summary>
    internal bool IsNative { get; private init; }

    /// <summary>A built-in cmdlet that reads or computes and nothing else; false for a script.</summary>
    internal bool IsHarmless { get; private init; }

    /// <summary>A cmdlet whose work is done by the provider of a path.</summary>
    internal bool AsksProviders { get; private init; }

    /// <summary>The source of a script; null for a command.</summary>
    internal ScriptBlockAst? Source { get; private init; }

    internal IEnumerable<string> Names => _shapes.Value.Keys;

    internal int Count => _shapes.Value.Count;

    internal bool TryGet(string name, out ParameterShape shape) => _shapes.Value.TryGetValue(name, out shape!);

    internal static ParameterTable Of(CommandInfo command)
    {
        if (command is ApplicationInfo)
        {
            return new ParameterTable(command.Name, Empty) { IsNative = true };
        }

        bool isOpen = HasDynamicParameters(command);
        return new ParameterTable(
            command.Name,
            !isOpen && command is CmdletInfo cmdlet ? () => s_cmdlets.GetOrAdd(cmdlet.ImplementingType, _ => ShapesOf(command)) : () => ShapesOf(command))
        {
            IsOpen = isOpen,
            IsHarmless = OnlyReads(command),
            AsksProviders = IsOfProviders(command),
        };
    }

    /// <summary>The parameters that script text declares in its <c>param</c> block.</summary>
    internal static ParameterTable OfScript(string text)
    {
        ScriptBlockAst script = Parser.ParseInput(text, out _, out _);
        return new ParameterTable("the script", () => ShapesOf(script)) { Source = script };
    }

    private static Dictionary<string, ParameterShape> Empty() => new(StringComparer.OrdinalIgnoreCase);

    private static Dictionary<string, ParameterShape> ShapesOf(CommandInfo command)
    {
        Dictionary<string, ParameterShape> shapes = Empty();
        foreach (ParameterMetadata metadata in command.Parameters.Values)
        {
            ParameterShape shape = ParameterShape.Of(metadata);
            shapes[metadata.Name] = shape;
            foreach (string alias in metadata.Aliases)
            {
                shapes.TryAdd(alias, shape);
            }
        }

        return shapes;
    }

    private static Dictionary<string, ParameterShape> ShapesOf(ScriptBlockAst script)
    {
        Dictionary<string, ParameterShape> shapes = Empty();
        if (script.ParamBlock is not { } block)
        {
            return shapes;
        }

        foreach (ParameterAst parameter in block.Parameters)
        {
            string name = parameter.Name.VariablePath.UserPath;
            Type type = parameter.StaticType;
            bool allowsNull = !type.IsValueType || Nullable.GetUnderlyingType(type) is not null;
            ParameterShape shape = ParameterShape.Of(name, type, allowsNull && !ForbidsNull(parameter));
            shapes[name] = shape;
            foreach (string alias in Aliases(parameter))
            {
                shapes.TryAdd(alias, shape);
            }
        }

        if (IsAdvanced(block))
        {
            foreach (string name in Cmdlet.CommonParameters)
            {
                Type type = name is "Verbose" or "Debug" ? typeof(SwitchParameter) : typeof(object);
                shapes.TryAdd(name, ParameterShape.Of(name, type, allowsNull: false));
            }

            foreach (string name in Cmdlet.OptionalCommonParameters)
            {
                shapes.TryAdd(name, ParameterShape.Of(name, typeof(SwitchParameter), allowsNull: false));
            }
        }

        return shapes;
    }

    private static bool OnlyReads(CommandInfo command) =>
        command is CmdletInfo cmdlet
        && Path.GetDirectoryName(cmdlet.ImplementingType.Assembly.Location) == PowerShellSurface.Instance.Home
        && (cmdlet.Verb is "Get" or "ConvertTo" or "ConvertFrom" or "Select" or "Sort" or "Group" or "Measure" or "Compare" or "Test" or "Join"
            or "Split" or "Resolve");

    private static bool IsOfProviders(CommandInfo command)
    {
        for (Type? type = (command as CmdletInfo)?.ImplementingType; type is not null; type = type.BaseType)
        {
            if (type.Name == "CoreCommandBase")
            {
                return true;
            }
        }

        return false;
    }

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
