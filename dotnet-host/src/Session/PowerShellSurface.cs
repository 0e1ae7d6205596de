using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using System.Reflection;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Session;

/// <summary>
/// What PowerShell 7 has beyond the surface this assembly is compiled against, for the whole process, found once. A
/// member that is missing is logged, and the feature it serves does without.
/// </summary>
internal sealed class PowerShellSurface
{
    private static readonly Lazy<PowerShellSurface> s_instance = new(() => new PowerShellSurface());

    private readonly Func<object?>? _readRendering;
    private readonly Action<object?>? _writeRendering;
    private readonly Func<PowerShell, CommandInfo, PowerShell>? _addCommand;
    private readonly MethodInfo? _profilePath;

    private PowerShellSurface()
    {
        Assembly engine = typeof(PSObject).Assembly;
        Version = engine.GetType("System.Management.Automation.PSVersionInfo")
            ?.GetProperty("PSVersion", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            ?.GetValue(null)?.ToString() ?? string.Empty;
        Home = Path.GetDirectoryName(engine.Location) ?? string.Empty;

        _addCommand = typeof(PowerShell).GetMethod("AddCommand", [typeof(CommandInfo)])?.CreateDelegate<Func<PowerShell, CommandInfo, PowerShell>>();
        _profilePath = engine.GetType("System.Management.Automation.HostUtilities")?.GetMethod(
            "GetFullProfileFileName",
            BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic,
            [typeof(string), typeof(bool)]);

        // $PSStyle is one object for the process.
        Type? style = engine.GetType("System.Management.Automation.PSStyle");
        object? instance = style?.GetProperty("Instance", BindingFlags.Static | BindingFlags.Public)?.GetValue(null);
        PropertyInfo? rendering = style?.GetProperty("OutputRendering");
        if (instance is null || rendering is null)
        {
            Border.Log(LogLevel.Warn, "This PowerShell has no $PSStyle.OutputRendering: text may contain escape sequences.");
            return;
        }

        _readRendering = () => rendering.GetValue(instance);
        _writeRendering = value => rendering.SetValue(instance, value);
        OutputRendering = Enum.Parse(rendering.PropertyType, "PlainText");
    }

    internal static PowerShellSurface Instance => s_instance.Value;

    internal string Version { get; }

    internal string Home { get; }

    /// <summary><c>$PSStyle.OutputRendering</c>; null if there is none.</summary>
    internal object? OutputRendering
    {
        get => _readRendering?.Invoke();
        set => _writeRendering?.Invoke(value);
    }

    /// <summary>Adds a command itself rather than its name. False if this PowerShell cannot.</summary>
    internal bool AddCommand(PowerShell pipeline, CommandInfo command)
    {
        _addCommand?.Invoke(pipeline, command);
        return _addCommand is not null;
    }

    /// <summary>The four profiles in the order in which pwsh loads them, by the names <c>$PROFILE</c> has for them.</summary>
    internal List<(string Name, string Path)> Profiles()
    {
        const string Shell = "Microsoft.PowerShell";
        List<(string, string)> profiles = [];
        foreach ((string name, string? shell, bool ofUser) in new[]
        {
            ("AllUsersAllHosts", (string?)null, false),
            ("AllUsersCurrentHost", Shell, false),
            ("CurrentUserAllHosts", null, true),
            ("CurrentUserCurrentHost", Shell, true),
        })
        {
            if (_profilePath?.Invoke(null, [shell, ofUser]) is string { Length: > 0 } path)
            {
                profiles.Add((name, path));
            }
        }

        return profiles;
    }
}
