using System;
using System.Collections;
using System.Collections.Generic;
using System.Collections.Specialized;
using System.Management.Automation;
using System.Text.Json;

namespace Runspaced.Host.Binding;

/// <summary>JSON values as the objects that PowerShell's own binder takes from there.</summary>
internal static class JsonValues
{
    private const string SecretKey = "$secret";

    /// <summary>
    /// Reads the value the reader stands on. <paramref name="target"/> is the type it is meant for, if known: it
    /// decides between dictionaries and property bags, nothing else.
    /// </summary>
    /// <exception cref="RefusalException">A secret where none may be.</exception>
    internal static object? Read(ref Utf8JsonReader reader, Type? target)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.True:
                return true;
            case JsonTokenType.False:
                return false;
            case JsonTokenType.String:
                return reader.GetString();
            case JsonTokenType.Number:
                return JsonNumbers.Read(ref reader);
            case JsonTokenType.StartArray:
                return ReadArray(ref reader, ElementType(target));
            default:
                return DictionaryFor(target) is { } dictionary ? ReadDictionary(ref reader, dictionary) : ReadBag(ref reader);
        }
    }

    /// <summary>The name in <c>{"$secret": name}</c>; null if the object the reader stands on is not one.</summary>
    internal static string? SecretName(Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject
            || !reader.Read()
            || reader.TokenType != JsonTokenType.PropertyName
            || !reader.ValueTextEquals(SecretKey)
            || !reader.Read()
            || reader.TokenType != JsonTokenType.String)
        {
            return null;
        }

        string? name = reader.GetString();
        return reader.Read() && reader.TokenType == JsonTokenType.EndObject ? name : null;
    }

    internal static Type? ElementType(Type? target)
    {
        if (target is null || target == typeof(string))
        {
            return null;
        }

        if (target.IsArray)
        {
            return target.GetElementType();
        }

        return target.IsGenericType && target.GetGenericArguments() is [Type element] && typeof(IEnumerable).IsAssignableFrom(target)
            ? element
            : null;
    }

    private static object?[] ReadArray(ref Utf8JsonReader reader, Type? element)
    {
        List<object?> values = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            values.Add(Read(ref reader, element));
        }

        return [.. values];
    }

    private static PSObject ReadBag(ref Utf8JsonReader reader)
    {
        RefuseSecret(reader);
        PSObject bag = new();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            object? value = Read(ref reader, target: null);
            if (name.Length == 0)
            {
                throw new RefusalException("An object has a property without a name, which PowerShell does not take.");
            }

            if (bag.Properties[name] is { } present)
            {
                present.Value = value;
            }
            else
            {
                bag.Properties.Add(new PSNoteProperty(name, value), preValidated: true);
            }
        }

        return bag;
    }

    private static object ReadDictionary(ref Utf8JsonReader reader, IDictionary dictionary)
    {
        RefuseSecret(reader);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            dictionary[name] = Read(ref reader, typeof(Hashtable));
        }

        return dictionary;
    }

    private static IDictionary? DictionaryFor(Type? target)
    {
        if (target is null || target == typeof(object))
        {
            return null;
        }

        if (target == typeof(OrderedDictionary))
        {
            return new OrderedDictionary(StringComparer.OrdinalIgnoreCase);
        }

        return typeof(IDictionary).IsAssignableFrom(target) ? new Hashtable(StringComparer.OrdinalIgnoreCase) : null;
    }

    private static void RefuseSecret(Utf8JsonReader reader)
    {
        if (SecretName(reader) is { } name)
        {
            throw new RefusalException(
                $"The secret '{name}' is where no secret may be. A secret goes by itself to a SecureString or PSCredential parameter.");
        }
    }
}
