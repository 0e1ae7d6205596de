using System;
using System.IO;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace Runspaced.Host.Tests;

/// <summary>
/// The PowerShell of the machine: <c>RUNSPACED_POWERSHELL_HOME</c>, or where <c>pwsh</c> on the PATH or the official
/// package is. Its assemblies are loaded from there.
/// </summary>
internal static class PowerShellHome
{
    internal static string? Path { get; } = Find();

    /// <summary>Why tests that need PowerShell do not run; null if they do, or if not running them is an error.</summary>
    internal static string? WhySkipped { get; } =
        Path is not null || Environment.GetEnvironmentVariable("RUNSPACED_REQUIRE_POWERSHELL") == "1"
            ? null
            : "PowerShell was not found: set RUNSPACED_POWERSHELL_HOME to the folder of pwsh.dll.";

    [ModuleInitializer]
    internal static void LoadAssembliesFromThere()
    {
        if (Path is not { } home)
        {
            return;
        }

        AssemblyLoadContext.Default.Resolving += (context, name) =>
        {
            string file = System.IO.Path.Combine(home, $"{name.Name}.dll");
            return File.Exists(file) ? context.LoadFromAssemblyPath(file) : null;
        };
    }

    private static string? Find()
    {
        string? given = Environment.GetEnvironmentVariable("RUNSPACED_POWERSHELL_HOME");
        if (IsHome(given))
        {
            return given;
        }

        string program = OperatingSystem.IsWindows() ? "pwsh.exe" : "pwsh";
        foreach (string folder in (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(System.IO.Path.PathSeparator))
        {
            FileInfo candidate = new(System.IO.Path.Combine(folder, program));
            if (candidate.Exists)
            {
                FileSystemInfo target = candidate.ResolveLinkTarget(returnFinalTarget: true) ?? candidate;
                if (System.IO.Path.GetDirectoryName(target.FullName) is { } home && IsHome(home))
                {
                    return home;
                }
            }
        }

        const string Packaged = "/opt/microsoft/powershell/7";
        return IsHome(Packaged) ? Packaged : null;
    }

    private static bool IsHome(string? folder) =>
        folder is { Length: > 0 } && File.Exists(System.IO.Path.Combine(folder, "System.Management.Automation.dll"));
}
