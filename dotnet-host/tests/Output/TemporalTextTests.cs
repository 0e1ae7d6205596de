using System;
using System.Xml;
using Runspaced.Host.Output;
using Xunit;

namespace Runspaced.Host.Tests.Output;

public sealed class TemporalTextTests
{
    [Theory]
    [InlineData(0L, "PT0S")]
    [InlineData(1L, "PT0.0000001S")]
    [InlineData(-1L, "-PT0.0000001S")]
    [InlineData(TimeSpan.TicksPerDay, "P1D")]
    [InlineData(TimeSpan.TicksPerDay + (2 * TimeSpan.TicksPerHour), "P1DT2H")]
    [InlineData(90 * TimeSpan.TicksPerSecond, "PT1M30S")]
    [InlineData(long.MinValue, "-P10675199DT2H48M5.4775808S")]
    [InlineData(long.MaxValue, "P10675199DT2H48M5.4775807S")]
    public void TimeSpan_IsIsoDuration(long ticks, string expected)
    {
        Span<char> room = stackalloc char[TemporalText.LongestTimeSpan];

        Assert.Equal(expected, TemporalText.Of(new TimeSpan(ticks), room).ToString());
    }

    [Fact]
    public void TimeSpan_ReadsBackAsItself()
    {
        Random random = new(7);
        Span<char> room = stackalloc char[TemporalText.LongestTimeSpan];
        for (int round = 0; round < 2_000; round++)
        {
            TimeSpan duration = new(random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(0, 50));

            Assert.Equal(duration, XmlConvert.ToTimeSpan(TemporalText.Of(duration, room).ToString()));
        }
    }

    [Fact]
    public void DateOnlyAndTimeOnly_AreIso()
    {
        Assert.Equal("2024-02-29", TemporalText.Of(new DateOnly(2024, 2, 29)));
        Assert.Equal("03:04:05", TemporalText.Of(new TimeOnly(3, 4, 5)));
        Assert.Equal("03:04:05.5", TemporalText.Of(new TimeOnly(3, 4, 5, 500)));
    }
}
