//! Making a backup, a kind after the other.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt;
use jiff::SignedDuration;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::manifest::{FileEntry, Manifest, UNFINISHED};
use super::opened::{Backup, check_file};
use crate::sentinel::content::{ContentKind, items, objects};
use crate::sentinel::folder::{below, file_name, save};
use crate::sentinel::journal::make_folder;
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

/// A backup that was broken off goes on within this time; later its beginning would be too old.
const RESUMED: SignedDuration = SignedDuration::from_hours(24);
/// Longest part of a name that becomes the name of a file, characters.
const LONGEST: usize = 60;

/// A backup in the making.
pub(crate) struct Taking {
    target: Target,
    /// The folder of the workspace.
    folder: PathBuf,
    /// Where it is made.
    work: PathBuf,
    wanted: Vec<ContentKind>,
    manifest: Manifest,
    /// Held as long as it is made: two at once would mix.
    _lock: File,
}

/// What there is of a kind now.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) kind: ContentKind,
    pub(crate) objects: usize,
    pub(crate) items: usize,
    pub(crate) bytes: u64,
    /// It was there already: a backup that was broken off goes on.
    pub(crate) resumed: bool,
}

impl Taking {
    /// Begins a backup below a folder of that of backups, or goes on with the one that was broken off.
    ///
    /// # Errors
    /// [`Error::File`] if the folder cannot be used, [`Error::Declined`] if another one is being made there.
    pub(crate) fn begin(target: &Target, path: &str, kinds: &[ContentKind], anew: bool) -> Result<Self> {
        // Names of workspaces are not unique.
        let id: String = target.workspace.customer_id.chars().take(8).collect();
        let name = file_name(&format!("{}_{id}", target.workspace.name));
        let folder = below(&target.backups, path)?.join(name);
        let failed =
            |path: &Path, error: std::io::Error| Error::file("the folder cannot be used:", path, error);
        make_folder(&folder).map_err(|error| failed(&folder, error))?;
        let lock_path = folder.join(".lock");
        let lock = File::create(&lock_path).map_err(|error| failed(&lock_path, error))?;
        lock.try_lock().map_err(|_| {
            Error::declined(
                format!("a backup of {} is being made in {}", target.workspace.name, folder.display()),
                "Wait until it has ended, or give another BackupPath.",
            )
        })?;
        let work = folder.join(UNFINISHED);
        let mut wanted: Vec<ContentKind> =
            if kinds.is_empty() { ContentKind::ALL.to_vec() } else { kinds.to_vec() };
        wanted.sort_unstable();
        wanted.dedup();
        let mut manifest = Manifest::of(&target.workspace, target.now);
        match Manifest::read(&work) {
            Ok(Some(begun))
                if !anew
                    && begun.workspace.id == target.workspace.id
                    && target.now.duration_since(begun.started_at) < RESUMED =>
            {
                manifest = begun;
                manifest.kinds.retain(|kind| wanted.contains(kind));
                // Of a kind that is not whole any more, all is fetched again.
                let altered: Vec<ContentKind> = manifest
                    .files
                    .iter()
                    .filter(|file| check_file(&work, file).is_err())
                    .map(|file| file.kind)
                    .collect();
                manifest.kinds.retain(|kind| !altered.contains(kind));
                let kept = manifest.kinds.clone();
                manifest.files.retain(|file| kept.contains(&file.kind));
            }
            _ => {
                if work.exists() {
                    fs::remove_dir_all(&work).map_err(|error| failed(&work, error))?;
                }
            }
        }
        make_folder(&work).map_err(|error| failed(&work, error))?;
        Ok(Self { target: target.clone(), folder, work, wanted, manifest, _lock: lock })
    }

    /// The kinds that are wanted.
    pub(crate) fn wanted(&self) -> Vec<ContentKind> {
        self.wanted.clone()
    }

    /// Fetches all of a kind, unless it is there.
    ///
    /// # Errors
    /// Those of Azure and of files. What is done stays; the next backup goes on with it.
    pub(crate) async fn take(&mut self, kind: ContentKind) -> Result<Written> {
        if self.manifest.kinds.contains(&kind) {
            return Ok(self.written(kind, true));
        }
        let folder = self.work.join(kind.folder());
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .map_err(|error| Error::file("the folder cannot be used:", &folder, error))?;
        }
        let mut found = objects(&self.target, kind);
        while let Some(raw) = found.try_next().await? {
            self.object(kind, &raw).await?;
        }
        self.manifest.kinds.push(kind);
        self.manifest.write(&self.work)?;
        Ok(self.written(kind, false))
    }

    fn written(&self, kind: ContentKind, resumed: bool) -> Written {
        let files = || self.manifest.files.iter().filter(|file| file.kind == kind);
        Written {
            kind,
            objects: self.manifest.objects(kind).count(),
            items: files().filter_map(|file| file.items).sum(),
            bytes: files().map(|file| file.bytes).sum(),
            resumed,
        }
    }

    /// Ends the backup: it is read again and compared with its hashes, and gets its name.
    ///
    /// # Errors
    /// If it is not on disk as it came.
    pub(crate) fn finish(mut self) -> Result<Backup> {
        self.manifest.finished_at = Some(jiff::Timestamp::now());
        self.manifest.files.sort_by(|a, b| a.file.cmp(&b.file));
        self.manifest.write(&self.work)?;
        Backup::of(&self.work)?.check()?;
        let stamp = self.manifest.started_at.strftime("%Y%m%dT%H%M%SZ").to_string();
        // Two in one second have two names.
        let named = (0..100)
            .map(|number| if number == 0 { stamp.clone() } else { format!("{stamp}-{number}") })
            .map(|name| self.folder.join(name))
            .find(|path| !path.exists());
        let named = named.ok_or_else(|| Error::File(format!("{stamp} is there a hundred times")))?;
        let failed = |error: std::io::Error| Error::file("the backup cannot get its name:", &named, error);
        fs::rename(&self.work, &named).map_err(failed)?;
        // Windows has no such call and needs none.
        #[cfg(unix)]
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Backup::of(&named)
    }

    async fn object(&mut self, kind: ContentKind, raw: &RawValue) -> Result<()> {
        let object = Object::of(raw)?;
        let title =
            object.text(kind.title_path()).filter(|title| !title.is_empty()).unwrap_or_else(|| object.name());
        let name = match kind {
            ContentKind::Watchlists => title.clone(),
            _ => object.name(),
        };
        let stem = stem(&title, kind, &object);
        let mut entry = FileEntry {
            file: format!("{}/{stem}.json", kind.folder()),
            kind,
            name,
            title,
            id: object.id(),
            bytes: raw.get().len() as u64,
            sha256: format!("{:x}", Sha256::digest(raw.get())),
            items: None,
        };
        if kind == ContentKind::Watchlists {
            entry.file = format!("{}/{stem}/watchlist.json", kind.folder());
            self.items(&entry, &format!("{}/{stem}/items.ndjson", kind.folder())).await?;
        }
        let (path, content) = (self.work.join(&entry.file), raw.get().to_owned());
        let write = tokio::task::spawn_blocking(move || save(&path, content.as_bytes(), false));
        write.await.unwrap_or_else(|error| Err(Error::File(format!("a file was not written: {error}"))))?;
        self.manifest.files.push(entry);
        Ok(())
    }

    /// Writes the items of a watchlist, a line each, as they come.
    async fn items(&mut self, watchlist: &FileEntry, file: &str) -> Result<()> {
        let path = self.work.join(file);
        let failed = |error: std::io::Error| Error::file("the file cannot be written:", &path, error);
        let folder = path.parent().unwrap_or(&self.work);
        make_folder(folder).map_err(failed)?;
        let mut writer = BufWriter::new(File::create(&path).map_err(failed)?);
        let (mut hash, mut bytes, mut count) = (Sha256::new(), 0, 0);
        let mut found = items(&self.target, &watchlist.name);
        while let Some(raw) = found.try_next().await? {
            let line = one_line(raw.get()) + "\n";
            writer.write_all(line.as_bytes()).map_err(failed)?;
            hash.update(line.as_bytes());
            bytes += line.len() as u64;
            count += 1;
        }
        writer.flush().map_err(failed)?;
        writer.get_ref().sync_all().map_err(failed)?;
        self.manifest.files.push(FileEntry {
            file: file.to_owned(),
            bytes,
            sha256: format!("{:x}", hash.finalize()),
            items: Some(count),
            ..watchlist.clone()
        });
        Ok(())
    }
}

/// The name of an object's file: readable, safe on every system, and of no two objects of a kind. It does not depend on
/// the workspace, so that two backups can be compared.
fn stem(title: &str, kind: ContentKind, object: &Object) -> String {
    // Associations of different machines may have one name.
    let whole = if kind == ContentKind::Associations { object.id() } else { object.name() };
    let hash = format!("{:x}", Sha256::digest(whole.to_ascii_lowercase()));
    let readable: String = file_name(title).chars().take(LONGEST).collect();
    format!("{}-{}", readable.trim(), &hash[..8])
}

/// A document in one line: what Azure breaks is joined, texts stay.
fn one_line(json: &str) -> String {
    // Within a text a line break is written as \n, so what is a line break lies between the parts.
    json.replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn files_have_names_of_their_own_on_every_system() {
        let named = |title: &str, name: &str| {
            stem(title, ContentKind::AnalyticsRules, &Object(json!({ "name": name })))
        };
        assert_ne!(named("Rule", "a"), named("rule", "b"));
        assert_eq!(named("Rule", "a"), named("Rule", "A"));
        for title in ["CON", "a/b\\c:d", "..", "", "trailing. ", &"x".repeat(300)] {
            let name = named(title, "id");
            assert!(name.len() < 80 && !name.contains(['/', '\\', ':']) && !name.starts_with('.'), "{name}");
        }
    }

    #[test]
    fn a_document_becomes_one_line_and_means_the_same() {
        let text = "{\n  \"a\": \"x\\ny\",\r\n  \"b\": 1.50\n}";
        let line = one_line(text);
        assert!(!line.contains('\n'));
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("is JSON");
        assert_eq!(read(&line), read(text));
    }
}
