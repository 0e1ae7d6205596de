//! What the host says, and what follows from it.

use std::{
    sync::{Arc, Weak},
    time::Instant,
};

use super::{
    Readiness, Shared,
    call::{CallState, LiveEvent, Outcome},
    slot::SlotStage,
    state::Phase,
    timer::Alarm,
};
use crate::{
    error::Error,
    host::{CallId, Event, Events, LogLevel, RawAnswer, SlotId, Take, message},
};

/// Receives events as long as the pool lives.
pub(super) struct Sink(pub(super) Weak<Shared>);

impl Events for Sink {
    fn event(&self, event: Event<'_>) -> Take {
        let Some(shared) = self.0.upgrade() else { return Take::Taken };
        match event {
            Event::Opened { slot, info } => shared.opened(slot, info),
            Event::OpenFailed { slot, error } => {
                let failure: message::OpenFailure = serde_json::from_slice(error).unwrap_or_default();
                shared.open_failed(
                    slot,
                    Error::OpenFailed {
                        phase: failure.phase,
                        subject: failure.subject,
                        message: failure.message,
                    },
                );
            }
            Event::Record { slot, call, json } => {
                if let Some(call) = shared.call_in(slot, call)
                    && !call.offer(LiveEvent::Record(json.to_vec()))
                {
                    return Take::Full;
                }
            }
            Event::Prompt { slot, call, prompt, json } => {
                let asked = shared
                    .call_in(slot, call)
                    .is_some_and(|call| call.offer(LiveEvent::Prompt { prompt, json: json.to_vec() }));
                if !asked {
                    shared.refuse_prompt(slot, call, prompt);
                }
            }
            Event::Done { slot, call, answer } => shared.done(slot, call, answer),
            Event::Settled { slot, call, json } => shared.settled(slot, call, json),
            Event::Function { slot, call, function, event } => {
                return shared.function_event(slot, call, function, &event);
            }
            Event::Closed { slot } => shared.closed(slot),
            Event::ExitRequested { slot, call, code } => shared.exit_requested(slot, call, code),
            Event::Log { level, text } => log(level, text),
            Event::Fatal { text } => tracing::error!(text, "the PowerShell host is about to end the process"),
        }
        Take::Taken
    }
}

fn log(level: LogLevel, text: &str) {
    match level {
        LogLevel::Error => tracing::error!(target: "runspaced::host", "{text}"),
        LogLevel::Warn => tracing::warn!(target: "runspaced::host", "{text}"),
        LogLevel::Info => tracing::info!(target: "runspaced::host", "{text}"),
        LogLevel::Debug => tracing::debug!(target: "runspaced::host", "{text}"),
    }
}

impl Shared {
    fn call_in(&self, slot: SlotId, call: CallId) -> Option<Arc<CallState>> {
        let state = self.state.lock();
        state.slots.get(&slot)?.call.as_ref().filter(|running| running.id == call).cloned()
    }

    fn refuse_prompt(&self, slot: SlotId, call: CallId, prompt: u64) {
        let refusal = message::PromptReply { accepted: false, values: Vec::new() };
        if let (Some(host), Ok(json)) = (self.host.get(), serde_json::to_vec(&refusal)) {
            host.reply(slot, call, prompt, &json);
        }
    }

    fn opened(&self, slot: SlotId, info: &[u8]) {
        let info: message::SlotInfo = serde_json::from_slice(info).unwrap_or_default();
        tracing::debug!(
            slot = slot.0,
            open_us = info.open_us,
            modules_us = info.modules_us,
            "a slot is open"
        );
        let mut unwanted = false;
        self.decide(|state, actions| {
            let now = Instant::now();
            state.set_modules(slot, &info.modules);
            state.refill_works();
            state.totals.opened += 1;
            match state.slots.get_mut(&slot) {
                // It may have read what was there before the change.
                Some(entry) if entry.stage == SlotStage::Opening && entry.stale => {
                    state.totals.recycled += 1;
                    state.close(slot, actions);
                }
                Some(slot) if slot.stage == SlotStage::Opening => {
                    slot.stage = SlotStage::Idle;
                    slot.idle_since = now;
                }
                // Given up meanwhile: nobody counts it, so it must not stay open.
                _ => unwanted = true,
            }
            if matches!(state.phase, Phase::Closed | Phase::Failed(_)) {
                state.close(slot, actions);
            }
            state.dispatch(now, actions);
        });
        if unwanted && let Some(host) = self.host.get() {
            host.close(slot);
        }
        self.first_slot.lock().get_or_insert(info);
        self.ready
            .send_if_modified(|readiness| std::mem::replace(readiness, Readiness::Ready) != Readiness::Ready);
    }

    fn done(&self, slot: SlotId, call: CallId, answer: RawAnswer) {
        let (running, settle_by) = {
            let mut state = self.state.lock();
            let settle_by = Instant::now() + state.config.settle_timeout;
            let running = match state.slots.get_mut(&slot) {
                Some(slot) if slot.call.as_ref().is_some_and(|running| running.id == call) => {
                    slot.stage = SlotStage::Settling;
                    slot.settling = Some((settle_by, call));
                    slot.call.take()
                }
                _ => {
                    state.totals.late_answers += 1;
                    None
                }
            };
            (running, settle_by)
        };
        self.open_functions.cancel_all_of(slot);
        let Some(running) = running else { return };
        let stop = *running.stop.lock();
        let started = running.started.lock().unwrap_or(running.created);
        self.answer(&running, Outcome::Answered { answer, stop, started });
        if stop.is_some()
            && let Some(host) = self.host.get()
        {
            // The pipeline has ended; what it had started must not outlive it.
            host.end_descendants(slot);
        }
        self.timer.at(settle_by, Alarm::Settle(slot, call));
    }

    fn settled(&self, slot: SlotId, call: CallId, json: &[u8]) {
        let settlement: message::Settlement = serde_json::from_slice(json).unwrap_or_else(|error| {
            tracing::error!(slot = slot.0, %error, "a slot's settlement was not understood; it is closed");
            message::Settlement {
                verdict: message::Verdict::Retire,
                changes: Vec::new(),
                environment_overlap: false,
                environment_dirty: false,
                settle_us: 0,
            }
        });
        if !settlement.changes.is_empty() {
            tracing::debug!(slot = slot.0, call = call.0, verdict = ?settlement.verdict, changes = ?settlement.changes,
                "a call left something behind");
        }
        if settlement.environment_overlap {
            tracing::warn!(slot = slot.0, call = call.0, changes = ?settlement.changes,
                "a call changed process-wide settings while others ran; run such calls exclusively");
        }
        let mut settle_by = None;
        self.decide(|state, actions| {
            let now = Instant::now();
            state.call_ended(call);
            state.totals.environment_overlaps += u64::from(settlement.environment_overlap);
            state.quiesce |= settlement.environment_dirty;
            let Some(entry) = state.slots.get_mut(&slot) else { return };
            entry.stage = SlotStage::Idle;
            entry.idle_since = now;
            settle_by = entry.settling.take();
            let orphaned = entry.session.as_ref().is_some_and(|name| !state.sessions.contains_key(name));
            let worn_out = entry.session.is_none() && entry.is_worn_out(now);
            let in_session = entry.session.is_some();
            if let Some(session) = entry.session.as_ref().and_then(|name| state.sessions.get_mut(name)) {
                session.last_used = now;
            }
            match settlement.verdict {
                message::Verdict::Retire => state.totals.retired += 1,
                message::Verdict::Restored => state.totals.restored += 1,
                message::Verdict::Clean => {}
            }
            if worn_out {
                state.totals.recycled += 1;
            }
            let ended = matches!(state.phase, Phase::Closed | Phase::Failed(_));
            let too_many = !in_session && state.is_over_full();
            if settlement.verdict == message::Verdict::Retire || worn_out || orphaned || ended || too_many {
                if let Some(slot) = state.slots.get(&slot)
                    && let Some(name) = slot.session.clone()
                    && let Some(session) = state.sessions.get_mut(&name)
                {
                    session.slot = None;
                    session.lost = Some("its runspace could not be kept; open the session again".to_owned());
                }
                state.close(slot, actions);
            }
            state.check_quiescence();
            state.dispatch(now, actions);
        });
        if let Some((at, call)) = settle_by {
            self.timer.clear(at, Alarm::Settle(slot, call));
        }
        self.ended.notify_all();
    }

    fn closed(&self, slot: SlotId) {
        self.open_functions.cancel_all_of(slot);
        self.decide(|state, actions| {
            let now = Instant::now();
            if state.abandoned.remove(&slot).is_some() {
                tracing::info!(slot = slot.0, "a slot that was given up has ended after all");
            } else if let Some(entry) = state.slots.remove(&slot) {
                state.totals.closed += 1;
                if let Some(call) = entry.call {
                    actions.push(super::state::Action::Fail(
                        call,
                        Error::SlotLost("it closed under the call".to_owned()),
                    ));
                }
            }
            state.check_quiescence();
            state.dispatch(now, actions);
        });
        self.ended.notify_all();
    }

    fn exit_requested(&self, slot: Option<SlotId>, call: Option<CallId>, code: i32) {
        tracing::warn!(
            code,
            "a script called [Environment]::Exit; its thread is parked and the process should be replaced"
        );
        let mut running = None;
        self.decide(|state, actions| {
            state.restart_wanted = true;
            if let (Some(slot), Some(call)) = (slot, call) {
                running = state.slots.get_mut(&slot).and_then(|slot| slot.call.take());
                state.abandon(slot, call);
            }
            state.dispatch(Instant::now(), actions);
        });
        if let Some(slot) = slot {
            self.give_up(slot);
        }
        if let Some(running) = running {
            self.answer(&running, Outcome::Failed(Error::ExitCalled { code }));
        }
        self.judge_replacement();
    }
}
