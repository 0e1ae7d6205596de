//! Files of the cache: whole, ours and of our form, or as good as absent.
//!
//! A file has a first line, which is its kind and the digest of the rest. It is written in one step. Of each kind a bounded number is
//! kept.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};

/// Files of a kind that are kept; the oldest go first.
pub(super) const MOST_FILES: usize = 32;
const MOST_BYTES: u64 = 64 << 20;
/// A draft that is older was left behind by a server that was killed.
const DRAFT_AGE: Duration = Duration::from_secs(3_600);

/// A kind of file.
#[derive(Debug)]
pub(super) struct Kind {
    /// First words of a file, with the version of its form.
    pub(super) magic: &'static str,
    /// Ending of its name, without the dot.
    pub(super) ending: &'static str,
}

/// What is in a file.
pub(super) struct Sealed {
    /// Digest of the body, in digits.
    pub(super) digest: String,
    pub(super) body: Vec<u8>,
}

impl Kind {
    /// Where the file of this name lies in a folder.
    pub(super) fn path(&self, folder: &Path, name: &str) -> PathBuf {
        folder.join(format!("{name}.{}", self.ending))
    }

    /// # Errors
    /// Why the file does not count.
    pub(super) fn read(&self, path: &Path) -> Result<Sealed, String> {
        let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
        if !metadata.is_file() || metadata.len() > MOST_BYTES {
            return Err("it is no file of a sensible size".to_owned());
        }
        if !is_ours(&metadata) {
            return Err("somebody else could have written it".to_owned());
        }
        let mut text = fs::read(path).map_err(|error| error.to_string())?;
        let end = text.iter().position(|byte| *byte == b'\n').ok_or("it has no first line")?;
        let digest = text[..end].strip_prefix(self.magic.as_bytes()).ok_or("it has another form")?;
        let digest = String::from_utf8_lossy(digest).into_owned();
        text.drain(..=end);
        if digest != hex(&text) {
            return Err("it is damaged".to_owned());
        }
        Ok(Sealed { digest, body: text })
    }

    /// The digest that a file says it has. Only for comparing: the file may be damaged.
    pub(super) fn claimed_digest(&self, path: &Path) -> Option<String> {
        let file = fs::File::open(path).ok()?;
        if !is_ours(&file.metadata().ok()?) {
            return None;
        }
        let mut head = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(file, 256), &mut head).ok()?;
        let end = head.iter().position(|byte| *byte == b'\n')?;
        let digest = head[..end].strip_prefix(self.magic.as_bytes())?;
        Some(String::from_utf8_lossy(digest).into_owned())
    }

    /// Writes a file, at once or not at all. The folder is made. Returns the digest of the body.
    ///
    /// # Errors
    /// What the system says of the folder.
    pub(super) fn write(&self, folder: &Path, name: &str, body: &[u8]) -> io::Result<String> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        let digest = hex(body);
        let ending = format!(".{}", self.ending);
        let mut draft = tempfile::Builder::new().prefix("draft-").suffix(&ending).tempfile_in(folder)?;
        io::Write::write_all(&mut draft, format!("{}{digest}\n", self.magic).as_bytes())?;
        io::Write::write_all(&mut draft, body)?;
        draft.persist(self.path(folder, name)).map_err(|error| error.error)?;
        self.prune(folder);
        Ok(digest)
    }

    /// Removes what is beyond the bound, and drafts of servers that were killed. Failing at it does no harm.
    fn prune(&self, folder: &Path) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        let now = SystemTime::now();
        let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in entries.flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|ending| ending != self.ending) {
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

/// What is in a file reaches a model as descriptions: nobody else may have a hand in it.
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

/// The digest of these bytes, in digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
