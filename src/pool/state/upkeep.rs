//! What is done without a call asking for it: closing what is old or unused, and pausing after failures.

use std::{sync::Arc, time::Instant};

use super::{
    super::{pause::Pause, slot::SlotStage},
    Action, State,
};
use crate::host::SlotId;

impl State {
    /// A slot opened: the next failure starts from the shortest pause again.
    pub(in crate::pool) fn refill_works(&mut self) {
        if self.refill_after.take().is_some() {
            self.refill = Pause::default();
        }
    }

    /// A slot did not open: when to try again without being asked by a call.
    pub(in crate::pool) fn refill_failed(&mut self, now: Instant) -> Instant {
        let at = now + self.refill.next();
        self.refill_after = Some(at);
        at
    }

    /// Gives up every slot that is not a session's. What it read when it opened has changed, so that a new one may open
    /// where the last did not.
    pub(in crate::pool) fn renew(&mut self, actions: &mut Vec<Action>) {
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

    /// Closes what is idle for too long, too old, or a session nobody uses.
    pub(in crate::pool) fn housekeeping(&mut self, now: Instant, actions: &mut Vec<Action>) {
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
}
