using System;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using System.Text;
using Runspaced.Host.Interop;
using Runspaced.Host.Slots;

namespace Runspaced.Host.Session;

/// <summary>
/// What happens in a new runspace before its first call. Modules, profiles and the startup script run unrestricted;
/// the language mode and the list of visible commands come last.
/// </summary>
internal sealed class SlotPreparation(SlotSession session, SlotConfig config)
{
    /// <exception cref="SlotOpenException">A step failed.</exception>
    internal void Run()
    {
        SetNativeEncoding();
        SetLocation();
        AddModuleFolders();
        foreach (string module in config.Modules)
        {
            using PowerShell pipeline = session.ImportPipeline(module);
            RunStep(pipeline, "module", module);
        }

        if (config.LoadProfile)
        {
            LoadProfiles();
        }

        if (!string.IsNullOrWhiteSpace(config.StartupScript))
        {
            using PowerShell pipeline = session.NewPipeline();
            pipeline.AddScript(config.StartupScript, useLocalScope: false);
            RunStep(pipeline, "startup_script", subject: null);
        }

        if (config.VisibleCommands.Count > 0)
        {
            CommandVisibility.Restrict(session.Runspace, config.VisibleCommands);
        }

        session.Runspace.SessionStateProxy.LanguageMode = config.LanguageMode switch
        {
            "constrained" => PSLanguageMode.ConstrainedLanguage,
            "none" => PSLanguageMode.NoLanguage,
            _ => PSLanguageMode.FullLanguage,
        };
    }

    // How PowerShell reads what native commands print, and writes what it pipes to them.
    private void SetNativeEncoding()
    {
        if (!config.NativeUtf8)
        {
            return;
        }

        UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false);
        session.Runspace.SessionStateProxy.SetVariable("OutputEncoding", utf8);
        if (Console.OutputEncoding is { CodePage: 65001, Preamble.Length: 0 })
        {
            return;
        }

        try
        {
            Console.OutputEncoding = utf8;
        }
        catch (IOException failure)
        {
            // A Windows process without a console: there is no code page to set, and none in the way.
            Border.Log(LogLevel.Debug, $"The console's encoding was not set: {failure.Message}");
        }
    }

    // PowerShell has put its own folders there when the runspace opened. The variable is the process's: it says so once.
    private void AddModuleFolders()
    {
        if (config.ModuleFolders.Count == 0)
        {
            return;
        }

        const string Name = "PSModulePath";
        List<string> folders = [.. (Environment.GetEnvironmentVariable(Name) ?? string.Empty).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)];
        int before = folders.Count;
        foreach (string folder in config.ModuleFolders)
        {
            if (!folders.Contains(folder))
            {
                folders.Add(folder);
            }
        }

        if (folders.Count > before)
        {
            Environment.SetEnvironmentVariable(Name, string.Join(Path.PathSeparator, folders));
        }
    }

    private void SetLocation()
    {
        if (config.WorkingDirectory is not { Length: > 0 } folder)
        {
            return;
        }

        try
        {
            session.Runspace.SessionStateProxy.Path.SetLocation(WildcardPattern.Escape(folder));
        }
        catch (RuntimeException failure)
        {
            throw new SlotOpenException("runspace", folder, $"The working directory cannot be entered: {failure.Message}", failure);
        }
    }

    private void LoadProfiles()
    {
        List<(string Name, string Path)> profiles = PowerShellSurface.Instance.Profiles();
        if (profiles.Count == 0)
        {
            throw new SlotOpenException("profile", null, "This PowerShell does not say where its profiles are; open the slot without them.");
        }

        PSObject all = new(profiles[^1].Path);
        foreach ((string name, string path) in profiles)
        {
            all.Properties.Add(new PSNoteProperty(name, path));
        }

        session.Runspace.SessionStateProxy.SetVariable("PROFILE", all);
        foreach ((string _, string path) in profiles)
        {
            if (File.Exists(path))
            {
                using PowerShell pipeline = session.NewPipeline();
                pipeline.AddCommand(path, useLocalScope: false);
                RunStep(pipeline, "profile", path);
            }
        }
    }

    private static void RunStep(PowerShell pipeline, string phase, string? subject)
    {
        try
        {
            pipeline.Invoke();
            foreach (ErrorRecord error in pipeline.Streams.Error)
            {
                Border.Log(LogLevel.Warn, $"{phase} {subject}: {error}");
            }
        }
        catch (Exception failure)
        {
            throw new SlotOpenException(phase, subject, failure.Message, failure);
        }
    }
}
