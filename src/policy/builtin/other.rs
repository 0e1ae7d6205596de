//! The smaller modules.

use super::{
    BuiltIn,
    Danger::{Executes, Interactive, Network, Secrets, Session, Writes},
    acts, plans, reads,
};

pub(super) const SECURITY: &[BuiltIn] = &[
    acts("ConvertFrom-SecureString", Secrets),
    acts("ConvertTo-SecureString", Secrets),
    reads("Get-CmsMessage", "Content Path:content LiteralPath:content"),
    acts("Get-Credential", Interactive),
    reads("Get-ExecutionPolicy", "Scope List"),
    // Loads private keys.
    acts("Get-PfxCertificate", Secrets),
    acts("Protect-CmsMessage", Writes),
    plans("Set-ExecutionPolicy"),
    acts("Unprotect-CmsMessage", Secrets),
    // Windows only.
    reads("Get-Acl", "Path:path LiteralPath:path Audit Filter Include Exclude"),
    reads("Get-AuthenticodeSignature", "FilePath:content LiteralPath:content"),
    plans("New-FileCatalog"),
    plans("Set-Acl"),
    plans("Set-AuthenticodeSignature"),
    acts("Test-FileCatalog", Writes),
];

pub(super) const HOST: &[BuiltIn] = &[plans("Start-Transcript"), acts("Stop-Transcript", Session)];

pub(super) const ARCHIVE: &[BuiltIn] = &[plans("Compress-Archive"), plans("Expand-Archive")];

pub(super) const THREAD_JOB: &[BuiltIn] = &[acts("Start-ThreadJob", Executes)];

pub(super) const READ_LINE: &[BuiltIn] = &[
    reads("Get-PSReadLineKeyHandler", "Bound Unbound Chord"),
    reads("Get-PSReadLineOption", ""),
    acts("PSConsoleHostReadLine", Interactive),
    acts("Remove-PSReadLineKeyHandler", Session),
    acts("Set-PSReadLineKeyHandler", Session),
    acts("Set-PSReadLineOption", Session),
];

/// Windows only. Other computers are out of reach, and so are files: an event log is opened by name.
pub(super) const DIAGNOSTICS: &[BuiltIn] = &[
    reads("Get-WinEvent", "ListLog ListProvider LogName ProviderName MaxEvents FilterXPath Force Oldest"),
    reads("Get-Counter", "ListSet SampleInterval MaxSamples"),
    acts("New-WinEvent", Writes),
];

/// Windows only. Classes and properties of this computer; methods and other computers are out of reach.
pub(super) const CIM: &[BuiltIn] = &[
    reads("Get-CimInstance", "ClassName Filter Property KeyOnly Namespace"),
    reads("Get-CimClass", "ClassName MethodName PropertyName QualifierName Namespace"),
    acts("Get-CimAssociatedInstance", Network),
    acts("Get-CimSession", Network),
    acts("Import-BinaryMiLog", Executes),
    acts("Export-BinaryMiLog", Writes),
    acts("Invoke-CimMethod", Executes),
    acts("New-CimInstance", Writes),
    acts("New-CimSession", Network),
    acts("New-CimSessionOption", Network),
    acts("Register-CimIndicationEvent", Executes),
    acts("Remove-CimInstance", Writes),
    acts("Remove-CimSession", Network),
    acts("Set-CimInstance", Writes),
];
