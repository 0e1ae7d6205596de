using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Runspaced.Host.Session;

/// <summary>
/// The session's location, those of its drives, and the location stacks. Every change of location, back to where it
/// was included, puts a new object into <c>$PWD</c>.
/// </summary>
internal sealed class LocationWatch(Runspace runspace, RunspaceTables tables) : StateWatch
{
    private readonly Dictionary<string, string> _driveLocations = [];
    private string _baseline = string.Empty;
    private object? _baselineValue;
    private int _stacks;

    internal override void Capture()
    {
        _baseline = runspace.SessionStateProxy.Path.CurrentLocation.Path;
        _baselineValue = Current();
        _stacks = StackedLocations();
        _driveLocations.Clear();
        foreach (PSDriveInfo drive in tables.Drives?.Values ?? (IEnumerable<PSDriveInfo>)[])
        {
            _driveLocations[drive.Name] = drive.CurrentLocation;
        }
    }

    /// <summary>Takes the value of <c>$PWD</c> as that of the baseline if it is the same place.</summary>
    internal void Accept()
    {
        if (runspace.SessionStateProxy.Path.CurrentLocation.Path == _baseline)
        {
            _baselineValue = Current();
        }
    }

    internal override bool HasChanged() => !ReferenceEquals(Current(), _baselineValue) || StackedLocations() != _stacks;

    /// <summary>The location is not that of the baseline, and nothing else has changed here.</summary>
    internal bool HasMoved() => !ReferenceEquals(Current(), _baselineValue) && StackedLocations() == _stacks;

    internal override void Report(ChangeList changes)
    {
        string path = runspace.SessionStateProxy.Path.CurrentLocation.Path;
        if (path != _baseline)
        {
            changes.Add("location", path);
        }

        if (StackedLocations() != _stacks)
        {
            changes.Add("location", "stack");
        }
    }

    internal override void Restore()
    {
        foreach (PSDriveInfo drive in tables.Drives?.Values ?? (IEnumerable<PSDriveInfo>)[])
        {
            if (_driveLocations.TryGetValue(drive.Name, out string? location))
            {
                drive.CurrentLocation = location;
            }
        }

        if (StackedLocations() != _stacks)
        {
            tables.LocationStacks?.Clear();
            _stacks = 0;
        }

        try
        {
            runspace.SessionStateProxy.Path.SetLocation(WildcardPattern.Escape(_baseline));
            _baselineValue = Current();
        }
        catch (RuntimeException)
        {
            // The folder is gone: the look afterwards finds another location than the baseline's.
            _baselineValue = null;
        }
    }

    private object? Current() =>
        tables.Variables is { } variables && variables.TryGetValue("PWD", out PSVariable? variable) ? variable.Value : null;

    private int StackedLocations()
    {
        int count = 0;
        if (tables.LocationStacks is { Count: > 0 } stacks)
        {
            foreach (Stack<PathInfo> stack in stacks.Values)
            {
                count += stack.Count;
            }
        }

        return count;
    }
}
