using System;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Runspaced.Host.Binding;
using Xunit;

namespace Runspaced.Host.Tests.Binding;

public sealed class JsonNumbersTests
{
    [Theory]
    [InlineData("0", typeof(int))]
    [InlineData("-2147483648", typeof(int))]
    [InlineData("2147483648", typeof(long))]
    [InlineData("9223372036854775807", typeof(long))]
    [InlineData("18446744073709551615", typeof(decimal))]
    [InlineData("0.1", typeof(decimal))]
    [InlineData("-12.50", typeof(decimal))]
    [InlineData("1e3", typeof(decimal))]
    [InlineData("1e-28", typeof(decimal))]
    [InlineData("1e-29", typeof(double))]
    [InlineData("1e300", typeof(double))]
    [InlineData("0.12345678901234567890123456789", typeof(double))]
    [InlineData("100000000000000000000000000000000000000000", typeof(BigInteger))]
    [InlineData("-100000000000000000000000000000000000000000", typeof(BigInteger))]
    public void NumbersBecomeTheSmallestTypeThatHoldsThem(string json, Type type) => Assert.Equal(type, Read(json).GetType());

    [Fact]
    public void DigitsAreKept()
    {
        Assert.Equal(79228162514264337593543950m, Read("79228162514264337593543950"));
        Assert.Equal(0.1000000000000000055511151231m, Read("0.1000000000000000055511151231"));
        Assert.Equal(BigInteger.Pow(10, 41), Read("1" + new string('0', 41)));
        Assert.Equal(1e300, Read("1e300"));
    }

    private static object Read(string json)
    {
        Utf8JsonReader reader = new(Encoding.UTF8.GetBytes(json));
        reader.Read();
        return JsonNumbers.Read(ref reader);
    }
}
