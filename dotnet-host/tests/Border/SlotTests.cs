using System;
using System.Text.Json.Nodes;
using Xunit;
using static Runspaced.Host.Tests.Border.BorderClient;

namespace Runspaced.Host.Tests.Border;

/// <summary>How slots are opened.</summary>
[Collection(BorderCollection.Name)]
public sealed class SlotTests(BorderClient host)
{
    [PowerShellTheory]
    [InlineData("""{"modules":["No.Such.Module"]}""", "module", "No.Such.Module")]
    [InlineData("""{"startup_script":"throw 'no'"}""", "startup_script", null)]
    [InlineData("""{"working_directory":"/no/such/folder"}""", "runspace", "/no/such/folder")]
    public void ASlotThatDoesNotOpenSaysWhy(string config, string phase, string? subject)
    {
        JsonNode? failure = host.TryOpen(config, out ulong slot);
        Assert.NotNull(failure);
        Assert.Equal(phase, (string?)failure["phase"]);
        Assert.Equal(subject, (string?)failure["subject"]);
        Assert.NotEmpty((string)failure["message"]!);
        Assert.Throws<InvalidOperationException>(() => host.Post(slot, Script("1")));
    }

    [PowerShellFact]
    public void WhatTheStartupScriptMakesIsTheBaseline()
    {
        ulong slot = host.Open("""{"startup_script":"$global:q = 5; function global:qf { 6 }","initial_state":"default2"}""");
        Assert.Equal("[5,6]", host.Run(slot, "$q; qf").Json);
        Assert.Equal("restored", host.Run(slot, "$global:q = 7").Verdict);
        Assert.Equal("[5]", host.Run(slot, "$q").Json);
        host.Close(slot);
    }

    [PowerShellFact]
    public void CultureIsThatOfTheSlot()
    {
        ulong german = host.Open("""{"culture":"de-DE"}""");
        ulong english = host.Open();
        Assert.Equal("""["1,50"]""", host.Run(german, "'{0:n2}' -f 1.5").Json);
        Assert.Equal("""["1.50"]""", host.Run(english, "'{0:n2}' -f 1.5").Json);
        host.Run(english, "[cultureinfo]::CurrentCulture = 'de-DE'");
        Assert.Equal("""["1.50"]""", host.Run(english, "'{0:n2}' -f 1.5").Json);
        host.Close(german);
        host.Close(english);
    }

    [PowerShellFact]
    public void AConstrainedSlotRunsScriptsAndIsBroughtBack()
    {
        ulong slot = host.Open("""{"language_mode":"constrained"}""");
        Assert.True((bool)host.Run(slot, "[Environment]::Exit(1)").Meta["had_errors"]!);
        Assert.Equal("restored", host.Run(slot, "$global:x = 1").Verdict);
        Assert.Equal("clean", host.Run(slot, "1", "reset").Verdict);
        host.Close(slot);
    }

    [PowerShellFact]
    public void ASlotWithoutLanguageRunsCommandsOnly()
    {
        ulong slot = host.Open("""{"language_mode":"none"}""");
        Assert.Equal("refused", host.Run(slot, "1").Status);
        Assert.Equal("completed", host.Run(slot, Command("Get-Date")).Status);
        host.Close(slot);
    }

    [PowerShellFact]
    public void OnlyListedCommandsAreVisible()
    {
        ulong slot = host.Open("""{"visible_commands":["Get-Date","Get-Ra*"]}""");
        Assert.Equal("refused", host.Run(slot, Command("Get-Process")).Status);
        Assert.True((bool)host.Run(slot, "Get-Process").Meta["had_errors"]!);
        Assert.Equal("completed", host.Run(slot, Command("Get-Date")).Status);
        Assert.Equal("completed", host.Run(slot, Command("Get-Random")).Status);
        Assert.True((bool)host.Run(slot, OperatingSystem.IsWindows() ? "whoami.exe" : "/bin/sh -c true").Meta["had_errors"]!);
        host.Close(slot);
    }
}
