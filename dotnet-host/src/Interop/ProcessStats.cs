using System;
using System.Buffers;
using System.Text.Json;
using Runspaced.Host.Slots;

namespace Runspaced.Host.Interop;

/// <summary>Figures of the whole process for <c>stats</c>.</summary>
internal static class ProcessStats
{
    /// <summary>Writes the figures as JSON. Returns the length, or minus the room they need.</summary>
    internal static int CopyTo(Span<byte> target)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("gc_heap_bytes"u8, GC.GetTotalMemory(forceFullCollection: false));
            json.WriteStartArray("gc_collections"u8);
            for (int generation = 0; generation <= GC.MaxGeneration; generation++)
            {
                json.WriteNumberValue(GC.CollectionCount(generation));
            }

            json.WriteEndArray();
            json.WriteNumber("slots_open"u8, SlotTable.OpenCount);
            json.WriteNumber("threads"u8, ThreadCount());
            json.WriteNumber("assemblies"u8, AppDomain.CurrentDomain.GetAssemblies().Length);
            json.WriteEndObject();
        }

        ReadOnlySpan<byte> written = buffer.WrittenSpan;
        if (written.Length > target.Length)
        {
            return -written.Length;
        }

        written.CopyTo(target);
        return written.Length;
    }

    private static int ThreadCount()
    {
        using System.Diagnostics.Process self = System.Diagnostics.Process.GetCurrentProcess();
        return self.Threads.Count;
    }
}
