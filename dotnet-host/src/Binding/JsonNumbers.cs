using System;
using System.Buffers.Text;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace Runspaced.Host.Binding;

/// <summary>JSON numbers as the smallest .NET number that holds them exactly.</summary>
internal static class JsonNumbers
{
    private const int DecimalDigits = 28;

    internal static object Read(ref Utf8JsonReader reader)
    {
        if (reader.TryGetInt32(out int small))
        {
            return small;
        }

        if (reader.TryGetInt64(out long large))
        {
            return large;
        }

        ReadOnlySpan<byte> token = reader.ValueSpan;
        if (IsExactDecimal(token) && reader.TryGetDecimal(out decimal exact))
        {
            return exact;
        }

        if (token.IndexOfAny("."u8[0], (byte)'e', (byte)'E') < 0)
        {
            return BigInteger.Parse(Encoding.ASCII.GetString(token), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        }

        return Utf8Parser.TryParse(token, out double rounded, out _) ? rounded : double.NaN;
    }

    // Exact: at most 28 significant digits, none of them below 10^-28 or above 10^28.
    private static bool IsExactDecimal(ReadOnlySpan<byte> token)
    {
        int exponentAt = token.IndexOfAny((byte)'e', (byte)'E');
        int exponent = 0;
        if (exponentAt >= 0)
        {
            ReadOnlySpan<byte> digits = token[(exponentAt + 1)..];
            if (digits[0] == (byte)'+')
            {
                digits = digits[1..];
            }

            if (!Utf8Parser.TryParse(digits, out exponent, out _) || Math.Abs((long)exponent) > DecimalDigits)
            {
                return false;
            }

            token = token[..exponentAt];
        }

        token = token.TrimStart((byte)'-');
        int point = token.IndexOf((byte)'.');
        int whole = token[0] == (byte)'0' ? 0 : point < 0 ? token.Length : point;
        int fraction = point < 0 ? 0 : token.Length - point - 1;
        return whole + Math.Max(exponent, 0) <= DecimalDigits
            && fraction + Math.Max(-exponent, 0) <= DecimalDigits
            && whole + fraction <= DecimalDigits;
    }
}
