using System.Collections.Generic;
using System.Text.Json;

namespace Runspaced.Host.Output;

/// <summary>Where the output of a call was cut, and where JSON had no number for a value; both for the meta document.</summary>
internal sealed class CutLog
{
    private const int MostEntries = 100;

    private readonly List<Cut> _cuts = [];
    private readonly List<string> _nonFinite = [];

    /// <summary>How long both lists are; <see cref="Rewind"/> takes away what came later.</summary>
    internal readonly record struct Mark(int Cuts, int NonFinite);

    private sealed record Cut(CutReason Reason, string Pointer, long? Omitted);

    internal int CutCount => _cuts.Count;

    internal void Clear()
    {
        _cuts.Clear();
        _nonFinite.Clear();
    }

    internal Mark Now() => new(_cuts.Count, _nonFinite.Count);

    internal void Rewind(Mark mark)
    {
        _cuts.RemoveRange(mark.Cuts, _cuts.Count - mark.Cuts);
        _nonFinite.RemoveRange(mark.NonFinite, _nonFinite.Count - mark.NonFinite);
    }

    internal void AddCut(CutReason reason, JsonPath path, long? omitted)
    {
        if (_cuts.Count < MostEntries)
        {
            _cuts.Add(new(reason, path.ToPointer(), omitted));
        }
    }

    internal void AddNonFinite(JsonPath path)
    {
        if (_nonFinite.Count < MostEntries)
        {
            _nonFinite.Add(path.ToPointer());
        }
    }

    /// <summary>Writes the members <c>truncated</c> and <c>non_finite</c>.</summary>
    internal void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartArray("truncated"u8);
        foreach (Cut cut in _cuts)
        {
            json.WriteStartObject();
            json.WriteString("reason"u8, Marker.NameOf(cut.Reason));
            json.WriteString("pointer"u8, cut.Pointer);
            if (cut.Omitted is { } omitted)
            {
                json.WriteNumber("omitted"u8, omitted);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("non_finite"u8);
        foreach (string pointer in _nonFinite)
        {
            json.WriteStringValue(pointer);
        }

        json.WriteEndArray();
    }
}
