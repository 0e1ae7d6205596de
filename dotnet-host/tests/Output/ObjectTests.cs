using System;
using System.Linq;
using System.Management.Automation;
using System.Text.Json;
using Runspaced.Host.Interop;
using Runspaced.Host.Output;
using Xunit;

namespace Runspaced.Host.Tests.Output;

public sealed class ObjectTests
{
    [PowerShellFact]
    public void MemberSurface_IsThere() => Assert.NotNull(MemberSurface.Instance);

    [PowerShellFact]
    public void CustomObject_IsItsProperties()
    {
        PSObject value = new();
        value.Properties.Add(new PSNoteProperty("Id", 1));
        value.Properties.Add(new PSNoteProperty("Sub", new PSObject[] { Note("x", null) }));

        Assert.Equal("[{\"Id\":1,\"Sub\":[{\"x\":null}]}]", Written.Of(value).Json);
    }

    [PowerShellFact]
    public void DotNetObject_IsItsPropertiesAndFields()
    {
        Assert.Equal("[{\"Name\":\"n\",\"Number\":3}]", Written.Of(new Plain { Name = "n", Number = 3 }).Json);
        Assert.Equal("[{\"Item1\":1,\"Item2\":\"x\"}]", Written.Of((1, "x")).Json.Replace("\"Length\":2,", string.Empty, StringComparison.Ordinal));
        Assert.Equal("[{}]", Written.Of(new object()).Json);
    }

    [PowerShellFact]
    public void ThrowingGetter_IsMarked()
    {
        Assert.Equal("[{\"Bad\":{\"$error\":\"not now\"},\"Good\":1}]", Written.Of(new Throwing()).Json);
    }

    [PowerShellFact]
    public void ThrowingText_IsMarked()
    {
        Assert.Equal("[{\"$error\":\"no text\"},1]", Written.Of(new Unprintable(), 1).Json);
    }

    [PowerShellFact]
    public void OwnMembers_HideThoseOfTheType()
    {
        PSObject value = PSObject.AsPSObject(new Plain { Name = "n", Number = 3 });
        value.Properties.Add(new PSNoteProperty("NUMBER", "own"));
        value.Properties.Add(new PSNoteProperty("Extra", true));

        Assert.Equal("[{\"NUMBER\":\"own\",\"Extra\":true,\"Name\":\"n\"},{\"Name\":\"m\",\"Number\":4}]", Written.Of(value, new Plain { Name = "m", Number = 4 }).Json);
    }

    [PowerShellFact]
    public void ScriptClass_HidesWhatIsHidden()
    {
        using LiveRunspace live = new();

        Assert.Equal(
            "[{\"A\":1,\"B\":\"x\"}]",
            Written.Of(live.Values("class Shown { [int]$A = 1; hidden [int]$H = 2; [string]$B = 'x'; static [int]$S = 4 }; [Shown]::new()")).Json);
    }

    [PowerShellFact]
    public void ExtendedMembers_OfAllKinds()
    {
        using LiveRunspace live = new();
        live.Run("""
            Update-TypeData -TypeName My.Thing -MemberName Twice -MemberType ScriptProperty -Value { $this.Id * 2 } -Force
            Update-TypeData -TypeName My.Thing -MemberName Number -MemberType AliasProperty -Value Id -Force
            Update-TypeData -TypeName My.Thing -MemberName Kind -MemberType NoteProperty -Value thing -Force
            """);

        string json = Written.Of(live.Values("[pscustomobject]@{ PSTypeName = 'My.Thing'; Id = 21 }")).Json;

        Assert.Equal("[{\"Id\":21,\"Twice\":42,\"Number\":21,\"Kind\":\"thing\"}]", Sorted(json, "Id", "Twice", "Number", "Kind"));
    }

    [PowerShellFact]
    public void TypeData_ThatChangesWithinACall_IsSeen()
    {
        using LiveRunspace live = new();
        OutputDocument document = new();
        using AnswerBuffer buffer = new();
        document.Begin(buffer.Calls, new Limits(), Format.Json);

        document.Add(live.Values("[version]'1.2.3.4'; [timezoneinfo]::Utc")[1]);
        live.Run("Update-TypeData -TypeName System.TimeZoneInfo -MemberName Added -MemberType NoteProperty -Value later -Force");
        document.Add(live.Values("[timezoneinfo]::Utc")[0]);
        document.End();

        JsonElement written = JsonDocument.Parse(buffer.Calls.Written.ToArray()).RootElement;
        Assert.False(written[0].TryGetProperty("Added", out _));
        Assert.Equal("later", written[1].GetProperty("Added").GetString());
    }

    [PowerShellFact]
    public void ProviderItem_HasNoProviderNotes()
    {
        using LiveRunspace live = new();

        JsonElement item = Written.Of(live.Values("Get-Item ([IO.Path]::GetTempPath())")).Root[0];

        Assert.Equal(JsonValueKind.Object, item.ValueKind);
        Assert.True(item.TryGetProperty("FullName", out _));
        foreach (string note in new[] { "PSPath", "PSParentPath", "PSChildName", "PSDrive", "PSProvider", "PSIsContainer", "Parent", "Root" })
        {
            Assert.False(item.TryGetProperty(note, out _), note);
        }
    }

    [PowerShellFact]
    public void ProviderNotes_ThatWereSelected_AreKept()
    {
        using LiveRunspace live = new();

        JsonElement item = Written.Of(live.Values("Get-Item ([IO.Path]::GetTempPath()) | Select-Object PSPath, PSIsContainer")).Root[0];

        Assert.Contains("::", item.GetProperty("PSPath").GetString()!, StringComparison.Ordinal);
        Assert.True(item.GetProperty("PSIsContainer").GetBoolean());
    }

    [PowerShellFact]
    public void Entities_AreNamesInsideAnotherObject_ButObjectsInWhatAScriptBuilt()
    {
        using LiveRunspace live = new();

        JsonElement command = Written.Of(live.Values("Get-Command Get-Command")).Root[0];
        Assert.False(command.TryGetProperty("ParameterSets", out _));
        Assert.Equal("Get-Command", command.GetProperty("Name").GetString());

        JsonElement built = Written.Of(live.Values("@{ item = Get-Item ([IO.Path]::GetTempPath()) }")).Root[0];
        Assert.True(built.GetProperty("item").TryGetProperty("FullName", out _));

        JsonElement variable = Written.Of(live.Values("[Tuple]::Create((Get-PSProvider FileSystem), 1)")).Root[0];
        Assert.Equal("FileSystem", variable.GetProperty("Item1").GetString());
    }

    [PowerShellFact]
    public void Deserialized_KeepsItsProperties()
    {
        using LiveRunspace live = new();

        JsonElement item = Written.Of(live.Values("[Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((Get-Process -Id $PID)))")).Root[0];

        Assert.Equal(Environment.ProcessId, item.GetProperty("Id").GetInt32());
    }

    [PowerShellFact]
    public void Process_HasNoModulesAndNoErrors()
    {
        using LiveRunspace live = new();

        Written written = Written.Of(live.Values("Get-Process -Id $PID"));

        Assert.Equal(Environment.ProcessId, written.Root[0].GetProperty("Id").GetInt32());
        Assert.False(written.Root[0].TryGetProperty("Modules", out _));
        Assert.DoesNotContain("$error", written.Json, StringComparison.Ordinal);
        Assert.Empty(written.Cuts);
    }

    [PowerShellFact]
    public void QuickAndPublicWays_GiveTheSame()
    {
        using LiveRunspace live = new();
        object?[] corpus = live.Values("""
            Get-ChildItem $PSHOME | Select-Object -First 8
            Get-Command -ListImported | Select-Object -First 20
            Get-Module; Get-PSDrive Env; Get-PSProvider; Get-Alias | Select-Object -First 5; Get-Item Env:PATH; Get-TimeZone; Get-Culture
            'abc' | Select-String b; Get-Location; 1 | Select-Object @{ n = 'a'; e = { 1 } }; 1..3 | Measure-Object -Sum
            Compare-Object 1 2; Get-ChildItem $PSHOME | Group-Object Extension | Select-Object -First 2
            [Net.IPEndPoint]::new(1, 2); [Tuple]::Create(1, 2); [valuetuple]::Create(1, 2); [uri]'http://a/b'; New-TimeSpan 1
            [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((Get-Item $PSHOME)))
            class Own { [int]$A = 1; hidden [int]$H = 2 }; [Own]::new()
            Get-Item $PSHOME | Add-Member -PassThru NoteProperty Name own -Force | Add-Member -PassThru ScriptProperty Bad { throw 'x' }
            try { 1 / 0 } catch { $_; $_.Exception }
            """);
        Assert.True(corpus.Length > 40);
        OutputDocument quick = new();
        OutputDocument plain = new(static () => null);

        foreach (object? value in corpus)
        {
            string expected = Written.Of(plain, new Limits(), Format.Json, value).Json;

            Assert.Equal(expected, Written.Of(quick, new Limits(), Format.Json, value).Json);
        }
    }

    [PowerShellFact]
    public void Getters_AreBoundedTogether()
    {
        using LiveRunspace live = new();
        object?[] values = live.Values("""
            $slow = [pscustomobject]@{ A = 1 }
            'S1', 'S2', 'S3' | ForEach-Object { $slow | Add-Member ScriptProperty $_ { Start-Sleep -Milliseconds 120; 1 } }
            $slow
            'next'
            """);

        Written written = Written.Of(new Limits() { GetterMilliseconds = 100 }, values);

        Assert.Equal("[{\"A\":1,\"S1\":1,\"$truncated\":{\"reason\":\"getter\",\"omitted\":2}},\"next\"]", written.Json);
        Assert.Equal(["getter /0 2"], written.Cuts);
    }

    [PowerShellFact]
    public void Stop_InAGetter_ComesOutAndLeavesTheDocumentWhole()
    {
        OutputDocument document = new();
        using AnswerBuffer buffer = new();
        document.Begin(buffer.Calls, new Limits(), Format.Json);
        document.Add(1);

        Assert.Throws<PipelineStoppedException>(() => document.Add(new Stopping()));
        document.End();

        Assert.Equal("[1]"u8.ToArray(), buffer.Calls.Written.ToArray());
        Assert.Equal(1, document.Count);
    }

    [PowerShellFact]
    public void OneShape_ServesManyObjects()
    {
        Written written = Written.Of(Enumerable.Range(0, 500).Select(object? (number) => new Plain { Name = "n", Number = number }).ToArray());

        Assert.Equal(500, written.Root.GetArrayLength());
        Assert.Equal(499, written.Root[499].GetProperty("Number").GetInt32());
    }

    private static PSObject Note(string name, object? value)
    {
        PSObject note = new();
        note.Properties.Add(new PSNoteProperty(name, value));
        return note;
    }

    private static string Sorted(string json, params string[] order)
    {
        JsonElement value = JsonDocument.Parse(json).RootElement[0];
        Assert.Equal(order.Length, value.EnumerateObject().Count());
        return $"[{{{string.Join(',', order.Select(name => $"\"{name}\":{value.GetProperty(name).GetRawText()}"))}}}]";
    }

    public sealed class Plain
    {
        public string? Name { get; set; }

        public int Number { get; set; }
    }

    private sealed class Throwing
    {
        public static int Unseen => 1;

        public int Bad => throw new InvalidOperationException("not now");

        public int Good => 1;
    }

    private sealed class Unprintable : System.Net.EndPoint
    {
        public override string ToString() => throw new InvalidOperationException("no text");
    }

    private sealed class Stopping
    {
        public int First => 1;

        public int Second => throw new GetValueInvocationException("wrapped", new PipelineStoppedException());
    }
}
