using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Numerics;
using System.Text.Json;
using Runspaced.Host.Interop;
using Runspaced.Host.Output;
using Xunit;

namespace Runspaced.Host.Tests.Output;

public sealed class BudgetTests
{
    /// <summary>What marks may add to a document that is over its budget: one for each level and a little.</summary>
    private const int MarksRoom = 800;

    [PowerShellFact]
    public void Bytes_ValuesThatFit_AreKeptWhole_TheNextIsAMark()
    {
        Written written = Written.Of(new Limits() { OutputBytes = 60 }, new string('a', 30), new string('b', 30), "c");

        Assert.Equal($"[\"{new string('a', 30)}\",{{\"$truncated\":{{\"reason\":\"bytes\"}}}}]", written.Json);
        Assert.Equal(["bytes /1 ?"], written.Cuts);
        Assert.False(written.TookAll);
        Assert.Equal(1, written.Count);
    }

    [PowerShellFact]
    public void Bytes_ManySmallValues_EndAtTheBudget()
    {
        object?[] values = Enumerable.Range(100, 800).Select(object? (number) => number).ToArray();

        Written written = Written.Of(new Limits() { OutputBytes = 100 }, values);

        // 4 bytes each with the comma, and the brackets.
        Assert.Equal(24, written.Count);
        Assert.Equal(25, written.Root.GetArrayLength());
        Assert.True(written.Root[24].TryGetProperty("$truncated", out _));
        Assert.Equal(["bytes /24 ?"], written.Cuts);
        Assert.False(written.TookAll);
    }

    [PowerShellFact]
    public void Bytes_AValueThatEndsAFewBytesOver_IsKeptWhole_AndNothingAfterIt()
    {
        Written written = Written.Of(new Limits() { OutputBytes = 45 }, new object[] { new string('x', 30), 1234567890123 }, 2);

        Assert.Equal($"[[\"{new string('x', 30)}\",1234567890123],{{\"$truncated\":{{\"reason\":\"bytes\"}}}}]", written.Json);
        Assert.Equal(["bytes /1 ?"], written.Cuts);
        Assert.False(written.TookAll);
    }

    [PowerShellFact]
    public void Bytes_OneValueLargerThanTheBudget_IsCutInside()
    {
        Written written = Written.Of(
            new Limits() { OutputBytes = 100 },
            [new object[] { new string('x', 40), new object[] { new string('y', 40), new string('z', 40), 1 }, 2 }]);

        JsonElement value = written.Root[0];
        Assert.Equal(new string('x', 40), value[0].GetString());
        Assert.Equal(new string('y', 40), value[1][0].GetString());
        Assert.True(value[1][value[1].GetArrayLength() - 1].TryGetProperty("$truncated", out _));
        Assert.True(value[value.GetArrayLength() - 1].TryGetProperty("$truncated", out _));
        Assert.Contains(written.Cuts, cut => cut.StartsWith("bytes /0/1 ", StringComparison.Ordinal));
        Assert.Contains("bytes /0 1", written.Cuts);
        Assert.False(written.TookAll);
    }

    [PowerShellFact]
    public void Bytes_ALargeValueAfterASmallOne_IsCutInsideToo()
    {
        Written written = Written.Of(new Limits() { OutputBytes = 1_000 }, 1, new string('x', 100_000));

        Assert.InRange(written.Root[1].GetString()!.Length, 800, 1_000);
        Assert.Equal(2, written.Count);
    }

    [PowerShellFact]
    public void Bytes_AHugeString_IsNeitherCopiedNorGivenRoomFor()
    {
        string huge = new('ä', 100_000_000);
        using AnswerBuffer buffer = new();
        OutputDocument document = new();
        document.Begin(buffer.Calls, new Limits() { StringChars = int.MaxValue }, Format.Json);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(document.Add(huge));
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        document.End();

        Assert.InRange(buffer.Calls.Position, (1 << 20) - 100, (1 << 20) + 100);
        Assert.InRange((long)buffer.Capacity, 1 << 20, 5 << 20);
        Assert.InRange(allocated, 0, 1 << 20);
    }

    [PowerShellFact]
    public void Bytes_OfARunOfBytes()
    {
        object?[] values = Enumerable.Range(0, 10_000).Select(object? (number) => (byte)number).ToArray();

        Written written = Written.Of(new Limits() { OutputBytes = 1_000 }, values);

        byte[] kept = written.Root[0].GetBytesFromBase64();
        Assert.InRange(kept.Length, 700, 750);
        Assert.Equal(255, kept[255]);
        Assert.False(written.TookAll);
        Assert.StartsWith("bytes /0 ", Assert.Single(written.Cuts), StringComparison.Ordinal);
    }

    [PowerShellFact]
    public void Strings_AreCutBetweenCharacters()
    {
        Written written = Written.Of(new Limits() { StringChars = 3 }, "ab😀", "abc");

        Assert.Equal("[\"ab\",\"abc\"]", written.Json);
        Assert.Equal(["string /0 2"], written.Cuts);
        Assert.True(written.TookAll);
    }

    [PowerShellFact]
    public void Strings_LongOnes_AreWhole()
    {
        string text = string.Concat(Enumerable.Range(0, 8_000).Select(number => number % 3 == 0 ? "😀" : number % 3 == 1 ? "\u0007ä" : "x"));

        Assert.Equal(text, Written.Of(text).Root[0].GetString());
        Assert.Equal(text + "\ufffd", Written.Of(text + "\ud83d").Root[0].GetString());
    }

    [PowerShellFact]
    public void Base64_IsCutAtWholeGroups()
    {
        Written written = Written.Of(new Limits() { StringChars = 10 }, new byte[20]);

        Assert.Equal("[\"AAAAAAAA\"]", written.Json);
        Assert.Equal(["string /0 20"], written.Cuts);
    }

    [PowerShellFact]
    public void BigInteger_IsWholeOrAMark()
    {
        Written written = Written.Of(new Limits() { StringChars = 100 }, BigInteger.Pow(10, 1_000));

        Assert.True(written.Root[0].GetProperty("$truncated").GetProperty("omitted").GetInt64() >= 1_000);
        Assert.StartsWith("string /0 ", Assert.Single(written.Cuts), StringComparison.Ordinal);
    }

    [PowerShellFact]
    public void Text_IsOneString()
    {
        Written written = Written.Of(new OutputDocument(), new Limits(), Format.Text, "a\"b", string.Empty, PSObject.AsPSObject("ä"));

        Assert.Equal(JsonSerializer.Serialize($"a\"b{Environment.NewLine}{Environment.NewLine}ä{Environment.NewLine}", Relaxed), written.Json);
    }

    [PowerShellFact]
    public void Text_IsCutAtTheBudget()
    {
        Written written = Written.Of(new OutputDocument(), new Limits() { OutputBytes = 100 }, Format.Text, new string('x', 1_000), "more");

        Assert.InRange(written.Bytes, 80, 100);
        Assert.Equal(["bytes  ?"], written.Cuts);
        Assert.False(written.TookAll);
    }

    [PowerShellFact]
    public void Streaming_EachValueIsARecord()
    {
        using AnswerBuffer buffer = new();
        OutputDocument document = new();
        document.Begin(buffer.Calls, new Limits(), Format.Json);

        Assert.Equal("{\"stream\":\"output\",\"at\":0,\"data\":[1]}"u8.ToArray(), document.WriteSingle(new[] { 1 }).ToArray());
        Assert.Equal("{\"stream\":\"output\",\"at\":1,\"data\":\"NaN\"}"u8.ToArray(), document.WriteSingle(double.NaN).ToArray());
        document.End();

        Assert.Equal("[]"u8.ToArray(), buffer.Calls.Written.ToArray());
        Assert.Equal(2, document.Count);
    }

    [PowerShellFact]
    public void NoMemory_ComesOut_AndTheDocumentCanStillBeEnded()
    {
        using AnswerBuffer buffer = new(most: 4_096);
        OutputDocument document = new();
        document.Begin(buffer.Calls, new Limits(), Format.Json);
        document.Add("first");

        Assert.ThrowsAny<OutOfMemoryException>(() => document.Add(new string('x', 10_000)));
        document.End();

        Assert.Equal("[\"first\"]"u8.ToArray(), buffer.Calls.Written.ToArray());
    }

    [PowerShellFact]
    public void Documents_OfOneSlot_KnowNothingOfEachOther()
    {
        OutputDocument document = new();
        _ = Written.Of(document, new Limits() { OutputBytes = 20 }, Format.Json, new string('x', 100), 1);

        Written second = Written.Of(document, new Limits(), Format.Json, 1);

        Assert.Equal("[1]", second.Json);
        Assert.Empty(second.Cuts);
        Assert.Equal(1, second.Count);
    }

    /// <summary>Whatever comes, within whatever budgets: the document parses, keeps its budget, and each mark has its place.</summary>
    [PowerShellFact]
    public void AnyValues_WithinAnyBudgets_GiveAWholeDocument()
    {
        OutputDocument document = new();
        for (int seed = 0; seed < 1_500; seed++)
        {
            AnyValue any = new(seed);
            object?[] values = any.Several();
            Limits limits = any.Limits();

            Written written = Written.Of(document, limits, Format.Json, values);

            Assert.Equal(JsonValueKind.Array, written.Root.ValueKind);
            Assert.InRange(written.Bytes, 2, limits.OutputBytes + MarksRoom);
            Assert.All(written.Cuts, cut => Assert.True(Leads(written.Root, cut.Split(' ')[1]), $"seed {seed}: {cut}"));
        }
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static bool Leads(JsonElement from, string pointer)
    {
        foreach (string step in pointer.Split('/').Skip(1))
        {
            if (from.ValueKind == JsonValueKind.Array && int.TryParse(step, out int index) && index < from.GetArrayLength())
            {
                from = from[index];
            }
            else if (from.ValueKind != JsonValueKind.Object || !from.TryGetProperty(step, out from))
            {
                return false;
            }
        }

        return true;
    }

    private sealed class AnyValue(int seed)
    {
        private readonly Random _random = new(seed);

        internal object?[] Several() => Enumerable.Range(0, _random.Next(1, 15)).Select(_ => Next(0)).ToArray();

        internal Limits Limits() => new()
        {
            Depth = _random.Next(1, 12),
            Items = _random.Next(0, 20),
            StringChars = _random.Next(0, 200),
            OutputBytes = _random.Next(3) == 0 ? 1 << 20 : _random.Next(2, 4_000),
        };

        private object? Next(int depth) => _random.Next(depth > 8 ? 12 : 22) switch
        {
            0 => null,
            1 => _random.Next(),
            2 => _random.NextDouble() * 1e300,
            3 => double.NaN,
            4 => (decimal)_random.NextDouble(),
            5 => BigInteger.Pow(_random.Next(2, 9), _random.Next(1, 400)),
            6 => TimeSpan.FromTicks(_random.NextInt64()),
            7 => DayOfWeek.Friday,
            8 => Text(),
            9 => new byte[_random.Next(0, 300)],
            10 => (byte)_random.Next(256),
            11 => true,
            12 or 13 => Enumerable.Range(0, _random.Next(0, 8)).Select(_ => Next(depth + 1)).ToList(),
            14 or 15 => Enumerable.Range(0, _random.Next(0, 6)).Aggregate(new Hashtable(), (table, number) =>
            {
                table[$"k{number}"] = Next(depth + 1);
                return table;
            }),
            16 or 17 or 18 => Enumerable.Range(0, _random.Next(0, 6)).Aggregate(new PSObject(), (value, number) =>
            {
                value.Properties.Add(new PSNoteProperty($"p{number}", Next(depth + 1)));
                return value;
            }),
            19 => new Awkward(),
            20 => Endless(),
            _ => new KeyValuePair<string, object?>("k", Next(depth + 1)),
        };

        private string Text() => new(Enumerable.Range(0, _random.Next(_random.Next(20) == 0 ? 20_000 : 30)).Select(_ => _random.Next(4) switch
        {
            0 => (char)_random.Next(0x20),
            1 => (char)_random.Next(0xD700, 0xE100),
            2 => (char)_random.Next(0x10000),
            _ => (char)_random.Next(' ', 0x7f),
        }).ToArray());

        private static IEnumerable<int> Endless()
        {
            for (int next = 0; ; next++)
            {
                yield return next;
            }
        }

        private sealed class Awkward
        {
            public int Bad => throw new InvalidOperationException("bad \ud800 getter");

            public Awkward Self => this;

            public Awkward Another => new();
        }
    }
}
