//! Ending the processes that a call has started.
//!
//! PowerShell's own stop ends the native command it waits for, but not what that one started: `sh -c 'sleep 100 & wait'`
//! hangs until the `sleep` is gone, because it holds the pipe. Which processes belong to a slot:
//!
//! * Linux: exactly those that the slot's thread has started, and theirs; the kernel keeps the list for each thread.
//! * elsewhere the children of this process that were started while this slot's call was the only one that ran. If
//!   another one ran too, nobody can tell whose they are, and none is ended.
//!
//! Out of reach everywhere: a process whose parent ended before the call was told to stop (it belongs to init then), and
//! what was started by another thread than the slot's (`ForEach-Object -Parallel`, `Start-ThreadJob`).

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
#[path = "elsewhere.rs"]
mod system;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::callbacks::Slot;

#[cfg(windows)]
pub(super) use system::die_together;

/// How long a process has between the request to end and its end.
const GRACE: Duration = Duration::from_millis(200);

/// When a slot's call began, by the clock of [`system::now`]; 0 if none runs.
#[derive(Debug, Default)]
pub(super) struct Turn(AtomicU64);

/// The calls that run, of all slots.
#[derive(Debug, Default)]
pub(super) struct Turns {
    running: AtomicUsize,
    /// Since when there is one at most.
    alone_since: AtomicU64,
}

impl Turns {
    pub(super) fn begin(&self, turn: &Turn) {
        if turn.0.swap(system::now().max(1), Ordering::AcqRel) == 0
            && self.running.fetch_add(1, Ordering::AcqRel) == 0
        {
            self.alone_since.store(turn.0.load(Ordering::Acquire), Ordering::Release);
        }
    }

    /// Ends a turn; without effect if it has ended.
    pub(super) fn end(&self, turn: &Turn) {
        if turn.0.swap(0, Ordering::AcqRel) != 0 && self.running.fetch_sub(1, Ordering::AcqRel) == 2 {
            self.alone_since.store(system::now(), Ordering::Release);
        }
    }

    /// Since when every new child of this process can only be that of `turn`; `None` if others run too.
    #[cfg_attr(target_os = "linux", allow(dead_code, reason = "Linux knows whose child a process is"))]
    fn alone(&self, turn: &Turn) -> Option<u64> {
        let since = turn.0.load(Ordering::Acquire);
        (since != 0 && self.running.load(Ordering::Acquire) == 1)
            .then(|| since.max(self.alone_since.load(Ordering::Acquire)))
    }
}

impl Turn {
    /// When it began; `None` if no call runs.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "elsewhere it takes more than that"))]
    fn since(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Acquire)).filter(|since| *since != 0)
    }
}

/// Processes that a call has started, held so that their numbers cannot come to mean others.
#[derive(Debug, Default)]
pub(super) struct Descendants(Vec<system::Process>);

impl Descendants {
    /// Those of the slot's running call.
    pub(super) fn of(slot: &Slot, turns: &Turns) -> Self {
        Self(system::find(slot, turns))
    }

    /// As [`Descendants::of`], when they are about to be ended: on Linux they are held still, so that none starts another
    /// one after it was looked at, which nobody would find once its parent is gone.
    pub(super) fn held(slot: &Slot, turns: &Turns) -> Self {
        #[cfg_attr(not(target_os = "linux"), allow(unused_mut, reason = "only there they can be held"))]
        let mut all = Self::of(slot, turns);
        #[cfg(target_os = "linux")]
        for _ in 0..8 {
            let known = all.0.len();
            all.0.iter().for_each(system::Process::hold);
            all.merge(Self::of(slot, turns));
            if all.0.len() == known {
                break;
            }
        }
        all
    }

    pub(super) fn merge(&mut self, other: Self) {
        for process in other.0 {
            if !self.0.iter().any(|known| known.is_same(&process)) {
                self.0.push(process);
            }
        }
    }

    /// Asks all of them to end, and ends those that have not after a moment. Returns how many were there; does not
    /// wait for them.
    pub(super) fn end(self) -> usize {
        let alive: Vec<system::Process> = self.0.into_iter().filter(system::Process::ask_to_end).collect();
        let count = alive.len();
        if count == 0 {
            return 0;
        }
        let finish = move || {
            system::wait(&alive, GRACE);
            for process in &alive {
                process.end_with_children();
            }
        };
        // Without a thread it happens here: late is better than never.
        if let Err(error) = std::thread::Builder::new().name("runspaced-end".into()).spawn(finish) {
            tracing::warn!(%error, "no thread to end child processes with; they were only asked to");
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_alone_only_while_no_other_runs() {
        let turns = Turns::default();
        let (one, two) = (Turn::default(), Turn::default());
        assert_eq!(turns.alone(&one), None, "no call runs");
        turns.begin(&one);
        let first = turns.alone(&one).unwrap();
        assert!(first > 0);
        turns.begin(&two);
        assert_eq!(turns.alone(&one), None);
        assert_eq!(turns.alone(&two), None);
        turns.end(&two);
        assert!(turns.alone(&one).unwrap() >= first, "what the other started in the meantime is not ours");
        turns.end(&two);
        assert!(turns.alone(&one).is_some(), "a turn ends once");
        turns.end(&one);
        assert_eq!(turns.alone(&one), None);
    }
}
