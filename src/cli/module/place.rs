//! Where the user's PowerShell modules are.

use std::path::PathBuf;

use directories::{BaseDirs, UserDirs};

/// The folder of modules: the given one, else the first of `PSModulePath` that is the user's own, else PowerShell's default for the user.
pub fn folder(given: Option<PathBuf>) -> Result<PathBuf, String> {
    if let Some(given) = given {
        return std::path::absolute(&given).map_err(|error| format!("{}: {error}", given.display()));
    }
    let base = BaseDirs::new().ok_or("this user has no home folder: name a folder of modules with --path")?;
    let named = std::env::var_os("PSModulePath").unwrap_or_default();
    let own = std::env::split_paths(&named).find(|folder| folder.starts_with(base.home_dir()));
    Ok(own.unwrap_or_else(|| default(&base)))
}

fn default(base: &BaseDirs) -> PathBuf {
    let documents = UserDirs::new().and_then(|user| user.document_dir().map(std::path::Path::to_owned));
    match documents {
        Some(documents) if cfg!(windows) => documents.join("PowerShell").join("Modules"),
        // The same on macOS: PowerShell follows the rules of the desktop there too.
        _ => std::env::var_os("XDG_DATA_HOME")
            .map_or_else(|| base.home_dir().join(".local/share"), PathBuf::from)
            .join("powershell/Modules"),
    }
}
