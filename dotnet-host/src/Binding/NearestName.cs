using System;
using System.Collections.Generic;

namespace Runspaced.Host.Binding;

/// <summary>Finds the name somebody may have meant.</summary>
internal static class NearestName
{
    /// <summary>The name with the fewest edits, if those are few for its length; null otherwise.</summary>
    internal static string? Of(string given, IEnumerable<string> names)
    {
        string? nearest = null;
        int best = Math.Max(2, given.Length / 3) + 1;
        foreach (string name in names)
        {
            int distance = name.StartsWith(given, StringComparison.OrdinalIgnoreCase) && given.Length > 0
                ? 1
                : Distance(given, name, best);
            if (distance < best)
            {
                best = distance;
                nearest = name;
            }
        }

        return nearest;
    }

    // Levenshtein over two rows, given up once every entry of a row reaches the limit.
    private static int Distance(string left, string right, int limit)
    {
        if (Math.Abs(left.Length - right.Length) >= limit || right.Length > 128)
        {
            return limit;
        }

        Span<int> above = stackalloc int[right.Length + 1];
        Span<int> row = stackalloc int[right.Length + 1];
        for (int column = 0; column <= right.Length; column++)
        {
            above[column] = column;
        }

        for (int line = 1; line <= left.Length; line++)
        {
            row[0] = line;
            int smallest = line;
            for (int column = 1; column <= right.Length; column++)
            {
                bool same = char.ToUpperInvariant(left[line - 1]) == char.ToUpperInvariant(right[column - 1]);
                row[column] = Math.Min(Math.Min(above[column], row[column - 1]) + 1, above[column - 1] + (same ? 0 : 1));
                smallest = Math.Min(smallest, row[column]);
            }

            if (smallest >= limit)
            {
                return limit;
            }

            Span<int> swap = above;
            above = row;
            row = swap;
        }

        return above[right.Length];
    }
}
