using System;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Runspaced.Host.Session;

/// <summary>
/// Single settings of a runspace: strict mode, language mode, tracing, breakpoints, transcripts, and the hooks a
/// script can put into command look-up.
/// </summary>
internal sealed class SettingsWatch(SlotSession session, RunspaceTables tables) : StateWatch
{
    private readonly Runspace _runspace = session.Runspace;
    private readonly CommandInvocationIntrinsics _commands = session.Runspace.SessionStateProxy.InvokeCommand;
    private Version? _strictMode;
    private PSLanguageMode _languageMode;
    private int _debuggingMode;
    private int _transcripts;
    private Delegate? _notFound;
    private Delegate? _preLookup;
    private Delegate? _postLookup;
    private object? _locationHook;
    private long _history;
    private Delegate? _watching;
    private int _applications;
    private int _scripts;

    /// <summary>The language mode of the baseline.</summary>
    internal PSLanguageMode LanguageMode => _languageMode;

    /// <summary>Has a handler called for every command that is looked up, unless the session has one already.</summary>
    internal void WatchLookups(EventHandler<CommandLookupEventArgs> handler)
    {
        if (_commands.PostCommandLookupAction is null)
        {
            _commands.PostCommandLookupAction = handler;
            _watching = handler;
        }
    }

    internal void UnwatchLookups()
    {
        if (_watching is not null)
        {
            if (ReferenceEquals(_commands.PostCommandLookupAction, _watching))
            {
                _commands.PostCommandLookupAction = null!;
            }

            _watching = null;
        }
    }

    internal override void Capture()
    {
        _strictMode = tables.StrictMode?.Invoke();
        _languageMode = tables.LanguageMode?.Invoke() ?? default;
        _debuggingMode = tables.DebuggingMode?.Invoke() ?? 0;
        _transcripts = tables.Transcripts?.Count ?? 0;
        _notFound = _commands.CommandNotFoundAction;
        _preLookup = _commands.PreCommandLookupAction;
        _postLookup = _commands.PostCommandLookupAction;
        _locationHook = tables.LocationHook?.Invoke();
        _history = tables.HistoryCount;
        _applications = _runspace.SessionStateProxy.Applications.Count;
        _scripts = _runspace.SessionStateProxy.Scripts.Count;
    }

    internal override bool HasChanged() =>
        StrictModeChanged()
        || LanguageModeChanged()
        || TracingChanged()
        || BreakpointsChanged()
        || TranscriptsChanged()
        || HooksChanged()
        || LocationHookChanged()
        || HistoryChanged()
        || VisibilityChanged();

    internal override void Report(ChangeList changes)
    {
        if (StrictModeChanged())
        {
            changes.Add("setting", "strict_mode");
        }

        if (LanguageModeChanged())
        {
            changes.Add("setting", "language_mode");
        }

        if (TracingChanged())
        {
            changes.Add("setting", "trace");
        }

        if (BreakpointsChanged())
        {
            changes.Add("setting", "breakpoint");
        }

        if (TranscriptsChanged())
        {
            changes.Add("setting", "transcript");
        }

        if (HooksChanged())
        {
            changes.Add("setting", "command_lookup");
        }

        if (LocationHookChanged())
        {
            changes.Add("setting", "location_hook");
        }

        if (HistoryChanged())
        {
            changes.Add("setting", "history");
        }

        if (VisibilityChanged())
        {
            changes.Add("setting", "visibility");
        }
    }

    internal override void Restore()
    {
        if (StrictModeChanged())
        {
            tables.SetStrictMode?.Invoke(_strictMode);
        }

        if (LanguageModeChanged())
        {
            _runspace.SessionStateProxy.LanguageMode = _languageMode;
        }

        if (HooksChanged())
        {
            _commands.CommandNotFoundAction = (EventHandler<CommandLookupEventArgs>?)_notFound!;
            _commands.PreCommandLookupAction = (EventHandler<CommandLookupEventArgs>?)_preLookup!;
            _commands.PostCommandLookupAction = (EventHandler<CommandLookupEventArgs>?)_postLookup!;
        }

        if (LocationHookChanged())
        {
            HiddenMember.Set(_commands, "LocationChangedAction", _locationHook);
        }

        for (int count = tables.Transcripts?.Count ?? 0; count > _transcripts; count--)
        {
            using PowerShell pipeline = session.NewPipeline("Stop-Transcript");
            SlotSession.RunQuietly(pipeline);
        }

        // Tracing, breakpoints and history are for PowerShell's own reset, which follows where something is left.
    }

    private bool StrictModeChanged() => tables.StrictMode is { } read && !Equals(read(), _strictMode);

    private bool LanguageModeChanged() => tables.LanguageMode is { } read && read() != _languageMode;

    private bool TracingChanged() => tables.DebugTraceLevel is { } read && read() != 0;

    private bool BreakpointsChanged() => tables.DebuggingMode is { } read && read() != _debuggingMode;

    private bool TranscriptsChanged() => (tables.Transcripts?.Count ?? 0) != _transcripts;

    private bool HooksChanged() =>
        !ReferenceEquals(_commands.CommandNotFoundAction, _notFound)
        || !ReferenceEquals(_commands.PreCommandLookupAction, _preLookup)
        || !ReferenceEquals(_commands.PostCommandLookupAction, _postLookup);

    private bool LocationHookChanged() => !ReferenceEquals(tables.LocationHook?.Invoke(), _locationHook);

    private bool HistoryChanged() => tables.HistoryCount != _history;

    private bool VisibilityChanged() =>
        _runspace.SessionStateProxy.Applications.Count != _applications || _runspace.SessionStateProxy.Scripts.Count != _scripts;
}
