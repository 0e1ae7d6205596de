using System;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Runspaced.Host.Tests.Interop;

public sealed class CallBufferTests
{
    [Fact]
    public void WhatWasWrittenSurvivesGrowth()
    {
        using AnswerBuffer buffer = new();
        StringBuilder expected = new();
        for (int number = 0; number < 20_000; number++)
        {
            byte[] bytes = Encoding.ASCII.GetBytes($"{number},");
            buffer.Calls.Write(bytes);
            expected.Append(number).Append(',');
        }

        Assert.Equal(expected.ToString(), Encoding.ASCII.GetString(buffer.Calls.Written));
    }

    [Fact]
    public void JsonWriterWritesThroughGrowth()
    {
        using AnswerBuffer buffer = new();
        using (Utf8JsonWriter json = new(buffer.Calls))
        {
            json.WriteStartArray();
            for (int number = 0; number < 5_000; number++)
            {
                json.WriteStringValue(new string('x', number % 50));
            }

            json.WriteEndArray();
        }

        using JsonDocument document = JsonDocument.Parse(buffer.Calls.Written.ToArray());
        Assert.Equal(5_000, document.RootElement.GetArrayLength());
        Assert.Equal(49, document.RootElement[4_999].GetString()!.Length);
    }

    [Fact]
    public void PositionGoesBackAndNeverForward()
    {
        using AnswerBuffer buffer = new();
        buffer.Calls.Write("kept, gone"u8);
        buffer.Calls.Position = 4;
        buffer.Calls.Write("!"u8);
        Assert.Equal("kept!", Encoding.ASCII.GetString(buffer.Calls.Written));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Calls.Position = 6);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Calls.Position = -1);
    }

    [Fact]
    public void NoMemoryIsAnError()
    {
        using AnswerBuffer buffer = new(most: 4_096);
        Assert.ThrowsAny<OutOfMemoryException>(() => buffer.Calls.Write(new byte[100_000]));
        Assert.Equal(0, buffer.Calls.Position);
    }
}
