using System.Linq;
using System.Management.Automation;
using Xunit;

namespace Runspaced.Host.Tests.Output;

/// <summary>
/// Where the output is what <c>ConvertTo-Json</c> gives, and where it is not. <c>docs/output.md</c> gives the reason of each
/// difference.
/// </summary>
public sealed class ConvertToJsonTests
{
    [PowerShellTheory]
    [InlineData("$null")]
    [InlineData("42")]
    [InlineData("1.10d")]
    [InlineData("[bigint]::Pow(10, 30)")]
    [InlineData("[ulong]::MaxValue")]
    [InlineData("0.1")]
    [InlineData("[double]::NaN")]
    [InlineData("[float]::PositiveInfinity")]
    [InlineData("[char]65")]
    [InlineData("'a<b&c'")]
    [InlineData("[datetime]::new(2024, 1, 2, 3, 4, 5, [DateTimeKind]::Utc)")]
    [InlineData("[datetime]::new(2024, 1, 2, 3, 4, 5)")]
    [InlineData("[datetimeoffset]::new(2024, 1, 2, 3, 4, 5, [timespan]::FromHours(2))")]
    [InlineData("[guid]::Empty")]
    [InlineData("[uri]'http://x/a'")]
    [InlineData("[DBNull]::Value")]
    [InlineData("[ordered]@{ a = 1; b = $null }")]
    [InlineData("@(1, @(2))")]
    [InlineData("[pscustomobject]@{ a = 1; b = @{ c = 2 } }")]
    [InlineData("'line' | Add-Member -PassThru NoteProperty ReadCount 1")]
    [InlineData("[Collections.Generic.KeyValuePair[string,int]]::new('k', 1)")]
    [InlineData("[int[,]]::new(2, 2)")]
    [InlineData("[Collections.BitArray]::new(3)")]
    public void TheSame(string expression)
    {
        (string ours, string theirs) = Both(expression);

        Assert.Equal(theirs, ours);
    }

    [PowerShellTheory]
    [InlineData("[dateonly]::new(2024, 1, 2)", "\"2024-01-02\"")]
    [InlineData("[timeonly]::new(3, 4)", "\"03:04:00\"")]
    [InlineData("[timespan]::FromSeconds(90.5)", "\"PT1M30.5S\"")]
    [InlineData("[DayOfWeek]::Friday", "\"Friday\"")]
    [InlineData("[IO.FileAttributes]'Hidden, ReadOnly'", "\"ReadOnly, Hidden\"")]
    [InlineData("[version]'1.2.3'", "\"1.2.3\"")]
    [InlineData("[semver]'1.2.3-a'", "\"1.2.3-a\"")]
    [InlineData("[ipaddress]'127.0.0.1'", "\"127.0.0.1\"")]
    [InlineData("[cultureinfo]'de-DE'", "\"de-DE\"")]
    [InlineData("[text.encoding]::UTF8", "\"utf-8\"")]
    [InlineData("{ 1 + 1 }", "\" 1 + 1 \"")]
    [InlineData("[xml]'<a b=\"1\"/>'", "\"<a b=\\\"1\\\" />\"")]
    [InlineData("[byte[]](1, 2, 3)", "\"AQID\"")]
    [InlineData("[IO.MemoryStream]::new([byte[]](1, 2, 3))", "\"AQID\"")]
    [InlineData("ConvertTo-SecureString x -AsPlainText -Force", "\"***\"")]
    [InlineData("[switch]$true", "true")]
    [InlineData("[Int128]::MaxValue", "170141183460469231731687303715884105727")]
    [InlineData("[half]1.5", "1.5")]
    [InlineData("42 | Add-Member -PassThru NoteProperty n 1", "42")]
    [InlineData("[pscustomobject]@{ a = 1 } | Add-Member -PassThru ScriptProperty b { throw 'no' }", "{\"a\":1,\"b\":{\"$error\":\"no\"}}")]
    [InlineData("[ordered]@{ [int]1 = 2 }", "{\"1\":2}")]
    [InlineData("[intptr]5", "\"5\"")]
    public void Different(string expression, string expected)
    {
        (string ours, string theirs) = Both(expression);

        Assert.Equal(expected, ours);
        Assert.NotEqual(theirs, ours);
    }

    private static (string Ours, string Theirs) Both(string expression)
    {
        using LiveRunspace live = new();

        // The comma keeps collections in one piece.
        string ours = Written.Of(live.Values($", ({expression})")).Json;
        string theirs = (string)live.Values(
            $"try {{ ConvertTo-Json -InputObject ({expression}) -Compress -Depth 2 -ErrorAction Stop -WarningAction Ignore }} catch {{ 'failed' }}")
            .Select(value => ((PSObject)value!).BaseObject).Single()!;
        return (ours[1..^1], theirs);
    }
}
