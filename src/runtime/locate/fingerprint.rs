//! Noticing that an installation was changed under a running engine.

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use semver::Version;
use serde::Serialize;

use super::{home, serial};

/// What `pwsh.dll` looked like when the installation was found. Package managers replace it in every upgrade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Fingerprint {
    /// Version of PowerShell.
    pub version: Version,
    /// Size of `pwsh.dll`, bytes.
    pub size: u64,
    /// When `pwsh.dll` was last written; in JSON milliseconds since 1970.
    #[serde(serialize_with = "serial::time")]
    pub modified: SystemTime,
}

/// What became of an installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// It is gone.
    Removed {
        /// What the system said.
        error: String,
    },
    /// Another version stands in its place.
    Upgraded {
        /// The version that runs.
        from: Version,
        /// The version on disk.
        to: Version,
    },
    /// The files were replaced, the version stayed or cannot be told.
    Replaced,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Removed { error } => write!(f, "pwsh.dll is gone: {error}"),
            Self::Upgraded { from, to } => write!(f, "version {from} became {to}"),
            Self::Replaced => write!(f, "pwsh.dll was replaced"),
        }
    }
}

impl Fingerprint {
    pub(super) fn of(folder: &Path, version: Version) -> io::Result<Self> {
        let found = fs::metadata(folder.join("pwsh.dll"))?;
        Ok(Self { version, size: found.len(), modified: found.modified()? })
    }

    /// What has changed in the installation in `folder` since; `None` if nothing has. One look at one file, unless it
    /// has changed.
    pub fn changed(&self, folder: &Path) -> Option<Change> {
        match Self::of(folder, self.version.clone()) {
            Ok(now) if now == *self => None,
            Ok(_) => Some(match home::version(folder) {
                Some(to) if to != self.version => Change::Upgraded { from: self.version.clone(), to },
                _ => Change::Replaced,
            }),
            Err(error) => Some(Change::Removed { error: error.to_string() }),
        }
    }
}
