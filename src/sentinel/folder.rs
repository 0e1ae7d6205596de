//! Files of exports and backups: below one folder, whole or not at all.

use std::io::Write;
use std::path::{Component, Path, PathBuf};

use super::journal::make_folder;
use super::{Error, Result};

/// A path below the folder of backups. Relative paths are below it anyway; nothing leads out of it.
///
/// # Errors
/// [`Error::File`] if the path leads elsewhere.
pub(crate) fn below(root: &Path, path: &str) -> Result<PathBuf> {
    let given = Path::new(path);
    let mut full = root.to_owned();
    let relative = match given.strip_prefix(root) {
        Ok(relative) => relative,
        Err(_) if given.is_relative() => given,
        Err(_) => return Err(outside(root, path)),
    };
    for part in relative.components() {
        match part {
            Component::Normal(name) => full.push(name),
            Component::CurDir => {}
            _ => return Err(outside(root, path)),
        }
    }
    // A link below the root could lead out of it.
    let mut existing = full.as_path();
    while !existing.exists() {
        match existing.parent() {
            Some(parent) => existing = parent,
            None => return Ok(full),
        }
    }
    if root.exists() {
        let real = existing.canonicalize().map_err(|error| Error::file("the folder", existing, error))?;
        let root_real = root.canonicalize().map_err(|error| Error::file("the folder", root, error))?;
        if !real.starts_with(&root_real) {
            return Err(outside(root, path));
        }
    }
    Ok(full)
}

fn outside(root: &Path, path: &str) -> Error {
    Error::File(format!(
        "{path:?} is not below {}: exports and backups are written there and nowhere else (setting sentinel.backups)",
        root.display()
    ))
}

/// Writes a file as a whole, with the folders above it.
///
/// # Errors
/// [`Error::File`] if it is there already and `replace` is false, or cannot be written.
pub(crate) fn save(path: &Path, content: &[u8], replace: bool) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| Error::file("the file cannot be written:", path, error);
    if path.exists() && !replace {
        return Err(Error::File(format!(
            "{} is there already: -Force replaces it, -Timestamped makes another folder",
            path.display()
        )));
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder).map_err(|error| failed(&error))?;
    let mut file =
        tempfile::Builder::new().prefix(".part").tempfile_in(folder).map_err(|error| failed(&error))?;
    file.write_all(content).map_err(|error| failed(&error))?;
    file.as_file().sync_all().map_err(|error| failed(&error))?;
    file.persist(path).map_err(|error| failed(&error.error))?;
    Ok(())
}

/// A name as the name of a file, the same on every system.
pub(crate) fn file_name(name: &str) -> String {
    let clean: String = name
        .chars()
        .map(|c| if c.is_control() || "<>:\"/\\|?*".contains(c) { '_' } else { c })
        .take(100)
        .collect();
    let clean = clean.trim().trim_end_matches('.').trim();
    let stem = clean.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let reserved = ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str())
        || stem.len() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT"));
    match clean {
        "" => "_".to_owned(),
        clean if reserved => format!("_{clean}"),
        clean => clean.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_out_of_the_folder() {
        let root = tempfile::tempdir().expect("a folder");
        let root = root.path().join("backups");
        std::fs::create_dir(&root).expect("made");
        assert_eq!(below(&root, "a/b").expect("is below"), root.join("a").join("b"));
        assert_eq!(below(&root, root.join("x").to_str().expect("text")).expect("is below"), root.join("x"));
        for wrong in ["../x", "a/../../x", "/etc/x", "a/../b"] {
            assert!(below(&root, wrong).is_err(), "{wrong}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/tmp", root.join("link")).expect("made");
            assert!(below(&root, "link/x").is_err());
        }
    }

    #[test]
    fn names_become_names_of_files() {
        for (name, file) in
            [("a/b: \"c\"?", "a_b_ _c__"), ("CON", "_CON"), ("..", "_"), ("", "_"), ("Ä b.", "Ä b")]
        {
            assert_eq!(file_name(name), file, "{name}");
        }
    }
}
