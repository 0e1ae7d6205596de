//! Whether the folders that are written to can be.

use std::path::Path;

use super::check::Check;

/// Cache, data, configuration and temporary folder.
pub fn check() -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(folders) = directories::ProjectDirs::from("", "", "runspaced") {
        checks.push(one(
            "cache_folder",
            folders.cache_dir(),
            "Set XDG_CACHE_HOME to a folder that can be written.",
        ));
        checks.push(one(
            "data_folder",
            folders.data_local_dir(),
            "Set XDG_DATA_HOME to a folder that can be written.",
        ));
    } else {
        checks.push(Check::warning("cache_folder", "this user has no home folder", "Set HOME."));
    }
    checks.push(one(
        "temporary_folder",
        &std::env::temp_dir(),
        "Set TMPDIR to a folder that can be written; .NET and PowerShell need one.",
    ));
    checks
}

fn one(id: &'static str, folder: &Path, remedy: &str) -> Check {
    // Nothing is made here: where it does not exist, the folder that it would be made in counts.
    let Some(existing) = folder.ancestors().find(|folder| folder.is_dir()) else {
        return Check::warning(id, format!("{} cannot be made", folder.display()), remedy);
    };
    let text = folder.display();
    match writable(existing) {
        Ok(()) if existing == folder => Check::ok(id, format!("{text} can be written")),
        Ok(()) => Check::ok(id, format!("{text} can be made")),
        Err(error) => {
            Check::warning(id, format!("{} cannot be written: {error}", existing.display()), remedy)
        }
    }
}

#[cfg(unix)]
fn writable(folder: &Path) -> std::io::Result<()> {
    use rustix::fs::{Access, access};
    Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

#[cfg(not(unix))]
fn writable(folder: &Path) -> std::io::Result<()> {
    // Rights are too many-sided to be read: try it.
    let probe = folder.join(format!("runspaced-probe-{}", std::process::id()));
    std::fs::File::create_new(&probe)?;
    std::fs::remove_file(&probe)
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[test]
    fn folder_that_can_be_made_is_fine_and_is_not_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let wanted = folder.path().join("a/b");
        let check = one("cache_folder", &wanted, "x");
        assert_eq!(check.state, State::Ok);
        assert!(check.evidence.contains("can be made"));
        assert!(!wanted.exists());
    }

    #[test]
    fn file_in_the_way_is_no_folder() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert!(one("cache_folder", &file.path().join("a"), "x").evidence.contains(" can be made"));
    }
}
