using System;
using System.Globalization;

namespace Runspaced.Host.Output;

/// <summary>ISO 8601 texts of the temporal types <see cref="System.Text.Json.Utf8JsonWriter"/> does not know.</summary>
internal static class TemporalText
{
    internal const int LongestTimeSpan = 48;

    internal static string Of(DateOnly date) => date.ToString("O", CultureInfo.InvariantCulture);

    internal static string Of(TimeOnly time) =>
        time.ToString(time.Ticks % TimeSpan.TicksPerSecond == 0 ? "HH:mm:ss" : "HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture);

    /// <summary>A duration of days to seconds, e.g. <c>P1DT2H3M4.5S</c>; zero is <c>PT0S</c>.</summary>
    internal static ReadOnlySpan<char> Of(TimeSpan duration, Span<char> room)
    {
        // Ticks are split as unsigned, because the smallest TimeSpan has no positive twin.
        ulong ticks = duration.Ticks < 0 ? (ulong)-(duration.Ticks + 1) + 1 : (ulong)duration.Ticks;
        int length = 0;
        if (duration.Ticks < 0)
        {
            room[length++] = '-';
        }

        room[length++] = 'P';
        Part(ticks / (ulong)TimeSpan.TicksPerDay, 'D', room, ref length);
        ulong time = ticks % (ulong)TimeSpan.TicksPerDay;
        if (time == 0 && ticks != 0)
        {
            return room[..length];
        }

        room[length++] = 'T';
        Part(time / (ulong)TimeSpan.TicksPerHour, 'H', room, ref length);
        Part(time / (ulong)TimeSpan.TicksPerMinute % 60, 'M', room, ref length);
        ulong second = time % (ulong)TimeSpan.TicksPerMinute;
        if (second != 0 || ticks == 0)
        {
            decimal seconds = second / (decimal)TimeSpan.TicksPerSecond;
            seconds.TryFormat(room[length..], out int written, "0.#######", CultureInfo.InvariantCulture);
            length += written;
            room[length++] = 'S';
        }

        return room[..length];
    }

    private static void Part(ulong count, char unit, Span<char> room, ref int length)
    {
        if (count != 0)
        {
            count.TryFormat(room[length..], out int written, default, CultureInfo.InvariantCulture);
            length += written;
            room[length++] = unit;
        }
    }
}
