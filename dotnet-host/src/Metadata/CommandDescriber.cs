using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Text.Json;
using Runspaced.Host.Output;

namespace Runspaced.Host.Metadata;

/// <summary>
/// Describes commands: what they are called, what they take, what their own help says. To be used on the thread of the
/// slot; from any other, PowerShell answers questions about parameters through its event queue.
/// </summary>
internal sealed class CommandDescriber
{
    private const CommandTypes Listed = CommandTypes.Cmdlet | CommandTypes.Function | CommandTypes.Filter;

    private const string AllOfModule = "\\*";

    private readonly Dictionary<string, List<string>> _aliases = new(StringComparer.OrdinalIgnoreCase);
    private readonly MamlHelp _help = new();
    private readonly CommentHelp _comments = new();
    private readonly DescribedPart _part;

    /// <summary>Reads the aliases of the runspace, which must be idle.</summary>
    internal CommandDescriber(Runspace runspace, DescribedPart part)
    {
        _part = part;
        foreach (CommandInfo alias in runspace.SessionStateProxy.InvokeCommand.GetCommands("*", CommandTypes.Alias, nameIsPattern: true))
        {
            if (alias is AliasInfo { Definition: { Length: > 0 } target })
            {
                if (!_aliases.TryGetValue(target, out List<string>? names))
                {
                    _aliases.Add(target, names = []);
                }

                names.Add(alias.Name);
            }
        }
    }

    /// <summary>
    /// Adds the command that finds what is to be described: names or wildcard patterns, separated by commas, or
    /// <c>Module\*</c> for all of a module. Patterns find what is imported; a name imports its module, as using it would.
    /// </summary>
    internal static void AddSearch(PowerShell pipeline, string text)
    {
        pipeline.AddCommand("Microsoft.PowerShell.Core\\Get-Command");
        if (text.EndsWith(AllOfModule, StringComparison.Ordinal) && !text.Contains(','))
        {
            pipeline.AddParameter("Module", text[..^AllOfModule.Length]).AddParameter("CommandType", Listed).AddParameter("ListImported");
            return;
        }

        string[] names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        pipeline.AddParameter("Name", names);
        if (Array.Exists(names, WildcardPattern.ContainsWildcardCharacters))
        {
            pipeline.AddParameter("CommandType", Listed).AddParameter("ListImported");
            return;
        }

        // Looking for scripts searches every folder of the path, for every name.
        bool scripts = Array.Exists(names, name => name.EndsWith(".ps1", StringComparison.OrdinalIgnoreCase));
        pipeline.AddParameter("CommandType", Listed | CommandTypes.Alias | (scripts ? CommandTypes.ExternalScript : 0));
    }

    /// <summary>Adds the description of what the search found.</summary>
    /// <returns>False if the document is full.</returns>
    internal bool AddTo(OutputDocument document, object? found)
    {
        object? command = found is PSObject wrapper ? wrapper.BaseObject : found;
        if (command is AliasInfo alias)
        {
            command = alias.ResolvedCommand;
        }

        return command is not CommandInfo info || !_part.Has(info.Name) || document.AddWritten(info, Write);
    }

    private void Write(Utf8JsonWriter json, CommandInfo command)
    {
        DeclaredCommand declared = DeclaredCommand.Of(command, _comments);
        MamlCommand? maml = declared.Synopsis is null ? _help.Of(command, declared.HelpFile) : null;
        json.WriteStartObject();
        json.WriteString("name"u8, command.Name);
        json.WriteString("module"u8, command.ModuleName);
        json.WriteString("module_version"u8, (command.Module?.Version ?? command.Version)?.ToString());
        json.WriteString("module_path"u8, command.Module?.Path);
        json.WriteString("command_type"u8, command.CommandType.ToString());
        json.WriteString("path"u8, declared.Path);
        json.WriteString("synopsis"u8, declared.Synopsis ?? maml?.Synopsis);
        json.WriteString("description"u8, declared.Description ?? maml?.Description);
        json.WriteString("default_parameter_set"u8, declared.DefaultParameterSet);
        json.WriteBoolean("supports_should_process"u8, declared.SupportsShouldProcess);
        json.WriteString("confirm_impact"u8, declared.ConfirmImpact.ToString());
        json.WriteBoolean("has_process_block"u8, declared.HasProcessBlock);
        WriteOutputTypes(json, command);
        WriteAliases(json, command, declared);
        WriteParameters(json, command, declared, maml);
        json.WriteEndObject();
    }

    private static void WriteOutputTypes(Utf8JsonWriter json, CommandInfo command)
    {
        json.WriteStartArray("output_types"u8);
        try
        {
            foreach (PSTypeName type in command.OutputType)
            {
                json.WriteStringValue(type.Name);
            }
        }
        catch (RuntimeException)
        {
            // A type of a module that is not there; what could be named is named.
        }

        json.WriteEndArray();
    }

    private void WriteAliases(Utf8JsonWriter json, CommandInfo command, DeclaredCommand declared)
    {
        SortedSet<string> names = new(declared.Aliases, StringComparer.OrdinalIgnoreCase);
        if (_aliases.TryGetValue(command.Name, out List<string>? known))
        {
            names.UnionWith(known);
        }

        json.WriteStartArray("aliases"u8);
        foreach (string name in names)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
    }

    private static void WriteParameters(Utf8JsonWriter json, CommandInfo command, DeclaredCommand declared, MamlCommand? maml)
    {
        Dictionary<string, ParameterMetadata> parameters;
        IReadOnlyCollection<CommandParameterSetInfo> sets;
        try
        {
            parameters = command.Parameters ?? [];
            sets = command.ParameterSets ?? (IReadOnlyCollection<CommandParameterSetInfo>)[];
        }
        catch (RuntimeException failure) when (!StopSignal.Is(failure))
        {
            // A script that does not parse, a type of a parameter that is not there.
            json.WriteString("error"u8, failure.Message);
            parameters = [];
            sets = [];
        }

        json.WriteStartArray("parameters"u8);
        foreach (ParameterMetadata parameter in parameters.Values)
        {
            if (!declared.IsCommon(parameter.Name))
            {
                ParameterDescriber.Write(json, parameter, declared.Parameter(parameter.Name), maml);
            }
        }

        json.WriteEndArray();
        json.WriteStartArray("parameter_sets"u8);
        foreach (CommandParameterSetInfo set in sets)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, set.Name);
            json.WriteBoolean("is_default"u8, set.IsDefault);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("syntax"u8);
        foreach (CommandParameterSetInfo set in sets)
        {
            json.WriteStringValue($"{command.Name} {set}".TrimEnd());
        }

        json.WriteEndArray();
    }
}
