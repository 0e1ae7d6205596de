using Runspaced.Host.Interop;
using Xunit;

namespace Runspaced.Host.Tests.Interop;

public sealed unsafe class BootstrapTests
{
    private const int VersionsDiffer = 1;
    private const int Failed = 2;
    private const uint Version = 2;

    [Fact]
    public void AnotherVersionIsRefused()
    {
        HostCallbacks callbacks = new() { AbiVersion = Version + 1, StructSize = (uint)sizeof(HostCallbacks) };
        HostApi api = new() { AbiVersion = Version, StructSize = (uint)sizeof(HostApi) };
        Assert.Equal(VersionsDiffer, Bootstrap(&callbacks, &api));
    }

    [Fact]
    public void AnotherLayoutIsRefused()
    {
        HostCallbacks callbacks = new() { AbiVersion = Version, StructSize = (uint)sizeof(HostCallbacks) };
        HostApi api = new() { AbiVersion = Version, StructSize = (uint)sizeof(HostApi) - 8 };
        Assert.Equal(VersionsDiffer, Bootstrap(&callbacks, &api));
        Assert.True(api.Open == null);
    }

    [Fact]
    public void NothingToFillIsRefused() => Assert.Equal(Failed, Bootstrap(null, null));

    private static int Bootstrap(HostCallbacks* callbacks, HostApi* api)
    {
        delegate* unmanaged<HostCallbacks*, HostApi*, int> bootstrap = &Exports.Bootstrap;
        return bootstrap(callbacks, api);
    }
}
