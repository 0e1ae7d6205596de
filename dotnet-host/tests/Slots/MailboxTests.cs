using System;
using System.Threading;
using System.Threading.Tasks;
using Runspaced.Host.Slots;
using Xunit;

namespace Runspaced.Host.Tests.Slots;

public sealed class MailboxTests
{
    [Fact]
    public void ASignalBeforeTheWaitIsNotLost()
    {
        Mailbox mailbox = new();
        mailbox.Signal();
        mailbox.Wait();
    }

    [Fact]
    public void NoSignalIsLostBetweenTwoThreads()
    {
        const int Rounds = 20_000;
        Mailbox there = new();
        Mailbox back = new();
        Thread echo = new(() =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                there.Wait();
                back.Signal();
            }
        })
        { IsBackground = true };
        echo.Start();
        Task done = Task.Run(() =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                there.Signal();
                back.Wait();
            }
        });
        Assert.True(done.Wait(TimeSpan.FromSeconds(60)), "a wake-up was lost");
    }

    [Fact]
    public void ASleepingThreadIsWoken()
    {
        Mailbox mailbox = new();
        using ManualResetEventSlim woken = new();
        Thread sleeper = new(() =>
        {
            mailbox.Wait();
            woken.Set();
        })
        { IsBackground = true };
        sleeper.Start();
        Assert.False(woken.Wait(TimeSpan.FromMilliseconds(100)));
        mailbox.Signal();
        Assert.True(woken.Wait(TimeSpan.FromSeconds(30)));
    }
}
