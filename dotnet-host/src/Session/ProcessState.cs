using System;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;

namespace Runspaced.Host.Session;

/// <summary>
/// Settings of the whole process that a script can change: environment, current folder, console, default culture,
/// colours of formatted text. They are compared with one baseline after every call and brought back when no other
/// call is running.
/// </summary>
internal static class ProcessState
{
    private static readonly Lock s_gate = new();
    private static readonly EnvironmentBlock s_environment = new();
    private static readonly Func<TextWriter?>? s_readOut = HiddenMember.StaticReader<TextWriter>(typeof(Console), "s_out");
    private static readonly Func<TextWriter?>? s_readError = HiddenMember.StaticReader<TextWriter>(typeof(Console), "s_error");
    private static readonly Func<TextReader?>? s_readIn = HiddenMember.StaticReader<TextReader>(typeof(Console), "s_in");

    private static readonly AcceleratorWatch s_accelerators = new();
    private static readonly StateWatch[] s_watches = [new StyleWatch(), s_accelerators, new TraceSourceWatch()];

    private static bool s_captured;
    private static int s_running;
    private static bool s_overlap;
    private static int s_overlapping;
    private static string s_directory = string.Empty;
    private static Encoding s_outputEncoding = Encoding.Default;
    private static Encoding s_inputEncoding = Encoding.Default;
    private static TextWriter? s_out;
    private static TextWriter? s_error;
    private static TextReader? s_in;
    private static CultureInfo? s_culture;
    private static CultureInfo? s_uiCulture;
    private static object? s_rendering;

    internal static void CallStarts() => Interlocked.Increment(ref s_running);

    internal static void CallEnds() => Interlocked.Decrement(ref s_running);

    /// <summary>To be called before a slot opens; what it answers goes to <see cref="SlotOpened"/>.</summary>
    internal static EnvironmentBlock SlotOpens()
    {
        EnvironmentBlock before = new();
        before.Capture();
        return before;
    }

    /// <summary>
    /// The first slot's opening leaves the baseline. What later ones change while they open joins it: the module path,
    /// what their modules and startup scripts set.
    /// </summary>
    internal static void SlotOpened(EnvironmentBlock before)
    {
        lock (s_gate)
        {
            if (s_captured)
            {
                s_accelerators.Capture();
                s_environment.AcceptSince(before);
                return;
            }

            s_captured = true;
            s_environment.Capture();
            s_directory = Environment.CurrentDirectory;
            CaptureConsole();
            s_culture = CultureInfo.DefaultThreadCurrentCulture;
            s_uiCulture = CultureInfo.DefaultThreadCurrentUICulture;
            s_rendering = PowerShellSurface.Instance.OutputRendering;
            foreach (StateWatch watch in s_watches)
            {
                watch.Capture();
            }
        }
    }

    /// <summary>
    /// Compares and restores at the end of a call, which still counts as running.
    /// </summary>
    /// <param name="withEnvironment">False if the call cannot have touched the environment.</param>
    /// <param name="withModules">Modules came with the call; the type accelerators that came with them stay.</param>
    internal static ProcessVerdict Settle(ChangeList changes, bool withEnvironment, bool withModules)
    {
        if (!HasChanged(withEnvironment))
        {
            return default;
        }

        lock (s_gate)
        {
            if (withModules)
            {
                s_accelerators.Capture();
                if (!HasChanged(withEnvironment))
                {
                    return default;
                }
            }

            int before = changes.Items.Count;
            Report(changes);
            int found = changes.Items.Count - before;

            // Each call that ends meanwhile finds the same change; it is told once.
            bool more = !s_overlap || found > s_overlapping;
            if (Volatile.Read(ref s_running) > 1)
            {
                s_overlap = true;
                s_overlapping = Math.Max(found, s_overlapping);
                return new ProcessVerdict(Changed: true, Overlap: more, Dirty: true);
            }

            bool overlap = s_overlap && more;
            s_overlap = false;
            s_overlapping = 0;
            Restore();
            return new ProcessVerdict(Changed: true, overlap, Dirty: HasChanged(withEnvironment: true));
        }
    }

    /// <summary>The same for a call that cannot have changed anything itself, but may have run beside one that did.</summary>
    internal static ProcessVerdict SettleOthers(ChangeList changes) =>
        Volatile.Read(ref s_overlap) ? Settle(changes, withEnvironment: true, withModules: false) : default;

    private static bool HasChanged(bool withEnvironment) =>
        ConsoleChanged() || CultureChanged() || RenderingChanged() || DirectoryChanged() || (withEnvironment && (s_environment.HasChanged() || AnyWatchChanged()));

    private static bool AnyWatchChanged()
    {
        foreach (StateWatch watch in s_watches)
        {
            if (watch.HasChanged())
            {
                return true;
            }
        }

        return false;
    }

    private static void Report(ChangeList changes)
    {
        s_environment.Report(changes);
        if (DirectoryChanged())
        {
            changes.Add("process", "current_directory");
        }

        if (ConsoleChanged())
        {
            changes.Add("process", "console");
        }

        if (CultureChanged())
        {
            changes.Add("process", "culture");
        }

        if (RenderingChanged())
        {
            changes.Add("process", "output_rendering");
        }

        foreach (StateWatch watch in s_watches)
        {
            watch.Report(changes);
        }
    }

    private static void Restore()
    {
        s_environment.Restore();
        if (DirectoryChanged())
        {
            try
            {
                Environment.CurrentDirectory = s_directory;
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // The folder is gone; it stays reported as changed.
            }
        }

        if (ConsoleChanged())
        {
            RestoreConsole();
        }

        CultureInfo.DefaultThreadCurrentCulture = s_culture;
        CultureInfo.DefaultThreadCurrentUICulture = s_uiCulture;
        if (RenderingChanged())
        {
            PowerShellSurface.Instance.OutputRendering = s_rendering;
        }

        foreach (StateWatch watch in s_watches)
        {
            watch.Restore();
        }
    }

    private static void RestoreConsole()
    {
        // Setting an encoding makes new writers, so that comes first.
        if (!Console.OutputEncoding.Equals(s_outputEncoding))
        {
            Console.OutputEncoding = s_outputEncoding;
        }

        if (!Console.InputEncoding.Equals(s_inputEncoding))
        {
            Console.InputEncoding = s_inputEncoding;
        }

        if (s_out is not null && !ReferenceEquals(s_readOut?.Invoke(), s_out))
        {
            Console.SetOut(s_out);
        }

        if (s_error is not null && !ReferenceEquals(s_readError?.Invoke(), s_error))
        {
            Console.SetError(s_error);
        }

        if (s_in is not null && ReaderChanged())
        {
            Console.SetIn(s_in);
        }

        CaptureConsole();
    }

    // The writers are made when first used: use them first, so that their coming is no change. The reader is not made
    // here, because that changes the settings of a terminal.
    private static void CaptureConsole()
    {
        _ = Console.Out;
        _ = Console.Error;
        s_out = s_readOut?.Invoke();
        s_error = s_readError?.Invoke();
        s_in = s_readIn?.Invoke();
        s_outputEncoding = Console.OutputEncoding;
        s_inputEncoding = Console.InputEncoding;
    }

    private static bool DirectoryChanged() => !Environment.CurrentDirectory.Equals(s_directory, StringComparison.Ordinal);

    private static bool ConsoleChanged() =>
        !ReferenceEquals(s_readOut?.Invoke(), s_out)
        || !ReferenceEquals(s_readError?.Invoke(), s_error)
        || ReaderChanged()
        || !ReferenceEquals(Console.OutputEncoding, s_outputEncoding)
        || !ReferenceEquals(Console.InputEncoding, s_inputEncoding);

    private static bool ReaderChanged()
    {
        TextReader? reader = s_readIn?.Invoke();
        s_in ??= reader;
        return !ReferenceEquals(reader, s_in);
    }

    private static bool CultureChanged() =>
        !ReferenceEquals(CultureInfo.DefaultThreadCurrentCulture, s_culture)
        || !ReferenceEquals(CultureInfo.DefaultThreadCurrentUICulture, s_uiCulture);

    private static bool RenderingChanged() => !Equals(PowerShellSurface.Instance.OutputRendering, s_rendering);
}
