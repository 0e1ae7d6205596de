using System;
using System.Collections.Generic;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Reflection;
using System.Text.Json;
using Runspaced.Host.Output;

namespace Runspaced.Host.Metadata;

/// <summary>Describes one parameter: its type, where it is wanted, and what it accepts.</summary>
internal static class ParameterDescriber
{
    internal static void Write(Utf8JsonWriter json, ParameterMetadata parameter, DeclaredParameter declared, MamlCommand? maml)
    {
        Type type = parameter.ParameterType ?? typeof(object);
        ParameterType shape = ParameterType.Of(type);
        json.WriteStartObject();
        json.WriteString("name"u8, parameter.Name);
        json.WriteString("type"u8, ParameterType.NameOf(type));
        json.WriteString("type_full_name"u8, type.FullName ?? type.Name);
        json.WriteBoolean("is_switch"u8, type == typeof(SwitchParameter));
        json.WriteString("element_type"u8, shape.Element is { } element ? ParameterType.NameOf(element) : null);
        WriteTexts(json, "enum_values"u8, shape.EnumValues);
        WriteTexts(json, "aliases"u8, parameter.Aliases);
        WriteSets(json, parameter);
        WriteRules(json, parameter);
        json.WriteString("help_message"u8, HelpMessageOf(parameter));
        json.WriteString("description"u8, declared.Description ?? maml?.Parameters.GetValueOrDefault(parameter.Name));
        WriteDefault(json, parameter, declared.Default);
        json.WriteBoolean("absence_matters"u8, declared.AbsenceMatters);
        json.WriteBoolean("is_dynamic"u8, parameter.IsDynamic);
        json.WriteBoolean("bindable"u8, shape.Unbindable is null);
        if (shape.Unbindable is { } reason)
        {
            json.WriteString("unbindable_reason"u8, reason);
        }

        json.WriteEndObject();
    }

    private static void WriteSets(Utf8JsonWriter json, ParameterMetadata parameter)
    {
        json.WriteStartArray("mandatory_in"u8);
        foreach ((string name, ParameterSetMetadata set) in parameter.ParameterSets)
        {
            if (set.IsMandatory)
            {
                json.WriteStringValue(name);
            }
        }

        json.WriteEndArray();
        json.WriteStartArray("sets"u8);
        foreach ((string name, ParameterSetMetadata set) in parameter.ParameterSets)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, name);
            if (set.Position == int.MinValue)
            {
                json.WriteNull("position"u8);
            }
            else
            {
                json.WriteNumber("position"u8, set.Position);
            }

            json.WriteBoolean("mandatory"u8, set.IsMandatory);
            json.WriteBoolean("value_from_pipeline"u8, set.ValueFromPipeline);
            json.WriteBoolean("value_from_pipeline_by_property_name"u8, set.ValueFromPipelineByPropertyName);
            json.WriteBoolean("value_from_remaining_arguments"u8, set.ValueFromRemainingArguments);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRules(Utf8JsonWriter json, ParameterMetadata parameter)
    {
        bool allowNull = false;
        bool allowEmpty = false;
        bool notNullOrEmpty = false;
        foreach (Attribute attribute in parameter.Attributes)
        {
            switch (attribute)
            {
                case AllowNullAttribute:
                    allowNull = true;
                    break;
                case AllowEmptyStringAttribute or AllowEmptyCollectionAttribute:
                    allowEmpty = true;
                    break;
                case ValidateNotNullOrEmptyAttribute:
                    notNullOrEmpty = true;
                    break;
                case ValidateSetAttribute set:
                    WriteTexts(json, "validate_set"u8, ValuesOf(set));
                    break;
                case ValidateRangeAttribute range:
                    WriteRange(json, range);
                    break;
                case ValidateLengthAttribute length:
                    WriteBounds(json, "validate_length"u8, length.MinLength, length.MaxLength);
                    break;
                case ValidateCountAttribute count:
                    WriteBounds(json, "validate_count"u8, count.MinLength, count.MaxLength);
                    break;
                case ValidatePatternAttribute pattern:
                    json.WriteString("validate_pattern"u8, pattern.RegexPattern);
                    break;
                default:
                    notNullOrEmpty |= attribute.GetType().Name == "ValidateNotNullOrWhiteSpaceAttribute";
                    break;
            }
        }

        json.WriteBoolean("allow_null"u8, allowNull);
        json.WriteBoolean("allow_empty"u8, allowEmpty);
        json.WriteBoolean("not_null_or_empty"u8, notNullOrEmpty);
    }

    private static IEnumerable<string> ValuesOf(ValidateSetAttribute set)
    {
        try
        {
            return set.ValidValues;
        }
        catch (Exception failure) when (!StopSignal.Is(failure))
        {
            // Values that a script's generator makes, and it failed.
            return [];
        }
    }

    private static void WriteRange(Utf8JsonWriter json, ValidateRangeAttribute range)
    {
        json.WriteStartObject("validate_range"u8);
        WriteBound(json, "min"u8, range.MinRange);
        WriteBound(json, "max"u8, range.MaxRange);
        object? kind = typeof(ValidateRangeAttribute)
            .GetProperty("RangeKind", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)?.GetValue(range);
        if (kind is not null)
        {
            json.WriteString("kind"u8, kind.ToString());
        }

        json.WriteEndObject();
    }

    private static void WriteBound(Utf8JsonWriter json, ReadOnlySpan<byte> name, object? bound)
    {
        switch (bound)
        {
            case null:
                json.WriteNull(name);
                break;
            case sbyte or byte or short or ushort or int or uint or long:
                json.WriteNumber(name, Convert.ToInt64(bound, CultureInfo.InvariantCulture));
                break;
            case ulong number:
                json.WriteNumber(name, number);
                break;
            case decimal number:
                json.WriteNumber(name, number);
                break;
            case float or double when Convert.ToDouble(bound, CultureInfo.InvariantCulture) is var number && double.IsFinite(number):
                json.WriteNumber(name, number);
                break;
            default:
                json.WriteString(name, LanguagePrimitives.ConvertTo<string>(bound));
                break;
        }
    }

    private static void WriteBounds(Utf8JsonWriter json, ReadOnlySpan<byte> name, int min, int max)
    {
        json.WriteStartObject(name);
        json.WriteNumber("min"u8, min);
        json.WriteNumber("max"u8, max);
        json.WriteEndObject();
    }

    private static string? HelpMessageOf(ParameterMetadata parameter)
    {
        foreach ((_, ParameterSetMetadata set) in parameter.ParameterSets)
        {
            try
            {
                if (set.HelpMessage is { Length: > 0 } message)
                {
                    return message;
                }
            }
            catch (Exception failure) when (!StopSignal.Is(failure))
            {
                // A message in a resource that is not there.
                return null;
            }
        }

        return null;
    }

    // `default_value` is there only if the default is a constant.
    private static void WriteDefault(Utf8JsonWriter json, ParameterMetadata parameter, ExpressionAst? expression)
    {
        string? shown = DefaultTextOf(parameter);
        json.WriteString("default_text"u8, shown ?? expression?.Extent.Text);
        if (shown is null && ConstantDefault.TryRead(expression, out object? value) && value is not null)
        {
            json.WritePropertyName("default_value"u8);
            WriteConstant(json, value);
        }
    }

    private static void WriteConstant(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case bool truth:
                json.WriteBooleanValue(truth);
                break;
            case object?[] values:
                json.WriteStartArray();
                foreach (object? one in values)
                {
                    WriteConstant(json, one);
                }

                json.WriteEndArray();
                break;
            case sbyte or byte or short or ushort or int or uint or long:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case decimal number:
                json.WriteNumberValue(number);
                break;
            default:
                json.WriteStringValue(LanguagePrimitives.ConvertTo<string>(value));
                break;
        }
    }

    private static string? DefaultTextOf(ParameterMetadata parameter)
    {
        foreach (Attribute attribute in parameter.Attributes)
        {
            if (attribute is PSDefaultValueAttribute shown)
            {
                return shown.Help ?? (shown.Value is null ? null : LanguagePrimitives.ConvertTo<string>(shown.Value));
            }
        }

        return null;
    }

    private static void WriteTexts(Utf8JsonWriter json, ReadOnlySpan<byte> name, IEnumerable<string>? texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts ?? [])
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
