//! What happens when time is up.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use super::{
    DESCENDANTS, HOUSEKEEPING, Shared,
    call::{CallState, Outcome, StopReason},
    slot::SlotStage,
    state::State,
    timer::{Alarm, Ring},
};
use crate::{
    error::Error,
    host::{CallId, SlotId, Trim},
};

impl Ring for Shared {
    fn ring(self: Arc<Self>, alarm: Alarm) {
        match alarm {
            Alarm::Deadline(call) => self.deadline(call),
            Alarm::Acquire(call) => self.acquire(call),
            Alarm::Descendants(call, slot) => self.descendants(call, slot),
            Alarm::Grace(call, slot) => self.grace(call, slot),
            Alarm::Settle(slot, call) => self.unsettled(slot, call),
            Alarm::Open(slot) => self.unopened(slot),
            Alarm::Refill => self.decide(|state, actions| state.dispatch(Instant::now(), actions)),
            Alarm::Housekeeping => self.housekeeping(),
        }
    }
}

impl Shared {
    fn find(state: &State, id: CallId) -> Option<Arc<CallState>> {
        state
            .queue
            .iter()
            .chain(state.slots.values().filter_map(|slot| slot.call.as_ref()))
            .find(|call| call.id == id)
            .cloned()
    }

    fn deadline(&self, id: CallId) {
        let call = Self::find(&self.state.lock(), id);
        if let Some(call) = call {
            self.stop(&call, StopReason::Deadline);
        }
    }

    fn acquire(&self, id: CallId) {
        let mut late = None;
        self.decide(|state, actions| {
            if let Some(at) = state.queue.iter().position(|call| call.id == id)
                && let Some(call) = state.queue.remove(at)
            {
                late = Some((call, state.running(), state.config.max, state.config.acquire_timeout));
                state.dispatch(Instant::now(), actions);
            }
        });
        if let Some((call, running, max, waited)) = late {
            self.answer(&call, Outcome::Failed(Error::AcquireTimeout { waited, running, max }));
        }
    }

    fn is_running(&self, call: CallId, slot: SlotId) -> bool {
        let state = self.state.lock();
        state.slots.get(&slot).and_then(|slot| slot.call.as_ref()).is_some_and(|running| running.id == call)
    }

    fn descendants(&self, call: CallId, slot: SlotId) {
        if self.is_running(call, slot)
            && let Some(host) = self.host.get()
        {
            host.end_descendants(slot);
            self.timer.at(Instant::now() + DESCENDANTS * 8, Alarm::Descendants(call, slot));
        }
    }

    /// The call would not stop: its slot is given up, its caller is answered.
    fn grace(&self, id: CallId, slot: SlotId) {
        let mut stuck = None;
        self.decide(|state, actions| {
            let Some(entry) = state.slots.get_mut(&slot) else { return };
            if entry.call.as_ref().is_none_or(|call| call.id != id) {
                return;
            }
            stuck = entry.call.take();
            state.abandon(slot, id);
            state.check_quiescence();
            state.dispatch(Instant::now(), actions);
        });
        let Some(call) = stuck else { return };
        let call_id = call.spec.correlation_id.as_deref();
        tracing::warn!(slot = slot.0, call = id.0, call_id, "a call would not stop; its slot was given up");
        self.give_up(slot);
        let reason = call.stop.lock().unwrap_or(StopReason::Cancelled);
        self.answer(&call, Outcome::Abandoned(reason));
        self.check_health();
    }

    fn unsettled(&self, slot: SlotId, call: CallId) {
        let mut given_up = false;
        self.decide(|state, actions| {
            // The slot may be settling after a later call by now; that one has an alarm of its own.
            if state
                .slots
                .get(&slot)
                .is_some_and(|slot| slot.settling.is_some_and(|(_, after)| after == call))
            {
                state.abandon(slot, call);
                given_up = true;
                state.check_quiescence();
                state.dispatch(Instant::now(), actions);
            }
        });
        if given_up {
            tracing::warn!(
                slot = slot.0,
                call = call.0,
                "a slot did not finish cleaning up; it was given up"
            );
            self.give_up(slot);
            self.check_health();
        }
    }

    fn unopened(&self, slot: SlotId) {
        let opening = self.state.lock().slots.get(&slot).is_some_and(|slot| slot.stage == SlotStage::Opening);
        if opening {
            self.give_up(slot);
            let patience = self.state.lock().config.create_timeout;
            self.open_failed(
                slot,
                Error::OpenFailed {
                    phase: "runspace".to_owned(),
                    subject: None,
                    message: format!(
                        "not open after {} ms; a module or the startup script may hang",
                        patience.as_millis()
                    ),
                },
            );
        }
    }

    fn housekeeping(self: &Arc<Self>) {
        let mut trim = None;
        self.decide(|state, actions| {
            let now = Instant::now();
            state.housekeeping(now, actions);
            state.dispatch(now, actions);
            trim = state.trim(now);
        });
        if let Some(depth) = trim {
            self.trim(depth);
        }
        // A thread that had been given up may have ended after all.
        self.judge_replacement();
        self.timer.at(Instant::now() + HOUSEKEEPING, Alarm::Housekeeping);
    }

    /// On a thread of its own: it waits for finalizers, and those may be a script's. One at a time.
    fn trim(self: &Arc<Self>, depth: Trim) {
        if self.host.get().is_none() || self.trimming.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::clone(self);
        let work = move || {
            if let Some(host) = shared.host.get() {
                host.trim(depth);
            }
            shared.trimming.store(false, Ordering::Release);
        };
        if let Err(error) = std::thread::Builder::new().name("runspaced-trim".to_owned()).spawn(work) {
            tracing::debug!(%error, "no memory is given back: no thread for it");
            self.trimming.store(false, Ordering::Release);
        }
    }

    /// Past the budget, those who wait are told at once: no slot will come.
    fn check_health(&self) {
        self.decide(|state, actions| {
            if !state.degraded() {
                return;
            }
            let (abandoned, budget) = (state.abandoned.len(), state.config.abandon_budget);
            for call in state.queue.drain(..) {
                actions.push(super::state::Action::Fail(call, Error::Degraded { abandoned, budget }));
            }
        });
        self.judge_replacement();
    }
}
