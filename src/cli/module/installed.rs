//! A module in a folder, and the list of what was written there.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use runspaced::sentinel::module::NAME;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::content::Content;

/// Name of the list.
const LIST: &str = "installed.json";

/// One version of the module.
pub struct Installed(PathBuf);

/// What was written: SHA-256 of each file.
#[derive(Default, Serialize, Deserialize)]
struct List {
    version: String,
    files: BTreeMap<String, String>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    AsInstalled,
    Changed,
    Missing,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsInstalled => "as installed",
            Self::Changed => "changed",
            Self::Missing => "missing",
        })
    }
}

impl Installed {
    /// A version, below a folder of modules.
    pub fn at(modules: PathBuf, version: &str) -> Self {
        Self(modules.join(NAME).join(version))
    }

    /// Every version that was installed below a folder of modules.
    pub fn all_below(modules: &Path) -> Result<Vec<Self>, String> {
        let folder = modules.join(NAME);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(&folder, &error)),
        };
        let mut found: Vec<PathBuf> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.join(LIST).is_file())
            .collect();
        found.sort();
        Ok(found.into_iter().map(Self).collect())
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Each file that was installed.
    pub fn files(&self) -> Result<Vec<(String, State)>, String> {
        self.list()?
            .files
            .into_iter()
            .map(|(name, hash)| Ok((name.clone(), self.state(&name, &hash)?)))
            .collect()
    }

    /// Files that are there and are not what was installed.
    pub fn changed(&self) -> Result<Vec<String>, String> {
        let list = self.list()?;
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(&self.0, &error)),
        };
        let mut changed = Vec::new();
        for name in
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).filter(|name| name != LIST)
        {
            let as_installed = match list.files.get(&name) {
                Some(hash) => self.state(&name, hash)? == State::AsInstalled,
                None => false,
            };
            if !as_installed {
                changed.push(name);
            }
        }
        changed.sort();
        Ok(changed)
    }

    /// Writes all files, each as a whole, and the list of them last.
    pub fn write(&self, content: &Content) -> Result<(), String> {
        fs::create_dir_all(&self.0).map_err(|error| failed(&self.0, &error))?;
        let mut list = List { version: env!("CARGO_PKG_VERSION").to_owned(), files: BTreeMap::new() };
        for (name, bytes) in &content.0 {
            self.put(name, bytes)?;
            list.files.insert(name.clone(), format!("{:x}", Sha256::digest(bytes)));
        }
        self.put(LIST, format!("{:#}\n", serde_json::json!(list)).as_bytes())
    }

    /// Removes what was installed and is as it was; with `force`, also what changed. The answer is what stays.
    pub fn remove(&self, force: bool) -> Result<Vec<String>, String> {
        let mut kept = Vec::new();
        for (name, state) in self.files()? {
            let path = self.0.join(&name);
            match state {
                State::Missing => {}
                State::Changed if !force => kept.push(name),
                State::AsInstalled | State::Changed => {
                    fs::remove_file(&path).map_err(|error| failed(&path, &error))?
                }
            }
        }
        if kept.is_empty() {
            let list = self.0.join(LIST);
            fs::remove_file(&list).map_err(|error| failed(&list, &error))?;
            // Somebody else's files keep the folders.
            let _ = fs::remove_dir(&self.0);
            let _ = self.0.parent().map(fs::remove_dir);
        }
        Ok(kept)
    }

    fn list(&self) -> Result<List, String> {
        let path = self.0.join(LIST);
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|error| format!("{} is damaged: {error}", path.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(List::default()),
            Err(error) => Err(failed(&path, &error)),
        }
    }

    fn state(&self, name: &str, hash: &str) -> Result<State, String> {
        let path = self.0.join(name);
        let mut digest = Sha256::new();
        match fs::File::open(&path).and_then(|mut file| io::copy(&mut file, &mut digest)) {
            Ok(_) if format!("{:x}", digest.finalize()) == hash => Ok(State::AsInstalled),
            Ok(_) => Ok(State::Changed),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::Missing),
            Err(error) => Err(failed(&path, &error)),
        }
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let path = self.0.join(name);
        let write = || -> io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
            io::Write::write_all(&mut file, bytes)?;
            file.persist(&path).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(|error| failed(&path, &error))
    }
}

fn failed(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_is_seen_and_stays() {
        let modules = tempfile::tempdir().expect("a folder");
        let installed = Installed::at(modules.path().to_owned(), "1.2.3");
        let content =
            Content(vec![("a.psm1".to_owned(), b"one".to_vec()), ("b.dll".to_owned(), b"two".to_vec())]);
        assert_eq!(installed.changed(), Ok(Vec::new()));
        installed.write(&content).expect("is written");
        assert_eq!(installed.changed(), Ok(Vec::new()));
        fs::write(installed.folder().join("a.psm1"), "mine").expect("is written");
        assert_eq!(installed.changed(), Ok(vec!["a.psm1".to_owned()]));
        let [installed] =
            Installed::all_below(modules.path()).expect("is read").try_into().ok().expect("one");
        assert_eq!(installed.remove(false), Ok(vec!["a.psm1".to_owned()]));
        assert_eq!(
            installed.files(),
            Ok(vec![("a.psm1".to_owned(), State::Changed), ("b.dll".to_owned(), State::Missing)])
        );
        assert_eq!(installed.remove(true), Ok(Vec::new()));
        assert!(!modules.path().join(NAME).exists());
    }
}
