//! Backups on disk: finding, checking and reading them.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::manifest::{FileEntry, Manifest, NAME, UNFINISHED};
use crate::sentinel::content::{ContentKind, Piece};
use crate::sentinel::folder::below;
use crate::sentinel::{Error, Result};

/// How deep below the folder of backups they are looked for.
const DEEP: usize = 6;

/// A backup on disk.
#[derive(Debug)]
pub(crate) struct Backup {
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Manifest,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) file: String,
    pub(crate) what: String,
}

impl Backup {
    /// The backup of a folder: that in it, or the latest of those in it.
    ///
    /// # Errors
    /// [`Error::File`] if the path leads out of the folder of backups, or there is none.
    pub(crate) fn find(root: &Path, path: &str) -> Result<Self> {
        let place = below(root, path)?;
        if place.join(NAME).exists() {
            return Self::of(&place);
        }
        let mut within = list(&place);
        within.sort_by_key(|backup| backup.manifest.finished_at);
        let of_several =
            within.iter().any(|backup| backup.manifest.workspace.id != within[0].manifest.workspace.id);
        if of_several {
            return Err(Error::File(format!(
                "{} has backups of several workspaces: name the folder of one (Get-SentinelBackups lists them)",
                place.display()
            )));
        }
        match within.pop() {
            Some(latest) => Ok(latest),
            None if place.join(UNFINISHED).exists() => Err(Error::File(format!(
                "the backup in {} was broken off: run Backup-SentinelWorkspace again, it goes on",
                place.display()
            ))),
            None => Err(Error::File(format!(
                "there is no backup in {}: Get-SentinelBackups lists them",
                place.display()
            ))),
        }
    }

    /// The backup that lies in a folder.
    ///
    /// # Errors
    /// [`Error::File`] if there is none, it was broken off, or its manifest was altered.
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let Some(manifest) = Manifest::read(folder)? else {
            return Err(Error::File(format!("{} has no {NAME}: it is no backup", folder.display())));
        };
        if manifest.finished_at.is_none() {
            return Err(Error::File(format!(
                "the backup in {} was broken off: run Backup-SentinelWorkspace again, it goes on",
                folder.display()
            )));
        }
        Ok(Self { folder: folder.to_owned(), manifest })
    }

    /// Compares every file with its hash.
    ///
    /// # Errors
    /// [`Error::File`] that names the first one that is missing or altered.
    pub(crate) fn check(&self) -> Result<()> {
        self.manifest.files.iter().try_for_each(|file| {
            check_file(&self.folder, file).map_err(|what| {
                let path = self.folder.join(&file.file);
                Error::File(format!("the backup cannot be used: {} {what}", path.display()))
            })
        })
    }

    /// Everything that is wrong with its files, and files that it does not know.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self
            .manifest
            .files
            .iter()
            .filter_map(|file| {
                let what = check_file(&self.folder, file).err()?;
                Some(Problem { file: file.file.clone(), what })
            })
            .collect();
        for path in files(&self.folder) {
            let relative = path.strip_prefix(&self.folder).unwrap_or(&path);
            let file: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            let file = file.join("/");
            if file != NAME && !self.manifest.files.iter().any(|known| known.file == file) {
                problems
                    .push(Problem { file, what: "is not in the manifest: it is not restored".to_owned() });
            }
        }
        problems
    }

    /// The objects of a kind, with the items of watchlists.
    ///
    /// # Errors
    /// [`Error::File`] if one cannot be read.
    pub(crate) fn pieces(&self, kind: ContentKind) -> Result<Vec<Piece>> {
        self.manifest
            .objects(kind)
            .map(|entry| {
                let mut piece = Piece::of_object(kind, &self.object(entry)?);
                piece.name = Some(entry.name.clone());
                piece.title.clone_from(&entry.title);
                let items = self.manifest.files.iter().find(|file| {
                    file.kind == kind && file.items.is_some() && file.name.eq_ignore_ascii_case(&entry.name)
                });
                if let Some(items) = items {
                    let mut rows: Vec<Map<String, Value>> = Vec::new();
                    self.each_item(items, |mut item| {
                        if let Value::Object(row) = item["properties"]["itemsKeyValue"].take() {
                            rows.push(row);
                        }
                    })?;
                    piece.items = Some(rows);
                }
                Ok(piece)
            })
            .collect()
    }

    /// An object as Azure sent it.
    pub(crate) fn object(&self, entry: &FileEntry) -> Result<Value> {
        let path = below(&self.folder, &entry.file)?;
        let failed = |error: &dyn std::fmt::Display| Error::file("the file cannot be read:", &path, error);
        let text = fs::read(&path).map_err(|error| failed(&error))?;
        serde_json::from_slice(&text).map_err(|error| failed(&error))
    }

    /// Goes through the items of a watchlist.
    pub(crate) fn each_item(&self, entry: &FileEntry, mut take: impl FnMut(Value)) -> Result<()> {
        let path = below(&self.folder, &entry.file)?;
        let failed = |error: &dyn std::fmt::Display| Error::file("the file cannot be read:", &path, error);
        for line in BufReader::new(File::open(&path).map_err(|error| failed(&error))?).lines() {
            let line = line.map_err(|error| failed(&error))?;
            take(serde_json::from_str(&line).map_err(|error| failed(&error))?);
        }
        Ok(())
    }
}

/// Compares a file with its entry.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_file(folder: &Path, entry: &FileEntry) -> std::result::Result<(), String> {
    let path = below(folder, &entry.file).map_err(|error| error.to_string())?;
    let mut file = File::open(&path).map_err(|error| format!("is missing: {error}"))?;
    let (mut hash, mut bytes, mut part) = (Sha256::new(), 0, vec![0; 64 << 10]);
    loop {
        let read = file.read(&mut part).map_err(|error| format!("cannot be read: {error}"))?;
        if read == 0 {
            break;
        }
        hash.update(&part[..read]);
        bytes += read as u64;
    }
    if bytes != entry.bytes {
        return Err(format!("was altered: it has {bytes} bytes and had {}", entry.bytes));
    }
    if format!("{:x}", hash.finalize()) != entry.sha256 {
        return Err("was altered: its content is another one".to_owned());
    }
    Ok(())
}

/// The whole backups below a folder. What cannot be read is none.
pub(crate) fn list(root: &Path) -> Vec<Backup> {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), 0)];
    while let Some((folder, deep)) = folders.pop() {
        if let Ok(backup) = Backup::of(&folder) {
            found.push(backup);
            continue;
        }
        if deep < DEEP {
            folders.extend(subfolders(&folder).into_iter().map(|folder| (folder, deep + 1)));
        }
    }
    found.sort_by(|a, b| a.folder.cmp(&b.folder));
    found
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| entry.ok());
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| entry.path())
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().filter_map(|entry| entry.ok()) {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(_) => found.push(entry.path()),
                Err(_) => {}
            }
        }
    }
    found.sort();
    found
}
