using System;
using System.Buffers;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Security;
using System.Text.Json;
using Runspaced.Host.Interop;
using Runspaced.Host.Output;

namespace Runspaced.Host.Functions;

/// <summary>
/// Writes what goes to a host function. Unlike the output of a call it is never cut: what cannot be written whole is an error.
/// </summary>
internal sealed class FunctionArguments
{
    private const int MostBytes = 16 << 20;

    // The deepest that the writer takes, and more than a line of JSON a person has written.
    private static readonly Limits s_limits = new()
    {
        Depth = 64,
        Items = int.MaxValue,
        StringChars = int.MaxValue,
        OutputBytes = MostBytes,
    };

    private readonly JsonPath _path = new();
    private readonly CutLog _cuts = new();
    private readonly ValueWriter _values;
    private readonly ArrayBufferWriter<byte> _buffer = new(512);
    private readonly Utf8JsonWriter _json;

    internal FunctionArguments()
    {
        _values = new ValueWriter(_path, _cuts, static () => MemberSurface.Instance);
        _json = new Utf8JsonWriter(_buffer, JsonStyle.Options);
    }

    /// <summary>The document that begins a call. It is valid until the next one.</summary>
    /// <exception cref="ArgumentException">The arguments are no set of names and values, or cannot be written.</exception>
    internal ReadOnlySpan<byte> WriteCall(string function, object? parameters, bool input)
    {
        Start();
        _json.WriteStartObject();
        _json.WriteString("name"u8, function);
        _json.WriteBoolean("input"u8, input);
        _json.WritePropertyName("arguments"u8);
        WriteNamed(parameters);
        _json.WriteEndObject();
        _json.Flush();
        return _buffer.WrittenSpan;
    }

    /// <summary>The arguments alone. They are valid until the next document.</summary>
    /// <exception cref="ArgumentException">They are no set of names and values, or cannot be written.</exception>
    internal ReadOnlySpan<byte> WriteArguments(object? parameters)
    {
        Start();
        WriteNamed(parameters);
        _json.Flush();
        return _buffer.WrittenSpan;
    }

    /// <summary>One value of the pipeline's input.</summary>
    /// <exception cref="ArgumentException">It cannot be written.</exception>
    internal ReadOnlySpan<byte> WriteInput(object? value)
    {
        Start();
        WriteValue(value, "A value of the pipeline's input");
        _json.Flush();
        return _buffer.WrittenSpan;
    }

    private void Start()
    {
        _buffer.ResetWrittenCount();
        _json.Reset(_buffer);
        _cuts.Clear();
        _values.Begin(in s_limits);
    }

    private void WriteNamed(object? parameters)
    {
        _json.WriteStartObject();
        foreach ((string name, object? value) in Named(parameters))
        {
            _json.WritePropertyName(name);
            WriteValue(value, $"The argument '{name}'");
        }

        _json.WriteEndObject();
    }

    private void WriteValue(object? value, string what)
    {
        if ((value is PSObject wrapper ? wrapper.BaseObject : value) is SecureString or PSCredential)
        {
            throw new ArgumentException($"{what} is a secret. Host functions take none: they get their secrets on their own side.");
        }

        _path.Start(0);
        bool whole = _values.Write(_json, value, MostBytes);
        if (!whole || _cuts.CutCount > 0)
        {
            throw new ArgumentException(
                $"{what} cannot be passed on whole: it nests deeper than {s_limits.Depth} levels, refers to itself, or is larger than {MostBytes >> 20} MiB.");
        }
    }

    private static IEnumerable<(string Name, object? Value)> Named(object? parameters)
    {
        object? bare = parameters is PSObject wrapper && wrapper.BaseObject is not PSCustomObject ? wrapper.BaseObject : parameters;
        switch (bare)
        {
            case null:
                yield break;
            case IDictionary dictionary:
                // $PSBoundParameters has those in it that every command takes and none is meant for.
                bool bound = bare.GetType().Name == "PSBoundParametersDictionary";
                foreach (DictionaryEntry entry in dictionary)
                {
                    string name = entry.Key.ToString() ?? string.Empty;
                    if (!bound || !(Cmdlet.CommonParameters.Contains(name) || Cmdlet.OptionalCommonParameters.Contains(name)))
                    {
                        yield return (name, entry.Value);
                    }
                }

                break;
            case PSObject { BaseObject: PSCustomObject } bag:
                foreach (PSPropertyInfo property in bag.Properties)
                {
                    yield return (property.Name, property.Value);
                }

                break;
            default:
                throw new ArgumentException(
                    $"Parameters is a {bare.GetType().FullName}; it must be a hashtable or an object: names and values.");
        }
    }
}
