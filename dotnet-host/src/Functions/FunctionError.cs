using System;
using System.Management.Automation;
using System.Text.Json;
using Runspaced.Host.Binding;

namespace Runspaced.Host.Functions;

/// <summary>Errors of host functions as PowerShell's.</summary>
internal static class FunctionError
{
    /// <summary>Reads <c>{message, id, category, target, recommended_action, details}</c>, of which only the message must be there.</summary>
    internal static ErrorRecord Read(byte[] json, string function)
    {
        Utf8JsonReader reader = new(json);
        reader.Read();
        PSObject error = (PSObject)JsonValues.Read(ref reader, target: null)!;
        string message = Text(error, "message") ?? $"The host function '{function}' failed.";
        HostFunctionException exception = new(message) { Details = error.Properties["details"]?.Value as PSObject };
        ErrorCategory category = Enum.TryParse(Text(error, "category"), ignoreCase: true, out ErrorCategory known)
            ? known
            : ErrorCategory.NotSpecified;
        ErrorRecord record = new(exception, Text(error, "id") ?? "HostFunctionFailed", category, error.Properties["target"]?.Value);
        if (Text(error, "recommended_action") is { Length: > 0 } action)
        {
            record.ErrorDetails = new ErrorDetails(message) { RecommendedAction = action };
        }

        return record;
    }

    internal static ErrorRecord Of(string message, string id, ErrorCategory category, object? target) =>
        new(new HostFunctionException(message), id, category, target);

    private static string? Text(PSObject error, string name) => error.Properties[name]?.Value as string;
}
