using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Threading;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Slots;

/// <summary>All slots of the process, by their number.</summary>
internal static class SlotTable
{
    private static readonly Lock s_changing = new();

    // Replaced by each change: there are few, and a dictionary whose keys are numbers would be compiled at each start.
    private static volatile Slot[] s_slots = [];
    private static volatile bool s_shuttingDown;

    internal static int OpenCount => s_slots.Length;

    internal static IEnumerable<Slot> All => s_slots;

    internal static int Open(ulong id, ReadOnlySpan<byte> config)
    {
        if (s_shuttingDown)
        {
            return LastError.Set(ExportStatus.ShuttingDown, "The host is shutting down.");
        }

        SlotConfig parsed;
        try
        {
            parsed = SlotConfig.Parse(config.ToArray());
        }
        catch (JsonException failure)
        {
            return LastError.Set(ExportStatus.RequestNotUnderstood, $"The slot's configuration is not JSON: {failure.Message}");
        }

        Slot slot = new(id, parsed);
        if (!TryAdd(slot))
        {
            return LastError.Set(ExportStatus.SlotUnavailable, $"Slot {id} is open already.");
        }

        try
        {
            slot.Start();
        }
        catch (Exception failure) when (failure is OutOfMemoryException or ThreadStartException)
        {
            Remove(id);
            return LastError.Set(ExportStatus.InternalError, $"No thread for slot {id}: {failure.Message}");
        }

        return (int)ExportStatus.Accepted;
    }

    internal static int Invoke(ulong id, ulong call, nuint context, ReadOnlySpan<byte> request)
    {
        if (s_shuttingDown)
        {
            return LastError.Set(ExportStatus.ShuttingDown, "The host is shutting down.");
        }

        if (request.IsEmpty)
        {
            return LastError.Set(ExportStatus.RequestNotUnderstood, "The request is empty.");
        }

        if (Find(id) is not { } slot)
        {
            return Unknown(id);
        }

        return slot.Post(call, context, request)
            ? (int)ExportStatus.Accepted
            : LastError.Set(ExportStatus.SlotUnavailable, $"Slot {id} is {slot.StateName}; it takes a call only when it is idle.");
    }

    internal static int Cancel(ulong id, ulong call)
    {
        if (Find(id) is not { } slot)
        {
            return Unknown(id);
        }

        slot.Cancel(call);
        return (int)ExportStatus.Accepted;
    }

    internal static int Resume(ulong id, ulong call)
    {
        if (Find(id) is not { } slot)
        {
            return Unknown(id);
        }

        slot.Resume(call);
        return (int)ExportStatus.Accepted;
    }

    internal static int Reply(ulong id, ulong call, ulong prompt, ReadOnlySpan<byte> reply)
    {
        if (Find(id) is not { } slot)
        {
            return Unknown(id);
        }

        return slot.Reply(call, prompt, reply)
            ? (int)ExportStatus.Accepted
            : LastError.Set(ExportStatus.RequestNotUnderstood, $"Call {call} does not wait for prompt {prompt}, or the reply is not understood.");
    }

    internal static int Close(ulong id)
    {
        if (Find(id) is not { } slot)
        {
            return Unknown(id);
        }

        slot.RequestClose();
        return (int)ExportStatus.Accepted;
    }

    internal static int Abandon(ulong id)
    {
        if (Find(id) is not { } slot)
        {
            return Unknown(id);
        }

        slot.Abandon();
        return (int)ExportStatus.Accepted;
    }

    internal static void Shutdown()
    {
        s_shuttingDown = true;
        foreach (Slot slot in s_slots)
        {
            slot.CancelAny();
        }
    }

    internal static void Remove(ulong id)
    {
        lock (s_changing)
        {
            s_slots = Array.FindAll(s_slots, slot => slot.Id != id);
        }
    }

    private static Slot? Find(ulong id)
    {
        foreach (Slot slot in s_slots)
        {
            if (slot.Id == id)
            {
                return slot;
            }
        }

        return null;
    }

    private static bool TryAdd(Slot slot)
    {
        lock (s_changing)
        {
            if (Find(slot.Id) is not null)
            {
                return false;
            }

            s_slots = [.. s_slots, slot];
            return true;
        }
    }

    private static int Unknown(ulong id) =>
        LastError.Set(ExportStatus.SlotUnavailable, $"There is no slot {id}, or it is closed.");
}
