//! The folder of real content that `RUNSPACED_CONTENT_DIR` names. Tests that want it are ignored where there is none.

use std::path::PathBuf;

/// There is such a folder, or why not.
pub fn present() -> Result<(), String> {
    folder().map(drop)
}

/// The folder.
pub fn folder() -> Result<PathBuf, String> {
    match std::env::var_os("RUNSPACED_CONTENT_DIR").map(PathBuf::from) {
        Some(path) if path.is_dir() => Ok(path),
        Some(path) => Err(format!("RUNSPACED_CONTENT_DIR is no folder: {}", path.display())),
        None => Err("RUNSPACED_CONTENT_DIR names no folder".to_owned()),
    }
}
