using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Text.Json;

namespace Runspaced.Host.Binding;

/// <summary>
/// Binds the values of a request to a pipeline's command: as values, never as text. What PowerShell's own binder
/// would accept but must not come from a request (script blocks) or would ask for (secrets) is refused here.
/// </summary>
internal static class ArgumentBinder
{
    /// <summary>Adds named parameters of the request to the last command of the pipeline.</summary>
    /// <exception cref="RefusalException">A name is unknown or a value does not suit it.</exception>
    internal static void BindParameters(PowerShell pipeline, CallRequest request, JsonSpan parameters, ParameterTable table)
    {
        Utf8JsonReader reader = new(parameters.In(request.Bytes), RequestReader.Options);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = Text(ref reader, "a parameter's name");
            reader.Read();
            BindOne(pipeline, request, table, name, ref reader);
        }
    }

    /// <summary>Adds the positional arguments of the request to the last command of the pipeline.</summary>
    internal static void BindArguments(PowerShell pipeline, CallRequest request)
    {
        foreach (object? value in ReadValues(request, request.Arguments))
        {
            pipeline.AddArgument(value);
        }
    }

    /// <summary>The positional arguments as the texts a program gets; arrays give one each for their entries.</summary>
    /// <exception cref="RefusalException">PowerShell would not hand one of them on.</exception>
    internal static string[] ReadProgramArguments(CallRequest request)
    {
        List<string> texts = [];
        foreach (object? value in ReadValues(request, request.Arguments))
        {
            foreach (object? part in value as object?[] ?? [value])
            {
                if (part is null)
                {
                    continue;
                }

                string text = LanguagePrimitives.ConvertTo<string>(part);
                if (text == "--%")
                {
                    throw new RefusalException(
                        $"The argument '--%' cannot be given to {request.Text}: PowerShell takes it for itself.",
                        "ArgumentNotPassedOn",
                        ErrorCategory.InvalidArgument,
                        text);
                }

                texts.Add(text);
            }
        }

        return [.. texts];
    }

    /// <summary>The pipeline input of the request, complete.</summary>
    internal static PSDataCollection<object> ReadInput(CallRequest request)
    {
        PSDataCollection<object> input = [];
        foreach (object? value in ReadValues(request, request.Input))
        {
            input.Add(value!);
        }

        input.Complete();
        return input;
    }

    private static List<object?> ReadValues(CallRequest request, JsonSpan span)
    {
        List<object?> values = [];
        Utf8JsonReader reader = new(span.In(request.Bytes), RequestReader.Options);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            values.Add(Value(ref reader, target: null, "an argument"));
        }

        return values;
    }

    private static void BindOne(PowerShell pipeline, CallRequest request, ParameterTable table, string name, ref Utf8JsonReader reader)
    {
        if (!table.TryGet(name, out ParameterShape shape))
        {
            if (!table.IsOpen)
            {
                throw Unknown(table, name);
            }

            // A dynamic parameter: the command itself says whether it knows it.
            pipeline.AddParameter(name, Value(ref reader, target: null, name));
            return;
        }

        request.SetsVariables |= shape.NamesVariable;
        if (shape.TakesScriptBlock)
        {
            throw new RefusalException(
                $"Parameter '{shape.Name}' of {table.Owner} takes a ScriptBlock, which cannot come from an argument. Run a script that contains the block.",
                "ScriptBlockRefused",
                ErrorCategory.PermissionDenied,
                shape.Name,
                table.Owner);
        }

        if (shape.TakesSecureString || shape.TakesCredential)
        {
            pipeline.AddParameter(shape.Name, SecretFor(request, table, shape, ref reader));
            return;
        }

        if (reader.TokenType == JsonTokenType.Null)
        {
            if (shape.AllowsNull && !shape.IsSwitch)
            {
                pipeline.AddParameter(shape.Name, null!);
            }

            return;
        }

        if (JsonValues.SecretName(reader) is { } secret)
        {
            throw new RefusalException(
                $"The secret '{secret}' was given to parameter '{shape.Name}' of {table.Owner}, which takes {Readable(shape.Type)}. A secret may only meet a SecureString or PSCredential parameter.",
                "SecretRefused",
                ErrorCategory.SecurityError,
                shape.Name,
                table.Owner);
        }

        pipeline.AddParameter(shape.Name, Value(ref reader, shape.Type, shape.Name)!);
    }

    private static object? SecretFor(CallRequest request, ParameterTable table, ParameterShape shape, ref Utf8JsonReader reader)
    {
        string wanted = Readable(shape.Type);
        if (JsonValues.SecretName(reader) is not { } name)
        {
            throw new RefusalException(
                $"Parameter '{shape.Name}' of {table.Owner} takes {wanted} and was given {Describe(reader)}. Give it as a named secret: {{\"$secret\": \"name\"}}.",
                "SecretExpected",
                ErrorCategory.SecurityError,
                shape.Name,
                table.Owner);
        }

        reader.Skip();
        if (request.Secrets is null || !request.Secrets.TryGetValue(name, out Secret? secret))
        {
            throw new RefusalException(
                $"Parameter '{shape.Name}' of {table.Owner} asks for the secret '{name}', which the request does not bring.",
                "SecretMissing",
                ErrorCategory.ObjectNotFound,
                shape.Name,
                table.Owner);
        }

        if (!shape.TakesCredential)
        {
            return secret.Password;
        }

        return secret.Credential ?? throw new RefusalException(
            $"Parameter '{shape.Name}' of {table.Owner} takes {wanted}, and the secret '{name}' has no user name.",
            "SecretWithoutUser",
            ErrorCategory.InvalidData,
            shape.Name,
            table.Owner);
    }

    private static RefusalException Unknown(ParameterTable table, string name)
    {
        string hint = NearestName.Of(name, table.Names) is { } near ? $" Did you mean '{near}'?" : string.Empty;
        string message = table switch
        {
            { IsNative: true } => $"'{table.Owner}' is a native command and has no parameters; '{name}' was given. Use positional arguments.",
            { Count: 0 } => $"{Capital(table.Owner)} has no parameters; '{name}' was given. A script declares them in a param(...) block.",
            _ => $"{Capital(table.Owner)} has no parameter '{name}'.{hint}",
        };
        return new RefusalException(message, "NamedParameterNotFound", ErrorCategory.InvalidArgument, name, table.Owner);
    }

    private static object? Value(ref Utf8JsonReader reader, Type? target, string where)
    {
        try
        {
            return JsonValues.Read(ref reader, target);
        }
        catch (InvalidOperationException)
        {
            throw new RefusalException($"The value of {where} contains a string that is not valid Unicode (half of a surrogate pair).");
        }
    }

    private static string Text(ref Utf8JsonReader reader, string what)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new RefusalException($"{Capital(what)} is not valid Unicode (half of a surrogate pair).");
        }
    }

    private static string Describe(Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Null => "null",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.StartArray => "an array",
        _ => "an object",
    };

    private static string Readable(Type type) => LanguagePrimitives.ConvertTypeNameToPSTypeName(type.FullName!).Trim('[', ']');

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
