using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Text.RegularExpressions;
using System.Threading;

namespace Runspaced.Host.Slots;

/// <summary>
/// Finds the slots whose calls have called <c>[Environment]::Exit</c>. .NET does not say: it tells of the exit on the
/// finalizer's thread, while the thread that called it waits. So that is what is looked for: a waiting thread whose
/// innermost statement calls something named Exit.
/// </summary>
internal sealed partial class ExitCallers
{
    private readonly HashSet<(ulong Slot, ulong Call)> _known = [];

    /// <summary>Slots that were not found before. With <paramref name="guess"/>, a call that is the only one to wait is one.</summary>
    internal List<Slot> FindNew(bool guess)
    {
        List<Slot> waiting = [.. SlotTable.All.Where(slot => slot.RunningCallId != 0 && slot.IsWaiting && !_known.Contains((slot.Id, slot.RunningCallId)))];
        List<Slot> found = [.. waiting.Where(CallsExit)];
        if (guess && found.Count == 0 && waiting.Count == 1)
        {
            found = waiting;
        }

        foreach (Slot slot in found)
        {
            _known.Add((slot.Id, slot.RunningCallId));
        }

        return found;
    }

    private static bool CallsExit(Slot slot)
    {
        try
        {
            CallStackFrame? innermost = slot.Runspace?.Debugger?.GetCallStack().FirstOrDefault();
            return innermost?.Position?.Text is { } statement && ExitCall().IsMatch(statement);
        }
        catch (Exception failure) when (failure is InvalidOperationException or NotSupportedException)
        {
            // Its runspace is being closed.
            return false;
        }
    }

    [GeneratedRegex(@"\bExit\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ExitCall();
}
