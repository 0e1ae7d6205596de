using System;
using System.Management.Automation;
using System.Text.Json;
using Runspaced.Host.Interop;
using Runspaced.Host.Output;
using Xunit;

namespace Runspaced.Host.Tests.Output;

public sealed class MetaWriterTests
{
    [PowerShellFact]
    public void Meta_OfAPlainCall()
    {
        Assert.Equal(
            "{\"status\":\"completed\",\"had_errors\":false,\"count\":0,\"truncated\":[],\"non_finite\":[],"
            + "\"dropped\":{\"error\":0,\"warning\":0,\"verbose\":0,\"debug\":0,\"information\":0,\"progress\":0},"
            + "\"timings\":{\"bind_us\":1,\"run_us\":2,\"write_us\":3}}",
            Write(new AnswerMeta { Status = "completed", BindMicroseconds = 1, RunMicroseconds = 2, WriteMicroseconds = 3 }, new RecordLog()).GetRawText());
    }

    [PowerShellFact]
    public void Meta_SaysAllThereIs()
    {
        RecordLog records = new();
        records.Begin(new Limits() { Records = 0 });
        records.AddWarning("dropped", 0);

        JsonElement meta = Write(
            new AnswerMeta
            {
                Status = "failed",
                ExitCode = 3,
                NativeExitCode = -1,
                Error = new ErrorRecord(new InvalidOperationException("x"), "id", ErrorCategory.NotSpecified, null),
                Prompt = "{\"kind\":\"read_line\"}"u8.ToArray(),
                Modules = ["A", "B"],
            },
            records);

        Assert.Equal(3, meta.GetProperty("exit_code").GetInt32());
        Assert.Equal(-1, meta.GetProperty("native_exit_code").GetInt32());
        Assert.True(meta.GetProperty("had_errors").GetBoolean());
        Assert.Equal("x", meta.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal("read_line", meta.GetProperty("prompt").GetProperty("kind").GetString());
        Assert.Equal(1, meta.GetProperty("dropped").GetProperty("warning").GetInt32());
        Assert.Equal("[\"A\",\"B\"]", meta.GetProperty("modules").GetRawText());
    }

    [PowerShellFact]
    public void Cuts_AreAtMostAHundred()
    {
        object?[] values = new object?[300];
        Array.Fill(values, "too long");

        Written written = Written.Of(new Limits() { StringChars = 3 }, values);

        Assert.Equal(100, written.Cuts.Length);
        Assert.Equal(300, written.Root.GetArrayLength());
    }

    private static JsonElement Write(AnswerMeta meta, RecordLog records)
    {
        using AnswerBuffer buffer = new();
        OutputDocument output = new();
        new MetaWriter().Write(buffer.Calls, meta, output, records);
        return JsonDocument.Parse(buffer.Calls.Written.ToArray()).RootElement;
    }
}
