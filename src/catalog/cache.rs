//! The findings of a discovery on disk, so that the next server answers before PowerShell is up.
//!
//! A file belongs to one PowerShell, one exposure and one set of settings: their digest is its name. In it are the commands
//! and the stamps of the files that they come from; it counts only while all of these look the same. What is not whole, not
//! ours or out of date is as good as absent, and is replaced.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{discovery::Findings, exposure::Exposure, stamp::Stamp};
use crate::{engine::Origin, locate::PowerShellHome};

/// First words of a file, with the version of its form.
const MAGIC: &str = "runspaced-catalog 1 ";
const SUFFIX: &str = ".catalog";
/// Files that are kept; the oldest go first.
const MOST_FILES: usize = 32;
const MOST_BYTES: u64 = 64 << 20;
/// A draft that is older was left behind by a server that was killed.
const DRAFT_AGE: Duration = Duration::from_secs(3_600);

/// A folder of catalogues.
#[derive(Debug, Clone)]
pub(crate) struct CatalogCache {
    folder: PathBuf,
}

/// What a catalogue was made for; digits of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CacheKey(String);

impl CacheKey {
    /// From the PowerShell, the settings of its runspaces, and what is exposed of it.
    pub(crate) fn of(home: &PowerShellHome, origin: &Origin, exposure: &Exposure) -> Self {
        #[derive(Serialize)]
        struct Parts<'a> {
            version: &'static str,
            program: Option<Stamp>,
            home: &'a PowerShellHome,
            slot: &'a str,
            commands: &'a [String],
            modules: &'a [String],
            scripts: &'a [PathBuf],
            module_path: Option<String>,
        }
        let parts = Parts {
            version: env!("CARGO_PKG_VERSION"),
            // The same version may have been built anew.
            program: std::env::current_exe().ok().map(|path| Stamp::take(&path.to_string_lossy())),
            home,
            slot: &String::from_utf8_lossy(&origin.slot),
            commands: &exposure.commands,
            modules: &exposure.modules,
            scripts: &exposure.scripts,
            module_path: std::env::var_os("PSModulePath").map(|value| value.to_string_lossy().into_owned()),
        };
        Self(hex(&serde_json::to_vec(&parts).unwrap_or_default()))
    }
}

impl CatalogCache {
    /// A cache in a folder, which is made when something is stored.
    pub(crate) fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The findings for this key, if they are still true.
    pub(crate) fn load(&self, key: &CacheKey) -> Option<Findings> {
        let path = self.path(key);
        let findings = match read(&path) {
            Ok(findings) => findings,
            Err(reason) => {
                tracing::debug!(path = %path.display(), reason, "no catalogue is taken from the cache");
                return None;
            }
        };
        if let Some(stale) = findings.stamps.iter().find(|stamp| !stamp.holds()) {
            tracing::debug!(path = %path.display(), ?stale, "the catalogue in the cache is out of date");
            return None;
        }
        Some(findings)
    }

    /// Keeps findings, at once or not at all.
    ///
    /// # Errors
    /// What the system says of the folder.
    pub(crate) fn store(&self, key: &CacheKey, findings: &Findings) -> io::Result<()> {
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.create(&self.folder)?;
        let body = serde_json::to_vec(findings)?;
        let mut draft = tempfile::Builder::new().prefix("draft-").suffix(SUFFIX).tempfile_in(&self.folder)?;
        io::Write::write_all(&mut draft, format!("{MAGIC}{}\n", hex(&body)).as_bytes())?;
        io::Write::write_all(&mut draft, &body)?;
        draft.persist(self.path(key)).map_err(|error| error.error)?;
        self.prune();
        Ok(())
    }

    fn path(&self, key: &CacheKey) -> PathBuf {
        self.folder.join(format!("{}{SUFFIX}", &key.0[..32]))
    }

    /// Removes what is beyond the bound, and drafts of servers that were killed. Failing at it does no harm.
    fn prune(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let now = SystemTime::now();
        let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in entries.flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|ending| ending != &SUFFIX[1..]) {
                continue;
            }
            let changed = entry.metadata().and_then(|metadata| metadata.modified()).unwrap_or(now);
            let is_draft = entry.file_name().to_string_lossy().starts_with("draft-");
            match is_draft {
                false => files.push((changed, path)),
                true if now.duration_since(changed).is_ok_and(|age| age > DRAFT_AGE) => {
                    drop(fs::remove_file(path))
                }
                true => {}
            }
        }
        files.sort();
        let surplus = files.len().saturating_sub(MOST_FILES);
        for (_, path) in files.into_iter().take(surplus) {
            let _ = fs::remove_file(path);
        }
    }
}

/// # Errors
/// Why the file does not count.
fn read(path: &Path) -> Result<Findings, String> {
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() || metadata.len() > MOST_BYTES {
        return Err("it is no file of a sensible size".to_owned());
    }
    if !is_ours(&metadata) {
        return Err("somebody else could have written it".to_owned());
    }
    let text = fs::read(path).map_err(|error| error.to_string())?;
    let end = text.iter().position(|byte| *byte == b'\n').ok_or("it has no first line")?;
    let (head, body) = (&text[..end], &text[end + 1..]);
    let digest = head.strip_prefix(MAGIC.as_bytes()).ok_or("it has another form")?;
    if digest != hex(body).as_bytes() {
        return Err("it is damaged".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

/// What is in the file reaches a model as descriptions: nobody else may have a hand in it.
#[cfg(unix)]
fn is_ours(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0
}

/// The cache folder is the user's own by its place in the profile.
#[cfg(not(unix))]
fn is_ours(_: &fs::Metadata) -> bool {
    true
}

fn hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::tool::tests::command;

    fn key(text: &str) -> CacheKey {
        CacheKey(hex(text.as_bytes()))
    }

    fn findings(folder: &Path) -> Findings {
        let file = folder.join("tools.ps1");
        if !file.exists() {
            fs::write(&file, "function Get-A {}").expect("written");
        }
        let parameter =
            json!([{"name": "P", "type": "int", "bindable": true, "validate_range": {"min": 1, "max": 2}}]);
        Findings {
            commands: vec![command("Get-A", parameter), command("Get-B", json!([]))],
            stamps: vec![Stamp::take(&file.to_string_lossy())],
        }
    }

    fn only_file(folder: &Path) -> PathBuf {
        let mut files = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
        let file = files.next().expect("a file");
        assert_eq!(files.next(), None);
        file
    }

    #[test]
    fn what_is_stored_is_loaded_under_the_same_key_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = CatalogCache::new(folder.path().join("a/cache"));
        let findings = findings(folder.path());
        assert_eq!(cache.load(&key("one")), None);
        cache.store(&key("one"), &findings).expect("stored");
        assert_eq!(cache.load(&key("one")), Some(findings));
        assert_eq!(cache.load(&key("two")), None);
    }

    #[test]
    fn what_is_out_of_date_damaged_or_not_ours_does_not_count_and_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("cache");
        let cache = CatalogCache::new(&place);
        let good = findings(folder.path());
        let store = || cache.store(&key("one"), &good).expect("stored");
        store();
        let file = only_file(&place);
        let whole = fs::read(&file).expect("read");
        let damages: [(&str, Vec<u8>); 5] = [
            ("empty", Vec::new()),
            ("cut", whole[..whole.len() / 2].to_vec()),
            ("changed", {
                let mut bytes = whole.clone();
                let last = bytes.len() - 5;
                bytes[last] ^= 1;
                bytes
            }),
            ("other form", [b"runspaced-catalog 0 ".as_slice(), &whole[20..]].concat()),
            ("foreign", b"{\"commands\":[]}\n".to_vec()),
        ];
        for (what, bytes) in damages {
            fs::write(&file, bytes).expect("written");
            assert_eq!(cache.load(&key("one")), None, "{what}");
            store();
            assert!(cache.load(&key("one")).is_some(), "{what}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("set");
            assert_eq!(cache.load(&key("one")), None, "anybody may write it");
            store();
            assert!(cache.load(&key("one")).is_some());
        }
        fs::write(folder.path().join("tools.ps1"), "function Get-Other {}").expect("written");
        assert_eq!(cache.load(&key("one")), None, "the script has changed");
    }

    #[test]
    fn number_of_files_is_bounded_and_other_files_are_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("cache");
        let cache = CatalogCache::new(&place);
        let findings = findings(folder.path());
        fs::create_dir(&place).expect("made");
        fs::write(place.join("notes.txt"), "mine").expect("written");
        for number in 0..MOST_FILES + 5 {
            cache.store(&key(&number.to_string()), &findings).expect("stored");
        }
        assert_eq!(fs::read_dir(&place).expect("a folder").count(), MOST_FILES + 1);
        assert!(place.join("notes.txt").exists());
        assert!(cache.load(&key(&(MOST_FILES + 4).to_string())).is_some());
    }

    #[test]
    fn folder_that_cannot_be_written_is_an_error_and_no_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("in the way");
        fs::write(&file, "x").expect("written");
        assert!(CatalogCache::new(&file).store(&key("one"), &findings(folder.path())).is_err());
    }
}
