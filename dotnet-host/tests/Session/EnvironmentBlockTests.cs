using System;
using System.Linq;
using Runspaced.Host.Session;
using Runspaced.Host.Tests.Border;
using Xunit;

namespace Runspaced.Host.Tests.Session;

[Collection(BorderCollection.Name)]
public sealed class EnvironmentBlockTests : IDisposable
{
    private const string Name = "RUNSPACED_TEST_VARIABLE";

    public void Dispose() => Environment.SetEnvironmentVariable(Name, null);

    [Theory]
    [InlineData(null, "added")]
    [InlineData("before", "changed")]
    [InlineData("before", null)]
    [InlineData("x", "xx")]
    [InlineData("xx", "x")]
    public void AChangeIsSeenNamedAndUndone(string? before, string? after)
    {
        Environment.SetEnvironmentVariable(Name, before);
        EnvironmentBlock block = new();
        block.Capture();
        Assert.False(block.HasChanged());

        Environment.SetEnvironmentVariable(Name, after);
        Assert.True(block.HasChanged());
        ChangeList changes = new();
        block.Report(changes);
        Assert.Equal([$"env:{Name}"], changes.Items.ToArray());

        block.Restore();
        Assert.Equal(before, Environment.GetEnvironmentVariable(Name));
        Assert.False(block.HasChanged());
    }

    [Fact]
    public void WhatIsSetToWhatItWasIsNoChange()
    {
        Environment.SetEnvironmentVariable(Name, "same");
        EnvironmentBlock block = new();
        block.Capture();
        Environment.SetEnvironmentVariable(Name, null);
        Environment.SetEnvironmentVariable(Name, "same");
        Assert.False(block.HasChanged());
    }

    [Fact]
    public void OnlyWhatChangedSinceIsAccepted()
    {
        EnvironmentBlock baseline = new();
        baseline.Capture();
        Environment.SetEnvironmentVariable(Name, "leaked before");
        EnvironmentBlock before = new();
        before.Capture();
        Environment.SetEnvironmentVariable($"{Name}_2", "set on purpose");
        try
        {
            baseline.AcceptSince(before);
            Assert.True(baseline.HasChanged());
            baseline.Restore();
            Assert.Null(Environment.GetEnvironmentVariable(Name));
            Assert.Equal("set on purpose", Environment.GetEnvironmentVariable($"{Name}_2"));
        }
        finally
        {
            Environment.SetEnvironmentVariable($"{Name}_2", null);
        }
    }
}
