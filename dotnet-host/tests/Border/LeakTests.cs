using System;
using System.IO;
using System.Text.Json.Nodes;
using Xunit;
using static Runspaced.Host.Tests.Border.BorderClient;

namespace Runspaced.Host.Tests.Border;

/// <summary>
/// What a call leaves behind: visible to the next one under <c>shared</c>, to nobody under the levels above. Every row
/// proves the first before it asserts the second.
/// </summary>
[Collection(BorderCollection.Name)]
public sealed class LeakTests(BorderClient host)
{
    [PowerShellTheory]
    [InlineData("$global:x = 5", "$global:x", "null", "5", "variable:x")]
    [InlineData("$global:ErrorActionPreference = 'Stop'", "\"$ErrorActionPreference\"", "\"Continue\"", "\"Stop\"", "variable:ErrorActionPreference")]
    [InlineData("Set-Variable -Scope Global c 1 -Option Constant", "$c", "null", "1", "variable:c")]
    [InlineData("function global:f { 1 }", "Test-Path function:f", "false", "true", "function:f")]
    [InlineData("function global:cd.. { mine }", "${function:cd..}.ToString().Trim()", "\"Set-Location ..\"", "\"mine\"", "function:cd..")]
    [InlineData("Remove-Item function:cd..", "Test-Path function:cd..", "true", "false", "function:cd..")]
    [InlineData("Set-Alias zz Get-Date -Scope Global", "Test-Path alias:zz", "false", "true", "alias:zz")]
    [InlineData("Set-Alias gci Get-Date -Scope Global -Force", "(Get-Alias gci).Definition", "\"Get-ChildItem\"", "\"Get-Date\"", "alias:gci")]
    [InlineData("$null = New-PSDrive zz FileSystem . -Scope Global", "Test-Path zz:", "false", "true", "drive:zz")]
    [InlineData("Push-Location", "(Get-Location -Stack).Count", "0", "1", "location:stack")]
    [InlineData("$env:RUNSPACED_LEAK = '1'", "\"$env:RUNSPACED_LEAK\"", "\"\"", "\"1\"", "env:RUNSPACED_LEAK")]
    [InlineData("$PSDefaultParameterValues['Get-Date:Year'] = 1999", "$PSDefaultParameterValues.Count", "0", "1", "variable:PSDefaultParameterValues")]
    [InlineData("$null = Register-EngineEvent leak -Action { }", "@(Get-EventSubscriber).Count", "0", "1", "event_subscriber:leak")]
    [InlineData("$null = New-Event leak", "@(Get-Event).Count", "0", "1", "event:queued")]
    [InlineData("Set-PSDebug -Strict", "try { $undefined; 'lax' } catch { 'strict' }", "null,\"lax\"", "\"strict\"", "setting:strict_mode")]
    [InlineData("$null = Set-PSBreakpoint -Command nothing", "@(Get-PSBreakpoint).Count", "0", "1", "setting:breakpoint")]
    [InlineData("$ExecutionContext.InvokeCommand.CommandNotFoundAction = { }", "[bool]$ExecutionContext.InvokeCommand.CommandNotFoundAction", "false", "true", "setting:command_lookup")]
    [InlineData("[cultureinfo]::DefaultThreadCurrentCulture = 'fr-FR'", "\"$([cultureinfo]::DefaultThreadCurrentCulture)\"", "\"\"", "\"fr-FR\"", "process:culture")]
    [InlineData("[Console]::OutputEncoding = [Text.Encoding]::ASCII", "[Console]::OutputEncoding.WebName", "\"utf-8\"", "\"us-ascii\"", "process:console")]
    [InlineData("$PSStyle.OutputRendering = 'Ansi'", "\"$($PSStyle.OutputRendering)\"", "\"PlainText\"", "\"Ansi\"", "process:output_rendering")]
    [InlineData("$null = Step-Counter", "Step-Counter", "1", "2", "module_state:Counter/n")]
    [InlineData("Set-CounterNote", "Get-CounterNote", "\"\"", "\"kept\"", "module_state:Counter/note")]
    [InlineData("$null = Get-CounterNote; $global:Exported = 'changed'", "$null = Get-CounterNote; $Exported", "\"original\"", "\"changed\"", "variable:Exported")]
    public void NothingOutlivesAScopedCall(string leak, string probe, string clean, string leaked, string change)
    {
        ulong shared = host.Open();
        host.Run(shared, leak, "shared");
        Assert.Equal($"[{leaked}]", host.Run(shared, probe, "shared").Json);
        host.Run(shared, "1", "fresh");
        host.Close(shared);

        foreach (string isolation in new[] { "scoped", "reset" })
        {
            ulong slot = host.Open();
            Assert.Equal($"[{clean}]", host.Run(slot, probe, isolation).Json);
            Answer leaking = host.Run(slot, leak, isolation);
            Assert.Equal("restored", leaking.Verdict);
            Assert.Contains(change, leaking.Changes);
            Assert.Equal($"[{clean}]", host.Run(slot, probe, isolation).Json);
            Assert.Equal("clean", host.Run(slot, "1", isolation).Verdict);
            host.Close(slot);
        }
    }

    [PowerShellFact]
    public void TheLocationComesBack()
    {
        ulong slot = host.Open();
        string before = host.Run(slot, "$PWD.Path").Json;
        Answer answer = host.Run(slot, "Set-Location /; [Environment]::CurrentDirectory = '/'");
        Assert.Equal("restored", answer.Verdict);
        Assert.Contains("process:current_directory", answer.Changes);
        Assert.Equal(before, host.Run(slot, "$PWD.Path").Json);
        host.Close(slot);
    }

    [PowerShellFact]
    public void AModuleOfThePathStaysAnotherGoes()
    {
        ulong slot = host.Open();
        Answer loads = host.Run(slot, "Get-CounterNote");
        Assert.Equal("clean", loads.Verdict);
        Assert.Contains("module:Counter", loads.Changes);
        Assert.Contains("Counter", loads.Meta["modules"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("[true]", host.Run(slot, "[bool](Get-Module Counter)").Json);

        string aside = host.ModuleBeside;
        Answer imports = host.Run(slot, $"Import-Module '{aside}'; Get-Aside");
        Assert.Equal(("[1]", "restored"), (imports.Json, imports.Verdict));
        Assert.Contains("module_imported:Aside", imports.Changes);
        Assert.Equal("[false,false,false]", host.Run(slot, "[bool](Get-Module Aside); Test-Path function:Get-Aside; Test-Path alias:aside").Json);

        JsonObject request = Script("Get-Aside");
        request["modules"] = new JsonArray(aside);
        Assert.Equal("clean", host.Run(slot, request).Verdict);
        Assert.Equal("[1]", host.Run(slot, "Get-Aside").Json);
        host.Close(slot);
    }

    [PowerShellFact]
    public void WhatCannotBeUndoneRetiresTheSlot()
    {
        ulong types = host.Open();
        Answer typeData = host.Run(types, "Update-TypeData -TypeName System.String -MemberName Leak -MemberType NoteProperty -Value 1");
        Assert.Equal("retire", typeData.Verdict);
        Assert.Contains("type_data:System.String", typeData.Changes);
        host.Close(types);

        ulong modules = host.Open("""{"modules":["Counter"]}""");
        Answer removed = host.Run(modules, "Remove-Module Counter");
        Assert.Equal("retire", removed.Verdict);
        Assert.Contains("module_removed:Counter", removed.Changes);
        host.Close(modules);
    }

    [PowerShellTheory]
    [InlineData("$null = 1 | ForEach-Object -AsJob -Parallel { Start-Sleep 1000 }")]
    [InlineData("$null = Start-ThreadJob { Start-Sleep 1000 }")]
    public void JobsAndErrorsGo(string start)
    {
        ulong slot = host.Open();
        Answer answer = host.Run(slot, $"{start}; Write-Error e; @(Get-Job).Count");

        // Start-ThreadJob is in a module that not every installation has: without it there is no job to remove.
        if ((int)answer.Output[0]! == 1)
        {
            Assert.Contains(answer.Changes, change => change.StartsWith("job:", StringComparison.Ordinal));
        }
        else
        {
            Assert.Contains("Start-ThreadJob", answer.Records.ToJsonString(), StringComparison.Ordinal);
        }

        Assert.Equal("[0,0]", host.Run(slot, "@(Get-Job).Count; $Error.Count").Json);
        host.Close(slot);
    }

    [PowerShellFact]
    public void AChangeOfTheProcessBesideAnotherCallIsReportedAndUndoneLater()
    {
        ulong slow = host.Open();
        ulong quick = host.Open();
        string running = host.Mark();
        string enough = host.Mark();
        ulong call = host.Post(slow, Script($"$null = New-Item '{running}'; while (-not (Test-Path '{enough}')) {{ Start-Sleep -Milliseconds 5 }}"));
        Await(running);
        Answer overlapping = host.Run(quick, "$env:RUNSPACED_OVERLAP = '1'");
        File.Create(enough).Dispose();
        Assert.True((bool)overlapping.Settlement["environment_overlap"]!);
        Assert.True((bool)overlapping.Settlement["environment_dirty"]!);
        Answer last = host.Result(slow, call);
        Assert.Contains("env:RUNSPACED_OVERLAP", last.Changes);
        // Told once, by the call that ended first.
        Assert.False((bool)last.Settlement["environment_overlap"]!);
        Assert.False((bool)last.Settlement["environment_dirty"]!);
        Assert.Null(Environment.GetEnvironmentVariable("RUNSPACED_OVERLAP"));
        host.Close(slow);
        host.Close(quick);
    }

    [PowerShellFact]
    public void FreshRetiresAndSessionKeeps()
    {
        ulong slot = host.Open();
        Assert.Equal("clean", host.Run(slot, "$global:x = 1; $env:RUNSPACED_SESSION = '1'", "session").Verdict);
        Assert.Equal("[1,\"\"]", host.Run(slot, "$x; \"$env:RUNSPACED_SESSION\"", "session").Json);
        Assert.Equal("clean", host.Run(slot, "1").Verdict);
        Answer fresh = host.Run(slot, "$env:RUNSPACED_FRESH = '1'", "fresh");
        Assert.Equal("retire", fresh.Verdict);
        Assert.Null(Environment.GetEnvironmentVariable("RUNSPACED_FRESH"));
        host.Close(slot);
    }
}
