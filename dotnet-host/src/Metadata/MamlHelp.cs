using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Xml;
using System.Xml.Linq;
using Runspaced.Host.Session;

namespace Runspaced.Host.Metadata;

/// <summary>
/// Help that modules bring as files (MAML). The help system itself takes tens of milliseconds a command; a file is read
/// once for all the commands in it.
/// </summary>
internal sealed class MamlHelp
{
    private const long MostBytes = 64 << 20;

    private static readonly XNamespace s_command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace s_maml = "http://schemas.microsoft.com/maml/2004/10";

    private readonly Dictionary<string, Dictionary<string, MamlCommand>> _files = new(StringComparer.Ordinal);

    /// <summary>What the file says about a command; null if there is none.</summary>
    internal MamlCommand? Of(CommandInfo command)
    {
        string? named = command switch
        {
            CmdletInfo cmdlet => cmdlet.HelpFile,
            FunctionInfo function => function.HelpFile,
            _ => null,
        };
        if (string.IsNullOrEmpty(named) || Find(named, command.Module?.ModuleBase) is not { } path)
        {
            return null;
        }

        if (!_files.TryGetValue(path, out Dictionary<string, MamlCommand>? commands))
        {
            _files.Add(path, commands = Read(path));
        }

        return commands.GetValueOrDefault(command.Name);
    }

    private static string? Find(string named, string? moduleBase)
    {
        if (Path.IsPathRooted(named) && File.Exists(named))
        {
            return named;
        }

        foreach (string folder in Folders(moduleBase))
        {
            for (CultureInfo culture = CultureInfo.CurrentUICulture; culture.Name.Length > 0; culture = culture.Parent)
            {
                string localized = Path.Combine(folder, culture.Name, Path.GetFileName(named));
                if (File.Exists(localized))
                {
                    return localized;
                }
            }

            string english = Path.Combine(folder, "en-US", Path.GetFileName(named));
            if (File.Exists(english))
            {
                return english;
            }
        }

        return null;
    }

    // Beside the module, beside PowerShell, and where Update-Help puts it for one user.
    private static IEnumerable<string> Folders(string? moduleBase)
    {
        if (!string.IsNullOrEmpty(moduleBase))
        {
            yield return moduleBase;
        }

        yield return PowerShellSurface.Instance.Home;
        yield return OperatingSystem.IsWindows()
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.MyDocuments), "PowerShell", "Help")
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "powershell", "Help");
    }

    private static Dictionary<string, MamlCommand> Read(string path)
    {
        Dictionary<string, MamlCommand> commands = new(StringComparer.OrdinalIgnoreCase);
        try
        {
            if (new FileInfo(path).Length > MostBytes)
            {
                return commands;
            }

            using XmlReader reader = XmlReader.Create(path, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, IgnoreComments = true });
            while (reader.ReadToFollowing("command", s_command.NamespaceName))
            {
                using XmlReader one = reader.ReadSubtree();
                Add(commands, XElement.Load(one));
            }
        }
        catch (Exception failure) when (failure is XmlException or IOException or UnauthorizedAccessException)
        {
            // What could be read of it counts.
        }

        return commands;
    }

    private static void Add(Dictionary<string, MamlCommand> commands, XElement command)
    {
        XElement? details = command.Element(s_command + "details");
        if (details?.Element(s_command + "name")?.Value.Trim() is not { Length: > 0 } name)
        {
            return;
        }

        Dictionary<string, string> parameters = new(StringComparer.OrdinalIgnoreCase);
        foreach (XElement parameter in command.Elements(s_command + "parameters").Elements(s_command + "parameter"))
        {
            if (parameter.Element(s_maml + "name")?.Value.Trim() is { Length: > 0 } known && Text(parameter) is { } text)
            {
                parameters.TryAdd(known, text);
            }
        }

        commands.TryAdd(name, new(Text(details), Text(command), parameters));
    }

    private static string? Text(XElement parent)
    {
        IEnumerable<string> paragraphs = parent.Elements(s_maml + "description")
            .Elements(s_maml + "para")
            .Select(paragraph => paragraph.Value.Trim())
            .Where(text => text.Length > 0);
        return string.Join('\n', paragraphs) is { Length: > 0 } text ? text : null;
    }
}
