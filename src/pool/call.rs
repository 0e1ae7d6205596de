//! One call on its way through the pool, and the one place where its answer is decided.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use crate::{
    engine::Isolation,
    error::Error,
    host::{CallId, RawAnswer, SlotId},
};

/// What the pool must know about a call. The rest is in the request bytes.
#[derive(Debug, Clone)]
pub(crate) struct CallSpec {
    pub(crate) isolation: Isolation,
    /// Whose call it is. No key is a key too: such calls share slots with each other only.
    pub(crate) affinity: Option<Arc<str>>,
    pub(crate) session: Option<Arc<str>>,
    pub(crate) exclusive: bool,
    pub(crate) deadline: Duration,
    /// Modules the call wants, lower case.
    pub(crate) modules: Vec<String>,
    /// Output values are sent as records, and the pipeline waits for the consumer.
    pub(crate) stream: bool,
    /// What the caller's own log calls it.
    pub(crate) correlation_id: Option<Arc<str>>,
}

/// Why a running call was told to stop. The first reason wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopReason {
    Cancelled,
    Deadline,
    ShutDown,
}

/// What the waiting side gets: exactly one for each call.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The host answered. `stop` says whether and why the call had been told to stop.
    Answered { answer: RawAnswer, stop: Option<StopReason>, started: Instant },
    /// The call was stopped and did not end; its slot was given up.
    Abandoned(StopReason),
    /// It never ran: stopped while it waited.
    NeverRan(StopReason),
    /// Anything else.
    Failed(Error),
}

/// A live record or a question, in the order of the script.
#[derive(Debug)]
pub(crate) enum LiveEvent {
    Record(Vec<u8>),
    Prompt { prompt: u64, json: Vec<u8> },
}

/// Where a call is. Guarded by the pool's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Queued,
    Running(SlotId),
    Answered,
}

/// Shared by the pool and the waiting side.
pub(crate) struct CallState {
    pub(crate) id: CallId,
    pub(crate) spec: CallSpec,
    pub(crate) created: Instant,
    pub(super) request: Mutex<Option<zeroize::Zeroizing<Vec<u8>>>>,
    pub(super) stage: Mutex<Stage>,
    pub(super) stop: Mutex<Option<StopReason>>,
    pub(super) started: Mutex<Option<Instant>>,
    /// When it gives up waiting for a slot, if it had to wait.
    pub(super) acquire_by: Mutex<Option<Instant>>,
    answer: Mutex<Option<oneshot::Sender<Outcome>>>,
    /// Taken out with the answer, so that the consumer sees the end.
    live: Mutex<Option<mpsc::Sender<LiveEvent>>>,
    /// A record was refused for want of room; the consumer is to wake the pipeline.
    pub(crate) starved: AtomicBool,
    /// Live copies that were left out because nobody read them fast enough.
    pub(crate) live_dropped: AtomicU64,
}

impl std::fmt::Debug for CallState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallState").field("id", &self.id).field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl CallState {
    pub(super) fn new(
        id: CallId,
        spec: CallSpec,
        request: zeroize::Zeroizing<Vec<u8>>,
        live: Option<mpsc::Sender<LiveEvent>>,
    ) -> (Arc<Self>, oneshot::Receiver<Outcome>) {
        let (sender, receiver) = oneshot::channel();
        let state = Self {
            id,
            spec,
            created: Instant::now(),
            request: Mutex::new(Some(request)),
            stage: Mutex::new(Stage::Queued),
            stop: Mutex::new(None),
            started: Mutex::new(None),
            acquire_by: Mutex::new(None),
            answer: Mutex::new(Some(sender)),
            live: Mutex::new(live),
            starved: AtomicBool::new(false),
            live_dropped: AtomicU64::new(0),
        };
        (Arc::new(state), receiver)
    }

    /// When the call's time is up.
    pub(super) fn deadline(&self) -> Instant {
        self.created + self.spec.deadline
    }

    /// Delivers the answer. False if the call has been answered before: then this one is dropped.
    pub(super) fn answer(&self, outcome: Outcome) -> bool {
        let Some(sender) = self.answer.lock().take() else { return false };
        *self.stage.lock() = Stage::Answered;
        *self.live.lock() = None;
        // A receiver that is gone has cancelled the call; nobody wants the answer.
        let _ = sender.send(outcome);
        true
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answer.lock().is_none()
    }

    /// Hands a record to the consumer. False: no room, offer it again after a wake-up.
    pub(super) fn offer(&self, event: LiveEvent) -> bool {
        let live = self.live.lock();
        let Some(live) = live.as_ref() else { return true };
        match live.try_send(event) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => true,
            Err(mpsc::error::TrySendError::Full(event)) => {
                if !self.spec.stream {
                    // The record is in the answer as well: a slow reader of live copies must not slow the script.
                    self.live_dropped.fetch_add(1, Ordering::Relaxed);
                    return matches!(event, LiveEvent::Record(_));
                }
                self.starved.store(true, Ordering::SeqCst);
                // The consumer may have made room between the refusal and the flag.
                live.capacity() > 0 && live.try_send(event).is_ok()
            }
        }
    }
}
