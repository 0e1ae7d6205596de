//! The journal of writes: what was intended is on disk before the first byte goes out, what became of it afterwards.
//!
//! One file a write, named by time, replaced as a whole: a process that dies leaves either the intent or the outcome. Of
//! many changes each outcome is a line of a file beside it until the end.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::plan::{Change, Plan};
use super::verify::State;
use super::{Error, Result};
use crate::azure::ResourceId;

/// Where writes are recorded. Clones share the folder.
#[derive(Debug, Clone)]
pub struct Journal {
    folder: PathBuf,
}

/// A write.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its id: sorts by time.
    pub id: String,
    /// When it was written down.
    pub time: jiff::Timestamp,
    /// The operation.
    pub operation: String,
    /// Its arguments.
    pub arguments: Value,
    /// The workspace.
    pub workspace_id: ResourceId,
    /// Its name.
    pub workspace_name: String,
    /// Its tenant's name.
    pub tenant_name: String,
    /// Digest of the plan.
    pub digest: String,
    /// Id that its requests carried.
    pub correlation_id: String,
    /// The changes, and what became of each.
    pub changes: Vec<Recorded>,
    /// The entry that this one took back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
}

/// A change, and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// What became of it.
    pub state: State,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// Etag of the object that was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The change.
    pub change: Change,
}

/// How much of a journal is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// Entries that are older go.
    pub age: Option<std::time::Duration>,
    /// The oldest go until the others have no more bytes than this.
    pub bytes: Option<u64>,
}

/// What became of a journal that was pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Entries that are gone.
    pub removed: usize,
    /// Entries that are there.
    pub kept: usize,
    /// Their size, bytes.
    pub bytes: u64,
}

/// What became of one change of an entry, on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) index: usize,
    pub(crate) state: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
}

impl Entry {
    pub(crate) fn of(plan: &Plan, correlation_id: &str) -> Self {
        Self {
            id: uuid::Uuid::now_v7().simple().to_string(),
            time: jiff::Timestamp::now(),
            operation: plan.operation.to_owned(),
            arguments: plan.arguments.clone(),
            workspace_id: plan.workspace_id.clone(),
            workspace_name: plan.workspace_name.clone(),
            tenant_name: plan.tenant_name.clone(),
            digest: plan.digest.clone(),
            correlation_id: correlation_id.to_owned(),
            changes: plan
                .changes
                .iter()
                .map(|change| Recorded {
                    state: State::Intent,
                    error: None,
                    etag: None,
                    change: change.clone(),
                })
                .collect(),
            undoes: plan.undoes.clone(),
        }
    }

    /// What became of all of it: unknown if anything is, applied if anything was.
    pub fn state(&self) -> State {
        let any = |state| self.changes.iter().any(|change| change.state == state);
        if any(State::Unknown) {
            State::Unknown
        } else if any(State::Intent) {
            State::Intent
        } else if any(State::Applied) {
            State::Applied
        } else {
            State::NotApplied
        }
    }
}

impl Journal {
    /// A journal in a folder, which is made when it is first written to.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes an entry so that it is on disk when this returns.
    ///
    /// # Errors
    /// [`Error::Journal`] if it is not.
    pub(crate) fn write(&self, entry: &Entry) -> Result<()> {
        let failed =
            |error: &dyn std::fmt::Display| Error::Journal(format!("{}: {error}", self.folder.display()));
        make_folder(&self.folder).map_err(|error| failed(&error))?;
        let text = serde_json::to_vec(entry).map_err(|error| failed(&error))?;
        let mut file = tempfile::Builder::new()
            .prefix(".entry")
            .tempfile_in(&self.folder)
            .map_err(|error| failed(&error))?;
        file.write_all(&text).map_err(|error| failed(&error))?;
        file.as_file().sync_all().map_err(|error| failed(&error))?;
        file.persist(self.path(&entry.id)).map_err(|error| failed(&error.error))?;
        // The name is on disk once its folder is. Windows has no such call and needs none.
        #[cfg(unix)]
        fs::File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(|error| failed(&error))?;
        // What was noted on the way is in it now.
        match fs::remove_file(self.steps(&entry.id)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(&error)),
            _ => Ok(()),
        }
    }

    /// Notes what became of one change of many: a line beside the entry, which it is written into at the end.
    ///
    /// # Errors
    /// [`Error::Journal`] if it is not on disk.
    pub(crate) fn step(&self, id: &str, step: &Step) -> Result<()> {
        let path = self.steps(id);
        let failed = |error: &dyn std::fmt::Display| Error::Journal(format!("{}: {error}", path.display()));
        let line = serde_json::to_string(step).map_err(|error| failed(&error))? + "\n";
        let mut file =
            fs::OpenOptions::new().create(true).append(true).open(&path).map_err(|error| failed(&error))?;
        // One write: lines of steps that end together do not mix.
        file.write_all(line.as_bytes()).and_then(|()| file.sync_data()).map_err(|error| failed(&error))
    }

    /// An entry; the beginning of its id is enough if no other begins so.
    ///
    /// # Errors
    /// [`Error::Journal`] if it cannot be read, [`Error::Undo`] if there is none or several.
    pub fn read(&self, id: &str) -> Result<Entry> {
        let ids: Vec<String> =
            self.ids()?.into_iter().filter(|own| own.starts_with(id) && !id.is_empty()).collect();
        match ids.as_slice() {
            [one] => self.load(one),
            [] => Err(Error::Undo(format!(
                "the journal has no entry {id:?}; 'runspaced sentinel journal' lists them"
            ))),
            many => Err(Error::Undo(format!(
                "{} entries of the journal begin with {id:?}: give more of the id",
                many.len()
            ))),
        }
    }

    /// The latest entries, the latest first.
    ///
    /// # Errors
    /// [`Error::Journal`] if one cannot be read.
    pub fn latest(&self, most: usize) -> Result<Vec<Entry>> {
        let mut ids = self.ids()?;
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.iter().take(most).map(|id| self.load(id)).collect()
    }

    /// Removes the oldest entries: those that are older than `keep` permits, and those that are too many bytes. An entry
    /// that is in progress, or of which it is not known what became, stays.
    ///
    /// # Errors
    /// [`Error::Journal`] if the folder cannot be read or an entry cannot be removed.
    pub fn prune(&self, keep: &Keep, now: jiff::Timestamp) -> Result<Pruned> {
        let mut entries: Vec<(String, u64)> = Vec::new();
        for id in self.ids()? {
            let bytes = fs::metadata(self.path(&id)).map_or(0, |about| about.len());
            entries.push((id, bytes));
        }
        // Ids sort by time.
        entries.sort_unstable();
        let mut pruned =
            Pruned { removed: 0, kept: entries.len(), bytes: entries.iter().map(|(_, bytes)| bytes).sum() };
        let too_old = |time: jiff::Timestamp| {
            keep.age.and_then(|age| now.checked_sub(age).ok()).is_some_and(|oldest| time < oldest)
        };
        for (id, bytes) in entries {
            let too_many = keep.bytes.is_some_and(|most| pruned.bytes > most);
            if !too_many && keep.age.is_none() {
                break;
            }
            // What cannot be read is nothing to be removed unseen.
            let Ok(entry) = self.load(&id) else { continue };
            if !too_many && !too_old(entry.time) {
                break;
            }
            if matches!(entry.state(), State::Intent | State::Unknown) {
                continue;
            }
            let failed =
                |error: std::io::Error| Error::Journal(format!("{}: {error}", self.path(&id).display()));
            fs::remove_file(self.path(&id)).map_err(failed)?;
            pruned.removed += 1;
            pruned.kept -= 1;
            pruned.bytes -= bytes;
        }
        Ok(pruned)
    }

    fn ids(&self) -> Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::Journal(format!("{}: {error}", self.folder.display()))),
        };
        Ok(entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| {
                name.strip_suffix(".json").filter(|id| !id.starts_with('.')).map(str::to_owned)
            })
            .collect())
    }

    fn load(&self, id: &str) -> Result<Entry> {
        let path = self.path(id);
        let failed = |error: &dyn std::fmt::Display| Error::Journal(format!("{}: {error}", path.display()));
        let text = fs::read(&path).map_err(|error| failed(&error))?;
        let mut entry: Entry = serde_json::from_slice(&text).map_err(|error| failed(&error))?;
        for line in fs::read_to_string(self.steps(id)).unwrap_or_default().lines() {
            // The last line of a process that died may be half of one.
            let Ok(step) = serde_json::from_str::<Step>(line) else { continue };
            if let Some(recorded) = entry.changes.get_mut(step.index) {
                recorded.state = step.state;
                recorded.error = step.error;
                recorded.etag = step.etag;
            }
        }
        Ok(entry)
    }

    fn steps(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.steps"))
    }

    fn path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }
}

/// Makes a folder that only this user may read: rules and comments are nobody else's business.
pub(crate) fn make_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
