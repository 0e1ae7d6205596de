using System;
using System.Collections;
using System.Diagnostics;
using System.Management.Automation;
using System.Management.Automation.Internal;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Output;

/// <summary>
/// Writes one PowerShell value as JSON within the budgets of a call. Whatever happens, what is written is one complete JSON
/// value, a few hundred bytes over its room at most; only the end of the pipeline and the lack of memory for the buffer come
/// out as exceptions, and whoever calls takes the partial value away then.
/// </summary>
internal sealed partial class ValueWriter
{
    private readonly Func<MemberSurface?> _findSurface;
    private MemberSurface? _surface;
    private ShapeCache? _shapes;
    private bool _hasSurface;
    private readonly JsonPath _path;
    private readonly CutLog _cuts;
    private object?[] _ancestors = new object?[16];
    private Utf8JsonWriter _json = null!;
    private Limits _limits = new();
    private int _depth;

    /// <summary>How many of the ancestors are .NET objects, written by their properties.</summary>
    private int _objects;

    private long _room;
    private long _deadline;
    private CutReason? _stopped;

    internal ValueWriter(JsonPath path, CutLog cuts, Func<MemberSurface?> findSurface)
    {
        _findSurface = findSurface;
        _path = path;
        _cuts = cuts;
    }

    /// <summary>Nothing was written that has members or entries: no code of anybody's ran for it.</summary>
    internal bool WroteOnlyScalars { get; private set; } = true;

    private long Remaining => _room - _json.BytesCommitted - _json.BytesPending;

    internal void Begin(in Limits limits)
    {
        int depth = Math.Clamp(limits.Depth, 1, 100);
        _limits = limits with { Depth = depth };
        WroteOnlyScalars = true;
        if (_ancestors.Length < depth + 1)
        {
            _ancestors = new object?[depth + 1];
        }
    }

    /// <summary>
    /// Writes <paramref name="value"/> at the current path; <paramref name="room"/> is the count of bytes the writer may have
    /// written in the end.
    /// </summary>
    /// <returns>False if the value is cut because of its room. A whole one may be a few bytes over it.</returns>
    internal bool Write(Utf8JsonWriter json, object? value, long room)
    {
        _json = json;
        _room = room;
        _depth = 0;
        _objects = 0;
        _stopped = null;
        _deadline = Stopwatch.GetTimestamp() + (long)(_limits.GetterMilliseconds * (Stopwatch.Frequency / 1_000.0));
        int level = _path.Length;
        try
        {
            WriteValue(value);
            return _stopped != CutReason.Bytes;
        }
        finally
        {
            _path.CutTo(level);
            Array.Clear(_ancestors);
        }
    }

    private void WriteValue(object? value)
    {
        PSObject? wrapper = value as PSObject;
        if (wrapper is not null)
        {
            value = ReferenceEquals(wrapper, AutomationNull.Value) ? null : wrapper.BaseObject;
        }

        if (value is null)
        {
            _json.WriteNullValue();
            return;
        }

        if (value is string text)
        {
            WriteText(text);
            return;
        }

        if (value is PSCustomObject)
        {
            WroteOnlyScalars = false;
            WriteObject(wrapper ?? PSObject.AsPSObject(value), value);
            return;
        }

        if (value is int number)
        {
            _json.WriteNumberValue(number);
            return;
        }

        ValueKind kind = TypeKinds.Of(value.GetType());
        if (kind < ValueKind.Text)
        {
            WriteScalar(kind, value);
        }
        else if (kind < ValueKind.Dictionary)
        {
            WriteLeaf(kind, value);
        }
        else
        {
            WriteContainer(kind, wrapper, value);
        }
    }

    // What the rarer kinds take is cast where they are written: to cast it here would load its assembly for every call.
    private void WriteContainer(ValueKind kind, PSObject? wrapper, object value)
    {
        WroteOnlyScalars = false;
        switch (kind)
        {
            case ValueKind.Dictionary:
                WriteDictionary((IDictionary)value);
                break;
            case ValueKind.Pairs:
                WritePairs((IEnumerable)value);
                break;
            case ValueKind.NameValues:
                WriteNameValues(value);
                break;
            case ValueKind.DataRow:
                WriteRow(value);
                break;
            case ValueKind.DataTable:
                WriteTable(value);
                break;
            case ValueKind.DataSet:
                WriteTables(value);
                break;
            case ValueKind.Sequence:
                WriteSequence(value, value);
                break;
            case ValueKind.Entity when _objects > 0:
                WriteEntityName(value);
                break;
            default:
                WriteObject(wrapper, value);
                break;
        }
    }

    /// <summary>
    /// Goes one level down, or writes a mark instead. <paramref name="identity"/> is what a cycle would come back to.
    /// </summary>
    private bool Enter(object identity, long? count)
    {
        CutReason reason;
        if (Remaining <= 0)
        {
            _stopped = reason = CutReason.Bytes;
        }
        else if (IsAncestor(identity))
        {
            reason = CutReason.Cycle;
            count = null;
        }
        else if (_depth >= _limits.Depth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            reason = CutReason.Depth;
        }
        else
        {
            _ancestors[_depth++] = identity;
            _path.Push();
            return true;
        }

        _cuts.AddCut(reason, _path, count);
        Marker.WriteCut(_json, reason, count);
        return false;
    }

    private void Leave()
    {
        _path.Pop();
        _ancestors[--_depth] = null;
    }

    private bool IsAncestor(object identity)
    {
        for (int level = _depth - 1; level >= 0; level--)
        {
            if (ReferenceEquals(_ancestors[level], identity))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the next entry of a container may be written, of which <paramref name="name"/> is the key if it has one.</summary>
    private bool MayGoOn(string? name = null)
    {
        if (_stopped is null && Remaining - (name is null ? 0 : 6L * name.Length) <= 0)
        {
            _stopped = CutReason.Bytes;
        }

        return _stopped is null;
    }

    /// <summary>To be called after foreign code ran: its time is bounded.</summary>
    private void WatchClock()
    {
        if (_stopped is null && Stopwatch.GetTimestamp() > _deadline)
        {
            _stopped = CutReason.Getter;
        }
    }

    /// <summary>Marks the rest of the array that is being written; the path is at one of its entries.</summary>
    private void MarkRestOfArray(CutReason reason, long? omitted)
    {
        NoteCutOfContainer(reason, omitted);
        Marker.WriteCut(_json, reason, omitted);
    }

    /// <summary>Marks the rest of the object that is being written; the path is at one of its members.</summary>
    private void MarkRestOfObject(CutReason reason, long? omitted)
    {
        NoteCutOfContainer(reason, omitted);
        Marker.WriteCutMember(_json, reason, omitted);
    }

    private void NoteCutOfContainer(CutReason reason, long? omitted)
    {
        _path.Pop();
        _cuts.AddCut(reason, _path, omitted);
        _path.Push();
    }
}
