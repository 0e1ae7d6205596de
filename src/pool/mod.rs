//! The pool: who runs where and when, who waits, who is stopped, which slot is closed.
//!
//! No CLR in here. The pool talks to a [`Host`](crate::host::Host) and is tested against a scripted one.
//! [`state`] decides under one lock, this module carries the decisions out, [`events`] and [`alarms`] are what
//! makes it decide.

mod alarms;
mod call;
mod config;
mod events;
mod functions;
mod opening;
mod pause;
mod slot;
mod state;
mod timer;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

pub(crate) use self::call::{CallSpec, CallState, LiveEvent, Outcome, StopReason};
pub use self::config::PoolConfig;
pub(crate) use self::functions::{Caller, FunctionCall, Functions};
pub(crate) use self::slot::module_key;
use self::{
    call::Stage,
    slot::SlotStage,
    state::{Action, Phase, Session, State},
    timer::{Alarm, Ring, Timer},
};
use crate::{
    engine::Isolation,
    error::{Error, Result},
    host::{CallId, Events, HostError, SharedHost, SlotId, message},
};

/// Asked before a slot opens; an error stops new work for good.
pub(crate) type OpenGuard = Box<dyn Fn() -> Result<()> + Send + Sync>;

/// How often idle slots are looked at.
const HOUSEKEEPING: Duration = Duration::from_secs(1);
/// After a stop was asked for, how long until child processes are ended, and between two such rounds.
const DESCENDANTS: Duration = Duration::from_millis(25);

/// How long after a fresh runspace was taken the next spare is opened: most calls are over by then, and do not have to share the
/// cores with the opening.
const SPARE_PAUSE: Duration = Duration::from_millis(20);

/// Numbers are the process's, as those of slots.
static NEXT_CALL: AtomicU64 = AtomicU64::new(1);

/// The pool's handle. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

pub(super) struct Shared {
    slot_config: Vec<u8>,
    host: once_cell::sync::OnceCell<SharedHost>,
    timer: Timer,
    state: Mutex<State>,
    /// Notified when a call or a slot ends, for those who wait for the end of everything.
    ended: Condvar,
    guard: once_cell::sync::OnceCell<OpenGuard>,
    first_slot: Mutex<Option<message::SlotInfo>>,
    ready: tokio::sync::watch::Sender<Readiness>,
    /// What the embedding program offers to scripts.
    functions: Option<Arc<dyn Functions>>,
    open_functions: functions::OpenCalls,
    replacement: tokio::sync::watch::Sender<Option<Replacement>>,
}

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
    /// Makes a pool that waits for its host.
    pub(crate) fn new(
        config: PoolConfig,
        slot_config: &message::SlotConfig,
        functions: Option<Arc<dyn Functions>>,
    ) -> Result<Self> {
        config.check()?;
        let slot_config = serde_json::to_vec(slot_config)
            .map_err(|error| Error::InvalidInvocation(format!("slot settings: {error}")))?;
        let mut failure = None;
        let shared = Arc::new_cyclic(|this: &Weak<Shared>| {
            let listener: Weak<dyn Ring> = this.clone();
            let timer = Timer::start(listener).unwrap_or_else(|error| {
                failure = Some(error);
                Timer::inert()
            });
            Shared {
                slot_config,
                host: once_cell::sync::OnceCell::new(),
                timer,
                state: Mutex::new(State::new(config)),
                ended: Condvar::new(),
                guard: once_cell::sync::OnceCell::new(),
                first_slot: Mutex::new(None),
                ready: tokio::sync::watch::Sender::new(Readiness::Starting),
                functions,
                open_functions: functions::OpenCalls::default(),
                replacement: tokio::sync::watch::Sender::new(None),
            }
        });
        if let Some(source) = failure {
            return Err(Error::System { what: "starting the pool's timer thread", source });
        }
        shared.timer.at(Instant::now() + HOUSEKEEPING, Alarm::Housekeeping);
        Ok(Self(shared))
    }

    /// Where the host sends its events.
    pub(crate) fn events(&self) -> Arc<dyn Events> {
        Arc::new(events::Sink(Arc::downgrade(&self.0)))
    }

    /// The host is up: opens the first slot.
    pub(crate) fn started(&self, host: SharedHost, guard: OpenGuard) {
        let _ = self.0.guard.set(guard);
        let _ = self.0.host.set(host);
        self.0.decide(|state, actions| {
            if matches!(state.phase, Phase::Starting) {
                state.phase = Phase::Running;
            }
            state.dispatch(Instant::now(), actions);
        });
    }

    /// The host will never be up.
    pub(crate) fn failed(&self, error: Error) {
        self.0.fail(error);
    }

    /// Takes a call. The outcome comes through the receiver, at once if the call is refused.
    pub(crate) fn submit(
        &self,
        spec: CallSpec,
        request: Zeroizing<Vec<u8>>,
        live: Option<mpsc::Sender<LiveEvent>>,
    ) -> (Arc<CallState>, oneshot::Receiver<Outcome>) {
        let id = CallId(NEXT_CALL.fetch_add(1, Ordering::Relaxed));
        let (call, receiver) = CallState::new(id, spec, request, live);
        let shared = &self.0;
        let mut queued = false;
        shared.decide(|state, actions| match state.admit(&call) {
            Err(error) => actions.push(Action::Fail(Arc::clone(&call), error)),
            Ok(()) => {
                state.queue.push_back(Arc::clone(&call));
                state.dispatch(call.created, actions);
                queued = *call.stage.lock() == Stage::Queued;
            }
        });
        if !call.is_answered() {
            shared.timer.at(call.deadline(), Alarm::Deadline(id));
            if queued {
                let patience = shared.state.lock().config.acquire_timeout;
                if patience < call.spec.deadline {
                    let at = call.created + patience;
                    *call.acquire_by.lock() = Some(at);
                    shared.timer.at(at, Alarm::Acquire(id));
                }
            }
            if call.is_answered() {
                // It ended meanwhile; its alarms would only stay in the schedule.
                shared.disarm(&call);
            }
        }
        (call, receiver)
    }

    /// Asks a call to stop. Without effect once it is answered.
    pub(crate) fn stop(&self, call: &Arc<CallState>, reason: StopReason) {
        self.0.stop(call, reason);
    }

    /// The consumer of a streaming call has made room.
    pub(crate) fn resume(&self, call: &CallState) {
        if call.starved.swap(false, Ordering::SeqCst)
            && let Stage::Running(slot) = *call.stage.lock()
            && let Some(host) = self.0.host.get()
        {
            host.resume(slot, call.id);
        }
    }

    /// Answers a question of a script.
    pub(crate) fn reply(&self, call: &CallState, prompt: u64, reply: &message::PromptReply) {
        if let Stage::Running(slot) = *call.stage.lock()
            && let (Some(host), Ok(json)) = (self.0.host.get(), serde_json::to_vec(reply))
        {
            host.reply(slot, call.id, prompt, &json);
        }
    }

    /// Opens a named session. Its runspace is taken by its first call.
    pub(crate) fn open_session(
        &self,
        name: Arc<str>,
        affinity: Option<Arc<str>>,
        ttl: Option<Duration>,
    ) -> Result<()> {
        let mut state = self.0.state.lock();
        if state.sessions.contains_key(&name) {
            return Err(Error::NoSession { name: name.to_string(), reason: "the name is taken".to_owned() });
        }
        if state.sessions.len() >= state.config.max_sessions {
            return Err(Error::Overloaded {
                running: state.sessions.len(),
                queued: 0,
                limit: state.config.max_sessions,
                retry_after: state.config.session_ttl,
            });
        }
        let ttl = ttl.unwrap_or(state.config.session_ttl);
        let session = Session { affinity, ttl, last_used: Instant::now(), slot: None, lost: None };
        state.sessions.insert(name, session);
        Ok(())
    }

    /// Ends a session: at once if it is idle, else after its running call. False: there is none of that name and key.
    pub(crate) fn close_session(&self, name: &Arc<str>, affinity: Option<&str>) -> bool {
        let mut found = false;
        self.0.decide(|state, actions| {
            if state.sessions.get(name).is_some_and(|session| session.affinity.as_deref() == affinity) {
                found = state.end_session(name, actions);
            }
        });
        found
    }

    pub(crate) fn readiness(&self) -> tokio::sync::watch::Receiver<Readiness> {
        self.0.ready.subscribe()
    }

    /// Why the process should be replaced, as that changes.
    pub(crate) fn replacement(&self) -> tokio::sync::watch::Receiver<Option<Replacement>> {
        self.0.replacement.subscribe()
    }

    /// The error of a start that failed.
    pub(crate) fn start_error(&self) -> Option<Error> {
        match &self.0.state.lock().phase {
            Phase::Failed(error) => Some(error.duplicate()),
            _ => None,
        }
    }

    /// What the first slot said about its PowerShell.
    pub(crate) fn first_slot(&self) -> Option<message::SlotInfo> {
        self.0.first_slot.lock().clone()
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

    /// Replaces every slot that is not a session's: idle ones at once, the others when their call has settled.
    pub(crate) fn renew(&self) {
        self.0.decide(|state, actions| {
            state.renew(actions);
            state.dispatch(Instant::now(), actions);
        });
    }

    /// Ends everything: lets calls run for `grace`, stops the rest, gives up what does not stop. Blocks. Returns how
    /// many calls were stopped.
    pub(crate) fn shut_down(&self, grace: Duration) -> usize {
        self.0.shut_down(grace)
    }
}

impl Shared {
    /// Decides under the lock, acts after it.
    fn decide(&self, decision: impl FnOnce(&mut State, &mut Vec<Action>)) {
        let mut actions = Vec::new();
        decision(&mut self.state.lock(), &mut actions);
        self.act(actions);
    }

    fn act(&self, mut actions: Vec<Action>) {
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
    fn give_up(&self, slot: SlotId) {
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
    fn disarm(&self, call: &CallState) {
        self.timer.clear(call.deadline(), Alarm::Deadline(call.id));
        if let Some(at) = *call.acquire_by.lock() {
            self.timer.clear(at, Alarm::Acquire(call.id));
        }
    }

    /// No new call is taken any more, waiting ones are answered with the error; running ones end as they do.
    fn fail(&self, error: Error) {
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
    fn judge_replacement(&self) {
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

    fn stop(&self, call: &Arc<CallState>, reason: StopReason) {
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

    fn shut_down(&self, grace: Duration) -> usize {
        let calls = |state: &State| -> Vec<Arc<CallState>> {
            state
                .queue
                .iter()
                .cloned()
                .chain(state.slots.values().filter_map(|slot| slot.call.clone()))
                .collect()
        };
        let mut state = self.state.lock();
        if matches!(state.phase, Phase::Closed) {
            return 0;
        }
        let was_starting = matches!(state.phase, Phase::Starting);
        state.phase = Phase::Draining;
        let end = Instant::now() + if was_starting { Duration::ZERO } else { grace };
        while calls(&state).iter().any(|call| !call.is_answered()) {
            if self.ended.wait_until(&mut state, end).timed_out() {
                break;
            }
        }
        let left: Vec<_> = calls(&state).into_iter().filter(|call| !call.is_answered()).collect();
        let patience = state.config.stop_grace + DESCENDANTS;
        drop(state);
        for call in &left {
            self.stop(call, StopReason::ShutDown);
        }
        let mut state = self.state.lock();
        // The grace alarm gives up what does not stop, so this ends.
        let end = Instant::now() + patience * 2;
        while left.iter().any(|call| !call.is_answered()) {
            if self.ended.wait_until(&mut state, end).timed_out() {
                break;
            }
        }
        // Slots settle and close in the background; whatever hangs there is not waited for long.
        let mut actions = Vec::new();
        let idle: Vec<SlotId> =
            state.slots.values().filter(|s| s.stage == SlotStage::Idle).map(|s| s.id).collect();
        for slot in idle {
            state.close(slot, &mut actions);
        }
        state.phase = Phase::Closed;
        drop(state);
        self.act(actions);
        let mut state = self.state.lock();
        let end = Instant::now() + Duration::from_secs(1);
        while !state.slots.is_empty() {
            if self.ended.wait_until(&mut state, end).timed_out() {
                break;
            }
        }
        drop(state);
        for call in &left {
            self.answer(call, Outcome::Failed(Error::ShutDown));
        }
        // The host itself goes on: other engines of this process may use it.
        left.len()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // The last handle is gone, and with it every waiting side: close what is idle and let the rest end itself.
        let state = self.state.get_mut();
        if let Some(host) = self.host.get() {
            let slots: BTreeSet<SlotId> = state.slots.keys().copied().collect();
            for slot in slots {
                host.close(slot);
            }
        }
    }
}
