//! Which waiting call runs where, and which slots are opened for those that cannot run yet.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use super::{
    super::{
        SPARE_PAUSE,
        call::{CallState, Stage},
        opening,
        slot::{Affinity, Slot, SlotStage},
    },
    Action, Phase, State,
};
use crate::{engine::Isolation, error::Error, host::SlotId};

/// Numbers are the process's: two pools on one runtime must not use the same.
static NEXT_SLOT: AtomicU64 = AtomicU64::new(1);

impl State {
    /// Starts every waiting call that can start, and opens the slots that waiting calls and the pool's minimum want.
    pub(in crate::pool) fn dispatch(&mut self, now: Instant, actions: &mut Vec<Action>) {
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
