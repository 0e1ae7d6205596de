using Xunit;

namespace Runspaced.Host.Tests.Border;

/// <summary>Tests that share the one host of the process, and its environment: one after the other, with nothing beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class BorderCollection : ICollectionFixture<BorderClient>
{
    internal const string Name = "border";
}
