using System;

namespace Runspaced.Host.Binding;

/// <summary>The request is not what docs/abi.md describes.</summary>
internal sealed class RequestFormatException(string message) : Exception(message);
