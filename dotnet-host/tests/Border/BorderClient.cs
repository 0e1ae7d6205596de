using System;
using System.Collections.Concurrent;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Tests.Border;

/// <summary>The other side of the border, in C#: starts the host, posts, and waits for what comes back.</summary>
public sealed unsafe class BorderClient : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);
    private static readonly ConcurrentDictionary<nuint, Answering> s_answering = new();
    private static readonly ConcurrentDictionary<(ulong Slot, ulong Call, uint Kind), BlockingCollection<byte[]>> s_events = new();
    private static long s_sequence;

    private readonly Lazy<HostApi> _api = new(Start);
    private readonly string _modules = Directory.CreateTempSubdirectory("runspaced").FullName;
    private readonly string? _modulePath = Environment.GetEnvironmentVariable("PSModulePath");

    // The module path is part of the process as the first slot finds it.
    public BorderClient()
    {
        string counter = Directory.CreateDirectory(Path.Combine(_modules, "path", "Counter")).FullName;
        File.WriteAllText(
            Path.Combine(counter, "Counter.psm1"),
            """
            $script:n = 0
            $Exported = 'original'
            function Step-Counter { $script:n++; $script:n }
            function Set-CounterNote { $script:note = 'kept' }
            function Get-CounterNote { "$script:note" }
            Export-ModuleMember -Function * -Variable Exported
            """);
        File.WriteAllText(
            Path.Combine(counter, "Counter.psd1"),
            "@{ ModuleVersion = '1.0'; RootModule = 'Counter.psm1'; FunctionsToExport = 'Step-Counter', 'Set-CounterNote', 'Get-CounterNote'; VariablesToExport = 'Exported' }");
        File.WriteAllText(ModuleBeside, "function Get-Aside { 1 }; Set-Alias aside Get-Aside; Export-ModuleMember -Function * -Alias *");
        Environment.SetEnvironmentVariable("PSModulePath", $"{Path.Combine(_modules, "path")}{Path.PathSeparator}{_modulePath}");
    }

    /// <summary>Called for each record that is sent; false stands for no room.</summary>
    internal static Func<ulong, string, bool>? OnRecord { get; set; }

    /// <summary>Called for each prompt, on another thread than the slot's.</summary>
    internal static Action<ulong, ulong, ulong, JsonNode>? OnPrompt { get; set; }

    /// <summary>A module that is not in a folder of the module path.</summary>
    internal string ModuleBeside => Path.Combine(_modules, "Aside.psm1");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("PSModulePath", _modulePath);
        Directory.Delete(_modules, recursive: true);
        if (_api.IsValueCreated)
        {
            _api.Value.Shutdown();
        }
    }

    internal ulong Open(string config = "{}") => TryOpen(config, out ulong slot) is { } failure ? throw new InvalidOperationException(failure.ToJsonString()) : slot;

    internal JsonNode? TryOpen(string config, out ulong slot)
    {
        slot = NextNumber();
        byte[] bytes = Encoding.UTF8.GetBytes(config);
        fixed (byte* start = bytes)
        {
            Check(_api.Value.Open(slot, start, (nuint)bytes.Length));
        }

        return Wait(slot, 0, EventKind.Opened, EventKind.OpenFailed) is (EventKind.OpenFailed, { } failure) ? failure : null;
    }

    internal void Close(ulong slot)
    {
        Check(_api.Value.Close(slot));
        Wait(slot, 0, EventKind.Closed);
    }

    internal ulong Post(ulong slot, JsonObject request)
    {
        ulong call = NextNumber();
        nuint context = (nuint)call;
        s_answering[context] = new Answering();
        byte[] bytes = Encoding.UTF8.GetBytes(request.ToJsonString());
        fixed (byte* start = bytes)
        {
            Check(_api.Value.Invoke(slot, call, context, start, (nuint)bytes.Length));
        }

        return call;
    }

    internal int Cancel(ulong slot, ulong call) => _api.Value.Cancel(slot, call);

    internal int Resume(ulong slot, ulong call) => _api.Value.Resume(slot, call);

    internal int Abandon(ulong slot) => _api.Value.Abandon(slot);

    internal int Reply(ulong slot, ulong call, ulong prompt, bool accepted, params string[] values)
    {
        JsonObject reply = new() { ["accepted"] = accepted, ["values"] = new JsonArray([.. Array.ConvertAll(values, value => JsonValue.Create(value))]) };
        byte[] bytes = Encoding.UTF8.GetBytes(reply.ToJsonString());
        fixed (byte* start = bytes)
        {
            return _api.Value.Reply(slot, call, prompt, start, (nuint)bytes.Length);
        }
    }

    internal string Stats(int room)
    {
        byte[] target = new byte[room];
        fixed (byte* start = target)
        {
            int length = _api.Value.Stats(start, (nuint)room);
            return length < 0 ? $"{length}" : Encoding.UTF8.GetString(target, 0, length);
        }
    }

    internal Answer Result(ulong slot, ulong call, bool settled = true)
    {
        Answering answering = s_answering[(nuint)call];
        if (!answering.Done.Wait(s_patience))
        {
            throw new TimeoutException($"call {call} was not answered");
        }

        s_answering.TryRemove((nuint)call, out _);
        return new Answer(
            answering.Document(0, answering.OutputEnd),
            answering.Document(answering.OutputEnd, answering.RecordsEnd),
            answering.Document(answering.RecordsEnd, answering.Total),
            settled ? Wait(slot, call, EventKind.Settled).Payload! : new JsonObject());
    }

    internal Answer Run(ulong slot, JsonObject request) => Result(slot, Post(slot, request));

    internal Answer Run(ulong slot, string script, string isolation = "scoped") => Run(slot, Script(script, isolation));

    /// <summary>A file that does not exist yet, for a script and its test to tell each other how far they are.</summary>
    internal string Mark() => Path.Combine(_modules, $"mark-{NextNumber()}");

    internal static void Await(string mark)
    {
        if (!SpinWait.SpinUntil(() => File.Exists(mark), s_patience))
        {
            throw new TimeoutException($"nobody wrote {mark}");
        }
    }

    internal static JsonObject Script(string text, string isolation = "scoped") => new() { ["kind"] = "script", ["text"] = text, ["isolation"] = isolation };

    internal static JsonObject Command(string name, JsonObject? parameters = null) =>
        new() { ["kind"] = "command", ["text"] = name, ["isolation"] = "scoped", ["parameters"] = parameters };

    private static (EventKind Kind, JsonNode? Payload) Wait(ulong slot, ulong call, params EventKind[] kinds)
    {
        BlockingCollection<byte[]>[] queues = Array.ConvertAll(kinds, kind => Queue(slot, call, (uint)kind));
        int index = BlockingCollection<byte[]>.TryTakeFromAny(queues, out byte[]? payload, s_patience);
        if (index < 0)
        {
            throw new TimeoutException($"slot {slot}, call {call}: no event {string.Join(" or ", kinds)}");
        }

        return (kinds[index], payload is { Length: > 0 } ? JsonNode.Parse(payload) : null);
    }

    private static BlockingCollection<byte[]> Queue(ulong slot, ulong call, uint kind) => s_events.GetOrAdd((slot, call, kind), static _ => []);

    private static ulong NextNumber() => (ulong)Interlocked.Increment(ref s_sequence);

    private void Check(int status)
    {
        if (status != 0)
        {
            byte[] text = new byte[4_096];
            fixed (byte* start = text)
            {
                int length = _api.Value.LastError(start, (nuint)text.Length);
                throw new InvalidOperationException($"status {status}: {Encoding.UTF8.GetString(text, 0, Math.Max(length, 0))}");
            }
        }
    }

    private static HostApi Start()
    {
        HostCallbacks callbacks = new()
        {
            AbiVersion = 3,
            StructSize = (uint)sizeof(HostCallbacks),
            Grow = &Grow,
            Done = &Done,
            Event = &Event,
        };
        HostApi api = new() { AbiVersion = 3, StructSize = (uint)sizeof(HostApi) };
        delegate* unmanaged<HostCallbacks*, HostApi*, int> bootstrap = &Exports.Bootstrap;
        int result = bootstrap(&callbacks, &api);
        return result == 0 ? api : throw new InvalidOperationException($"Bootstrap answered {result}");
    }

    [UnmanagedCallersOnly]
    private static byte* Grow(nuint context, nuint used, nuint room, nuint* capacity) => s_answering[context].Grow(used, room, capacity);

    [UnmanagedCallersOnly]
    private static void Done(ulong slot, ulong call, nuint context, nuint outputEnd, nuint recordsEnd, nuint total) =>
        s_answering[context].Finish((int)outputEnd, (int)recordsEnd, (int)total);

    [UnmanagedCallersOnly]
    private static int Event(uint kind, ulong slot, ulong call, long value, byte* bytes, nuint length)
    {
        byte[] payload = new ReadOnlySpan<byte>(bytes, (int)length).ToArray();
        switch ((EventKind)kind)
        {
            case EventKind.Record:
                return OnRecord?.Invoke(call, Encoding.UTF8.GetString(payload)) == false ? 1 : 0;
            case EventKind.Prompt when OnPrompt is { } answer:
                ThreadPool.QueueUserWorkItem(_ => answer(slot, call, (ulong)value, JsonNode.Parse(payload)!));
                return 0;
            default:
                Queue(slot, call, kind).Add(payload);
                return 0;
        }
    }

    private sealed class Answering
    {
        private byte* _start;
        private nuint _capacity;

        internal ManualResetEventSlim Done { get; } = new();

        internal int OutputEnd { get; private set; }

        internal int RecordsEnd { get; private set; }

        internal int Total { get; private set; }

        internal byte* Grow(nuint used, nuint room, nuint* capacity)
        {
            _capacity = Math.Max(used + room, used * 2);
            _start = (byte*)NativeMemory.Realloc(_start, _capacity);
            *capacity = _capacity;
            return _start;
        }

        internal void Finish(int outputEnd, int recordsEnd, int total)
        {
            OutputEnd = outputEnd;
            RecordsEnd = recordsEnd;
            Total = total;
            Done.Set();
        }

        internal JsonNode Document(int from, int to) => JsonNode.Parse(new ReadOnlySpan<byte>(_start + from, to - from))!;
    }
}
