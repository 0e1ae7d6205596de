using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using Xunit;
using static Runspaced.Host.Tests.Border.BorderClient;

namespace Runspaced.Host.Tests.Border;

[Collection(BorderCollection.Name)]
public sealed class CallTests(BorderClient host) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("runspaced").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [PowerShellFact]
    public void OutputAndStreamsArriveInOrder()
    {
        ulong slot = host.Open();
        Answer answer = host.Run(slot, "1; Write-Error e; 2; Write-Warning w; Write-Verbose v -Verbose; Write-Host h; 'x'");
        Assert.Equal("""[1,2,"x"]""", answer.Json);
        Assert.Equal(["error", "warning", "verbose", "information"], answer.Streams);
        Assert.Equal(1, (int)answer.Records[0]!["at"]!);
        Assert.Equal(2, (int)answer.Records[3]!["at"]!);
        Assert.Equal("completed", answer.Status);
        Assert.True((bool)answer.Meta["had_errors"]!);
        host.Close(slot);
    }

    [PowerShellTheory]
    [InlineData("throw 'x'", "failed", "x")]
    [InlineData("1/0", "completed", "")]
    [InlineData("$ErrorActionPreference = 'Stop'; 1/0", "failed", "divide by zero")]
    [InlineData("$x = ", "failed", "value expression")]
    [InlineData("break", "completed", "")]
    [InlineData("continue; 1", "completed", "")]
    [InlineData("Read-Host", "prompt_blocked", "")]
    [InlineData("try { Read-Host } catch { 'caught' }", "completed", "")]
    [InlineData("Get-Credential", "prompt_blocked", "")]
    [InlineData("Get-Content", "prompt_blocked", "")]
    [InlineData("$Host.UI.RawUI.ReadKey()", "prompt_blocked", "")]
    [InlineData("New-Item nowhere -Confirm", "prompt_blocked", "")]
    [InlineData("[byte[]]::new(1) * 2147483647 * 100", "out_of_memory", "")]
    public void TheEndOfAScriptHasAName(string script, string status, string error)
    {
        ulong slot = host.Open();
        Answer answer = host.Run(slot, script);
        Assert.Equal(status, answer.Status);
        Assert.Contains(error, answer.Error, StringComparison.Ordinal);
        Assert.Equal("[3]", host.Run(slot, "1+2").Json);
        host.Close(slot);
    }

    [PowerShellFact]
    public void ExitCodesAreThoseOfThisCall()
    {
        ulong slot = host.Open();
        string native = OperatingSystem.IsWindows() ? "cmd /c exit 3" : "sh -c 'exit 3'";
        Assert.Equal(7, (int)host.Run(slot, "exit 7; 1").Meta["exit_code"]!);
        Assert.Equal(3, (int)host.Run(slot, native).Meta["native_exit_code"]!);
        Answer after = host.Run(slot, "$LASTEXITCODE");
        Assert.Equal("[null]", after.Json);
        Assert.Null(after.Meta["native_exit_code"]);
        Assert.Null(after.Meta["exit_code"]);
        host.Close(slot);
    }

    [PowerShellFact]
    public void ParametersBindAsValues()
    {
        ulong slot = host.Open();
        JsonObject request = Script(
            """
            param($Bag, [switch]$On, [hashtable]$Table, $Missing, [int[]]$Numbers, $Text)
            $Bag.GetType().Name; $On.IsPresent; $Table.key; $null -eq $Missing; $Numbers -join ','; $Text
            """);
        request["parameters"] = JsonNode.Parse(
            """{"Bag":{"a":1},"On":true,"Table":{"key":"v"},"Missing":null,"Numbers":["1",2],"Text":"$(throw 1); `n '"}""");
        Assert.Equal("""["PSCustomObject",true,"v",true,"1,2","$(throw 1); `n '"]""", Plain(host.Run(slot, request)));
        host.Close(slot);
    }

    [PowerShellTheory]
    [InlineData("Get-Date", """{"Dat":"2020-01-01"}""", "Did you mean 'Date'")]
    [InlineData("Get-Date", """{"Date":"xyz"}""", "DateTime")]
    [InlineData("Get-Dat", """{"Date":"2020-01-01"}""", "Did you mean 'Get-Date'")]
    [InlineData("Get-Dat", null, "Did you mean 'Get-Date'")]
    [InlineData("Where-Object", """{"FilterScript":"$true"}""", "ScriptBlock")]
    [InlineData("ConvertFrom-SecureString", """{"SecureString":"plain"}""", "$secret")]
    [InlineData("Get-Date", """{"Date":{"$secret":"s"}}""", "secret 's'")]
    [InlineData("", null, "empty")]
    public void WhatCannotBeBoundIsRefused(string command, string? parameters, string hint)
    {
        ulong slot = host.Open();
        Answer answer = host.Run(slot, Command(command, parameters is null ? null : JsonNode.Parse(parameters)!.AsObject()));
        Assert.Equal("refused", answer.Status);
        Assert.Contains(hint, answer.Error, StringComparison.Ordinal);
        Assert.Equal("[]", answer.Json);
        host.Close(slot);
    }

    [PowerShellFact]
    public void AFailedBindingInsideIsNoRefusal()
    {
        ulong slot = host.Open();
        Answer goesOn = host.Run(slot, "Get-Process -Id abc; 'after'");
        Assert.Equal(("completed", """["after"]"""), (goesOn.Status, goesOn.Json));
        Answer stops = host.Run(slot, "$ErrorActionPreference = 'Stop'; Get-Process -Id abc");
        Assert.Equal("failed", stops.Status);
        host.Close(slot);
    }

    [PowerShellFact]
    public void SecretsReachSecureParametersOnly()
    {
        ulong slot = host.Open();
        JsonObject request = Script(
            """
            param([securestring]$Word, [pscredential]$Who)
            [Net.NetworkCredential]::new('', $Word).Password; $Who.UserName; $Who.GetNetworkCredential().Password
            """);
        request["parameters"] = JsonNode.Parse("""{"Word":{"$secret":"a"},"Who":{"$secret":"b"}}""");
        request["secrets"] = JsonNode.Parse("""{"a":{"value":"one"},"b":{"user":"me","value":"two"}}""");
        Assert.Equal("""["one","me","two"]""", host.Run(slot, request).Json);

        JsonObject nested = Script("param($x) 1");
        nested["parameters"] = JsonNode.Parse("""{"x":[{"$secret":"a"}]}""");
        nested["secrets"] = JsonNode.Parse("""{"a":{"value":"hunter2"}}""");
        Answer refused = host.Run(slot, nested);
        Assert.Equal("refused", refused.Status);
        Assert.DoesNotContain("hunter2", refused.Meta.ToJsonString(), StringComparison.Ordinal);
        host.Close(slot);
    }

    [PowerShellFact]
    public void FilesRunByPath()
    {
        File.WriteAllText(Path.Combine(_folder, "Shape.psm1"), "class Shape { [string] Name() { return 'round' } }");
        string file = Path.Combine(_folder, "main.ps1");
        File.WriteAllText(
            file,
            """
            using module ./Shape.psm1
            #Requires -Version 7.0
            [CmdletBinding()] param([Parameter(Mandatory)][int]$N, [ValidateSet('a', 'b')]$Mode = 'a')
            "$PSScriptRoot|$N|$Mode|$([Shape]::new().Name())"
            """);
        ulong slot = host.Open();
        Assert.Equal($"{_folder}|7|a|round", (string)host.Run(slot, FileCall(file, """{"N":"7"}""")).Output[0]!);
        Assert.Equal("refused", host.Run(slot, FileCall(file, """{"N":"seven"}""")).Status);
        Assert.Equal("refused", host.Run(slot, FileCall(file, """{"N":1,"Mode":"c"}""")).Status);
        Assert.Equal("N", (string)host.Run(slot, FileCall(file, "{}")).Meta["prompt"]!["fields"]![0]!);
        Assert.Contains("does not exist", host.Run(slot, FileCall($"{file}x.ps1", "{}")).Error, StringComparison.Ordinal);
        Assert.Contains(".ps1", host.Run(slot, FileCall(Path.Combine(_folder, "Shape.psm1"), "{}")).Error, StringComparison.Ordinal);
        JsonObject relative = FileCall("main.ps1", """{"N":1}""");
        relative["working_directory"] = _folder;
        Assert.Equal("completed", host.Run(slot, relative).Status);
        host.Close(slot);
    }

    [PowerShellFact]
    public void InputIsAbsentEmptyOrGiven()
    {
        ulong slot = host.Open();
        JsonObject request = Script("@($input).Count; $MyInvocation.ExpectingInput");
        Assert.Equal("[0,false]", host.Run(slot, request).Json);
        request["input"] = new JsonArray(3, "x");
        Assert.Equal(2, (int)host.Run(slot, request.DeepClone().AsObject()).Output[0]!);
        host.Close(slot);
    }

    [PowerShellFact]
    public void TextIsWhatOutStringPrints()
    {
        ulong slot = host.Open();
        JsonObject request = Script("'x' * 100; [pscustomobject]@{ Name = 'a'; Size = 1 }");
        request["format"] = "text";
        request["width"] = 40;
        string text = (string)host.Run(slot, request).Output!;
        Assert.Contains("Name Size", text, StringComparison.Ordinal);
        Assert.StartsWith(new string('x', 100) + Environment.NewLine, text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
        host.Close(slot);
    }

    [PowerShellTheory]
    [InlineData("1..1000000")]
    [InlineData("1..1000000 | ForEach-Object { 'text' * 10 }")]
    [InlineData("try { while ($true) { 'x' } } catch { 'caught' } finally { 'last' }")]
    public void AnEndlessOutputIsCutAndTheProducerStopped(string script)
    {
        ulong slot = host.Open();
        JsonObject request = Script(script);
        request["limits"] = new JsonObject { ["output_bytes"] = 5_000 };
        Answer answer = host.Run(slot, request);
        Assert.Equal("truncated", answer.Status);
        Assert.Equal("bytes", (string)answer.Meta["truncated"]![0]!["reason"]!);
        Assert.DoesNotContain("caught", answer.Json, StringComparison.Ordinal);
        Assert.Equal("clean", host.Run(slot, "1").Verdict);
        host.Close(slot);
    }

    [PowerShellFact]
    public void ARequestThatIsNoneIsRefusedAndTheSlotGoesOn()
    {
        ulong slot = host.Open();
        Answer answer = host.Run(slot, new JsonObject { ["kind"] = "dance" });
        Assert.Equal("refused", answer.Status);
        Assert.Contains("dance", answer.Error, StringComparison.Ordinal);
        Assert.Equal("[1]", host.Run(slot, "1").Json);
        host.Close(slot);
    }

    [PowerShellFact]
    public void ADescriptionIsSharedInParts()
    {
        ulong slot = host.Open();
        string[] all = Described(null);
        string[] first = Described("""{"part":0,"parts":2}""");
        string[] second = Described("""{"part":1,"parts":2}""");
        Assert.NotEmpty(first);
        Assert.NotEmpty(second);
        Assert.Equal(all.Order(StringComparer.Ordinal), first.Concat(second).Order(StringComparer.Ordinal));
        foreach (string wrong in new[] { """{"part":2,"parts":2}""", """{"part":-1,"parts":2}""", """{"parts":0}""", """{"part":"a"}""", """{"half":1}""" })
        {
            Assert.Equal("refused", host.Run(slot, Request(wrong)).Status);
        }

        host.Close(slot);

        static JsonObject Request(string? part) =>
            new() { ["kind"] = "describe", ["text"] = "Get-*", ["parameters"] = part is null ? null : JsonNode.Parse(part) };

        string[] Described(string? part) => [.. host.Run(slot, Request(part)).Output.AsArray().Select(command => (string)command!["name"]!)];
    }

    [PowerShellFact]
    public void CommandsAreDescribedAndPipelinesMeasured()
    {
        ulong slot = host.Open();
        Answer described = host.Run(slot, new JsonObject { ["kind"] = "describe", ["text"] = "Get-Date" });
        Assert.Equal("Get-Date", (string)described.Output[0]!["name"]!);
        foreach (string mode in new[] { "command", "script", "unread", "runspace" })
        {
            Answer measured = host.Run(
                slot,
                new JsonObject { ["kind"] = "measure", ["text"] = "Get-Date", ["count"] = 3, ["parameters"] = new JsonObject { ["mode"] = mode } });
            Assert.Equal(3, (int)measured.Output[0]!["count"]!);
            Assert.True((long)measured.Output[0]!["p50_ns"]! > 0);
        }

        host.Close(slot);
    }

    [PowerShellFact]
    public void TheCallFindsItsOwnNumber()
    {
        ulong slot = host.Open();
        JsonObject request = Script("$RunspacedCallId");
        request["correlation_id"] = "c-1";
        Answer answer = host.Run(slot, request);
        Assert.Equal(("""["c-1"]""", "clean"), (answer.Json, answer.Verdict));
        Assert.Equal("[null]", host.Run(slot, "$RunspacedCallId").Json);
        host.Close(slot);
    }

    private static JsonObject FileCall(string path, string parameters) =>
        new() { ["kind"] = "file", ["text"] = path, ["isolation"] = "scoped", ["parameters"] = JsonNode.Parse(parameters) };

    // The writer escapes what HTML might take amiss; the values are the same.
    private static string Plain(Answer answer) =>
        answer.Output.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
