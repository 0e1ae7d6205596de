using System;
using System.IO;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;
using Runspaced.Host.Session;
using Runspaced.Host.Slots;

namespace Runspaced.Host.Interop;

/// <summary>
/// Keeps the process alive against what a script can do to it, and leaves last words where it cannot.
/// </summary>
internal static class ProcessGuard
{
    private static readonly string s_frameworkFolder = Path.GetDirectoryName(typeof(object).Assembly.Location) ?? string.Empty;
    private const string DiagnosticsOptOut = "POWERSHELL_DIAGNOSTICS_OPTOUT";

    private static volatile bool s_exitAllowed;
    private static bool s_hidesDiagnostics;

    internal static void Install()
    {
        // Read once by System.Management.Automation's static constructors: has to be there before they run.
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");

        // PowerShell would open a socket through which other programs of the user run commands in this process. Whoever wants
        // that sets the variable to 0.
        if (Environment.GetEnvironmentVariable(DiagnosticsOptOut) is null)
        {
            s_hidesDiagnostics = true;
            Environment.SetEnvironmentVariable(DiagnosticsOptOut, "1");
        }
        ExceptionHandling.SetUnhandledExceptionHandler(OnEscapedException);
        AppDomain.CurrentDomain.UnhandledException += OnUnhandledException;
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
        AppDomain.CurrentDomain.AssemblyLoad += OnAssemblyLoad;
        TaskScheduler.UnobservedTaskException += OnUnobservedTaskException;
    }

    /// <summary>PowerShell has read what it reads once: what was set for it is no business of scripts and their programs.</summary>
    internal static void PowerShellStarted()
    {
        if (s_hidesDiagnostics)
        {
            s_hidesDiagnostics = false;
            Environment.SetEnvironmentVariable(DiagnosticsOptOut, null);
        }
    }

    /// <summary>From here on the end of the process is meant.</summary>
    internal static void AllowExit() => s_exitAllowed = true;

    // What a thread of a script (a timer's, a module's) or one of PowerShell's own lets escape ends that thread, not the process. The
    // threads of slots let nothing escape.
    private static bool OnEscapedException(Exception failure)
    {
        Border.Log(LogLevel.Error, $"A thread outside of any call ended with an exception: {failure}");
        return failure is not OutOfMemoryException;
    }

    private static void OnUnhandledException(object sender, UnhandledExceptionEventArgs arguments) =>
        Border.Fatal($"Unhandled exception on a thread outside of any call: {arguments.ExceptionObject}");

    private static void OnUnobservedTaskException(object? sender, UnobservedTaskExceptionEventArgs arguments)
    {
        arguments.SetObserved();
        Border.Log(LogLevel.Warn, $"A task failed and nobody looked: {arguments.Exception}");
    }

    // What PowerShell and .NET bring along is no change; what a script brings stays, for the whole process.
    private static void OnAssemblyLoad(object? sender, AssemblyLoadEventArgs arguments)
    {
        if (Slot.Current is not { IsOpen: true } slot)
        {
            return;
        }

        string folder = arguments.LoadedAssembly.IsDynamic ? string.Empty : Path.GetDirectoryName(arguments.LoadedAssembly.Location) ?? string.Empty;
        if (folder.Length == 0 || (folder != PowerShellSurface.Instance.Home && folder != s_frameworkFolder))
        {
            slot.NoteAssembly(arguments.LoadedAssembly.GetName().Name ?? "?");
        }
    }

    // [Environment]::Exit runs this handler before anything is torn down, and waits for it. So it never returns;
    // whoever owns the process decides what happens. (The thread is the finalizer's: from here on nothing is
    // finalized any more, which the process bears for a while.) A second Exit does not come here, it only waits too.
    private static void OnProcessExit(object? sender, EventArgs arguments)
    {
        if (s_exitAllowed)
        {
            return;
        }

        const int Rounds = 20;
        ExitCallers callers = new();
        bool told = false;
        for (int round = 0; ; round++)
        {
            foreach (Slot slot in callers.FindNew(guess: !told && round == Rounds))
            {
                told = true;
                Border.Send(EventKind.ExitRequested, slot.Id, slot.RunningCallId, Environment.ExitCode, default);
            }

            if (!told && round == Rounds)
            {
                told = true;
                Border.Send(EventKind.ExitRequested, 0, 0, Environment.ExitCode, default);
            }

            Thread.Sleep(round < Rounds ? 10 : 100);
        }
    }
}
