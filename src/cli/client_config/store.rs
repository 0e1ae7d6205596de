//! Changing a file of somebody else: whole or not at all, with the old one kept.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// A file that is read to be changed.
#[derive(Debug)]
pub struct Stored {
    /// The file itself, links followed: the link stays one.
    path: PathBuf,
    /// Its content; `None` if it is not there.
    before: Option<String>,
}

/// Largest file that is taken for a configuration.
const MOST_BYTES: u64 = 64 << 20;

impl Stored {
    /// Reads it.
    ///
    /// # Errors
    /// Why it cannot be read, with its path.
    pub fn read(path: &Path) -> Result<Self, String> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        match fs::canonicalize(path) {
            Ok(path) => {
                let size = fs::metadata(&path).map_err(|error| failed(&error))?;
                if !size.is_file() {
                    return Err(failed(&"this is not a file"));
                }
                if size.len() > MOST_BYTES {
                    return Err(failed(&"this is too large for a configuration"));
                }
                let bytes = fs::read(&path).map_err(|error| failed(&error))?;
                let before = String::from_utf8(bytes).map_err(|_| {
                    failed(&"this is not UTF-8 text. It was left as it is: repair it, or move it away")
                })?;
                Ok(Self { path, before: Some(before) })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_err() => {
                Ok(Self { path: path.to_owned(), before: None })
            }
            Err(error) => Err(failed(&error)),
        }
    }

    /// Its content; empty if it is not there.
    pub fn text(&self) -> &str {
        self.before.as_deref().unwrap_or_default()
    }

    /// True if it is there.
    pub fn exists(&self) -> bool {
        self.before.is_some()
    }

    /// Puts a new content in its place, and gives the path of the copy that was kept of the old one.
    ///
    /// # Errors
    /// What went wrong; the file is as it was then.
    pub fn replace(self, text: &str) -> Result<Option<PathBuf>, String> {
        let failed = |error: io::Error| format!("{}: {error}. It is as it was", self.path.display());
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed)?;
        let mut new = tempfile::Builder::new().prefix(".runspaced-").tempfile_in(folder).map_err(failed)?;
        new.write_all(text.as_bytes()).map_err(failed)?;
        let backup = match &self.before {
            None => None,
            Some(before) => {
                let permissions = fs::metadata(&self.path).map_err(failed)?.permissions();
                new.as_file().set_permissions(permissions).map_err(failed)?;
                if fs::read(&self.path).map_err(failed)? != before.as_bytes() {
                    return Err(format!(
                        "{} was changed by another program meanwhile. Nothing was written; try again",
                        self.path.display()
                    ));
                }
                let backup = self.backup();
                fs::copy(&self.path, &backup).map_err(failed)?;
                Some(backup)
            }
        };
        new.as_file().sync_all().map_err(failed)?;
        new.persist(&self.path).map_err(|error| failed(error.error))?;
        Ok(backup)
    }

    /// `mcp.json.20261122T101500.123.bak`
    fn backup(&self) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        let now = Timestamp::now().strftime("%Y%m%dT%H%M%S.%3f");
        name.push(format!(".{now}.bak"));
        self.path.with_file_name(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn old_content_is_kept_and_the_new_one_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("deep/er/mcp.json");
        let stored = Stored::read(&file).expect("absent");
        assert!(!stored.exists() && stored.text().is_empty());
        assert_eq!(stored.replace("one"), Ok(None));
        let backup = Stored::read(&file).expect("read").replace("two").expect("written").expect("kept");
        assert_eq!(fs::read_to_string(&file).expect("read"), "two");
        assert_eq!(fs::read_to_string(&backup).expect("read"), "one");
        assert_eq!(entries(file.parent().expect("a folder")).len(), 2);
    }

    #[test]
    fn file_that_changed_meanwhile_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("mcp.json");
        fs::write(&file, "one").expect("written");
        let stored = Stored::read(&file).expect("read");
        fs::write(&file, "theirs").expect("written");
        assert!(stored.replace("two").is_err_and(|error| error.contains("another program")));
        assert_eq!(fs::read_to_string(&file).expect("read"), "theirs");
        assert_eq!(entries(folder.path()), ["mcp.json"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let real = folder.path().join("real.json");
        let link = folder.path().join("link.json");
        fs::write(&real, "one").expect("written");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("set");
        std::os::unix::fs::symlink(&real, &link).expect("linked");
        Stored::read(&link).expect("read").replace("two").expect("written");
        assert!(link.symlink_metadata().expect("there").is_symlink());
        assert_eq!(fs::read_to_string(&real).expect("read"), "two");
        assert_eq!(fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Stored::read(folder.path()).is_err_and(|error| error.contains("not a file")));
        let file = folder.path().join("x");
        fs::write(&file, [0xff, 0xfe, 0x7b, 0x00]).expect("written");
        assert!(Stored::read(&file).is_err_and(|error| error.contains("not UTF-8")));
    }
}
