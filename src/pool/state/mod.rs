//! What the pool knows, and every decision about it. No host is called and nothing blocks here: decisions come
//! out as [`Action`]s that are carried out after the lock is free.

mod memory;
mod schedule;
mod upkeep;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    call::CallState,
    config::PoolConfig,
    pause::Pause,
    slot::{Affinity, Slot, SlotStage, module_key},
};
use crate::{
    error::Error,
    host::{CallId, SlotId},
};

/// Where the pool is in its life.
#[derive(Debug)]
pub(super) enum Phase {
    /// The runtime starts; calls wait.
    Starting,
    Running,
    /// No call will ever run; the error says why.
    Failed(Error),
    /// Running calls end, nothing new is taken.
    Draining,
    Closed,
}

/// What is to be done once the lock is free.
#[derive(Debug)]
pub(super) enum Action {
    Open(SlotId),
    Close(SlotId),
    Run(SlotId, Arc<CallState>),
    /// The call cannot run any more.
    Fail(Arc<CallState>, Error),
}

/// A named session: a slot of its own.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) affinity: Affinity,
    pub(super) ttl: Duration,
    pub(super) last_used: Instant,
    pub(super) slot: Option<SlotId>,
    /// Its slot was lost; the next call is told so.
    pub(super) lost: Option<String>,
}

/// Running totals.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Totals {
    pub(super) calls: u64,
    pub(super) opened: u64,
    pub(super) open_failed: u64,
    pub(super) closed: u64,
    pub(super) retired: u64,
    pub(super) restored: u64,
    pub(super) recycled: u64,
    pub(super) abandoned: u64,
    pub(super) late_answers: u64,
    pub(super) overloaded: u64,
    pub(super) environment_overlaps: u64,
}

pub(super) struct State {
    pub(super) config: PoolConfig,
    pub(super) phase: Phase,
    pub(super) slots: BTreeMap<SlotId, Slot>,
    pub(super) queue: VecDeque<Arc<CallState>>,
    pub(super) sessions: BTreeMap<Arc<str>, Session>,
    /// Slots given up whose threads have not come back.
    pub(super) abandoned: BTreeMap<SlotId, CallId>,
    /// An exclusive call runs.
    pub(super) exclusive: Option<CallId>,
    /// Process-wide settings are to be restored by the last call that settles; nothing starts before.
    pub(super) quiesce: bool,
    /// A script called `[Environment]::Exit`: the process should be replaced when it suits.
    pub(super) restart_wanted: bool,
    /// A call in a fresh runspace has been seen: spares are worth their memory.
    pub(super) fresh_seen: bool,
    /// No slot is opened in the background before this (after failures).
    pub(super) refill_after: Option<Instant>,
    /// Spares are opened again from then on: a moment after one was taken.
    pub(super) spares_after: Option<Instant>,
    refill: Pause,
    /// What was collected when.
    memory: memory::Memory,
    pub(super) totals: Totals,
    /// State of the jitter's generator.
    seed: u64,
}

impl State {
    pub(super) fn new(config: PoolConfig) -> Self {
        let seed = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(1, |elapsed| u64::from(elapsed.subsec_nanos()) | 1);
        Self {
            config,
            phase: Phase::Starting,
            slots: BTreeMap::new(),
            queue: VecDeque::new(),
            sessions: BTreeMap::new(),
            abandoned: BTreeMap::new(),
            exclusive: None,
            quiesce: false,
            restart_wanted: false,
            fresh_seen: false,
            refill_after: None,
            spares_after: None,
            refill: Pause::default(),
            memory: memory::Memory::default(),
            totals: Totals::default(),
            seed,
        }
    }

    pub(super) fn running(&self) -> usize {
        self.slots.values().filter(|slot| slot.stage == SlotStage::Running).count()
    }

    fn busy(&self) -> bool {
        self.slots.values().any(|slot| matches!(slot.stage, SlotStage::Running | SlotStage::Settling))
    }

    /// Slots that count against `max`.
    fn pooled(&self) -> usize {
        let pooled =
            || self.slots.values().filter(|slot| slot.session.is_none() && slot.stage != SlotStage::Closing);
        let waiting = pooled().filter(|slot| slot.only_waits()).count();
        pooled().count() - waiting.min(self.config.max_waiting)
    }

    /// More slots are open than there may be: calls that had been waiting for a host function go on.
    pub(super) fn is_over_full(&self) -> bool {
        self.pooled() > self.config.max
    }

    pub(super) fn degraded(&self) -> bool {
        self.abandoned.len() >= self.config.abandon_budget
    }

    /// Decides whether a call is taken at all. An error is its answer.
    pub(super) fn admit(&mut self, call: &CallState) -> Result<(), Error> {
        match &self.phase {
            Phase::Starting | Phase::Running => {}
            Phase::Failed(error) => return Err(error.duplicate()),
            Phase::Draining | Phase::Closed => return Err(Error::ShutDown),
        }
        if self.degraded() {
            return Err(Error::Degraded {
                abandoned: self.abandoned.len(),
                budget: self.config.abandon_budget,
            });
        }
        if let Some(name) = &call.spec.session {
            let Some(session) = self.sessions.get_mut(name) else {
                return Err(Error::NoSession {
                    name: name.to_string(),
                    reason: "it was never opened, or it has ended; open it first".to_owned(),
                });
            };
            if session.affinity != call.spec.affinity {
                // The name alone must not open somebody else's session, nor tell that it exists.
                return Err(Error::NoSession {
                    name: name.to_string(),
                    reason: "it was never opened, or it has ended; open it first".to_owned(),
                });
            }
            if let Some(lost) = session.lost.take() {
                self.sessions.remove(name);
                return Err(Error::NoSession { name: name.to_string(), reason: lost });
            }
            session.last_used = Instant::now();
        }
        if self.queue.len() >= self.config.queue {
            self.totals.overloaded += 1;
            return Err(Error::Overloaded {
                running: self.running(),
                queued: self.queue.len(),
                limit: self.config.queue,
                retry_after: Duration::from_millis(250),
            });
        }
        Ok(())
    }

    /// Begins to close a slot that runs nothing.
    pub(super) fn close(&mut self, id: SlotId, actions: &mut Vec<Action>) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.stage = SlotStage::Closing;
            slot.call = None;
            actions.push(Action::Close(id));
        }
    }

    /// Removes a slot that will not stop from the pool and counts it.
    pub(super) fn abandon(&mut self, id: SlotId, call: CallId) {
        if let Some(slot) = self.slots.remove(&id) {
            self.abandoned.insert(id, call);
            self.totals.abandoned += 1;
            self.forget_owner(
                &slot,
                "its call would not stop, so its runspace was given up; open the session again",
            );
        }
        self.call_ended(call);
    }

    /// Tells the session of a lost slot, if it had one.
    pub(super) fn forget_owner(&mut self, slot: &Slot, reason: &str) {
        if let Some(session) = slot.session.as_ref().and_then(|name| self.sessions.get_mut(name)) {
            session.slot = None;
            session.lost = Some(reason.to_owned());
        }
    }

    pub(super) fn call_ended(&mut self, call: CallId) {
        if self.exclusive == Some(call) {
            self.exclusive = None;
        }
    }

    /// Modules of a slot, as its host reports them.
    pub(super) fn set_modules(&mut self, id: SlotId, modules: &[String]) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.modules = modules.iter().map(|module| module_key(module)).collect();
        }
    }

    /// Lifts the quiescence once nothing runs.
    pub(super) fn check_quiescence(&mut self) {
        if self.quiesce && !self.busy() {
            self.quiesce = false;
        }
    }

    pub(super) fn end_session(&mut self, name: &Arc<str>, actions: &mut Vec<Action>) -> bool {
        let Some(session) = self.sessions.remove(name) else { return false };
        if let Some(id) = session.slot
            && let Some(slot) = self.slots.get(&id)
            && slot.stage == SlotStage::Idle
        {
            self.close(id, actions);
        }
        true
    }
}
