using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Runspaced.Host.Binding;

/// <summary>
/// The parameters of commands and scripts a slot has bound before. Cleared whenever the runspace's commands
/// change.
/// </summary>
internal sealed class CommandCache(Runspace runspace)
{
    private const int MostScripts = 256;

    private readonly Dictionary<string, ParameterTable> _commands = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, ParameterTable> _scripts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Review> _reviews = new(StringComparer.Ordinal);

    /// <summary>Forgets the commands; what a text declares does not depend on the runspace.</summary>
    internal void Clear()
    {
        _commands.Clear();
        _reviews.Clear();
    }

    /// <summary>
    /// True for a script that only reads. A text is looked at when it comes for the second time: looking at one that
    /// comes only once costs more than it saves.
    /// </summary>
    internal bool IsHarmlessScript(string text)
    {
        if (!_reviews.TryGetValue(text, out Review? review))
        {
            if (_reviews.Count >= MostScripts)
            {
                _reviews.Clear();
            }

            _reviews[text] = new();
            return false;
        }

        return review.OnlyReads ??= ScriptReview.OnlyReads(Script(text).Source!, this);
    }

    /// <summary>The parameters of a command; null if there is no such command.</summary>
    internal ParameterTable? Command(string name)
    {
        if (_commands.TryGetValue(name, out ParameterTable? known))
        {
            return known;
        }

        CommandInfo? command = runspace.SessionStateProxy.InvokeCommand.GetCommand(name, CommandTypes.All);
        for (int hops = 0; command is AliasInfo alias && hops < 16; hops++)
        {
            command = alias.ResolvedCommand;
        }

        if (command is null)
        {
            return null;
        }

        ParameterTable table = ParameterTable.Of(command);
        _commands[name] = table;
        return table;
    }

    /// <summary>The parameters a script text declares.</summary>
    internal ParameterTable Script(string text)
    {
        if (_scripts.TryGetValue(text, out ParameterTable? known))
        {
            return known;
        }

        if (_scripts.Count >= MostScripts)
        {
            _scripts.Clear();
        }

        ParameterTable table = ParameterTable.OfScript(text);
        _scripts[text] = table;
        return table;
    }

    /// <summary>The name of a command that somebody may have meant; null if nothing is near.</summary>
    internal string? Nearest(string name)
    {
        List<string> names = [];
        foreach (string candidate in runspace.SessionStateProxy.InvokeCommand.GetCommandName("*", nameIsPattern: true, returnFullName: false))
        {
            names.Add(candidate);
        }

        return NearestName.Of(name, names);
    }

    private sealed class Review
    {
        /// <summary>Null until the text was looked at.</summary>
        internal bool? OnlyReads { get; set; }
    }
}
