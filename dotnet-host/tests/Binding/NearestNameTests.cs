using Runspaced.Host.Binding;
using Xunit;

namespace Runspaced.Host.Tests.Binding;

public sealed class NearestNameTests
{
    private static readonly string[] s_names = ["Name", "Path", "LiteralPath", "Filter", "Recurse", "ErrorAction"];

    [Theory]
    [InlineData("Pth", "Path")]
    [InlineData("recurce", "Recurse")]
    [InlineData("LiteralPaht", "LiteralPath")]
    [InlineData("Rec", "Recurse")]
    [InlineData("Errorction", "ErrorAction")]
    public void ATypingErrorIsRecognised(string given, string meant) => Assert.Equal(meant, NearestName.Of(given, s_names));

    [Theory]
    [InlineData("SubscriptionId")]
    [InlineData("")]
    [InlineData("xyz")]
    public void SomethingElseIsNot(string given) => Assert.Null(NearestName.Of(given, s_names));
}
