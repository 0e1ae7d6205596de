using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Runtime.CompilerServices;

namespace Runspaced.Host.Output;

/// <summary>Which properties of well-known types are left out, because they lead into a whole world or say nothing.</summary>
internal static class PropertyPolicy
{
    internal enum Treatment
    {
        Write,

        /// <summary>Left out if its getter throws: the property exists in some states of the object only.</summary>
        OmitIfThrows,
        Omit,
    }

    // Numbers: a dictionary of an enum is compiled at each start.
    private static readonly ConditionalWeakTable<Type, Dictionary<string, int>> Known = new();

    private static readonly (string Type, string[] Omitted, string[] OmittedIfThrows)[] Rules =
    [
        // The parent is in FullName, and VersionInfo opens every file.
        ("System.IO.FileSystemInfo", ["Directory", "Parent", "Root", "VersionInfo", "ModeWithoutHardLink"], []),
        ("System.Diagnostics.Process",
            ["Modules", "Threads", "MainModule", "StartInfo", "Handle", "SafeHandle", "Parent", "__NounName",
                "Company", "Description", "FileVersion", "Product", "ProductVersion"],
            ["ExitCode", "ExitTime", "StartTime", "StandardInput", "StandardOutput", "StandardError", "MachineName", "PriorityClass",
                "PriorityBoostEnabled", "ProcessorAffinity", "MinWorkingSet", "MaxWorkingSet", "HasExited", "TotalProcessorTime",
                "UserProcessorTime", "PrivilegedProcessorTime", "CPU"]),
        ("System.ComponentModel.Component", ["Site", "Container"], []),
        ("System.ServiceProcess.ServiceController",
            ["ServiceHandle", "DependentServices", "ServicesDependedOn", "RequiredServices", "MachineName"], []),
        ("System.Management.Automation.CommandInfo",
            ["Parameters", "ParameterSets", "ResolvedCommand", "ReferencedCommand", "ScriptBlock", "HelpUri"], []),
        ("System.Management.Automation.PSModuleInfo",
            ["SessionState", "Definition", "ExportedCommands", "NestedModules", "RequiredModules", "CompatiblePSEditions", "LogPipelineExecutionDetails",
                "ImplementingAssembly", "OnRemove"], []),
        ("System.Management.Automation.PSDriveInfo", ["Credential"], []),
        ("System.Management.Automation.Job", ["Finished", "Runspace"], []),
        ("System.Exception", ["TargetSite", "ErrorRecord", "CommandInvocation"], []),
        ("System.Reflection.AssemblyName", ["KeyPair"], []),
        ("Microsoft.Management.Infrastructure.CimInstance", ["CimClass", "CimInstanceProperties", "CimSystemProperties"], []),
        ("System.Management.ManagementBaseObject",
            ["__GENUS", "__CLASS", "__SUPERCLASS", "__DYNASTY", "__RELPATH", "__PROPERTY_COUNT", "__DERIVATION", "__SERVER",
                "__NAMESPACE", "__PATH", "Scope", "Path", "Options", "ClassPath", "Properties", "SystemProperties", "Qualifiers"], []),
        ("Microsoft.PowerShell.Commands.WebResponseObject", ["RawContentStream", "RawContent", "BaseResponse"], []),
        ("System.Net.Sockets.Socket", ["SafeHandle"], []),
    ];

    // Notes that a provider adds to every item: where it came from, as PowerShell objects.
    private static readonly HashSet<string> ProviderNotes = new(StringComparer.OrdinalIgnoreCase)
    {
        "PSPath", "PSParentPath", "PSChildName", "PSDrive", "PSProvider", "PSIsContainer", "UnixStat",
    };

    internal static Treatment For(Type type, string property) =>
        Of(type).TryGetValue(property, out int treatment) ? (Treatment)treatment : Treatment.Write;

    /// <summary>True for a note that a provider adds to its items.</summary>
    internal static bool IsProviderNote(PSMemberInfo member) =>
        member.Name is ['P' or 'p' or 'U' or 'u', ..] && member.MemberType == PSMemberTypes.NoteProperty && ProviderNotes.Contains(member.Name);

    /// <summary>
    /// True if the notes of a provider are not what the object is about. They are, where <c>Select-Object</c> was asked for
    /// them.
    /// </summary>
    internal static bool DropsProviderNotes(PSObject item) =>
        item.TypeNames is not { Count: > 0 } names || !names[0].StartsWith("Selected.", StringComparison.Ordinal);

    private static Dictionary<string, int> Of(Type type)
    {
        if (Known.TryGetValue(type, out Dictionary<string, int>? known))
        {
            return known;
        }

        Dictionary<string, int> treatments = new(StringComparer.OrdinalIgnoreCase);
        for (Type? level = type; level is not null; level = level.BaseType)
        {
            foreach ((string name, string[] omitted, string[] omittedIfThrows) in Rules)
            {
                if (name == level.FullName)
                {
                    Array.ForEach(omitted, property => treatments.TryAdd(property, (int)Treatment.Omit));
                    Array.ForEach(omittedIfThrows, property => treatments.TryAdd(property, (int)Treatment.OmitIfThrows));
                }
            }
        }

        Known.AddOrUpdate(type, treatments);
        return treatments;
    }
}
