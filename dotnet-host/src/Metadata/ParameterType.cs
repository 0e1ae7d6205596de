using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace Runspaced.Host.Metadata;

/// <summary>What the type of a parameter means to a caller who has JSON only.</summary>
internal readonly record struct ParameterType
{
    private const string NeedsCode = "takes code, which is never made of arguments";
    private const string NeedsReference = "takes a reference to a variable of the caller";
    private const string NeedsObject = "takes a live object that JSON cannot stand for";

    private static readonly Type[] LiveTypes =
    [
        typeof(Stream), typeof(TextReader), typeof(TextWriter), typeof(PSSession), typeof(Runspace), typeof(PowerShell), typeof(Job),
        typeof(Task), typeof(CancellationToken), typeof(WaitHandle), typeof(SafeHandle), typeof(IntPtr), typeof(UIntPtr),
    ];

    /// <summary>What a collection holds; null if it is none.</summary>
    internal Type? Element { get; private init; }

    /// <summary>Names of the enum that the type or its elements are; null if they are none.</summary>
    internal string[]? EnumValues { get; private init; }

    /// <summary>Why no JSON value can be bound; null if one can.</summary>
    internal string? Unbindable { get; private init; }

    internal static ParameterType Of(Type type)
    {
        Type? element = ElementOf(type);
        Type core = element ?? type;
        core = Nullable.GetUnderlyingType(core) ?? core;
        return new()
        {
            Element = element,
            EnumValues = core.IsEnum ? Enum.GetNames(core) : null,
            Unbindable = WhyNot(core),
        };
    }

    /// <summary>The name as PowerShell shows it, e.g. <c>string[]</c>.</summary>
    internal static string NameOf(Type type) => LanguagePrimitives.ConvertTo<string>(type) ?? type.Name;

    private static Type? ElementOf(Type type)
    {
        if (type.IsArray)
        {
            return type.GetElementType();
        }

        if (type == typeof(string) || typeof(System.Collections.IDictionary).IsAssignableFrom(type))
        {
            return null;
        }

        if (IsSequence(type))
        {
            return type.GetGenericArguments()[0];
        }

        foreach (Type contract in type.GetInterfaces())
        {
            if (IsSequence(contract))
            {
                Type element = contract.GetGenericArguments()[0];
                return element.IsGenericType && element.GetGenericTypeDefinition() == typeof(KeyValuePair<,>) ? null : element;
            }
        }

        return typeof(System.Collections.IList).IsAssignableFrom(type) ? typeof(object) : null;
    }

    private static bool IsSequence(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IEnumerable<>);

    private static string? WhyNot(Type type) =>
        type == typeof(ScriptBlock) || typeof(Delegate).IsAssignableFrom(type) ? NeedsCode
        : type == typeof(PSReference) || type.IsByRef || (type.IsGenericType && type.GetGenericTypeDefinition().Name == "PSReference`1") ? NeedsReference
        : type.IsPointer || type.IsByRefLike || Array.Exists(LiveTypes, live => live.IsAssignableFrom(type)) ? NeedsObject
        : null;
}
