//! `Microsoft.PowerShell.Core`.

use super::{
    BuiltIn,
    Danger::{Executes, Interactive, Network, Secrets, Session, Writes},
    acts, plans, reads,
};

pub(super) const COMMANDS: &[BuiltIn] = &[
    acts("Add-History", Session),
    plans("Clear-History"),
    acts("Debug-Job", Interactive),
    plans("Disable-ExperimentalFeature"),
    plans("Enable-ExperimentalFeature"),
    acts("Enter-PSHostProcess", Interactive),
    acts("Enter-PSSession", Interactive),
    acts("Exit-PSHostProcess", Interactive),
    acts("Exit-PSSession", Interactive),
    acts("Export-ModuleMember", Session),
    // Accepts -WhatIf, which does not keep a script block from acting.
    acts("ForEach-Object", Executes),
    // A name or module with a path in it imports that module, which runs it. ArgumentList feeds dynamic parameters.
    reads(
        "Get-Command",
        "Name:name Verb:name Noun:name Module:name ExcludeModule:name CommandType TotalCount Syntax ShowCommandInfo \
         All ListImported ParameterName UseFuzzyMatching FuzzyMinimumDistance UseAbbreviationExpansion",
    ),
    reads("Get-ExperimentalFeature", "Name:name"),
    // Imports like Get-Command. Online opens a browser.
    reads("Get-Help", "Name:name Category Detailed Full Examples Parameter Component Functionality Role"),
    reads("Get-History", "Id Count"),
    reads(
        "Get-Job",
        "IncludeChildJob ChildJobState HasMoreData Before After Newest Id Name InstanceId State Command",
    ),
    // Refresh writes the cache of modules.
    reads("Get-Module", "Name:name All ListAvailable PSEdition SkipEditionCheck"),
    reads("Get-PSHostProcessInfo", "Name Id"),
    // The rest connects.
    reads("Get-PSSession", "Name InstanceId Id"),
    reads("Get-PSSubsystem", "Kind"),
    acts("Import-Module", Executes),
    acts("Invoke-Command", Executes),
    acts("Invoke-History", Executes),
    acts("New-Module", Executes),
    plans("New-ModuleManifest"),
    acts("New-PSRoleCapabilityFile", Writes),
    acts("New-PSSession", Network),
    acts("New-PSSessionConfigurationFile", Writes),
    reads("New-PSSessionOption", "SkipCACheck SkipCNCheck"),
    reads(
        "New-PSTransportOption",
        "MaxIdleTimeoutSec ProcessIdleTimeoutSec MaxSessions MaxConcurrentCommandsPerSession MaxSessionsPerUser \
         MaxMemoryPerSessionMB MaxProcessesPerSession MaxConcurrentUsers IdleTimeoutSec OutputBufferingMode",
    ),
    reads("Out-Default", "InputObject"),
    reads("Out-Host", "InputObject"),
    reads("Out-Null", "InputObject"),
    acts("Receive-Job", Session),
    acts("Register-ArgumentCompleter", Executes),
    plans("Remove-Job"),
    plans("Remove-Module"),
    plans("Remove-PSSession"),
    acts("Save-Help", Network),
    acts("Set-PSDebug", Session),
    acts("Set-StrictMode", Session),
    acts("Start-Job", Executes),
    plans("Stop-Job"),
    acts("Switch-Process", Executes),
    // Evaluates the manifest.
    acts("Test-ModuleManifest", Executes),
    // Asks the network before it asks whether it should.
    acts("Update-Help", Network),
    acts("Wait-Job", Session),
    // Is and IsNot load types.
    reads(
        "Where-Object",
        "InputObject Property:plain Value EQ CEQ NE CNE GT CGT LT CLT GE CGE LE CLE Like CLike NotLike CNotLike Match \
         CMatch NotMatch CNotMatch Contains CContains NotContains CNotContains In CIn NotIn CNotIn Not",
    ),
    // Windows only.
    acts("Connect-PSSession", Network),
    acts("Disconnect-PSSession", Network),
    acts("Receive-PSSession", Network),
    acts("Get-PSSessionCapability", Secrets),
    acts("Get-PSSessionConfiguration", Secrets),
    acts("Register-PSSessionConfiguration", Writes),
    acts("Set-PSSessionConfiguration", Writes),
    acts("Unregister-PSSessionConfiguration", Writes),
    acts("Enable-PSRemoting", Writes),
    acts("Disable-PSRemoting", Writes),
    acts("Enable-PSSessionConfiguration", Writes),
    acts("Disable-PSSessionConfiguration", Writes),
];
