using Runspaced.Host.Output;
using Xunit;

namespace Runspaced.Host.Tests.Output;

public sealed class JsonPathTests
{
    [Fact]
    public void ToPointer_EscapesTildeAndSlash()
    {
        JsonPath path = new();
        path.Start(3);
        path.Push();
        path.SetName("a/b~c");
        path.Push();
        path.SetIndex(7);

        Assert.Equal("/3/a~1b~0c/7", path.ToPointer());
    }

    [Fact]
    public void ToPointer_OfTheDocumentIsEmpty() => Assert.Equal(string.Empty, new JsonPath().ToPointer());

    [Fact]
    public void CutTo_DropsLowerLevels()
    {
        JsonPath path = new();
        path.Start(0);
        int level = path.Length;
        for (int depth = 0; depth < 40; depth++)
        {
            path.Push();
            path.SetIndex(depth);
        }

        path.CutTo(level);

        Assert.Equal("/0", path.ToPointer());
    }

    [Fact]
    public void ToPointer_CutsLongNamesBetweenCharacters()
    {
        JsonPath path = new();
        path.Start(0);
        path.Push();
        path.SetName(new string('x', 199) + "😀" + new string('y', 100));

        Assert.Equal($"/0/{new string('x', 199)}…", path.ToPointer());
    }
}
