//! What the pool knows, and every decision about it. No host is called and nothing blocks here: decisions come
//! out as [`Action`]s that are carried out after the lock is free.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    SPARE_PAUSE,
    call::{CallState, Stage},
    config::PoolConfig,
    opening,
    pause::Pause,
    slot::{Affinity, Slot, SlotStage, module_key},
};
use crate::{
    engine::Isolation,
    error::Error,
    host::{CallId, SlotId},
};

/// Numbers are the process's: two pools on one runtime must not use the same.
static NEXT_SLOT: AtomicU64 = AtomicU64::new(1);

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
            totals: Totals::default(),
            seed,
        }
    }

    /// A slot opened: the next failure starts from the shortest pause again.
    pub(super) fn refill_works(&mut self) {
        if self.refill_after.take().is_some() {
            self.refill = Pause::default();
        }
    }

    /// A slot did not open: when to try again without being asked by a call.
    pub(super) fn refill_failed(&mut self, now: Instant) -> Instant {
        let at = now + self.refill.next();
        self.refill_after = Some(at);
        at
    }

    /// Between -1 and 1, so that slots do not all wear out at once.
    fn jitter(&mut self) -> f64 {
        // xorshift64: good enough to spread dates, not worth a dependency.
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        #[allow(clippy::cast_precision_loss, reason = "53 bits are kept")]
        let unit = (self.seed >> 11) as f64 / (1u64 << 53) as f64;
        unit * 2.0 - 1.0
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

    /// Starts every waiting call that can start, and opens the slots that waiting calls and the pool's minimum want.
    pub(super) fn dispatch(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if !matches!(self.phase, Phase::Running | Phase::Draining) {
            return;
        }
        let mut waiting = Demand::default();
        // Slots that those who wait can count on, one each, in the order of the queue.
        let mut coming = self.opening() + self.config.max.saturating_sub(self.pooled());
        let mut index = 0;
        while index < self.queue.len() {
            if self.quiesce || self.exclusive.is_some() {
                break;
            }
            let call = Arc::clone(&self.queue[index]);
            if call.is_answered() {
                self.queue.remove(index);
                continue;
            }
            if call.spec.exclusive && self.busy() {
                // Nothing overtakes it, or it would wait for ever.
                break;
            }
            match self.choose(&call) {
                Choice::Slot(slot) => {
                    self.queue.remove(index);
                    self.start(slot, call, now, actions);
                }
                Choice::Wait => {
                    if !self.is_about_to_be_free(&call, &waiting) {
                        if coming > 0 {
                            coming -= 1;
                        } else if call.spec.session.is_none() {
                            self.make_room(actions);
                        }
                    }
                    waiting.add(&call);
                    index += 1;
                }
                Choice::WaitForOwn => index += 1,
                Choice::Never(error) => {
                    self.queue.remove(index);
                    actions.push(Action::Fail(call, error));
                }
            }
        }
        self.open_for(&waiting, now, actions);
    }

    fn start(&mut self, slot: SlotId, call: Arc<CallState>, now: Instant, actions: &mut Vec<Action>) {
        let Some(slot) = self.slots.get_mut(&slot) else { return };
        slot.stage = SlotStage::Running;
        slot.waits = 0;
        slot.uses += 1;
        if slot.session.is_none() {
            slot.bound.get_or_insert_with(|| call.spec.affinity.clone());
        }
        slot.call = Some(Arc::clone(&call));
        if call.spec.exclusive {
            self.exclusive = Some(call.id);
        }
        if call.spec.isolation == Isolation::Fresh {
            self.fresh_seen = true;
            if self.spares_after.is_none_or(|at| now >= at) {
                self.spares_after = Some(now + SPARE_PAUSE);
            }
        }
        *call.stage.lock() = Stage::Running(slot.id);
        *call.started.lock() = Some(now);
        self.totals.calls += 1;
        actions.push(Action::Run(slot.id, call));
    }

    /// Finds the slot for a call.
    fn choose(&mut self, call: &CallState) -> Choice {
        if let Some(name) = &call.spec.session {
            return self.choose_session(name);
        }
        let key = &call.spec.affinity;
        let idle = self.slots.values().filter(|slot| slot.stage == SlotStage::Idle);
        let best = if call.spec.isolation == Isolation::Fresh {
            idle.filter(|slot| slot.is_unused()).max_by_key(|slot| slot.idle_since)
        } else {
            // A bound slot before an unused one (those are dear), the one with the modules first, then the one that
            // was used last: its caches are warm and the others may be closed.
            idle.filter(|slot| slot.admits(key))
                .max_by_key(|slot| (slot.has(&call.spec.modules), slot.bound.is_some(), slot.idle_since))
        };
        best.map_or(Choice::Wait, |slot| Choice::Slot(slot.id))
    }

    /// Whether one of the slots that clean up is for this call, after those who wait before it have theirs.
    fn is_about_to_be_free(&self, call: &CallState, before: &Demand) -> bool {
        let key = &call.spec.affinity;
        call.spec.session.is_none()
            && call.spec.isolation != Isolation::Fresh
            && self.settling_for(key) > before.pooled.get(key).copied().unwrap_or_default()
    }

    fn settling_for(&self, key: &Affinity) -> usize {
        self.slots.values().filter(|slot| slot.stage == SlotStage::Settling && slot.admits(key)).count()
    }

    fn opening(&self) -> usize {
        self.slots.values().filter(|slot| slot.stage == SlotStage::Opening).count()
    }

    /// The pool may be full of idle slots that serve other keys: the one unused for longest makes room.
    fn make_room(&mut self, actions: &mut Vec<Action>) {
        let idle = self.slots.values().filter(|slot| slot.stage == SlotStage::Idle && slot.session.is_none());
        if let Some(victim) = idle.min_by_key(|slot| slot.idle_since).map(|slot| slot.id) {
            self.close(victim, actions);
        }
    }

    fn choose_session(&mut self, name: &Arc<str>) -> Choice {
        let Some(session) = self.sessions.get_mut(name) else {
            return Choice::Never(Error::NoSession {
                name: name.to_string(),
                reason: "it ended while the call waited".to_owned(),
            });
        };
        if let Some(id) = session.slot {
            return match self.slots.get(&id).map(|slot| slot.stage) {
                Some(SlotStage::Idle) => Choice::Slot(id),
                Some(_) => Choice::WaitForOwn,
                None => Choice::Never(Error::NoSession {
                    name: name.to_string(),
                    reason: "its runspace was lost; open the session again".to_owned(),
                }),
            };
        }
        let unused = self
            .slots
            .values_mut()
            .filter(|slot| slot.stage == SlotStage::Idle && slot.is_unused())
            .max_by_key(|slot| slot.idle_since);
        if let Some(slot) = unused {
            slot.session = Some(Arc::clone(name));
            session.slot = Some(slot.id);
            return Choice::Slot(slot.id);
        }
        Choice::Wait
    }

    /// Opens slots for those who wait, and keeps the minimum and the spares.
    fn open_for(&mut self, waiting: &Demand, now: Instant, actions: &mut Vec<Action>) {
        if self.degraded() || matches!(self.phase, Phase::Draining) && waiting.is_empty() {
            return;
        }
        let opening = self.opening();
        if opening > 0 && self.totals.opened == 0 {
            return; // The first slot imports modules and compiles what all others share: it opens alone.
        }
        let unused_idle =
            self.slots.values().filter(|slot| slot.stage == SlotStage::Idle && slot.is_unused()).count();
        let open = self.pooled();
        let mut wanted = 0;
        // Slots that are about to be free serve those who wait for their key: no new one for a settling slot.
        for (key, count) in &waiting.pooled {
            wanted += count.saturating_sub(self.settling_for(key));
        }
        wanted += waiting.unused;
        wanted = wanted.saturating_sub(opening);
        if self.refill_after.is_none_or(|at| now >= at) {
            let minimum = self.config.min.saturating_sub(open + wanted);
            let refills = self.fresh_seen && self.spares_after.is_none_or(|at| now >= at);
            let spares = if refills { self.config.spares.saturating_sub(unused_idle + opening) } else { 0 };
            wanted += minimum.max(spares);
        }
        let room = self.config.max.saturating_sub(open) + waiting.sessions;
        for _ in 0..wanted.min(room).min(opening::room(self.slots.values(), now)) {
            let id = self.new_slot(now);
            actions.push(Action::Open(id));
            if self.totals.opened == 0 {
                break;
            }
        }
    }

    fn new_slot(&mut self, now: Instant) -> SlotId {
        let id = SlotId(NEXT_SLOT.fetch_add(1, Ordering::Relaxed));
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a spread of 20 % needs no precision"
        )]
        let use_limit = match self.config.max_uses {
            0 => 0,
            uses => ((uses as f64) * (1.0 + 0.2 * self.jitter())).max(1.0) as u64,
        };
        let expires = (!self.config.max_age.is_zero())
            .then(|| now + self.config.max_age.mul_f64((1.0 + 0.1 * self.jitter()).max(0.0)));
        self.slots.insert(id, Slot::opening(id, now, use_limit, expires));
        id
    }

    /// Begins to close a slot that runs nothing.
    pub(super) fn close(&mut self, id: SlotId, actions: &mut Vec<Action>) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.stage = SlotStage::Closing;
            slot.call = None;
            actions.push(Action::Close(id));
        }
    }

    /// Gives up every slot that is not a session's. What it read when it opened has changed, so that a new one may open
    /// where the last did not.
    pub(super) fn renew(&mut self, actions: &mut Vec<Action>) {
        self.refill_after = None;
        let mut idle = Vec::new();
        for slot in self.slots.values_mut().filter(|slot| slot.session.is_none()) {
            slot.stale = true;
            if slot.stage == SlotStage::Idle {
                idle.push(slot.id);
            }
        }
        for slot in idle {
            self.totals.recycled += 1;
            self.close(slot, actions);
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

    /// Closes what is idle for too long, too old, or a session nobody uses.
    pub(super) fn housekeeping(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let ended: Vec<Arc<str>> = self
            .sessions
            .iter()
            .filter(|(name, session)| {
                let idle = session
                    .slot
                    .and_then(|id| self.slots.get(&id))
                    .is_none_or(|s| s.stage == SlotStage::Idle);
                let awaited = self.queue.iter().any(|call| call.spec.session.as_ref() == Some(*name));
                idle && !awaited && now.duration_since(session.last_used) >= session.ttl
            })
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in ended {
            self.end_session(&name, actions);
        }
        let mut beyond_min = self.pooled().saturating_sub(self.config.min);
        let idle: Vec<(SlotId, Instant, bool, bool)> = self
            .slots
            .values()
            .filter(|slot| slot.stage == SlotStage::Idle && slot.session.is_none())
            .map(|slot| (slot.id, slot.idle_since, slot.is_worn_out(now), slot.is_unused()))
            .collect();
        let mut spares = if self.fresh_seen { self.config.spares } else { 0 };
        for (id, since, worn_out, unused) in idle {
            if worn_out {
                self.totals.recycled += 1;
                self.close(id, actions);
            } else if unused && spares > 0 {
                spares -= 1;
            } else if beyond_min > 0 && now.duration_since(since) >= self.config.idle_timeout {
                beyond_min -= 1;
                self.close(id, actions);
            }
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

/// What waiting calls need.
#[derive(Debug, Default)]
struct Demand {
    /// Calls for a pooled slot, by key.
    pooled: BTreeMap<Affinity, usize>,
    /// Calls that need a slot nobody has used: fresh ones and the first of a session.
    unused: usize,
    /// Of those, for sessions: they do not count against `max`.
    sessions: usize,
}

impl Demand {
    fn add(&mut self, call: &CallState) {
        if call.spec.session.is_some() {
            self.unused += 1;
            self.sessions += 1;
        } else if call.spec.isolation == Isolation::Fresh {
            self.unused += 1;
        } else {
            *self.pooled.entry(call.spec.affinity.clone()).or_default() += 1;
        }
    }

    fn is_empty(&self) -> bool {
        self.pooled.is_empty() && self.unused == 0
    }
}

enum Choice {
    Slot(SlotId),
    /// Any slot that becomes free, or a new one, will do.
    Wait,
    /// Only its session's slot will do, and that is busy.
    WaitForOwn,
    Never(Error),
}
