using System;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Runspaced.Host.Output;

/// <summary>Reads the boxed <see cref="KeyValuePair{TKey, TValue}"/> of dictionaries that are only generic ones.</summary>
internal sealed class PairReader
{
    private static readonly ConditionalWeakTable<Type, PairReader> Known = new();

    private readonly MethodInvoker _key;
    private readonly MethodInvoker _value;

    private PairReader(Type pair)
    {
        _key = MethodInvoker.Create(pair.GetProperty("Key")!.GetMethod!);
        _value = MethodInvoker.Create(pair.GetProperty("Value")!.GetMethod!);
    }

    internal static bool IsDictionary(Type type)
    {
        foreach (Type contract in type.GetInterfaces())
        {
            if (contract.IsGenericType && contract.GetGenericTypeDefinition() is { } definition
                && (definition == typeof(IDictionary<,>) || definition == typeof(IReadOnlyDictionary<,>)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The reader of an item, or null if the item is no pair.</summary>
    internal static PairReader? For(object item)
    {
        Type type = item.GetType();
        return !IsPair(type) ? null
            : Known.TryGetValue(type, out PairReader? reader) ? reader
            : Known.GetValue(type, static pair => new(pair));
    }

    internal object? Key(object item) => _key.Invoke(item);

    internal object? Value(object item) => _value.Invoke(item);

    private static bool IsPair(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>);
}
