//! What a server leaves to the process that takes its place, beside what the protocol needs: how often that happened, where
//! clients connect, what they sign in with.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// So often a process may be replaced …
const MOST: usize = 3;
/// … within this time. What needs a fresh process more often is not put right by one.
const WITHIN: Duration = Duration::from_secs(600);

/// What the process before this one left.
#[derive(Debug, Default)]
pub struct Succession {
    note: Note,
}

/// Bytes that [`Succession::next`] makes and [`Succession::of`] reads. An older or newer program ignores what it does not
/// know.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Note {
    /// When processes were replaced, milliseconds since 1970, the latest last.
    replaced: Vec<u64>,
    /// Base64 of [`runspaced::mcp::End::handover`].
    server: String,
    /// Descriptor of the address that clients connect to.
    listener: Option<i32>,
    /// The token that was made for this server.
    token: Option<String>,
}

impl std::fmt::Debug for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Note").field("replaced", &self.replaced).finish_non_exhaustive()
    }
}

impl Succession {
    /// Reads what is in [`crate::cli::process::Process::resumed`].
    pub fn of(resumed: &[u8]) -> Self {
        Self { note: serde_json::from_slice(resumed).unwrap_or_default() }
    }

    /// True if there was a process before this one.
    pub fn is_one(&self) -> bool {
        !self.note.replaced.is_empty()
    }

    /// What the server left.
    pub fn server(&self) -> Vec<u8> {
        STANDARD.decode(&self.note.server).unwrap_or_default()
    }

    /// The descriptor of the address that clients connect to.
    pub fn listener(&self) -> Option<i32> {
        self.note.listener
    }

    /// The token that clients have.
    pub fn token(&self) -> Option<Zeroizing<String>> {
        self.note.token.clone().map(Zeroizing::new)
    }

    /// How long this process has to wait before it may be replaced.
    pub fn pause(&self) -> Duration {
        pause(&self.note.replaced, now())
    }

    /// What the next process gets.
    pub fn next(&self, server: &[u8], listener: Option<i32>, token: Option<&str>) -> Zeroizing<Vec<u8>> {
        let mut replaced = self.note.replaced.clone();
        replaced.push(now());
        let superfluous = replaced.len().saturating_sub(MOST);
        replaced.drain(..superfluous);
        let note =
            Note { replaced, server: STANDARD.encode(server), listener, token: token.map(str::to_owned) };
        Zeroizing::new(serde_json::to_vec(&note).unwrap_or_default())
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn pause(replaced: &[u64], now: u64) -> Duration {
    let Some(first) = replaced.len().checked_sub(MOST).and_then(|at| replaced.get(at)) else {
        return Duration::ZERO;
    };
    // A clock that was set back must not make it longer than it can be.
    let since = Duration::from_millis(now.saturating_sub(*first));
    WITHIN.saturating_sub(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_replaced_only_so_often() {
        let minute = 60_000;
        assert_eq!(pause(&[], 100 * minute), Duration::ZERO);
        assert_eq!(pause(&[98 * minute, 99 * minute], 100 * minute), Duration::ZERO);
        let often = [93 * minute, 98 * minute, 99 * minute];
        assert_eq!(pause(&often, 100 * minute), Duration::from_secs(180));
        assert_eq!(pause(&often, 103 * minute), Duration::ZERO);
        assert_eq!(pause(&often, 0), WITHIN, "the clock was set back");
    }

    #[test]
    fn what_is_left_is_found_and_counted() {
        let first = Succession::default();
        assert!(!first.is_one());
        let mut note = first.next(b"\xff state", Some(7), Some("secret"));
        for _ in 0..5 {
            let succession = Succession::of(&note);
            assert!(succession.is_one());
            assert_eq!(succession.server(), b"\xff state");
            assert_eq!(succession.listener(), Some(7));
            assert_eq!(succession.token().as_deref().map(String::as_str), Some("secret"));
            assert!(!format!("{succession:?}").contains("secret"));
            note = succession.next(&succession.server(), succession.listener(), Some("secret"));
        }
        let last = Succession::of(&note);
        assert_eq!(last.note.replaced.len(), MOST);
        assert!(!last.pause().is_zero());
    }

    #[test]
    fn bytes_of_another_kind_are_nothing() {
        for bytes in [b"".as_slice(), b"\xff\xff", b"[1]", b"{\"server\":\"!\"}"] {
            let succession = Succession::of(bytes);
            assert!(!succession.is_one() && succession.server().is_empty() && succession.pause().is_zero());
        }
    }
}
