using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Runspaced.Host.Session;

/// <summary>The drives of the session.</summary>
internal sealed class DriveWatch(Runspace runspace, RunspaceTables tables) : StateWatch
{
    private readonly List<PSDriveInfo> _baseline = [];
    private Dictionary<string, PSDriveInfo>? _table;

    internal override void Capture()
    {
        _table = tables.Drives;
        _baseline.Clear();
        if (_table is not null)
        {
            _baseline.AddRange(_table.Values);
        }
    }

    internal override bool HasChanged()
    {
        Dictionary<string, PSDriveInfo>? table = _table ??= tables.Drives;
        if (table is null || table.Count != _baseline.Count)
        {
            return table is not null;
        }

        int index = 0;
        foreach ((string _, PSDriveInfo drive) in table)
        {
            if (!ReferenceEquals(drive, _baseline[index++]))
            {
                return true;
            }
        }

        return false;
    }

    internal override void Report(ChangeList changes)
    {
        foreach (PSDriveInfo drive in Added())
        {
            changes.Add("drive", drive.Name);
        }

        foreach (PSDriveInfo drive in Removed())
        {
            changes.Add("drive", drive.Name);
        }
    }

    internal override void Restore()
    {
        DriveManagementIntrinsics drives = runspace.SessionStateProxy.Drive;
        foreach (PSDriveInfo drive in Added())
        {
            try
            {
                drives.Remove(drive.Name, force: true, scope: "global");
            }
            catch (RuntimeException)
            {
                // Its provider does not let go of it; the look afterwards sees that.
            }
        }

        foreach (PSDriveInfo drive in Removed())
        {
            try
            {
                drives.New(drive, "global");
            }
            catch (RuntimeException)
            {
                // The look afterwards sees that.
            }
        }

        if (Added().Count == 0 && Removed().Count == 0)
        {
            // Removing and adding has changed the order, not the drives.
            Capture();
        }
    }

    private List<PSDriveInfo> Added() => Added(_table?.Values ?? (IEnumerable<PSDriveInfo>)[], _baseline);

    private List<PSDriveInfo> Removed()
    {
        List<PSDriveInfo> removed = [];
        foreach (PSDriveInfo drive in _baseline)
        {
            if (_table is null || !_table.ContainsKey(drive.Name))
            {
                removed.Add(drive);
            }
        }

        return removed;
    }
}
