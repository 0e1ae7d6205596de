//! Where configuration files are, and which of them are believed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::value::Value;

/// Name of the files.
const NAME: &str = "runspaced.toml";

/// The files that are looked for.
#[derive(Debug, Clone, Default)]
pub struct Places {
    user: Option<PathBuf>,
    project: Option<PathBuf>,
    named: Option<PathBuf>,
    dotenv: Option<PathBuf>,
}

/// Why a file was not read.
pub(super) enum Unread {
    /// Somebody else could have put it there.
    Untrusted(String),
    /// It could not be.
    Failed(String),
}

impl Places {
    /// The user's file, the project's file (in `folder` or the nearest folder above that has one), the named file, and a
    /// `.env`: beside the named file if there is one, else beside the project's file, or in `folder` if there is none.
    pub fn of(folder: &Path, named: Option<&Path>) -> Self {
        let user =
            directories::ProjectDirs::from("", "", "runspaced").map(|dirs| dirs.config_dir().join(NAME));
        let project = folder
            .ancestors()
            .map(|folder| folder.join(NAME))
            .find(|file| file.is_file())
            .filter(|file| Some(file) != user.as_ref());
        let beside = project.as_deref().and_then(Path::parent).unwrap_or(folder);
        let dotenv =
            named.and_then(Path::parent).map(|folder| folder.join(".env")).filter(|file| file.is_file());
        Self {
            dotenv: dotenv.or_else(|| Some(beside.join(".env"))),
            project: project.or_else(|| Some(folder.join(NAME))),
            named: named.map(Path::to_owned),
            user,
        }
    }

    /// One file and nothing else.
    pub fn only(file: &Path) -> Self {
        Self { named: Some(file.to_owned()), ..Self::default() }
    }

    /// Role, path, and whether it must be there; the last one counts most.
    pub(super) fn files(&self) -> Vec<(&'static str, PathBuf, bool)> {
        let mut files = Vec::new();
        files.extend(self.user.clone().map(|path| ("user", path, false)));
        files.extend(self.project.clone().map(|path| ("project", path, false)));
        files.extend(self.named.clone().map(|path| ("--config", path, true)));
        files
    }

    pub(super) fn dotenv(&self) -> Option<PathBuf> {
        self.dotenv.clone()
    }
}

/// Contents of a file; `None` if it is not there. A file found by looking for it must belong to the user or the
/// administrator: anybody may leave one in a shared folder, and a configuration names programs to start.
pub(super) fn read(path: &Path, role: &str) -> Result<Option<String>, Unread> {
    let failed = |error: io::Error| Unread::Failed(format!("cannot be read: {error}"));
    let metadata = match fs::metadata(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        found => found.map_err(failed)?,
    };
    if metadata.is_dir() {
        return Err(Unread::Failed("is a folder, not a file".to_owned()));
    }
    if role != "--config"
        && let Some(reason) = distrust(&metadata)
    {
        return Err(Unread::Untrusted(reason));
    }
    fs::read_to_string(path).map(Some).map_err(failed)
}

#[cfg(unix)]
fn distrust(metadata: &fs::Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;

    let us = rustix::process::geteuid().as_raw();
    if metadata.uid() != us && metadata.uid() != 0 {
        return Some(
            "belongs to another user, so it is not read; name it with --config if you trust it".to_owned(),
        );
    }
    (metadata.mode() & 0o002 != 0)
        .then(|| "may be written by anybody, so it is not read; take that right away (chmod o-w)".to_owned())
}

#[cfg(not(unix))]
fn distrust(_: &fs::Metadata) -> Option<String> {
    None
}

/// A path as it is meant: `~` is the home folder, a relative one is below `base`.
pub(super) fn expand(value: Value, base: Option<&Path>) -> Value {
    match value {
        Value::Path(path) => Value::Path(expand_path(path, base)),
        Value::Paths(paths) => Value::Paths(paths.into_iter().map(|path| expand_path(path, base)).collect()),
        other => other,
    }
}

fn expand_path(path: PathBuf, base: Option<&Path>) -> PathBuf {
    let home = || directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    let path = match path.strip_prefix("~") {
        Ok(rest) => home().map_or(path.clone(), |home| home.join(rest)),
        Err(_) => path,
    };
    match base {
        Some(base) if path.is_relative() => base.join(path),
        _ => path,
    }
}
