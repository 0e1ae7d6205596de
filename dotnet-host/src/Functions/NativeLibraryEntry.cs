using System;
using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Runspaced.Host.Functions;

/// <summary>The exports of the C library; see include/runspaced.h. Loaded once for each folder, and never unloaded.</summary>
internal sealed unsafe class NativeLibraryEntry
{
    private const int Ok = 0;
    private const int Ended = 6;
    private const int Cancelled = 7;

    // What the library reads of the environment. .NET's copy is what a session changes; the process's own stays as it was.
    private static readonly string[] s_variables =
    [
        "RUNSPACED_", "AZURE_", "ARM_", "AAD_SERVICE_PRINCIPAL_", "MSI_", "IDENTITY_", "IMDS_", "SERVICEPRINCIPAL", "IDTOKEN",
        "SYSTEM_ACCESSTOKEN", "ACTIONS_",
    ];

    private static readonly ConcurrentDictionary<string, NativeLibraryEntry> s_loaded = new();

    private readonly delegate* unmanaged<byte*, nuint, ulong*, int> _open;
    private readonly delegate* unmanaged<ulong, int> _close;
    private readonly delegate* unmanaged<ulong, byte*, nuint, ulong*, int> _call;
    private readonly delegate* unmanaged<ulong, uint*, byte**, nuint*, int> _next;
    private readonly delegate* unmanaged<ulong, int> _cancel;
    private readonly delegate* unmanaged<ulong, int> _free;
    private readonly delegate* unmanaged<byte*, nuint, nuint> _lastError;

    private readonly object _gate = new();
    private string? _environment;
    private ulong _library;

    private NativeLibraryEntry(string path)
    {
        nint library = NativeLibrary.Load(path);
        nint export(string name) => NativeLibrary.GetExport(library, name);
        _open = (delegate* unmanaged<byte*, nuint, ulong*, int>)export("runspaced_open");
        _close = (delegate* unmanaged<ulong, int>)export("runspaced_close");
        _call = (delegate* unmanaged<ulong, byte*, nuint, ulong*, int>)export("runspaced_call");
        _next = (delegate* unmanaged<ulong, uint*, byte**, nuint*, int>)export("runspaced_next");
        _cancel = (delegate* unmanaged<ulong, int>)export("runspaced_cancel");
        _free = (delegate* unmanaged<ulong, int>)export("runspaced_free");
        _lastError = (delegate* unmanaged<byte*, nuint, nuint>)export("runspaced_last_error");
    }

    private static string FileName =>
        OperatingSystem.IsWindows() ? "runspaced.dll" : OperatingSystem.IsMacOS() ? "librunspaced.dylib" : "librunspaced.so";

    /// <summary>The library in a folder.</summary>
    /// <exception cref="HostFunctionException">It is not there, or cannot be loaded.</exception>
    internal static NativeLibraryEntry In(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            return s_loaded.GetOrAdd(path, static path => new NativeLibraryEntry(path));
        }
        catch (Exception failure) when (failure is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            string what = File.Exists(path) ? $"cannot be loaded: {failure.Message}" : "is not there";
            throw new HostFunctionException($"The library {path} {what}. Install the module with its library: runspaced module install", failure);
        }
    }

    /// <summary>Opens operations with the environment as it is now; once, unless that changes.</summary>
    /// <exception cref="HostFunctionException">The configuration is wrong.</exception>
    internal ulong Open(string workingFolder)
    {
        SortedDictionary<string, string> variables = new(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            string name = (string)variable.Key;
            if (Array.Exists(s_variables, start => name.StartsWith(start, StringComparison.OrdinalIgnoreCase)))
            {
                variables[name] = (string?)variable.Value ?? string.Empty;
            }
        }

        string environment = JsonSerializer.Serialize(variables);
        lock (_gate)
        {
            if (_library != 0 && environment == _environment)
            {
                return _library;
            }

            byte[] settings = Encoding.UTF8.GetBytes($"{{\"folder\":{JsonSerializer.Serialize(workingFolder)},\"environment\":{environment}}}");
            ulong opened;
            fixed (byte* text = settings)
            {
                Expect(_open(text, (nuint)settings.Length, &opened));
            }

            if (_library != 0)
            {
                _close(_library);
            }

            (_library, _environment) = (opened, environment);
            return opened;
        }
    }

    internal ulong Begin(ulong library, ReadOnlySpan<byte> order)
    {
        ulong call;
        fixed (byte* text = order)
        {
            Expect(_call(library, text, (nuint)order.Length, &call));
        }

        return call;
    }

    /// <summary>Waits for the next message. Null: the call was cancelled, or has ended.</summary>
    internal FunctionMessage? Next(ulong call)
    {
        uint kind;
        byte* data;
        nuint length;
        int status = _next(call, &kind, &data, &length);
        if (status is Ended or Cancelled)
        {
            return null;
        }

        Expect(status);
        return new FunctionMessage((FunctionMessageKind)kind, new ReadOnlySpan<byte>(data, checked((int)length)).ToArray());
    }

    internal void Cancel(ulong call) => _cancel(call);

    internal void Free(ulong call) => _free(call);

    private void Expect(int status)
    {
        if (status == Ok)
        {
            return;
        }

        byte[] text = new byte[4096];
        fixed (byte* buffer = text)
        {
            int length = (int)nuint.Min(_lastError(buffer, (nuint)text.Length), (nuint)text.Length);
            throw new HostFunctionException($"{Encoding.UTF8.GetString(text, 0, length)} (status {status})");
        }
    }
}
