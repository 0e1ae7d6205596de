using System;
using System.Management.Automation;

namespace Runspaced.Host.Functions;

/// <summary>A call through the C library, for an ordinary pwsh. It takes no input of the pipeline.</summary>
internal sealed class LibraryCall : IFunctionCall
{
    private readonly NativeLibraryEntry _entry;
    private readonly ulong _call;
    private bool _cancelled;

    private LibraryCall(NativeLibraryEntry entry, ulong call)
    {
        _entry = entry;
        _call = call;
    }

    /// <summary>Begins a call with the document that says what is wanted.</summary>
    /// <exception cref="HostFunctionException">The library is missing or refuses.</exception>
    internal static LibraryCall Begin(string folder, string workingFolder, ReadOnlySpan<byte> order)
    {
        NativeLibraryEntry entry = NativeLibraryEntry.In(folder);
        return new LibraryCall(entry, entry.Begin(entry.Open(workingFolder), order));
    }

    public bool OfferInput(ReadOnlySpan<byte> value) => true;

    public void EndInput()
    {
    }

    public bool TryTake(out FunctionMessage message)
    {
        message = default;
        return false;
    }

    public bool Take(out FunctionMessage message)
    {
        FunctionMessage? next = _entry.Next(_call);
        message = next.GetValueOrDefault();
        return next is not null;
    }

    public void Cancel()
    {
        _cancelled = true;
        _entry.Cancel(_call);
    }

    public void Dispose()
    {
        // A stopped pipeline may still be inside of Take, which ends by itself; whoever takes messages disposes.
        if (!_cancelled)
        {
            _entry.Cancel(_call);
        }

        _entry.Free(_call);
    }
}
