using System;
using System.Management.Automation;
using System.Security;

namespace Runspaced.Host.Binding;

/// <summary>What a parameter takes, as far as binding a JSON value needs to know.</summary>
internal sealed class ParameterShape
{
    private ParameterShape(string name, Type type)
    {
        Name = name;
        Type = type;
    }

    internal string Name { get; }

    internal Type Type { get; }

    internal bool IsSwitch => Type == typeof(SwitchParameter);

    internal bool TakesScriptBlock => Core(Type) == typeof(ScriptBlock);

    internal bool TakesSecureString => Core(Type) == typeof(SecureString);

    internal bool TakesCredential => Core(Type) == typeof(PSCredential);

    /// <summary>One of the common parameters by which PowerShell sets a variable.</summary>
    internal bool NamesVariable => Name is "OutVariable" or "ErrorVariable" or "WarningVariable" or "InformationVariable" or "PipelineVariable";

    /// <summary>Null may be bound to it rather than left out.</summary>
    internal bool AllowsNull { get; private init; }

    internal static ParameterShape Of(ParameterMetadata metadata)
    {
        bool allowsNull = !metadata.ParameterType.IsValueType || Nullable.GetUnderlyingType(metadata.ParameterType) is not null;
        bool mandatory = false;
        bool nullAllowed = false;
        foreach (Attribute attribute in metadata.Attributes)
        {
            switch (attribute)
            {
                case AllowNullAttribute:
                    nullAllowed = true;
                    break;
                case ParameterAttribute { Mandatory: true }:
                    mandatory = true;
                    break;
                case ValidateNotNullAttribute or ValidateNotNullOrEmptyAttribute or ValidateArgumentsAttribute:
                    allowsNull = false;
                    break;
            }
        }

        return new ParameterShape(metadata.Name, metadata.ParameterType)
        {
            AllowsNull = nullAllowed || (allowsNull && !mandatory),
        };
    }

    internal static ParameterShape Of(string name, Type type, bool allowsNull) => new(name, type) { AllowsNull = allowsNull };

    private static Type Core(Type type) => JsonValues.ElementType(type) ?? Nullable.GetUnderlyingType(type) ?? type;
}
