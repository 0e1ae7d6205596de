using System;
using System.Text;
using System.Text.Json;
using Runspaced.Host.Interop;
using Runspaced.Host.Output;

namespace Runspaced.Host.Tests.Output;

/// <summary>What came of some values: the output document and what the meta document says of it.</summary>
internal sealed record Written(string Json, JsonElement Meta, bool TookAll, long Count)
{
    /// <summary>Strict: what is not UTF-8 fails the test.</summary>
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    internal JsonElement Root => JsonDocument.Parse(Json, new JsonDocumentOptions { MaxDepth = 500 }).RootElement;

    internal int Bytes => Encoding.UTF8.GetByteCount(Json);

    /// <summary>The <c>truncated</c> entries as <c>reason pointer omitted</c>.</summary>
    internal string[] Cuts
    {
        get
        {
            JsonElement entries = Meta.GetProperty("truncated");
            string[] cuts = new string[entries.GetArrayLength()];
            for (int index = 0; index < cuts.Length; index++)
            {
                JsonElement entry = entries[index];
                string omitted = entry.TryGetProperty("omitted", out JsonElement count) ? count.GetRawText() : "?";
                cuts[index] = $"{entry.GetProperty("reason").GetString()} {entry.GetProperty("pointer").GetString()} {omitted}";
            }

            return cuts;
        }
    }

    internal static Written Of(params object?[] values) => Of(new Limits(), values);

    internal static Written Of(Limits limits, params object?[] values) => Of(new OutputDocument(), limits, Format.Json, values);

    internal static Written Of(OutputDocument document, Limits limits, Format format, params object?[] values)
    {
        using AnswerBuffer buffer = new();
        RecordLog records = new();
        records.Begin(limits);
        document.Begin(buffer.Calls, limits, format);
        bool tookAll = true;
        foreach (object? value in values)
        {
            tookAll = document.Add(value);
            if (!tookAll)
            {
                break;
            }
        }

        document.End();
        int end = buffer.Calls.Position;
        new MetaWriter().Write(buffer.Calls, new AnswerMeta { Status = "completed" }, document, records);
        ReadOnlySpan<byte> all = buffer.Calls.Written;
        string json = Strict.GetString(all[..end]);
        JsonElement meta = JsonDocument.Parse(Strict.GetString(all[end..])).RootElement;
        return new(json, meta, tookAll, document.Count);
    }
}
