using System;
using System.Collections.Generic;
using System.Management.Automation;

namespace Runspaced.Host.Session;

/// <summary>
/// The functions of a module's own scope, of which there may be thousands: which there are is compared only after the
/// table was written to, what they do one by one.
/// </summary>
internal sealed class ModuleFunctionWatch(Dictionary<string, FunctionInfo> table, string prefix) : StateWatch
{
    private readonly FunctionWatch _functions = new(table, "module_state", prefix);
    private readonly Func<int>? _readVersion = HiddenMember.Reader<int>(table, "_version");
    private FunctionInfo[] _known = [];
    private ScriptBlock[] _bodies = [];
    private int _version;

    internal override void Capture()
    {
        _functions.Capture();
        _known = [.. table.Values];
        _bodies = Array.ConvertAll(_known, static function => function.ScriptBlock);
        _version = _readVersion?.Invoke() ?? 0;
    }

    internal override bool HasChanged()
    {
        if (_readVersion is null)
        {
            return _functions.HasChanged();
        }

        FunctionInfo[] known = _known;
        ScriptBlock[] bodies = _bodies;
        for (int index = 0; index < known.Length; index++)
        {
            if (!ReferenceEquals(known[index].ScriptBlock, bodies[index]))
            {
                return true;
            }
        }

        int version = _readVersion();
        if (version == _version)
        {
            return false;
        }

        if (_functions.HasChanged())
        {
            return true;
        }

        _version = version;
        return false;
    }

    internal override void Report(ChangeList changes) => _functions.Report(changes);

    internal override void Restore() => _functions.Restore();
}
