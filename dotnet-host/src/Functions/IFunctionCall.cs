using System;

namespace Runspaced.Host.Functions;

/// <summary>A call of a function outside of PowerShell. Disposed of, nobody takes messages any more; a function that still runs is cancelled.</summary>
internal interface IFunctionCall : IDisposable
{
    /// <summary>Offers a value of the pipeline's input. False: no room until a <see cref="FunctionMessageKind.Room"/>.</summary>
    bool OfferInput(ReadOnlySpan<byte> value);

    void EndInput();

    /// <summary>The next message, if there is one.</summary>
    bool TryTake(out FunctionMessage message);

    /// <summary>Waits for the next message. False: the pipeline was stopped.</summary>
    bool Take(out FunctionMessage message);

    /// <summary>The pipeline is being stopped. Called on any thread.</summary>
    void Cancel();
}
