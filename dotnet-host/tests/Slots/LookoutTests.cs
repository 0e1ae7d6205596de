using System;
using System.Threading;
using Runspaced.Host.Slots;
using Xunit;

namespace Runspaced.Host.Tests.Slots;

public sealed class LookoutTests
{
    private bool _arrived;

    [Fact]
    public void WhatIsThereIsSeenAtOnce()
    {
        _arrived = true;
        Assert.True(new Lookout().Look(ref _arrived));
    }

    [Fact]
    public void WhatDoesNotComeIsNotWaitedFor()
    {
        Lookout lookout = new();
        for (int look = 0; look < 100; look++)
        {
            Assert.False(lookout.Look(ref _arrived));
            lookout.Woken();
        }
    }

    [Fact]
    public void WhatAnotherThreadBringsIsSeenOnceItIsThere()
    {
        Lookout lookout = new();
        Thread other = new(() => Volatile.Write(ref _arrived, true)) { IsBackground = true };
        other.Start();
        Assert.True(other.Join(TimeSpan.FromSeconds(30)));
        // Looking may be left out for a while, but what is there is seen in any case.
        for (int look = 0; look < 100; look++)
        {
            Assert.True(lookout.Look(ref _arrived));
        }
    }
}
