using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Runspaced.Host.Functions;
using Runspaced.Host.Slots;

namespace Runspaced.Host.Interop;

/// <summary>
/// The way in. Every export posts and returns, catches everything, and leaves the reason of a refusal in
/// <see cref="LastError"/>.
/// </summary>
public static unsafe class Exports
{
    private const int Done = 0;
    private const int VersionsDiffer = 1;
    private const int Failed = 2;

    private static int s_started;

    [UnmanagedCallersOnly]
    public static int Bootstrap(HostCallbacks* callbacks, HostApi* api)
    {
        try
        {
            if (callbacks is null || api is null)
            {
                return Failed;
            }

            if (callbacks->AbiVersion != Border.AbiVersion
                || api->AbiVersion != Border.AbiVersion
                || callbacks->StructSize != (uint)sizeof(HostCallbacks)
                || api->StructSize != (uint)sizeof(HostApi))
            {
                return VersionsDiffer;
            }

            if (Interlocked.Exchange(ref s_started, 1) != 0)
            {
                Border.Log(LogLevel.Error, "The host was started twice in one process.");
                return Failed;
            }

            Border.Connect(in *callbacks);
            JitProfile.Begin();
            ProcessGuard.Install();
            Fill(api);
            return Done;
        }
        catch (Exception failure)
        {
            Border.Log(LogLevel.Error, $"The host did not start: {failure}");
            return Failed;
        }
    }

    private static void Fill(HostApi* api)
    {
        api->Open = &Open;
        api->Invoke = &Invoke;
        api->Cancel = &Cancel;
        api->Resume = &Resume;
        api->Reply = &Reply;
        api->Close = &Close;
        api->Abandon = &Abandon;
        api->Shutdown = &Shutdown;
        api->Ping = &Ping;
        api->Stats = &Stats;
        api->LastError = &CopyLastError;
        api->FunctionReply = &FunctionReply;
        api->Trim = &Trim;
    }

    [UnmanagedCallersOnly]
    private static int Open(ulong slot, byte* config, nuint length)
    {
        try
        {
            return SlotTable.Open(slot, new ReadOnlySpan<byte>(config, checked((int)length)));
        }
        catch (Exception failure)
        {
            return Unexpected(failure);
        }
    }

    [UnmanagedCallersOnly]
    private static int Invoke(ulong slot, ulong call, nuint context, byte* request, nuint length)
    {
        try
        {
            return SlotTable.Invoke(slot, call, context, new ReadOnlySpan<byte>(request, checked((int)length)));
        }
        catch (Exception failure)
        {
            return Unexpected(failure);
        }
    }

    [UnmanagedCallersOnly]
    private static int Cancel(ulong slot, ulong call)
    {
        try
        {
            return SlotTable.Cancel(slot, call);
        }
        catch (Exception failure)
        {
            return Unexpected(failure);
        }
    }

    [UnmanagedCallersOnly]
    private static int Resume(ulong slot, ulong call)
    {
        try
        {
            return SlotTable.Resume(slot, call);
        }
        catch (Exception failure)
        {
            return Unexpected(failure);
        }
    }

    [UnmanagedCallersOnly]
    private static int Reply(ulong slot, ulong call, ulong prompt, byte* reply, nuint length)
    {
        try
        {
            return SlotTable.Reply(slot, call, prompt, new ReadOnlySpan<byte>(reply, checked((int)length)));
        }
        catch (Exception failure)
        {
            return Unexpected(failure);
        }
    }

    [UnmanagedCallersOnly]
    private static int Close(ulong slot)
    {
        try
        {
            return SlotTable.Close(slot);
        }
        catch (Exception failure)
        {
            return Unexpected(failure);
        }
    }

    [UnmanagedCallersOnly]
    private static int Abandon(ulong slot)
    {
        try
        {
            return SlotTable.Abandon(slot);
        }
        catch (Exception failure)
        {
            return Unexpected(failure);
        }
    }

    [UnmanagedCallersOnly]
    private static int Shutdown()
    {
        try
        {
            ProcessGuard.AllowExit();
            SlotTable.Shutdown();
            return Done;
        }
        catch (Exception failure)
        {
            return Unexpected(failure);
        }
    }

    [UnmanagedCallersOnly]
    private static int Trim(uint depth)
    {
        try
        {
            Memory.Trim(depth);
            return Done;
        }
        catch (Exception failure)
        {
            return Unexpected(failure);
        }
    }

    [UnmanagedCallersOnly]
    private static int Ping() => Done;

    [UnmanagedCallersOnly]
    private static int Stats(byte* target, nuint capacity)
    {
        try
        {
            return ProcessStats.CopyTo(new Span<byte>(target, checked((int)capacity)));
        }
        catch (Exception failure)
        {
            Unexpected(failure);
            return 0;
        }
    }

    [UnmanagedCallersOnly]
    private static int CopyLastError(byte* target, nuint capacity)
    {
        try
        {
            return LastError.CopyTo(new Span<byte>(target, checked((int)capacity)));
        }
        catch (Exception)
        {
            return 0;
        }
    }

    [UnmanagedCallersOnly]
    private static int FunctionReply(ulong slot, ulong call, ulong function, uint kind, byte* payload, nuint length)
    {
        try
        {
            return FunctionCalls.Deliver(slot, call, function, kind, new ReadOnlySpan<byte>(payload, checked((int)length)));
        }
        catch (Exception failure)
        {
            return Unexpected(failure);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Unexpected(Exception failure)
    {
        try
        {
            Border.Log(LogLevel.Error, $"An export failed: {failure}");
            return LastError.Set(ExportStatus.InternalError, failure.Message);
        }
        catch (Exception)
        {
            return (int)ExportStatus.InternalError;
        }
    }
}
