//! `Microsoft.PowerShell.Management`.
//!
//! `Credential` is never listed: the file system ignores it, and other providers are not reachable.

use super::{
    BuiltIn,
    Danger::{DeafToWhatIf, Interactive, Network, Secrets, Session, Writes},
    acts, plans, reads, sensitive,
};

pub(super) const COMMANDS: &[BuiltIn] = &[
    plans("Add-Content"),
    plans("Clear-Content"),
    plans("Clear-Item"),
    plans("Clear-ItemProperty"),
    reads("Convert-Path", "Path:path LiteralPath:path Force"),
    plans("Copy-Item"),
    plans("Copy-ItemProperty"),
    acts("Debug-Process", Interactive),
    reads(
        "Get-ChildItem",
        "Path:path LiteralPath:path Filter Include Exclude Recurse Depth Force Name Attributes FollowSymlink Directory \
         File Hidden ReadOnly System",
    ),
    sensitive("Get-Clipboard", Secrets, "Raw Delimiter"),
    // Wait never ends; Stream reads what other programs hid beside a file.
    reads(
        "Get-Content",
        "Path:content LiteralPath:content Filter Include Exclude Force ReadCount TotalCount Tail Delimiter Raw Encoding \
         AsByteStream",
    ),
    reads("Get-Item", "Path:path LiteralPath:path Filter Include Exclude Force"),
    reads("Get-ItemProperty", "Path:path LiteralPath:path Name Filter Include Exclude"),
    reads("Get-ItemPropertyValue", "Path:path LiteralPath:path Name Filter Include Exclude"),
    reads("Get-Location", "PSProvider PSDrive Stack StackName"),
    reads("Get-Process", "Name Id IncludeUserName Module FileVersionInfo"),
    reads("Get-PSDrive", "Name LiteralName Scope PSProvider"),
    reads("Get-PSProvider", "PSProvider"),
    reads("Get-TimeZone", "Id ListAvailable Name"),
    plans("Invoke-Item"),
    reads("Join-Path", "Path:path ChildPath AdditionalChildPath Extension"),
    plans("Move-Item"),
    plans("Move-ItemProperty"),
    plans("New-Item"),
    plans("New-ItemProperty"),
    plans("New-PSDrive"),
    acts("Pop-Location", Session),
    acts("Push-Location", Session),
    plans("Remove-Item"),
    plans("Remove-ItemProperty"),
    plans("Remove-PSDrive"),
    plans("Rename-Item"),
    plans("Rename-ItemProperty"),
    reads("Resolve-Path", "Path:path LiteralPath:path Relative RelativeBasePath:path Force"),
    // On Linux and macOS PowerShell 7.6 calls shutdown whatever -WhatIf says.
    acts("Restart-Computer", DeafToWhatIf),
    plans("Set-Clipboard"),
    plans("Set-Content"),
    plans("Set-Item"),
    plans("Set-ItemProperty"),
    acts("Set-Location", Session),
    reads(
        "Split-Path",
        "Path:path LiteralPath:path Qualifier NoQualifier Parent Leaf LeafBase Extension IsAbsolute",
    ),
    plans("Start-Process"),
    acts("Stop-Computer", DeafToWhatIf),
    plans("Stop-Process"),
    // With Repeat it never ends.
    sensitive(
        "Test-Connection",
        Network,
        "Ping IPv4 IPv6 ResolveDestination Source MaxHops Count Delay BufferSize DontFragment Quiet TimeoutSeconds \
         TargetName MtuSize Traceroute TcpPort Detailed",
    ),
    reads(
        "Test-Path",
        "Path:path LiteralPath:path Filter Include Exclude PathType IsValid OlderThan NewerThan",
    ),
    reads("Wait-Process", "Id Name Timeout Any PassThru"),
    // Windows only.
    reads("Get-ComputerInfo", "Property"),
    reads("Get-HotFix", "Id Description"),
    reads("Get-Service", "Name DisplayName DependentServices RequiredServices Include Exclude"),
    plans("New-Service"),
    plans("Remove-Service"),
    plans("Rename-Computer"),
    plans("Restart-Service"),
    plans("Resume-Service"),
    plans("Set-Service"),
    plans("Set-TimeZone"),
    plans("Start-Service"),
    plans("Stop-Service"),
    plans("Suspend-Service"),
    plans("Clear-RecycleBin"),
    acts("Add-Computer", Writes),
];
