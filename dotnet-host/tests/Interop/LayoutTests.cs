using System.Runtime.InteropServices;
using Runspaced.Host.Interop;
using Xunit;

namespace Runspaced.Host.Tests.Interop;

/// <summary>The structures as docs/abi.md lays them out; the other side has the same test.</summary>
public sealed unsafe class LayoutTests
{
    [Fact]
    public void CallbacksAreTwoNumbersAndThreePointers()
    {
        Assert.Equal(8 + (3 * sizeof(nint)), sizeof(HostCallbacks));
        Assert.Equal(0, Offset<HostCallbacks>(nameof(HostCallbacks.AbiVersion)));
        Assert.Equal(4, Offset<HostCallbacks>(nameof(HostCallbacks.StructSize)));
        Assert.Equal(8, Offset<HostCallbacks>(nameof(HostCallbacks.Grow)));
        Assert.Equal(8 + sizeof(nint), Offset<HostCallbacks>(nameof(HostCallbacks.Done)));
        Assert.Equal(8 + (2 * sizeof(nint)), Offset<HostCallbacks>(nameof(HostCallbacks.Event)));
    }

    [Theory]
    [InlineData(nameof(HostApi.Open), 0)]
    [InlineData(nameof(HostApi.Invoke), 1)]
    [InlineData(nameof(HostApi.Cancel), 2)]
    [InlineData(nameof(HostApi.Resume), 3)]
    [InlineData(nameof(HostApi.Reply), 4)]
    [InlineData(nameof(HostApi.Close), 5)]
    [InlineData(nameof(HostApi.Abandon), 6)]
    [InlineData(nameof(HostApi.Shutdown), 7)]
    [InlineData(nameof(HostApi.Ping), 8)]
    [InlineData(nameof(HostApi.Stats), 9)]
    [InlineData(nameof(HostApi.LastError), 10)]
    [InlineData(nameof(HostApi.FunctionReply), 11)]
    [InlineData(nameof(HostApi.Trim), 12)]
    public void FunctionsStandInTheOrderOfTheContract(string function, int place) =>
        Assert.Equal(8 + (place * sizeof(nint)), Offset<HostApi>(function));

    [Fact]
    public void ApiIsTwoNumbersAndThirteenPointers() => Assert.Equal(8 + (13 * sizeof(nint)), sizeof(HostApi));

    private static int Offset<T>(string field) => (int)Marshal.OffsetOf<T>(field);
}
