using System;
using System.Text;
using System.Threading;
using Runspaced.Host.Interop;
using Xunit;

namespace Runspaced.Host.Tests.Interop;

public sealed class LastErrorTests
{
    [Fact]
    public void TextIsCopiedWholeOrNotAtAll()
    {
        LastError.Set(ExportStatus.SlotUnavailable, "Größe");
        Span<byte> target = stackalloc byte[16];
        int length = LastError.CopyTo(target);
        Assert.Equal("Größe", Encoding.UTF8.GetString(target[..length]));
        Assert.Equal(-7, LastError.CopyTo(target[..3]));
    }

    [Fact]
    public void EachThreadHasItsOwn()
    {
        LastError.Set(ExportStatus.SlotUnavailable, "mine");
        int length = -1;
        Thread other = new(() => length = LastError.CopyTo(new byte[16]));
        other.Start();
        other.Join();
        Assert.Equal(0, length);
    }
}
