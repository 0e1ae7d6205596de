//! The PowerShell module `SentinelManager`: a function an operation.
//!
//! Its files are made from [`operations`](super::operations), lie in `ps-modules`, and are part of the program. A test compares
//! them; `UPDATE_MODULE=1 cargo test --lib sentinel::module` writes them anew.

#[cfg(test)]
mod function;
#[cfg(test)]
mod help;
#[cfg(test)]
mod manifest;
#[cfg(test)]
mod parameter;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod verbs;
#[cfg(test)]
mod views;

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Name of the module, and of its folder.
pub const NAME: &str = "SentinelManager";

/// Name of the assembly through which an ordinary `pwsh` reaches the C library.
pub const ASSEMBLY: &str = "Runspaced.Host.dll";

/// The assembly. Slots of an engine have it already, so [`unpack`] leaves it out.
pub fn assembly() -> &'static [u8] {
    crate::runtime::best_assembly()
}

/// The module's files: names and contents.
pub const FILES: &[(&str, &str)] = &[
    ("SentinelManager.psd1", include_str!("../../../ps-modules/SentinelManager/SentinelManager.psd1")),
    ("SentinelManager.psm1", include_str!("../../../ps-modules/SentinelManager/SentinelManager.psm1")),
    (
        "SentinelManager.format.ps1xml",
        include_str!("../../../ps-modules/SentinelManager/SentinelManager.format.ps1xml"),
    ),
];

/// Writes the module below a folder, if it is not there, for slots of an engine. The answer is the folder in which it is found
/// by its name: see [`crate::EngineBuilder::module_folder`]. Other versions are left alone.
///
/// # Errors
/// What the system says.
pub fn unpack(below: &Path) -> io::Result<PathBuf> {
    let folder = below.join(&digest()[..16]);
    let module = folder.join(NAME);
    if module.is_dir() {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder)?;
    // It is there as a whole or not at all, whoever else does the same.
    let fresh = tempfile::Builder::new().prefix(".new-").tempdir_in(&folder)?;
    for (name, text) in FILES {
        std::fs::write(fresh.path().join(name), text)?;
    }
    match std::fs::rename(fresh.path(), &module) {
        Err(_) if module.is_dir() => Ok(folder),
        renamed => renamed.map(|()| folder),
    }
}

/// SHA-256 of all files.
fn digest() -> String {
    let mut hash = Sha256::new();
    for (name, text) in FILES {
        hash.update(name.as_bytes());
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    format!("{:x}", hash.finalize())
}
