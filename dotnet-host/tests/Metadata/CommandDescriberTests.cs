using System;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Text.Json;
using Runspaced.Host.Interop;
using Runspaced.Host.Metadata;
using Runspaced.Host.Output;
using Xunit;

namespace Runspaced.Host.Tests.Metadata;

public sealed class CommandDescriberTests
{
    private const string Advanced = """
        function Get-Thing {
            <#
            .SYNOPSIS
            Gets a thing.
            .DESCRIPTION
            Any thing.
            .PARAMETER Name
            What it is called.
            #>
            [CmdletBinding(SupportsShouldProcess, DefaultParameterSetName = 'A', ConfirmImpact = 'High')]
            [OutputType([string])]
            [Alias('gth')]
            param(
                [Parameter(Mandatory, Position = 0, ParameterSetName = 'A', HelpMessage = 'help', ValueFromPipeline)]
                [ValidateSet('x', 'y')] [Alias('N')] [string]$Name = 'x',
                [ValidateRange(1, 10)] [int]$Count = 3 + 4,
                [ValidateRange('Positive')] [double]$Ratio,
                [switch]$Force,
                [DayOfWeek[]]$Days,
                [scriptblock]$Code,
                [ref]$Reference,
                [IO.Stream]$Source,
                [hashtable]$Table,
                [ValidatePattern('^a')] [ValidateLength(1, 5)] [ValidateNotNullOrEmpty()] [string[]]$Texts,
                [ValidateCount(1, 2)] [int[]]$Counted,
                [AllowNull()] [AllowEmptyString()] [string]$Nullable,
                [Parameter(ParameterSetName = 'B', Mandatory)] [guid]$Id
            )
        }
        """;

    [PowerShellFact]
    public void Function_IsDescribedFromItsSource()
    {
        JsonElement command = Describe("Get-Thing", Advanced)[0];

        Assert.Equal("Get-Thing", command.GetProperty("name").GetString());
        Assert.Equal("Function", command.GetProperty("command_type").GetString());
        Assert.Equal("Gets a thing.", command.GetProperty("synopsis").GetString());
        Assert.Equal("Any thing.", command.GetProperty("description").GetString());
        Assert.Equal("A", command.GetProperty("default_parameter_set").GetString());
        Assert.True(command.GetProperty("supports_should_process").GetBoolean());
        Assert.Equal("High", command.GetProperty("confirm_impact").GetString());
        Assert.Equal("[\"System.String\"]", command.GetProperty("output_types").GetRawText());
        Assert.Contains("gth", command.GetProperty("aliases").EnumerateArray().Select(alias => alias.GetString()));
        Assert.Equal(["A", "B"], command.GetProperty("parameter_sets").EnumerateArray().Select(set => set.GetProperty("name").GetString()).Order());
        Assert.All(command.GetProperty("syntax").EnumerateArray(), syntax => Assert.StartsWith("Get-Thing ", syntax.GetString(), StringComparison.Ordinal));
    }

    [PowerShellFact]
    public void CommonParameters_AreLeftOut()
    {
        Assert.Equal(
            ["Name", "Count", "Ratio", "Force", "Days", "Code", "Reference", "Source", "Table", "Texts", "Counted", "Nullable", "Id"],
            Describe("Get-Thing", Advanced)[0].GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString()));
    }

    [PowerShellFact]
    public void Parameters_SayWhatTheyTake()
    {
        JsonElement command = Describe("Get-Thing", Advanced)[0];

        JsonElement name = Parameter(command, "Name");
        Assert.Equal("string", name.GetProperty("type").GetString());
        Assert.Equal("[\"N\"]", name.GetProperty("aliases").GetRawText());
        Assert.Equal("[\"A\"]", name.GetProperty("mandatory_in").GetRawText());
        Assert.Equal("[\"x\",\"y\"]", name.GetProperty("validate_set").GetRawText());
        Assert.Equal("help", name.GetProperty("help_message").GetString());
        Assert.Equal("What it is called.", name.GetProperty("description").GetString());
        Assert.Equal("'x'", name.GetProperty("default_text").GetString());
        JsonElement set = name.GetProperty("sets")[0];
        Assert.Equal(0, set.GetProperty("position").GetInt32());
        Assert.True(set.GetProperty("value_from_pipeline").GetBoolean());
        Assert.Equal("{\"min\":1,\"max\":10}", Parameter(command, "Count").GetProperty("validate_range").GetRawText());
        Assert.Equal("3 + 4", Parameter(command, "Count").GetProperty("default_text").GetString());
        Assert.Equal("Positive", Parameter(command, "Ratio").GetProperty("validate_range").GetProperty("kind").GetString());
        Assert.True(Parameter(command, "Force").GetProperty("is_switch").GetBoolean());
        Assert.Equal(7, Parameter(command, "Days").GetProperty("enum_values").GetArrayLength());
        Assert.Equal("System.DayOfWeek", Parameter(command, "Days").GetProperty("element_type").GetString());
        JsonElement texts = Parameter(command, "Texts");
        Assert.Equal("string", texts.GetProperty("element_type").GetString());
        Assert.Equal("^a", texts.GetProperty("validate_pattern").GetString());
        Assert.Equal("{\"min\":1,\"max\":5}", texts.GetProperty("validate_length").GetRawText());
        Assert.True(texts.GetProperty("not_null_or_empty").GetBoolean());
        Assert.Equal("{\"min\":1,\"max\":2}", Parameter(command, "Counted").GetProperty("validate_count").GetRawText());
        Assert.True(Parameter(command, "Nullable").GetProperty("allow_null").GetBoolean());
        Assert.True(Parameter(command, "Nullable").GetProperty("allow_empty").GetBoolean());
    }

    [PowerShellFact]
    public void Parameters_ThatJsonCannotGive_AreNamedWithTheReason()
    {
        JsonElement command = Describe("Get-Thing", Advanced)[0];

        foreach (JsonElement parameter in command.GetProperty("parameters").EnumerateArray())
        {
            bool bindable = parameter.GetProperty("name").GetString() is not ("Code" or "Reference" or "Source");
            Assert.Equal(bindable, parameter.GetProperty("bindable").GetBoolean());
            Assert.Equal(!bindable, parameter.TryGetProperty("unbindable_reason", out _));
        }
    }

    [PowerShellFact]
    public void Cmdlet_ByNameAndByAlias()
    {
        JsonElement commands = Describe("Get-Process, gps");

        Assert.Equal(["Get-Process", "Get-Process"], commands.EnumerateArray().Select(command => command.GetProperty("name").GetString()));
        Assert.Equal("Cmdlet", commands[0].GetProperty("command_type").GetString());
        Assert.Contains("gps", commands[0].GetProperty("aliases").EnumerateArray().Select(alias => alias.GetString()));
        Assert.EndsWith(".dll", commands[0].GetProperty("path").GetString(), StringComparison.Ordinal);
    }

    [PowerShellFact]
    public void Pattern_FindsWhatIsImported_AndAllOfItIsDescribed()
    {
        JsonElement commands = Describe("*");

        Assert.True(commands.GetArrayLength() > 150);
        Assert.All(commands.EnumerateArray(), command =>
        {
            Assert.False(command.TryGetProperty("$error", out _), command.GetRawText());
            Assert.False(command.TryGetProperty("error", out _), command.GetRawText());
        });
    }

    [PowerShellFact]
    public void Module_GivesAllItsCommandsAndNoOthers()
    {
        JsonElement commands = Describe("Own\\*", "New-Module -Name Own { function Get-Own { }; function Set-Own { }; filter Use-Own { } } | Import-Module");

        Assert.Equal(["Get-Own", "Set-Own", "Use-Own"], commands.EnumerateArray().Select(command => command.GetProperty("name").GetString()).Order());
    }

    [PowerShellFact]
    public void Function_WhoseTypesAreNotThere_SaysSo()
    {
        JsonElement command = Describe("Bad", "function Bad { param([No.Such.Type]$x) }")[0];

        Assert.Equal("Bad", command.GetProperty("name").GetString());
        Assert.Contains("No.Such.Type", command.GetProperty("error").GetString()!, StringComparison.Ordinal);
        Assert.Equal(0, command.GetProperty("parameters").GetArrayLength());
    }

    [PowerShellFact]
    public void SimpleFunction_KeepsParametersNamedLikeCommonOnes()
    {
        JsonElement command = Describe("Plain", "function Plain($Verbose, $b = 5) { }")[0];

        Assert.Equal(["Verbose", "b"], command.GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString()));
        Assert.Equal("5", Parameter(command, "b").GetProperty("default_text").GetString());
    }

    [PowerShellFact]
    public void Defaults_ThatAreConstants_AreValues()
    {
        JsonElement command = Describe(
            "Get-Default",
            "function Get-Default { param($a = 5, $b = -2.5, $c = 'x', $d = @('p', 1), $e = $true, $f = (Get-Date), $g = @(), $h = $null, $i = (7), $j = \"v$a\") }")[0];

        Assert.Equal(
            "5 -2.5 \"x\" [\"p\",1] true - [] - 7 -",
            string.Join(' ', command.GetProperty("parameters").EnumerateArray().Select(
                parameter => parameter.TryGetProperty("default_value", out JsonElement value) ? value.GetRawText() : "-")));
        Assert.Equal("(Get-Date)", Parameter(command, "f").GetProperty("default_text").GetString());
    }

    [PowerShellFact]
    public void Parameters_WhoseAbsenceIsAskedFor_AreMarked()
    {
        JsonElement command = Describe(
            "Get-Asking",
            """
            function Get-Asking {
                param([switch]$a, [switch]$b, [switch]$c, [switch]$d)
                if ($PSBoundParameters.ContainsKey('A')) { }
                & { $psboundparameters['b'] }
                $PSBoundParameters.c
                'PSBoundParameters d'
            }
            """)[0];

        Assert.Equal(
            [true, true, true, false],
            command.GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("absence_matters").GetBoolean()));
    }

    [PowerShellFact]
    public void ProcessBlocksAndFilters_WorkOnPipelineInput()
    {
        JsonElement commands = Describe("Use-*Block", "function Use-ABlock { process { } }; filter Use-BBlock { }; function Use-CBlock { }");

        Assert.Equal(
            "Use-ABlock=True Use-BBlock=True Use-CBlock=False",
            string.Join(' ', commands.EnumerateArray()
                .Select(command => $"{command.GetProperty("name").GetString()}={command.GetProperty("has_process_block").GetBoolean()}")
                .Order(StringComparer.Ordinal)));
    }

    [PowerShellFact]
    public void HelpFile_SaysWhatTheSourceDoesNot()
    {
        string folder = Path.Combine(Path.GetTempPath(), $"maml-{Guid.NewGuid():N}", "Helped");
        Directory.CreateDirectory(Path.Combine(folder, "en-US"));
        try
        {
            File.WriteAllText(Path.Combine(folder, "Helped.psm1"), """
                # .EXTERNALHELP Helped-help.xml
                function Get-Helped { [CmdletBinding()] param([string]$Name, [string]$Other) }
                function Get-Own {
                    <#
                    .SYNOPSIS
                    Its own words.
                    #>
                }
                """);
            string command(string name) => $"""
                <command:command><command:details><command:name>{name}</command:name>
                <maml:description><maml:para>From the file.</maml:para></maml:description></command:details>
                <maml:description><maml:para>At length.</maml:para><maml:para>Twice.</maml:para></maml:description>
                <command:parameters><command:parameter><maml:name>Name</maml:name>
                <maml:description><maml:para>Which one.</maml:para></maml:description></command:parameter></command:parameters></command:command>
                """;
            File.WriteAllText(Path.Combine(folder, "en-US", "Helped-help.xml"), $"""
                <?xml version="1.0" encoding="utf-8"?>
                <helpItems xmlns:command="http://schemas.microsoft.com/maml/dev/command/2004/10" xmlns:maml="http://schemas.microsoft.com/maml/2004/10">
                {command("Get-Helped")}{command("Get-Own")}
                </helpItems>
                """);

            JsonElement commands = Describe("Get-Helped, Get-Own", $"Import-Module '{folder}'");

            Assert.Equal("From the file.", commands[0].GetProperty("synopsis").GetString());
            Assert.Equal("At length.\nTwice.", commands[0].GetProperty("description").GetString());
            Assert.Equal("Which one.", Parameter(commands[0], "Name").GetProperty("description").GetString());
            Assert.Equal(JsonValueKind.Null, Parameter(commands[0], "Other").GetProperty("description").ValueKind);
            Assert.Equal("Its own words.", commands[1].GetProperty("synopsis").GetString());
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);
        }
    }

    private static JsonElement Parameter(JsonElement command, string name) =>
        command.GetProperty("parameters").EnumerateArray().Single(parameter => parameter.GetProperty("name").GetString() == name);

    private static JsonElement Describe(string text, string? before = null)
    {
        using LiveRunspace live = new();
        if (before is not null)
        {
            live.Run(before);
        }

        using AnswerBuffer buffer = new();
        OutputDocument document = new();
        document.Begin(buffer.Calls, new Limits() { OutputBytes = 64 << 20 }, Format.Json);
        CommandDescriber describer = new(live.Runspace, default);
        using PowerShell pipeline = PowerShell.Create();
        pipeline.Runspace = live.Runspace;
        CommandDescriber.AddSearch(pipeline, text);
        foreach (PSObject found in pipeline.Invoke())
        {
            Assert.True(describer.AddTo(document, found));
        }

        document.End();
        return JsonDocument.Parse(buffer.Calls.Written.ToArray()).RootElement;
    }
}
