using System;
using System.Management.Automation;
using System.Reflection;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Session;

/// <summary>
/// What PowerShell 7 has beyond the surface this assembly is compiled against, found once. A member that is
/// missing is logged and the feature it serves does without.
/// </summary>
internal sealed class PowerShellSurface
{
    private static readonly Lazy<PowerShellSurface> s_instance = new(() => new PowerShellSurface());

    private PowerShellSurface()
    {
        Assembly engine = typeof(PSObject).Assembly;
        Version = engine.GetType("System.Management.Automation.PSVersionInfo")
            ?.GetProperty("PSVersion", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            ?.GetValue(null)?.ToString() ?? string.Empty;
        Home = System.IO.Path.GetDirectoryName(engine.Location) ?? string.Empty;
        DisableColors(engine);
    }

    internal static PowerShellSurface Instance => s_instance.Value;

    internal string Version { get; }

    internal string Home { get; }

    // $PSStyle is one object for the process.
    private static void DisableColors(Assembly engine)
    {
        Type? style = engine.GetType("System.Management.Automation.PSStyle");
        object? instance = style?.GetProperty("Instance", BindingFlags.Static | BindingFlags.Public)?.GetValue(null);
        PropertyInfo? rendering = style?.GetProperty("OutputRendering");
        if (instance is null || rendering is null)
        {
            Border.Log(LogLevel.Warn, "This PowerShell has no $PSStyle.OutputRendering: text may contain escape sequences.");
            return;
        }

        rendering.SetValue(instance, Enum.Parse(rendering.PropertyType, "PlainText"));
    }
}
