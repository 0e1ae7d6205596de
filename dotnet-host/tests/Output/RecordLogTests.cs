using System;
using System.Linq;
using System.Management.Automation;
using System.Text;
using System.Text.Json;
using Runspaced.Host.Interop;
using Runspaced.Host.Output;
using Xunit;

namespace Runspaced.Host.Tests.Output;

public sealed class RecordLogTests
{
    [PowerShellFact]
    public void Records_KeepTheirOrderAndPlace()
    {
        RecordLog log = Begun(new Limits());

        string warning = Encoding.UTF8.GetString(log.AddWarning("careful", 0));
        log.AddVerbose("more", 2);
        log.AddDebug(null, 2);

        Assert.Equal("{\"stream\":\"warning\",\"at\":0,\"data\":\"careful\"}", warning);
        Assert.Equal(
            "[{\"stream\":\"warning\",\"at\":0,\"data\":\"careful\"},{\"stream\":\"verbose\",\"at\":2,\"data\":\"more\"},"
            + "{\"stream\":\"debug\",\"at\":2,\"data\":\"\"}]",
            Document(log).GetRawText());
        Assert.False(log.HadErrors);
    }

    [PowerShellFact]
    public void Information_KnowsTheHost()
    {
        RecordLog log = Begun(new Limits());
        InformationRecord plain = new(PSObject.AsPSObject(42), "source");
        plain.Tags.Add("one");
        log.AddInformation(plain, 0);
        log.AddInformation(new InformationRecord(new HostInformationMessage { Message = "hello" }, "Write-Host"), 1);

        JsonElement records = Document(log);

        Assert.Equal("{\"message\":\"42\",\"tags\":[\"one\"],\"source\":\"source\",\"host\":false}", records[0].GetProperty("data").GetRawText());
        Assert.Equal("{\"message\":\"hello\",\"tags\":[],\"source\":\"Write-Host\",\"host\":true}", records[1].GetProperty("data").GetRawText());
    }

    [PowerShellFact]
    public void Streams_HaveBudgetsOfTheirOwn()
    {
        RecordLog log = Begun(new Limits() { Records = 2 });
        for (int number = 0; number < 5; number++)
        {
            log.AddWarning($"w{number}", 0);
        }

        Assert.True(log.AddWarning("over", 0).IsEmpty);
        Assert.False(log.AddVerbose("v", 0).IsEmpty);
        Assert.Equal(4, log.Dropped(RecordStream.Warning));
        Assert.Equal(0, log.Dropped(RecordStream.Verbose));
        Assert.Equal(["w0", "w1", "v"], Document(log).EnumerateArray().Select(record => record.GetProperty("data").GetString()));
    }

    [PowerShellFact]
    public void Bytes_OfAStreamAreBounded_AndNothingIsHalfWritten()
    {
        RecordLog log = Begun(new Limits() { RecordBytes = 300 });
        for (int number = 0; number < 20; number++)
        {
            log.AddWarning(new string('w', 60), number);
            log.AddDebug("d", number);
        }

        JsonElement records = Document(log);

        int warnings = records.EnumerateArray().Count(record => record.GetProperty("stream").GetString() == "warning");
        Assert.InRange(warnings, 2, 4);
        Assert.Equal(20 - warnings, log.Dropped(RecordStream.Warning));
        Assert.InRange(records.GetRawText().Length, 300, 700);
    }

    [PowerShellFact]
    public void LongTexts_AreCutVisibly()
    {
        RecordLog log = Begun(new Limits() { StringChars = 10 });
        log.AddWarning(new string('x', 9) + "😀" + "yy", 0);

        Assert.Equal("xxxxxxxxx… [4 more]", Document(log)[0].GetProperty("data").GetString());
    }

    [PowerShellFact]
    public void Error_IsWhole()
    {
        RecordLog log = Begun(new Limits());
        ErrorRecord record = new(new InvalidOperationException("outer", new ArgumentException("inner")), "MyId", ErrorCategory.InvalidData, "target")
        {
            ErrorDetails = new ErrorDetails("details") { RecommendedAction = "do this" },
        };

        log.AddError(record, 3);

        Assert.True(log.HadErrors);
        JsonElement written = Document(log)[0];
        Assert.Equal(3, written.GetProperty("at").GetInt32());
        Assert.Equal(
            "{\"message\":\"details\",\"category\":\"InvalidData\",\"fullyQualifiedErrorId\":\"MyId\",\"target\":\"target\","
            + "\"exceptionType\":\"System.InvalidOperationException\",\"position\":null,\"scriptStackTrace\":null,"
            + "\"inner\":[{\"type\":\"System.ArgumentException\",\"message\":\"inner\"}],\"commandName\":null,\"recommendedAction\":\"do this\"}",
            written.GetProperty("data").GetRawText());
    }

    [PowerShellFact]
    public void Error_OfAScript_HasItsPlace()
    {
        using LiveRunspace live = new();
        ErrorRecord record = (ErrorRecord)live.Values("try {\n  Get-Item -LiteralPath /no/such/thing -ErrorAction Stop\n} catch { $_ }")
            .Select(value => ((PSObject)value!).BaseObject).Single()!;
        RecordLog log = Begun(new Limits());

        log.AddError(record, 0);

        JsonElement data = Document(log)[0].GetProperty("data");
        Assert.Equal("ObjectNotFound", data.GetProperty("category").GetString());
        Assert.Equal("Get-Item", data.GetProperty("commandName").GetString());
        Assert.Equal(2, data.GetProperty("position").GetProperty("line").GetInt32());
        Assert.Equal(3, data.GetProperty("position").GetProperty("column").GetInt32());
        Assert.Contains("Get-Item -LiteralPath", data.GetProperty("position").GetProperty("text").GetString()!, StringComparison.Ordinal);
        Assert.Contains("line 2", data.GetProperty("scriptStackTrace").GetString()!, StringComparison.Ordinal);
    }

    [PowerShellFact]
    public void Progress_FirstAndCompletedPass_TheNewestOfTheRestComesAtTheEnd()
    {
        RecordLog log = Begun(new Limits());

        Assert.False(log.AddProgress(0, Progress(1, 0), 0).IsEmpty);
        for (int percent = 1; percent < 100; percent++)
        {
            log.AddProgress(0, Progress(1, percent), percent);
        }

        Assert.False(log.AddProgress(0, Progress(2, 0), 0).IsEmpty);
        ProgressRecord completed = Progress(2, 100);
        completed.RecordType = ProgressRecordType.Completed;
        Assert.False(log.AddProgress(0, completed, 0).IsEmpty);

        JsonElement[] records = Document(log).EnumerateArray().ToArray();
        int[] first = records.Where(record => Activity(record) == 1).Select(record => record.GetProperty("data").GetProperty("percent").GetInt32()).ToArray();
        Assert.Equal(0, first[0]);
        Assert.Equal(99, first[^1]);
        Assert.InRange(first.Length, 2, 50);
        Assert.Equal([false, true], records.Where(record => Activity(record) == 2).Select(record => record.GetProperty("data").GetProperty("completed").GetBoolean()));
        Assert.Equal(0, log.Dropped(RecordStream.Progress));
    }

    [PowerShellFact]
    public void Begin_ForgetsTheCallBefore()
    {
        RecordLog log = Begun(new Limits() { Records = 1 });
        log.AddError(new ErrorRecord(new InvalidOperationException("x"), "id", ErrorCategory.NotSpecified, null), 0);
        log.AddWarning("1", 0);
        log.AddWarning("2", 0);

        log.Begin(new Limits());

        Assert.False(log.HadErrors);
        Assert.Equal(0, log.Dropped(RecordStream.Warning));
        Assert.Equal(0, Document(log).GetArrayLength());
    }

    private static RecordLog Begun(Limits limits)
    {
        RecordLog log = new();
        log.Begin(limits);
        return log;
    }

    private static JsonElement Document(RecordLog log)
    {
        using AnswerBuffer buffer = new();
        log.WriteTo(buffer.Calls);
        return JsonDocument.Parse(buffer.Calls.Written.ToArray()).RootElement;
    }

    private static ProgressRecord Progress(int activity, int percent) => new(activity, "activity", "status") { PercentComplete = percent };

    private static int Activity(JsonElement record) => record.GetProperty("data").GetProperty("activityId").GetInt32();
}
