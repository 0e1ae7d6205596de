//! What files looked like when they were read, so that a change is seen without reading them again.

use std::{
    fs, io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

/// A file or folder as it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Stamp {
    path: String,
    state: State,
}

/// Times are nanoseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Absent,
    File { size: u64, changed: u64 },
    Folder { changed: u64 },
}

impl Stamp {
    /// Looks at a file or folder.
    pub(crate) fn take(path: &str) -> Self {
        let state = match fs::metadata(path) {
            Ok(metadata) => {
                let changed = metadata.modified().map_or(0, nanos);
                if metadata.is_dir() {
                    State::Folder { changed }
                } else {
                    State::File { size: metadata.len(), changed }
                }
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::debug!(path, %error, "a file that tools come from cannot be looked at");
                }
                State::Absent
            }
        };
        Self { path: path.to_owned(), state }
    }

    /// True if it looks as it did.
    pub(crate) fn holds(&self) -> bool {
        Self::take(&self.path) == *self
    }

    /// True if it was changed between two moments.
    pub(crate) fn changed_between(&self, begin: SystemTime, end: SystemTime) -> bool {
        let (begin, end) = (nanos(begin), nanos(end));
        match self.state {
            State::File { changed, .. } | State::Folder { changed } => (begin..=end).contains(&changed),
            State::Absent => false,
        }
    }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamp_sees_contents_absence_and_new_entries_of_a_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
        let file = folder.path().join("a.ps1");
        let (absent, empty) = (Stamp::take(&text(&file)), Stamp::take(&text(folder.path())));
        assert!(absent.holds() && empty.holds());
        let before = SystemTime::now() - Duration::from_secs(60);
        fs::write(&file, "one").expect("written");
        assert!(!absent.holds());
        let written = Stamp::take(&text(&file));
        assert!(
            written.holds() && written.changed_between(before, SystemTime::now() + Duration::from_secs(1))
        );
        assert!(!written.changed_between(before - Duration::from_secs(9), before));
        fs::write(&file, "longer").expect("written");
        assert!(!written.holds());
    }
}
