//! What the pool says of itself: how far its start is, what it is doing, whether the process should be replaced.

use serde::Serialize;

use super::{Pool, slot::SlotStage};

/// How far the start is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readiness {
    Starting,
    /// At least one slot has opened.
    Ready,
    Failed,
}

/// Why a process should be replaced by a fresh one: nothing less puts it right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Replacement {
    /// PowerShell was upgraded or removed on disk: new calls are refused with E105.
    PowerShellChanged,
    /// Too many slots were given up: new calls are refused with E203.
    Degraded,
    /// A script called `[Environment]::Exit`: a thread is parked in the middle of the runtime's end. Calls still work.
    ExitCalled,
}

impl std::fmt::Display for Replacement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::PowerShellChanged => "PowerShell was upgraded or removed",
            Self::Degraded => "too many calls could not be stopped",
            Self::ExitCalled => "a script called [Environment]::Exit",
        })
    }
}

/// What the pool is doing, for people and metrics.
#[derive(Debug, Clone, Default, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// Slots that are opening.
    pub opening: usize,
    /// Slots that wait for a call.
    pub idle: usize,
    /// Slots that run a call.
    pub running: usize,
    /// Slots that clean up after a call.
    pub settling: usize,
    /// Of those that run a call: slots whose call only waits for a function of the embedding program.
    pub waiting: usize,
    /// Calls of such functions under way.
    pub host_functions: usize,
    /// Slots given up because their calls would not stop.
    pub abandoned: usize,
    /// Calls that wait for a slot.
    pub queued: usize,
    /// Named sessions.
    pub sessions: usize,
    /// Calls started since the beginning.
    pub calls: u64,
    /// Slots opened since the beginning.
    pub opened: u64,
    /// Slots that did not open.
    pub open_failed: u64,
    /// Slots closed.
    pub closed: u64,
    /// Slots closed because a call left something that could not be removed.
    pub retired: u64,
    /// Calls after which something was removed from the slot.
    pub restored: u64,
    /// Slots closed for their age or use.
    pub recycled: u64,
    /// Slots given up since the beginning.
    pub abandoned_total: u64,
    /// Answers that came after their slot had been given up.
    pub late_answers: u64,
    /// Calls refused because the queue was full.
    pub overloaded: u64,
    /// Calls that changed process-wide settings while others ran.
    pub environment_overlaps: u64,
    /// A script called `[Environment]::Exit`: the process should be replaced when it suits.
    pub restart_wanted: bool,
    /// New work is refused: too many slots were given up.
    pub degraded: bool,
}

impl Pool {
    pub(crate) fn readiness(&self) -> tokio::sync::watch::Receiver<Readiness> {
        self.0.ready.subscribe()
    }

    /// Why the process should be replaced, as that changes.
    pub(crate) fn replacement(&self) -> tokio::sync::watch::Receiver<Option<Replacement>> {
        self.0.replacement.subscribe()
    }

    pub(crate) fn stats(&self) -> Stats {
        let state = self.0.state.lock();
        let count = |stage| state.slots.values().filter(|slot| slot.stage == stage).count();
        let totals = state.totals;
        Stats {
            opening: count(SlotStage::Opening),
            idle: count(SlotStage::Idle),
            running: count(SlotStage::Running),
            settling: count(SlotStage::Settling),
            waiting: state.slots.values().filter(|slot| slot.only_waits()).count(),
            host_functions: self.0.open_functions.len(),
            abandoned: state.abandoned.len(),
            queued: state.queue.len(),
            sessions: state.sessions.len(),
            calls: totals.calls,
            opened: totals.opened,
            open_failed: totals.open_failed,
            closed: totals.closed,
            retired: totals.retired,
            restored: totals.restored,
            recycled: totals.recycled,
            abandoned_total: totals.abandoned,
            late_answers: totals.late_answers,
            overloaded: totals.overloaded,
            environment_overlaps: totals.environment_overlaps,
            restart_wanted: state.restart_wanted,
            degraded: state.degraded(),
        }
    }
}
