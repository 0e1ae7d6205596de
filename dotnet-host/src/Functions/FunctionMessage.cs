namespace Runspaced.Host.Functions;

/// <summary>What a message to the caller of a host function says; see docs/abi.md.</summary>
internal enum FunctionMessageKind
{
    /// <summary>One output value.</summary>
    Value = 1,
    Warning = 2,
    Verbose = 3,
    Debug = 4,
    Information = 5,
    Progress = 6,

    /// <summary>An error beside the output; the function goes on.</summary>
    Error = 7,

    /// <summary>The function has ended.</summary>
    Finished = 8,

    /// <summary>The function has ended with an error.</summary>
    Failed = 9,

    /// <summary>There is room for input again.</summary>
    Room = 10,
}

/// <summary>A message and its JSON.</summary>
internal readonly record struct FunctionMessage(FunctionMessageKind Kind, byte[] Payload)
{
    /// <summary>Nothing follows.</summary>
    internal bool IsLast => Kind is FunctionMessageKind.Finished or FunctionMessageKind.Failed;
}
