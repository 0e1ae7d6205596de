using System.Collections.Generic;
using System.Management.Automation;

namespace Runspaced.Host.Session;

/// <summary>Which cmdlets callers may see. Which there are changes with modules only.</summary>
internal sealed class CmdletWatch(Dictionary<string, List<CmdletInfo>> table) : StateWatch
{
    private CmdletInfo[] _cmdlets = [];
    private SessionStateEntryVisibility[] _visibilities = [];

    internal override void Capture()
    {
        List<CmdletInfo> cmdlets = [];
        foreach (List<CmdletInfo> sameName in table.Values)
        {
            cmdlets.AddRange(sameName);
        }

        _cmdlets = [.. cmdlets];
        _visibilities = new SessionStateEntryVisibility[_cmdlets.Length];
        for (int index = 0; index < _cmdlets.Length; index++)
        {
            _visibilities[index] = _cmdlets[index].Visibility;
        }
    }

    internal override bool HasChanged()
    {
        CmdletInfo[] cmdlets = _cmdlets;
        SessionStateEntryVisibility[] visibilities = _visibilities;
        for (int index = 0; index < cmdlets.Length; index++)
        {
            if (cmdlets[index].Visibility != visibilities[index])
            {
                return true;
            }
        }

        return false;
    }

    internal override void Report(ChangeList changes)
    {
        for (int index = 0; index < _cmdlets.Length; index++)
        {
            if (_cmdlets[index].Visibility != _visibilities[index])
            {
                changes.Add("cmdlet", _cmdlets[index].Name);
            }
        }
    }

    internal override void Restore()
    {
        for (int index = 0; index < _cmdlets.Length; index++)
        {
            if (_cmdlets[index].Visibility != _visibilities[index])
            {
                _cmdlets[index].Visibility = _visibilities[index];
            }
        }
    }
}
