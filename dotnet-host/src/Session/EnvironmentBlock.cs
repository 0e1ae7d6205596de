using System;
using System.Collections;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Runspaced.Host.Session;

/// <summary>
/// The environment of the process, as managed code sees it. Compared as one block of text, which is several times
/// quicker than variable by variable.
/// </summary>
internal sealed unsafe class EnvironmentBlock
{
    // The runtime has the same two functions on every system; on Unix they are not in a library one could import.
    private static readonly delegate*<char*> s_get = (delegate*<char*>)Pointer("GetEnvironmentStringsW", typeof(char*));
    private static readonly delegate*<char*, int> s_free = (delegate*<char*, int>)Pointer("FreeEnvironmentStringsW", returns: null);

    private char[] _text = [];
    private Dictionary<string, string> _variables = [];

    internal void Capture()
    {
        _variables = Read();
        if (s_get is not null && s_free is not null)
        {
            char* block = s_get();
            _text = new ReadOnlySpan<char>(block, LengthOf(block)).ToArray();
            s_free(block);
        }
    }

    /// <summary>Takes into the baseline what has changed since <paramref name="before"/> was captured, and nothing else.</summary>
    internal void AcceptSince(EnvironmentBlock before)
    {
        Dictionary<string, string> now = Read();
        foreach ((string name, string value) in now)
        {
            if (!before._variables.TryGetValue(name, out string? old) || old != value)
            {
                _variables[name] = value;
            }
        }

        foreach (string name in before._variables.Keys)
        {
            if (!now.ContainsKey(name))
            {
                _variables.Remove(name);
            }
        }

        // The text is that of now; if something else differs, the comparison of the variables says so.
        if (Same(now, _variables))
        {
            Capture();
        }
    }

    internal bool HasChanged()
    {
        if (s_get is null || s_free is null)
        {
            return !Same(Read(), _variables);
        }

        char* block = s_get();
        if (block is null)
        {
            return false;
        }

        bool same = StartsWith(block, _text);
        s_free(block);
        return !same && !Same(Read(), _variables);
    }

    internal void Report(ChangeList changes)
    {
        Dictionary<string, string> now = Read();
        List<string> changed = [];
        foreach ((string name, string value) in now)
        {
            if (!_variables.TryGetValue(name, out string? before) || before != value)
            {
                changed.Add(name);
            }
        }

        foreach (string name in _variables.Keys)
        {
            if (!now.ContainsKey(name))
            {
                changed.Add(name);
            }
        }

        changed.Sort(StringComparer.Ordinal);
        foreach (string name in changed)
        {
            changes.Add("env", name);
        }
    }

    internal void Restore()
    {
        Dictionary<string, string> now = Read();
        foreach (string name in now.Keys)
        {
            if (!_variables.ContainsKey(name))
            {
                Environment.SetEnvironmentVariable(name, null);
            }
        }

        foreach ((string name, string value) in _variables)
        {
            if (!now.TryGetValue(name, out string? current) || current != value)
            {
                Environment.SetEnvironmentVariable(name, value);
            }
        }

        Capture();
    }

    private static Dictionary<string, string> Read()
    {
        Dictionary<string, string> variables = new(
            OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            variables[(string)entry.Key] = (string?)entry.Value ?? string.Empty;
        }

        return variables;
    }

    private static bool Same(Dictionary<string, string> left, Dictionary<string, string> right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        foreach ((string name, string value) in left)
        {
            if (!right.TryGetValue(name, out string? other) || other != value)
            {
                return false;
            }
        }

        return true;
    }

    // Name=value, each ended by a zero, and an empty one at the end of all, whose zero is part of the text.
    private static int LengthOf(char* block)
    {
        int length = 0;
        while (block[length] != 0)
        {
            length += MemoryMarshal.CreateReadOnlySpanFromNullTerminated(block + length).Length + 1;
        }

        return length + 1;
    }

    private static bool StartsWith(char* block, ReadOnlySpan<char> text)
    {
        // Variable by variable: the block may be shorter than the text, and must not be read past its end.
        while (text.Length > 0)
        {
            int end = text.IndexOf('\0');
            if (!MemoryMarshal.CreateReadOnlySpanFromNullTerminated(block).SequenceEqual(text[..end]))
            {
                return false;
            }

            block += end + 1;
            text = text[(end + 1)..];
        }

        return true;
    }

    private static nint Pointer(string name, Type? returns)
    {
        MethodInfo? method = typeof(object).Assembly.GetType("Interop+Kernel32")
            ?.GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public);
        if (method is null || (returns is not null && method.ReturnType != returns))
        {
            return 0;
        }

        try
        {
            Marshal.Prelink(method);
            return method.MethodHandle.GetFunctionPointer();
        }
        catch (Exception failure) when (failure is DllNotFoundException or EntryPointNotFoundException or MissingMethodException)
        {
            return 0;
        }
    }
}
