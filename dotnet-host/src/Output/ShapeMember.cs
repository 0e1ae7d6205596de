using System.Management.Automation;
using System.Reflection;
using System.Text.Json;

namespace Runspaced.Host.Output;

/// <summary>One property of an <see cref="ObjectShape"/> and the quickest way to its value.</summary>
internal readonly struct ShapeMember
{
    private readonly Access _access;
    private readonly object? _source;

    private ShapeMember(string text, Access access, object? source, bool omitIfThrows)
    {
        Text = text;
        Name = JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
        OmitIfThrows = omitIfThrows;
        _access = access;
        _source = source;
    }

    private enum Access
    {
        Getter,
        Field,
        CodeGetter,
        Constant,
        Lookup,
    }

    internal string Text { get; }

    internal JsonEncodedText Name { get; }

    internal bool OmitIfThrows { get; }

    internal static ShapeMember OfGetter(string name, MethodInfo getter, bool omitIfThrows) =>
        new(name, Access.Getter, MethodInvoker.Create(getter), omitIfThrows);

    internal static ShapeMember OfField(string name, FieldInfo field) => new(name, Access.Field, field, omitIfThrows: false);

    /// <summary>A code property: a static method that takes the object.</summary>
    internal static ShapeMember OfCode(string name, MethodInfo getter, bool omitIfThrows) =>
        new(name, Access.CodeGetter, MethodInvoker.Create(getter), omitIfThrows);

    /// <summary>A note of the type, the same for all its objects.</summary>
    internal static ShapeMember OfConstant(string name, object? value) => new(name, Access.Constant, value, omitIfThrows: false);

    /// <summary>Whatever else: PowerShell looks it up and reads it.</summary>
    internal static ShapeMember OfLookup(string name, bool omitIfThrows) => new(name, Access.Lookup, source: null, omitIfThrows);

    /// <summary>The same value under another name.</summary>
    internal ShapeMember Alias(string name) => new(name, _access, _source, OmitIfThrows);

    internal bool IsLookup => _access == Access.Lookup;

    /// <summary>Reads the property. Throws what its getter throws.</summary>
    internal object? Read(object target, ref PSObject? wrapper) => _access switch
    {
        Access.Getter => ((MethodInvoker)_source!).Invoke(target),
        Access.Field => ((FieldInfo)_source!).GetValue(target),
        Access.CodeGetter => ((MethodInvoker)_source!).Invoke(null, wrapper ??= PSObject.AsPSObject(target)),
        Access.Constant => _source,
        _ => (wrapper ??= PSObject.AsPSObject(target)).Properties[Text]?.Value,
    };
}
