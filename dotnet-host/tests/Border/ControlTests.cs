using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading;
using Xunit;
using static Runspaced.Host.Tests.Border.BorderClient;

namespace Runspaced.Host.Tests.Border;

/// <summary>Cancel, resume, reply, abandon, from other threads than the slot's.</summary>
[Collection(BorderCollection.Name)]
public sealed class ControlTests(BorderClient host) : IDisposable
{
    public void Dispose()
    {
        OnRecord = null;
        OnPrompt = null;
    }

    [PowerShellTheory]
    [InlineData("& $running; while ($true) { }")]
    [InlineData("& $running; Start-Sleep 1000")]
    [InlineData("& $running; 1..1000000000 | ForEach-Object { }")]
    [InlineData("'kept'; try { & $running; Start-Sleep 1000 } finally { 'last' }")]
    public void ACancelStopsAndKeepsWhatWasWritten(string script)
    {
        ulong slot = host.Open();
        string running = host.Mark();
        ulong call = host.Post(slot, Script($"$running = {{ $null = New-Item '{running}' }}; {script}"));
        Await(running);
        host.Cancel(slot, call);
        host.Cancel(slot, call);
        Answer answer = host.Result(slot, call);
        Assert.Equal("stopped", answer.Status);
        if (script.StartsWith("'kept'", StringComparison.Ordinal))
        {
            Assert.Equal("kept", (string)answer.Output[0]!);
        }

        host.Cancel(slot, call);
        Assert.Equal("[1]", host.Run(slot, "1").Json);
        host.Close(slot);
    }

    [PowerShellFact]
    public void ACancelIsNeverLost()
    {
        ulong slot = host.Open();
        host.Run(slot, "1");
        Random random = new(1);
        for (int round = 0; round < 300; round++)
        {
            ulong call = host.Post(slot, Script("while ($true) { }"));
            SpinWait.SpinUntil(() => false, TimeSpan.FromMicroseconds(random.Next(800)));
            host.Cancel(slot, call);
            Assert.Equal("stopped", host.Result(slot, call).Status);
        }

        host.Close(slot);
    }

    [PowerShellFact]
    public void ACancelOfAnotherCallIsWithoutEffect()
    {
        ulong slot = host.Open();
        ulong call = host.Post(slot, Script("Start-Sleep -Milliseconds 300; 'done'"));
        host.Cancel(slot, call + 1_000_000);
        Assert.Equal("""["done"]""", host.Result(slot, call).Json);
        host.Close(slot);
    }

    [PowerShellFact]
    public void ABusySlotTakesNoSecondCall()
    {
        ulong slot = host.Open();
        ulong call = host.Post(slot, Script("Start-Sleep 1000"));
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => host.Post(slot, Script("1")));
        Assert.Contains("busy", refused.Message, StringComparison.Ordinal);
        host.Cancel(slot, call);
        host.Result(slot, call);
        host.Close(slot);
        Assert.Throws<InvalidOperationException>(() => host.Post(slot, Script("1")));
    }

    [PowerShellFact]
    public void AConsumerWithoutRoomIsWaitedFor()
    {
        ulong slot = host.Open();
        ConcurrentQueue<string> taken = new();
        int offers = 0;
        OnRecord = (call, record) =>
        {
            if (Interlocked.Increment(ref offers) % 2 == 1)
            {
                ThreadPool.QueueUserWorkItem(_ => host.Resume(slot, call));
                return false;
            }

            taken.Enqueue(record);
            return true;
        };
        JsonObject request = Script("1..50; Write-Warning w; 51");
        request["stream"] = true;
        Answer answer = host.Run(slot, request);
        Assert.Equal("[]", answer.Json);
        Assert.Equal(51, (int)answer.Meta["count"]!);
        Assert.Equal(
            [.. Enumerable.Range(1, 50).Select(number => $"{number}"), "\"w\"", "51"],
            taken.Select(record => JsonNode.Parse(record)!["data"]!.ToJsonString()));
        host.Close(slot);
    }

    [PowerShellFact]
    public void ACancelReachesAPipelineThatWaitsForRoom()
    {
        ulong slot = host.Open();
        using ManualResetEventSlim offered = new();
        OnRecord = (_, _) =>
        {
            offered.Set();
            return false;
        };
        JsonObject request = Script("1..50");
        request["stream"] = true;
        ulong call = host.Post(slot, request);
        Assert.True(offered.Wait(TimeSpan.FromSeconds(60)));
        host.Cancel(slot, call);
        Assert.Equal("stopped", host.Result(slot, call).Status);
        host.Close(slot);
    }

    [PowerShellTheory]
    [InlineData("Read-Host color", "read_line", "blue", "", "blue")]
    [InlineData("[Net.NetworkCredential]::new('', (Read-Host word -AsSecureString)).Password", "read_secure", "open", "", "open")]
    [InlineData("$c = Get-Credential; $c.UserName + $c.GetNetworkCredential().Password", "credential", "me", "word", "meword")]
    [InlineData("$Host.UI.PromptForChoice('c', 'm', [System.Management.Automation.Host.ChoiceDescription[]]@('&A', '&B'), 0)", "choice", "1", "", "1")]
    [InlineData("& { param([Parameter(Mandatory)][int]$n) $n + 1 }", "prompt", "41", "", "42")]
    public void AnInteractiveCallIsAnswered(string script, string kind, string first, string second, string result)
    {
        ulong slot = host.Open();
        string? asked = null;
        OnPrompt = (at, call, prompt, question) =>
        {
            asked = (string?)question["kind"];
            host.Reply(at, call, prompt, accepted: true, first, second);
        };
        JsonObject request = Script(script);
        request["interactive"] = true;
        Answer answer = host.Run(slot, request);
        Assert.Equal(kind, asked);
        Assert.Equal(result, answer.Output[0]!.ToString());
        host.Close(slot);
    }

    [PowerShellFact]
    public void ADeclinedPromptEndsTheCallAndALateReplyIsNotTaken()
    {
        ulong slot = host.Open();
        ulong number = 0;
        OnPrompt = (at, call, prompt, _) =>
        {
            number = prompt;
            host.Reply(at, call, prompt, accepted: false);
        };
        JsonObject request = Script("Read-Host x; 'after'");
        request["interactive"] = true;
        ulong call = host.Post(slot, request);
        Assert.Equal("prompt_blocked", host.Result(slot, call).Status);
        Assert.NotEqual(0, host.Reply(slot, call, number, accepted: true, "late"));
        host.Close(slot);
    }

    [PowerShellFact]
    public void ACancelReachesAPrompt()
    {
        ulong slot = host.Open();
        using ManualResetEventSlim asked = new();
        OnPrompt = (_, _, _, _) => asked.Set();
        JsonObject request = Script("Read-Host x");
        request["interactive"] = true;
        ulong call = host.Post(slot, request);
        Assert.True(asked.Wait(TimeSpan.FromSeconds(60)));
        host.Cancel(slot, call);
        Assert.Equal("stopped", host.Result(slot, call).Status);
        host.Close(slot);
    }

    [PowerShellFact]
    public void AnAbandonedSlotIsGoneAndItsCallStillAnswered()
    {
        ulong slot = host.Open();
        string running = host.Mark();
        ulong call = host.Post(slot, Script($"$null = New-Item '{running}'; [Threading.Thread]::Sleep(1000)"));
        Await(running);
        Assert.Equal(0, host.Abandon(slot));
        Assert.Throws<InvalidOperationException>(() => host.Post(slot, Script("1")));
        host.Result(slot, call, settled: false);
    }

    [PowerShellFact]
    public void StatsFitOrSayWhatTheyNeed()
    {
        ulong slot = host.Open();
        Assert.True((int)JsonNode.Parse(host.Stats(4_096))!["slots_open"]! >= 1);
        Assert.StartsWith("-", host.Stats(3), StringComparison.Ordinal);
        host.Close(slot);
    }
}
