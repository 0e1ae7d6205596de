using System;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace Runspaced.Host.Host;

/// <summary>
/// The host of one slot's runspace. Its methods are called in the middle of a pipeline: they throw nothing but
/// what PowerShell expects of a host.
/// </summary>
internal sealed class SlotHost : PSHost
{
    private static readonly Version s_version = typeof(SlotHost).Assembly.GetName().Version ?? new Version(0, 0);

    internal SlotHost(CultureInfo culture)
    {
        CurrentCulture = culture;
        CurrentUICulture = culture;
    }

    public override string Name => "runspaced";

    public override Version Version => s_version;

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override CultureInfo CurrentCulture { get; }

    public override CultureInfo CurrentUICulture { get; }

    public override PSHostUserInterface UI => Interface;

    internal SlotUserInterface Interface { get; } = new();

    /// <summary><c>exit n</c> of the running call, if it said so.</summary>
    internal int? ExitCode { get; set; }

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() =>
        throw new PSNotSupportedException("Nested prompts need a console; this PowerShell runs inside another program.");

    public override void ExitNestedPrompt()
    {
    }

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }
}
