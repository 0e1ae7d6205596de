using System;
using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Security;
using Xunit;

namespace Runspaced.Host.Tests.Output;

public sealed class ScalarTests
{
    public static TheoryData<string, object?, string> Scalars => new()
    {
        { "null", null, "null" },
        { "DBNull", DBNull.Value, "null" },
        { "true", true, "true" },
        { "sbyte", (sbyte)-1, "-1" },
        { "ushort", ushort.MaxValue, "65535" },
        { "int", int.MinValue, "-2147483648" },
        { "uint", uint.MaxValue, "4294967295" },
        { "long", long.MinValue, "-9223372036854775808" },
        { "ulong", ulong.MaxValue, "18446744073709551615" },
        { "Int128", Int128.MaxValue, "170141183460469231731687303715884105727" },
        { "BigInteger", BigInteger.Pow(10, 60), "1" + new string('0', 60) },
        { "decimal keeps its zeros", 1.10m, "1.10" },
        { "decimal", decimal.MaxValue, "79228162514264337593543950335" },
        { "double", 0.1, "0.1" },
        { "double, shortest", 1.0 / 3, "0.3333333333333333" },
        { "double, large", 1e300, "1E+300" },
        { "negative zero", -0.0, "-0" },
        { "single", 0.1f, "0.1" },
        { "half", (Half)1.5, "1.5" },
        { "char", 'ä', "\"ä\"" },
        { "string", "a\"b\\\n\u0001ä", "\"a\\\"b\\\\\\n\\u0001ä\"" },
        { "lone surrogate", "a\ud800b", "\"a\\uFFFDb\"" },
        { "DateTime, UTC", new DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc), "\"2024-01-02T03:04:05Z\"" },
        { "DateTime, unspecified", new DateTime(2024, 1, 2, 3, 4, 5, 60, DateTimeKind.Unspecified), "\"2024-01-02T03:04:05.06\"" },
        { "DateTimeOffset", new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)), "\"2024-01-02T03:04:05+02:00\"" },
        { "DateOnly", new DateOnly(2024, 1, 2), "\"2024-01-02\"" },
        { "TimeOnly", new TimeOnly(3, 4), "\"03:04:00\"" },
        { "TimeSpan", TimeSpan.FromSeconds(90.5), "\"PT1M30.5S\"" },
        { "Guid", Guid.Empty, "\"00000000-0000-0000-0000-000000000000\"" },
        { "enum", DayOfWeek.Friday, "\"Friday\"" },
        { "flags", AttributeTargets.Class | AttributeTargets.Enum, "\"Class, Enum\"" },
        { "enum without a name", (DayOfWeek)42, "\"42\"" },
        { "Uri", new Uri("http://x/a?b=1"), "\"http://x/a?b=1\"" },
        { "Version", new Version(1, 2, 3), "\"1.2.3\"" },
        { "IPAddress", System.Net.IPAddress.Loopback, "\"127.0.0.1\"" },
        { "Type", typeof(int), "\"System.Int32\"" },
        { "CultureInfo", CultureInfo.GetCultureInfo("de-DE"), "\"de-DE\"" },
        { "Encoding", System.Text.Encoding.UTF8, "\"utf-8\"" },
        { "IntPtr", (nint)5, "\"5\"" },
        { "Regex", new System.Text.RegularExpressions.Regex("a+"), "\"a+\"" },
        { "Task", System.Threading.Tasks.Task.FromResult(1), "\"System.Threading.Tasks.Task`1[System.Int32]\"" },
        { "delegate", new Action(() => { }), "\"System.Action\"" },
        { "byte[]", new byte[] { 1, 2, 3 }, "\"AQID\"" },
        { "no bytes", Array.Empty<byte>(), "\"\"" },
        { "List<byte>", new System.Collections.Generic.List<byte> { 1, 2, 3, 4 }, "\"AQIDBA==\"" },
        { "MemoryStream", new System.IO.MemoryStream([1, 2, 3]), "\"AQID\"" },
        { "XmlElement", Xml("<a b=\"1\"><c /></a>"), "\"<a b=\\\"1\\\"><c /></a>\"" },
        { "JsonElement", System.Text.Json.JsonDocument.Parse("{\"a\":[1]}").RootElement, "{\"a\":[1]}" },
        { "StringBuilder", new System.Text.StringBuilder("x"), "\"x\"" },
    };

    [PowerShellTheory]
    [MemberData(nameof(Scalars))]
    public void Scalar(string name, object? value, string expected)
    {
        _ = name;
        Written written = Written.Of(value);

        Assert.Equal($"[{expected}]", written.Json);
        Assert.Empty(written.Cuts);
        Assert.Equal(1, written.Count);
    }

    [PowerShellFact]
    public void Scalar_InAWrapperWithNotes_StaysAScalar()
    {
        PSObject line = new("text");
        line.Properties.Add(new PSNoteProperty("PSPath", "somewhere"));
        line.Properties.Add(new PSNoteProperty("ReadCount", 1));

        Assert.Equal("[\"text\",1]", Written.Of(line, PSObject.AsPSObject(1)).Json);
    }

    [PowerShellFact]
    public void SwitchAndNothing()
    {
        Assert.Equal(
            "[true,false,null]",
            Written.Of(new SwitchParameter(true), new SwitchParameter(false), System.Management.Automation.Internal.AutomationNull.Value).Json);
    }

    [PowerShellFact]
    public void Secrets_AreStars()
    {
        SecureString secret = new();
        secret.AppendChar('s');

        string json = Written.Of(secret, new PSCredential("user", secret), new System.Net.NetworkCredential("u", "p", "d")).Json;

        Assert.Equal("[\"***\",{\"UserName\":\"user\",\"Password\":\"***\"},{\"UserName\":\"u\",\"Domain\":\"d\",\"Password\":\"***\"}]", json);
    }

    [PowerShellFact]
    public void NonFinite_AreStringsWithPointers()
    {
        Written written = Written.Of(
            double.NaN, new object[] { 1, float.PositiveInfinity }, new System.Collections.Hashtable { ["a/b"] = double.NegativeInfinity }, Half.NaN);

        Assert.Equal("[\"NaN\",[1,\"Infinity\"],{\"a/b\":\"-Infinity\"},\"NaN\"]", written.Json);
        Assert.Equal("[\"/0\",\"/1/1\",\"/2/a~1b\",\"/3\"]", written.Meta.GetProperty("non_finite").GetRawText());
    }

    [PowerShellFact]
    public void ByteRun_IsOneValue()
    {
        Written written = Written.Of((byte)65, PSObject.AsPSObject((byte)66), (byte)67, "x", (byte)68);

        Assert.Equal("[\"QUJD\",\"x\",\"RA==\"]", written.Json);
        Assert.Equal(3, written.Count);
    }

    [PowerShellFact]
    public void Byte_InsideAValue_IsANumber() => Assert.Equal("[[65]]", Written.Of([new object[] { (byte)65 }]).Json);

    private static System.Xml.XmlElement Xml(string text)
    {
        System.Xml.XmlDocument document = new();
        document.LoadXml(text);
        return document.DocumentElement!;
    }
}
