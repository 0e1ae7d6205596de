//! The pool: who runs where and when, who waits, who is stopped, which slot is closed.
//!
//! No CLR in here. The pool talks to a [`Host`](crate::host::Host) and is tested against a scripted one.
//! [`state`] decides under one lock, this module carries the decisions out, [`events`] and [`alarms`] are what
//! makes it decide.

mod actions;
mod alarms;
mod call;
mod config;
mod events;
mod functions;
mod opening;
mod pause;
mod report;
mod shutdown;
mod slot;
mod state;
mod timer;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

pub(crate) use self::call::{CallSpec, CallState, LiveEvent, Outcome, StopReason};
pub use self::config::PoolConfig;
pub(crate) use self::functions::{Caller, FunctionCall, Functions};
pub(crate) use self::report::Readiness;
pub use self::report::{Replacement, Stats};
pub(crate) use self::slot::module_key;
use self::{
    call::Stage,
    state::{Action, Phase, Session, State},
    timer::{Alarm, Ring, Timer},
};
use crate::{
    error::{Error, Result},
    host::{CallId, Events, SharedHost, SlotId, message},
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
    /// Memory is being given back.
    trimming: AtomicBool,
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
                trimming: AtomicBool::new(false),
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
