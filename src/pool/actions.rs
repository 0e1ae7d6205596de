//! Decisions carried out: hosts are called, answers delivered and alarms set, all of it after the lock is free.

use std::{sync::Arc, time::Instant};

use super::{
    DESCENDANTS, Readiness, Replacement, SPARE_PAUSE, Shared,
    call::{CallState, Outcome, Stage, StopReason},
    opening,
    slot::SlotStage,
    state::{Action, Phase, State},
    timer::Alarm,
};
use crate::{
    engine::Isolation,
    error::Error,
    host::{HostError, SlotId},
};

impl Shared {
    /// Decides under the lock, acts after it.
    pub(super) fn decide(&self, decision: impl FnOnce(&mut State, &mut Vec<Action>)) {
        let mut actions = Vec::new();
        decision(&mut self.state.lock(), &mut actions);
        self.act(actions);
    }

    pub(super) fn act(&self, mut actions: Vec<Action>) {
        // Carrying out an action can make others necessary; a loop, so that nothing recurses.
        while !actions.is_empty() {
            let mut next = Vec::new();
            for action in actions {
                self.carry_out(action, &mut next);
            }
            actions = next;
        }
    }

    fn carry_out(&self, action: Action, next: &mut Vec<Action>) {
        match action {
            Action::Fail(call, error) => self.answer(&call, Outcome::Failed(error)),
            Action::Run(slot, call) => self.run(slot, &call, next),
            Action::Open(slot) => self.open(slot),
            Action::Close(slot) => {
                if let Some(host) = self.host.get() {
                    host.close(slot);
                }
            }
        }
    }

    fn run(&self, slot: SlotId, call: &Arc<CallState>, next: &mut Vec<Action>) {
        let Some(host) = self.host.get() else { return };
        let request = call.request.lock().take();
        let sent = match &request {
            Some(request) => host.invoke(slot, call.id, request),
            None => Err(HostError::Request("the request was sent before".to_owned())),
        };
        if let Err(error) = sent {
            self.answer(call, Outcome::Failed(Error::SlotLost(error.to_string())));
            let mut state = self.state.lock();
            state.call_ended(call.id);
            if matches!(error, HostError::Request(_)) {
                // The slot is fine, it was the request that was not.
                if let Some(slot) = state.slots.get_mut(&slot) {
                    slot.stage = SlotStage::Idle;
                    slot.call = None;
                }
            } else {
                state.close(slot, next);
            }
            state.dispatch(Instant::now(), next);
        } else if call.stop.lock().is_some() {
            // It was told to stop between the decision to run it and the invoke.
            host.cancel(slot, call.id);
        }
        if call.spec.isolation == Isolation::Fresh {
            self.timer.at(Instant::now() + SPARE_PAUSE, Alarm::Refill);
        }
    }

    fn open(&self, slot: SlotId) {
        if let Some(Err(error)) = self.guard.get().map(|guard| guard()) {
            self.fail(error);
            return;
        }
        let Some(host) = self.host.get() else { return };
        let patience = self.state.lock().config.create_timeout;
        let now = Instant::now();
        self.timer.at(now + patience, Alarm::Open(slot));
        // Those who had to wait for this one's turn go on.
        self.timer.at(now + opening::TURN, Alarm::Refill);
        if let Err(error) = host.open(slot, &self.slot_config) {
            self.open_failed(
                slot,
                Error::OpenFailed { phase: "runspace".to_owned(), subject: None, message: error.to_string() },
            );
        }
    }

    /// Nothing of this slot matters any more, but that its thread ends.
    pub(super) fn give_up(&self, slot: SlotId) {
        if let Some(host) = self.host.get() {
            host.abandon(slot);
        }
        self.open_functions.cancel_all_of(slot);
    }

    /// Delivers an answer and tidies up behind it.
    pub(super) fn answer(&self, call: &Arc<CallState>, outcome: Outcome) {
        if call.answer(outcome) {
            self.disarm(call);
            self.ended.notify_all();
        }
    }

    /// Takes the alarms of an answered call out of the schedule. In a closed loop nearly every call waits a moment for its
    /// slot to settle: what stayed behind of each would ring much later.
    pub(super) fn disarm(&self, call: &CallState) {
        self.timer.clear(call.deadline(), Alarm::Deadline(call.id));
        if let Some(at) = *call.acquire_by.lock() {
            self.timer.clear(at, Alarm::Acquire(call.id));
        }
    }

    /// No new call is taken any more, waiting ones are answered with the error; running ones end as they do.
    pub(super) fn fail(&self, error: Error) {
        tracing::error!(code = error.code(), %error, "the engine takes no calls");
        self.decide(|state, actions| {
            for call in state.queue.drain(..) {
                actions.push(Action::Fail(call, error.duplicate()));
            }
            state.slots.retain(|_, slot| slot.stage != SlotStage::Opening);
            let idle: Vec<SlotId> =
                state.slots.values().filter(|s| s.stage == SlotStage::Idle).map(|s| s.id).collect();
            for slot in idle {
                state.close(slot, actions);
            }
            if !matches!(state.phase, Phase::Draining | Phase::Closed) {
                state.phase = Phase::Failed(error);
            }
        });
        self.judge_replacement();
        self.ready.send_if_modified(|readiness| {
            let starting = *readiness == Readiness::Starting;
            if starting {
                *readiness = Readiness::Failed;
            }
            starting
        });
    }

    /// Tells whoever waits for it whether the process should be replaced. To be called when that may have changed.
    pub(super) fn judge_replacement(&self) {
        let state = self.state.lock();
        let now = match &state.phase {
            Phase::Failed(Error::PowerShellChanged { .. }) => Some(Replacement::PowerShellChanged),
            _ if state.degraded() => Some(Replacement::Degraded),
            _ if state.restart_wanted => Some(Replacement::ExitCalled),
            _ => None,
        };
        drop(state);
        self.replacement.send_if_modified(|before| std::mem::replace(before, now) != now);
    }

    /// A slot did not open. Those who could only run there are told; the background tries again, ever more slowly.
    pub(super) fn open_failed(&self, slot: SlotId, error: Error) {
        tracing::warn!(slot = slot.0, code = error.code(), %error, "a slot did not open");
        let mut retry = None;
        self.decide(|state, actions| {
            let Some(slot) = state.slots.remove(&slot) else { return };
            state.totals.open_failed += 1;
            state.forget_owner(&slot, "its runspace did not open");
            // As long as another slot works, waiting calls wait for that one.
            let hopeless = !state.slots.values().any(|slot| slot.stage != SlotStage::Closing);
            if hopeless {
                for call in state.queue.drain(..) {
                    actions.push(Action::Fail(call, error.duplicate()));
                }
            }
            let now = Instant::now();
            retry = Some(state.refill_failed(now));
            state.dispatch(now, actions);
        });
        if let Some(at) = retry {
            self.timer.at(at, Alarm::Refill);
        }
    }

    pub(super) fn stop(&self, call: &Arc<CallState>, reason: StopReason) {
        if call.is_answered() {
            return;
        }
        {
            let mut stop = call.stop.lock();
            if stop.is_some() {
                return;
            }
            *stop = Some(reason);
        }
        let mut running = None;
        self.decide(|state, _| {
            let stage = *call.stage.lock();
            match stage {
                Stage::Queued => state.queue.retain(|queued| queued.id != call.id),
                Stage::Running(slot) => running = Some((slot, state.config.stop_grace)),
                Stage::Answered => {}
            }
        });
        match running {
            None => self.answer(call, Outcome::NeverRan(reason)),
            Some((slot, grace)) => {
                if let Some(host) = self.host.get() {
                    host.cancel(slot, call.id);
                }
                let now = Instant::now();
                self.timer.at(now + DESCENDANTS, Alarm::Descendants(call.id, slot));
                self.timer.at(now + grace, Alarm::Grace(call.id, slot));
            }
        }
        // A queued exclusive call that went away may have held up others.
        self.decide(|state, actions| state.dispatch(Instant::now(), actions));
    }
}
