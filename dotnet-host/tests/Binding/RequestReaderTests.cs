using System.Text;
using Runspaced.Host.Binding;
using Runspaced.Host.Interop;
using Xunit;

namespace Runspaced.Host.Tests.Binding;

public sealed class RequestReaderTests
{
    [PowerShellFact]
    public void FieldsMayComeInAnyOrder()
    {
        CallRequest request = Read(
            """
            {"parameters":{"n":[1,{"a":"}"}]},"width":99,"isolation":"reset","future":{"x":[1]},"text":"a\nb","limits":{"depth":3,"unknown":1},
             "kind":"script","format":"text","live":true,"stream":false,"interactive":true,"arguments":null,"input":[],"count":7,
             "modules":["M"],"working_directory":"/x","correlation_id":"c","secrets":{"s":{"user":"u","value":"v"}}}
            """);
        Assert.Equal(CallKind.Script, request.Kind);
        Assert.Equal("a\nb", request.Text);
        Assert.Equal("""{"n":[1,{"a":"}"}]}""", Encoding.UTF8.GetString(request.Parameters.In(request.Bytes)));
        Assert.False(request.Arguments.IsPresent);
        Assert.True(request.Input.IsPresent);
        Assert.Equal(Isolation.Reset, request.Isolation);
        Assert.Equal(Format.Text, request.Format);
        Assert.Equal(3, request.Limits.Depth);
        Assert.Equal(1_000, request.Limits.Items);
        Assert.True(request.Live);
        Assert.False(request.Stream);
        Assert.True(request.Interactive);
        Assert.Equal(99, request.Width);
        Assert.Equal(7, request.Count);
        Assert.Equal(["M"], request.Modules);
        Assert.Equal("/x", request.WorkingDirectory);
        Assert.Equal("c", request.CorrelationId);
        Assert.Equal("u", request.Secrets!["s"].User);
        Assert.Equal("***", request.Secrets["s"].ToString());
    }

    [PowerShellFact]
    public void NothingIsLeftOfTheRequestBefore()
    {
        CallRequest request = Read("""{"kind":"file","text":"a","parameters":{"x":1},"stream":true,"modules":["M"],"correlation_id":"c"}""");
        Set(request, """{"kind":"command","text":"b"}""");
        RequestReader.Read(request);
        Assert.Equal(CallKind.Command, request.Kind);
        Assert.False(request.Parameters.IsPresent);
        Assert.False(request.Stream);
        Assert.Null(request.Modules);
        Assert.Null(request.CorrelationId);
        Assert.Equal(Isolation.Scoped, request.Isolation);
    }

    [PowerShellTheory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"kind":"command" """)]
    [InlineData("""{"kind":"command"} {}""")]
    [InlineData("""{"kind":"dance"}""")]
    [InlineData("""{"kind":5}""")]
    [InlineData("""{"isolation":"none"}""")]
    [InlineData("""{"parameters":[]}""")]
    [InlineData("""{"arguments":{}}""")]
    [InlineData("""{"text":"\ud800"}""")]
    [InlineData("""{"width":1e99}""")]
    [InlineData("""{"limits":{"depth":"3"}}""")]
    public void WhatIsNoRequestIsSaidToBeNone(string json) => Assert.Throws<RequestFormatException>(() => Read(json));

    [PowerShellFact]
    public void NestingIsLimited()
    {
        string deep = new string('[', RequestReader.MaxDepth + 1) + new string(']', RequestReader.MaxDepth + 1);
        Assert.Throws<RequestFormatException>(() => Read($$"""{"arguments":{{deep}}}"""));
    }

    private static CallRequest Read(string json)
    {
        CallRequest request = new();
        Set(request, json);
        RequestReader.Read(request);
        return request;
    }

    private static void Set(CallRequest request, string json)
    {
        request.Bytes = Encoding.UTF8.GetBytes(json);
        request.Length = request.Bytes.Length;
    }
}
