using System;
using System.Globalization;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Text;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Binding;

/// <summary>Makes the pipeline of a request: commands and values, never text made of values.</summary>
internal sealed class PipelineBuilder(Runspace runspace, CommandCache commands)
{
    /// <exception cref="RefusalException">The request names what does not exist or binds what does not suit.</exception>
    internal void Build(PowerShell pipeline, CallRequest request)
    {
        if (request.Input.IsPresent && IsEmpty(request.Input.In(request.Bytes)))
        {
            // To PowerShell an empty collection is no input at all: the process block would run once. Behind a command
            // that writes nothing it does not.
            pipeline.AddCommand("Microsoft.PowerShell.Utility\\Write-Output").AddParameter("InputObject", Array.Empty<object>());
        }

        switch (request.Kind)
        {
            case CallKind.Command:
                AddCommand(pipeline, request, request.Text);
                break;
            case CallKind.Script:
                AddScript(pipeline, request);
                break;
            default:
                AddCommand(pipeline, request, ScriptPath(request));
                break;
        }

        if (request.Format == Format.Text)
        {
            pipeline.AddCommand("Microsoft.PowerShell.Utility\\Out-String")
                .AddParameter("Stream", true)
                .AddParameter("Width", request.Width);
        }
    }

    /// <summary>Binds the parameters of a measured pipeline as those of a call are.</summary>
    internal void BindMeasured(PowerShell pipeline, CallRequest request, JsonSpan parameters, bool isCommand)
    {
        ParameterTable table = isCommand
            ? commands.Command(request.Text) ?? throw NotFound(request.Text, cause: null)
            : commands.Script(request.Text);
        ArgumentBinder.BindParameters(pipeline, request, parameters, table);
    }

    /// <summary>The refusal that an error of the binding or of the look-up means; null if it came from the run.</summary>
    internal RefusalException? RefusalFor(RuntimeException failure, CallRequest request)
    {
        if (request.Kind != CallKind.Script && failure is CommandNotFoundException missing && IsTheCommand(missing.CommandName, request))
        {
            return NotFound(request.Text, missing);
        }

        if (failure.ErrorRecord?.FullyQualifiedErrorId == "ScriptsNotAllowed")
        {
            return new RefusalException(
                "This session runs no script text, only commands by name with parameters (language mode none).",
                "ScriptsNotAllowed",
                ErrorCategory.PermissionDenied,
                target: null,
                command: null,
                failure);
        }

        if (failure is not ParameterBindingException binding
            || (request.Kind != CallKind.Script && !IsTheCommand(binding.CommandInvocation?.MyCommand?.Name, request))
            || binding.CommandInvocation is not { ScriptLineNumber: 0 })
        {
            return null;
        }

        string owner = binding.CommandInvocation.MyCommand?.Name is { Length: > 0 } name ? name : "the script";
        string wanted = binding.ParameterType is { } type ? $" It takes {type.FullName}." : string.Empty;
        return new RefusalException(
            $"{owner}: {binding.Message}{wanted}",
            binding.ErrorId ?? "ParameterBindingFailed",
            ErrorCategory.InvalidArgument,
            binding.ParameterName,
            owner,
            binding);
    }

    internal RefusalException NotFound(string name, Exception? cause)
    {
        string hint = commands.Nearest(name) is { } near ? $" Did you mean '{near}'?" : string.Empty;
        return new RefusalException(
            $"There is no command '{name}' in this session.{hint}",
            "CommandNotFoundException",
            ErrorCategory.ObjectNotFound,
            name,
            command: null,
            cause);
    }

    private void AddCommand(PowerShell pipeline, CallRequest request, string name)
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            throw new RefusalException("The name of the command is empty.", "CommandNameEmpty");
        }

        if (request.Arguments.IsPresent && !request.Parameters.IsPresent && commands.Command(name) is { IsNative: true })
        {
            AddProgram(pipeline, request, name);
            return;
        }

        if (request.UsesLocalScope)
        {
            pipeline.AddCommand(name, useLocalScope: true);
        }
        else
        {
            pipeline.AddCommand(name);
        }

        ParameterTable? table = commands.Command(name);
        request.IsHarmless = table?.IsHarmless ?? false;
        request.IsSelfContained = table is { IsHarmless: true, AsksProviders: false, IsOpen: false };
        if (request.Parameters.IsPresent)
        {
            ArgumentBinder.BindParameters(pipeline, request, request.Parameters, table ?? throw NotFound(name, cause: null));
        }

        if (request.Arguments.IsPresent)
        {
            ArgumentBinder.BindArguments(pipeline, request);
        }
    }

    // PowerShell expands `*` and `~` in the arguments of a program unless they stand between quotes. So they are put
    // there: the text has the number of arguments in it, the values are bound.
    private static void AddProgram(PowerShell pipeline, CallRequest request, string name)
    {
        string[] arguments = ArgumentBinder.ReadProgramArguments(request);
        StringBuilder text = new("param($program, $values) ");
        text.Append(request.Input.IsPresent ? "$input | & $program" : "& $program");
        for (int i = 0; i < arguments.Length; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $" \"$($values[{i}])\"");
        }

        pipeline.AddScript(text.ToString(), request.UsesLocalScope)
            .AddParameter("program", name)
            .AddParameter("values", arguments);
        request.IsHarmless = false;
    }

    private void AddScript(PowerShell pipeline, CallRequest request)
    {
        if (string.IsNullOrWhiteSpace(request.Text))
        {
            throw new RefusalException("The script is empty.", "ScriptEmpty");
        }

        pipeline.AddScript(request.Text, request.UsesLocalScope);
        request.IsHarmless = commands.IsHarmlessScript(request.Text);
        if (request.Parameters.IsPresent)
        {
            ArgumentBinder.BindParameters(pipeline, request, request.Parameters, commands.Script(request.Text));
        }

        if (request.Arguments.IsPresent)
        {
            ArgumentBinder.BindArguments(pipeline, request);
        }
    }

    // A path by itself is a command like any other: so $PSScriptRoot, #Requires and `using module` work.
    private string ScriptPath(CallRequest request)
    {
        string path;
        try
        {
            path = runspace.SessionStateProxy.Path.GetUnresolvedProviderPathFromPSPath(request.Text);
        }
        catch (RuntimeException failure)
        {
            throw new RefusalException($"'{request.Text}' is not a path: {failure.Message}", "ScriptPathInvalid", ErrorCategory.InvalidArgument, request.Text);
        }

        if (!File.Exists(path))
        {
            string kind = Directory.Exists(path) ? "is a folder, not a script file" : "does not exist";
            throw new RefusalException($"The script file '{path}' {kind}.", "ScriptFileNotFound", ErrorCategory.ObjectNotFound, path);
        }

        if (!path.EndsWith(".ps1", StringComparison.OrdinalIgnoreCase))
        {
            throw new RefusalException(
                $"'{path}' is no script file: its name has to end in .ps1.", "ScriptFileName", ErrorCategory.InvalidArgument, path);
        }

        return path;
    }

    private static bool IsEmpty(ReadOnlySpan<byte> array) => array.Length >= 2 && array[1..^1].Trim(" \t\r\n"u8).IsEmpty;

    private static bool IsTheCommand(string? name, CallRequest request) =>
        name is not null
        && (name.Equals(request.Text, StringComparison.OrdinalIgnoreCase)
            || request.Text.EndsWith($"\\{name}", StringComparison.OrdinalIgnoreCase)
            || (request.Kind == CallKind.File && Path.GetFileName(request.Text).Equals(name, StringComparison.OrdinalIgnoreCase)));
}
