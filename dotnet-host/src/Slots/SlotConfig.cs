using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;

namespace Runspaced.Host.Slots;

/// <summary>How a slot is opened.</summary>
internal sealed record SlotConfig
{
    /// <summary>Stack of the slot's thread, bytes.</summary>
    internal int StackBytes { get; init; } = 2 << 20;

    internal string Culture { get; init; } = "en-US";

    internal string LanguageMode { get; init; } = "full";

    internal bool CoreOnly { get; init; }

    internal IReadOnlyList<string> Modules { get; init; } = [];

    /// <summary>Folders in which modules are found by name, after PowerShell's own.</summary>
    internal IReadOnlyList<string> ModuleFolders { get; init; } = [];

    internal string? StartupScript { get; init; }

    internal bool LoadProfile { get; init; }

    internal string? WorkingDirectory { get; init; }

    internal string? ExecutionPolicy { get; init; }

    internal IReadOnlyList<string> VisibleCommands { get; init; } = [];

    internal bool NativeUtf8 { get; init; } = true;

    /// <summary>The program offers functions of its own.</summary>
    internal bool HasHostFunctions { get; init; }

    /// <summary>Commands that stand for host functions: a name, and the text of the function.</summary>
    internal IReadOnlyList<(string Name, string Definition)> HostCommands { get; init; } = [];

    /// <summary>What of the configuration goes into the initial session state: slots that agree share one.</summary>
    internal string InitialStateKey { get; private init; } = string.Empty;

    internal static SlotConfig Parse(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement;
        SlotConfig config = new()
        {
            StackBytes = Number(root, "stack_bytes", 2 << 20),
            Culture = Text(root, "culture") ?? "en-US",
            LanguageMode = Text(root, "language_mode") ?? "full",
            CoreOnly = Text(root, "initial_state") == "default2",
            Modules = Texts(root, "modules"),
            ModuleFolders = Texts(root, "module_folders"),
            StartupScript = Text(root, "startup_script"),
            LoadProfile = IsTrue(root, "load_profile"),
            WorkingDirectory = Text(root, "working_directory"),
            ExecutionPolicy = Text(root, "execution_policy"),
            VisibleCommands = Texts(root, "visible_commands"),
            NativeUtf8 = Text(root, "native_encoding") != "system",
            HasHostFunctions = IsTrue(root, "host_functions"),
            HostCommands = Definitions(root, "host_commands"),
        };

        StringBuilder key = new();
        key.Append(config.CoreOnly).Append('\0').Append(config.LanguageMode).Append('\0').Append(config.ExecutionPolicy);
        foreach (string command in config.VisibleCommands)
        {
            key.Append('\0').Append(command);
        }

        key.Append('\0').Append(config.HasHostFunctions);
        foreach ((string name, string definition) in config.HostCommands)
        {
            key.Append('\0').Append(name).Append('\0').Append(definition);
        }

        return config with { InitialStateKey = key.ToString() };
    }

    private static bool IsTrue(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static List<(string Name, string Definition)> Definitions(JsonElement root, string name)
    {
        List<(string Name, string Definition)> definitions = [];
        if (root.TryGetProperty(name, out JsonElement values) && values.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement value in values.EnumerateArray())
            {
                if (Text(value, "name") is { Length: > 0 } command && Text(value, "definition") is { } definition)
                {
                    definitions.Add((command, definition));
                }
            }
        }

        return definitions;
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int Number(JsonElement root, string name, int otherwise) =>
        root.TryGetProperty(name, out JsonElement value) && value.TryGetInt32(out int number) ? number : otherwise;

    private static List<string> Texts(JsonElement root, string name)
    {
        List<string> texts = [];
        if (root.TryGetProperty(name, out JsonElement values) && values.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement value in values.EnumerateArray())
            {
                if (value.GetString() is { Length: > 0 } text)
                {
                    texts.Add(text);
                }
            }
        }

        return texts;
    }
}
