//! Why an installation cannot be used.

use std::fmt;
use std::path::PathBuf;

use semver::Version;
use serde::Serialize;

use super::serial;

/// Why a folder that holds (or seems to hold) PowerShell cannot be hosted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Older than what this program can host.
    TooOld {
        /// Its version.
        found: Version,
        /// The oldest one that works.
        wanted: Version,
    },
    /// Made for another processor.
    WrongArchitecture {
        /// The file that says so.
        #[serde(serialize_with = "serial::path")]
        file: PathBuf,
        /// What it is made for.
        found: String,
        /// What this program is made for.
        wanted: String,
    },
    /// Made for another operating system.
    WrongSystem {
        /// The file that says so.
        #[serde(serialize_with = "serial::path")]
        file: PathBuf,
        /// What it is made for.
        found: String,
        /// What this program runs on.
        wanted: String,
    },
    /// Made for another C library (glibc or musl).
    WrongLibc {
        /// The file that says so.
        #[serde(serialize_with = "serial::path")]
        file: PathBuf,
        /// What it is made for.
        found: String,
        /// What this program is made for.
        wanted: String,
    },
    /// It needs a .NET runtime that is installed separately, and there is none that fits.
    NoDotnet {
        /// Name of the framework, e.g. `Microsoft.NETCore.App`.
        framework: String,
        /// The version that PowerShell asks for.
        wanted: String,
        /// The .NET installations that were looked at, and what each has.
        looked_at: Vec<DotnetFinding>,
    },
    /// Files are missing or damaged.
    Broken {
        /// What is wrong, a line each.
        faults: Vec<String>,
    },
    /// It may not be read.
    Unreadable {
        /// What could not be read.
        #[serde(serialize_with = "serial::path")]
        path: PathBuf,
        /// What the system said.
        error: String,
    },
    /// A command named `pwsh` that does not lead to an installation.
    NoTrail {
        /// How far it could be followed.
        #[serde(serialize_with = "serial::path")]
        path: PathBuf,
        /// What stands there.
        what: String,
    },
}

/// What a .NET installation has of the framework that was wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DotnetFinding {
    /// Root of the installation.
    #[serde(serialize_with = "serial::path")]
    pub root: PathBuf,
    /// Versions of the framework found there; empty if there is none.
    pub versions: Vec<String>,
    /// Why it does not do although a version would fit (wrong architecture, no `hostfxr`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooOld { found, wanted } => {
                write!(f, "version {found} is too old, {wanted} or later is needed")
            }
            Self::WrongArchitecture { file, found, wanted } => {
                write!(f, "{} is made for {found}, this program for {wanted}", file.display())
            }
            Self::WrongSystem { file, found, wanted } => {
                write!(f, "{} is made for {found}, this system is {wanted}", file.display())
            }
            Self::WrongLibc { file, found, wanted } => {
                write!(f, "{} is made for {found}, this program for {wanted}", file.display())
            }
            Self::NoDotnet { framework, wanted, looked_at } => {
                write!(f, "it needs {framework} {wanted}, which is not installed")?;
                if looked_at.is_empty() {
                    return write!(f, " (no .NET installation was found)");
                }
                for (i, finding) in looked_at.iter().enumerate() {
                    write!(f, "{}{}: ", if i == 0 { " (" } else { "; " }, finding.root.display())?;
                    match (&finding.fault, finding.versions.as_slice()) {
                        (Some(fault), _) => write!(f, "{fault}")?,
                        (None, []) => write!(f, "none")?,
                        (None, versions) => write!(f, "{}", versions.join(", "))?,
                    }
                }
                write!(f, ")")
            }
            Self::Broken { faults } => write!(f, "the installation is broken: {}", faults.join("; ")),
            Self::Unreadable { path, error } => write!(f, "{} cannot be read: {error}", path.display()),
            Self::NoTrail { path, what } => write!(f, "{} {what}", path.display()),
        }
    }
}

impl Reason {
    /// What to do about it, one sentence.
    pub fn remedy(&self) -> String {
        match self {
            Self::TooOld { wanted, .. } => format!("Update PowerShell to {wanted} or later."),
            Self::WrongArchitecture { wanted, .. } => format!("Install the PowerShell package for {wanted}."),
            Self::WrongSystem { wanted, .. } | Self::WrongLibc { wanted, .. } => {
                format!("Install the PowerShell package for {wanted}.")
            }
            Self::NoDotnet { wanted, .. } => format!(
                "Install the .NET runtime {wanted} or later, set DOTNET_ROOT to the folder that has it, or install the \
                 PowerShell package that brings its own runtime."
            ),
            Self::Broken { .. } => "Repair or reinstall this PowerShell.".to_owned(),
            Self::Unreadable { path, .. } => format!("Give this user read access to {}.", path.display()),
            Self::NoTrail { .. } => {
                "Name the folder that holds pwsh.dll (`--powershell` or RUNSPACED_POWERSHELL_HOME)."
                    .to_owned()
            }
        }
    }
}
