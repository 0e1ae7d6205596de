//! When the host is asked to give memory back.
//!
//! .NET collects when something is allocated. So a process that waits keeps what its last calls left (some 20 MB), and small
//! calls, some of whose objects have finalizers and outlive two collections, leave 27 bytes each for hundreds of thousands of calls.

use std::time::{Duration, Instant};

use super::{super::slot::SlotStage, State};
use crate::host::Trim;

/// How long nothing must have run before the system gets memory back. Long for a loop of calls, short for people.
const IDLE: Duration = Duration::from_secs(2);
/// Calls after which the dead are swept, however busy the pool is.
const CALLS: u64 = 20_000;

/// What has happened since the last time.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Calls at the last [`Trim::Sweep`] or more thorough one.
    swept: u64,
    /// Closed slots at the last [`Trim::Compact`] or more.
    closed: u64,
    /// Calls and slots at the last [`Trim::GiveBack`].
    given_back: (u64, u64),
    /// Calls and slots when it was last looked, and since when they are the same.
    seen: (u64, u64),
    idle_since: Option<Instant>,
}

impl State {
    /// What is to be trimmed now, if anything is. To be asked about once a second.
    pub(in crate::pool) fn trim(&mut self, now: Instant) -> Option<Trim> {
        let at_work = self.slots.values().any(|slot| !matches!(slot.stage, SlotStage::Idle));
        let done = (self.totals.calls, self.totals.opened + self.totals.closed);
        let memory = &mut self.memory;
        if at_work || memory.seen != done {
            memory.seen = done;
            memory.idle_since = None;
        }
        let idle = !at_work && now.duration_since(*memory.idle_since.get_or_insert(now)) >= IDLE;
        let depth = if idle && memory.given_back != done {
            memory.given_back = done;
            Trim::GiveBack
        } else if self.totals.closed > memory.closed {
            Trim::Compact
        } else if done.0 >= memory.swept + CALLS {
            Trim::Sweep
        } else {
            return None;
        };
        memory.swept = done.0;
        if depth != Trim::Sweep {
            memory.closed = self.totals.closed;
        }
        Some(depth)
    }
}
