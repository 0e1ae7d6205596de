using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Runspaced.Host.Session;

/// <summary>Hides all commands from callers but those that are listed; module functions still see each other.</summary>
internal static class CommandVisibility
{
    // The host itself formats and describes with these, on a caller's behalf.
    private static readonly string[] s_always = ["Get-Command", "Out-String"];

    internal static void Restrict(Runspace runspace, IReadOnlyList<string> visible)
    {
        List<WildcardPattern> patterns = [];
        foreach (string name in visible)
        {
            patterns.Add(new WildcardPattern(name, WildcardOptions.IgnoreCase));
        }

        foreach (string name in s_always)
        {
            patterns.Add(new WildcardPattern(name, WildcardOptions.IgnoreCase));
        }

        SessionStateProxy session = runspace.SessionStateProxy;
        const CommandTypes Listed = CommandTypes.Cmdlet | CommandTypes.Function | CommandTypes.Filter | CommandTypes.Alias;
        List<CommandInfo> commands = [.. session.InvokeCommand.GetCommands("*", Listed, nameIsPattern: true)];
        foreach (CommandInfo command in commands)
        {
            if (!Matches(patterns, command))
            {
                command.Visibility = SessionStateEntryVisibility.Private;
            }
        }

        session.Applications.Clear();
        session.Scripts.Clear();
        foreach (string name in visible)
        {
            if (!WildcardPattern.ContainsWildcardCharacters(name))
            {
                session.Applications.Add(name);
                session.Scripts.Add(name);
            }
        }

        // What is imported by itself would be visible.
        session.SetVariable("PSModuleAutoLoadingPreference", PSModuleAutoLoadingPreference.None);
    }

    private static bool Matches(List<WildcardPattern> patterns, CommandInfo command)
    {
        foreach (WildcardPattern pattern in patterns)
        {
            if (pattern.IsMatch(command.Name))
            {
                return true;
            }
        }

        return false;
    }
}
