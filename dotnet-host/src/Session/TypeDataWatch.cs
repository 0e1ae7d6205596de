using System.Management.Automation.Runspaces;

namespace Runspaced.Host.Session;

/// <summary>
/// Type and format data. PowerShell notes every addition and removal in the runspace's initial state; it cannot be
/// undone without taking away more than was added.
/// </summary>
internal sealed class TypeDataWatch(Runspace runspace) : StateWatch
{
    private readonly int _own = runspace.InitialSessionState.Types.Count;
    private int _types;
    private int _formats;

    /// <summary>
    /// There is more than PowerShell brings: reading a property may run a script that does anything.
    /// </summary>
    internal bool HasAdditions => runspace.InitialSessionState.Types.Count != _own;

    internal override void Capture()
    {
        _types = runspace.InitialSessionState.Types.Count;
        _formats = runspace.InitialSessionState.Formats.Count;
    }

    internal override bool HasChanged() =>
        runspace.InitialSessionState.Types.Count != _types || runspace.InitialSessionState.Formats.Count != _formats;

    internal override void Report(ChangeList changes)
    {
        InitialSessionStateEntryCollection<SessionStateTypeEntry> types = runspace.InitialSessionState.Types;
        for (int index = _types; index < types.Count; index++)
        {
            changes.Add("type_data", types[index].TypeData?.TypeName ?? types[index].FileName ?? types[index].Name ?? "file");
        }

        if (types.Count < _types)
        {
            changes.Add("type_data", "removed");
        }

        if (runspace.InitialSessionState.Formats.Count != _formats)
        {
            changes.Add("format_data", "changed");
        }
    }

    internal override void Restore()
    {
    }
}
