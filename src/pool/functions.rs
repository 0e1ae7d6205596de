//! Calls of host functions: which are under way, where their messages go, and who is told to stop.

use std::{
    collections::HashMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::{Shared, slot::SlotStage};
use crate::host::{
    CallId, FunctionCallId, FunctionEvent, FunctionMessage, SharedHost, SlotId, Take, message,
};

/// Messages to a caller that may wait for it; a function that is ahead of its caller waits.
const MESSAGES: usize = 32;
/// Values of input that may wait for the function; a pipeline that is ahead of it waits.
const INPUT_VALUES: usize = 32;

/// The functions that an embedding program offers to scripts.
pub(crate) trait Functions: Send + Sync {
    /// Begins a function and returns at once; the rest goes through the caller.
    fn call(&self, call: FunctionCall);
}

/// A script calls a function.
pub(crate) struct FunctionCall {
    pub(crate) name: String,
    /// Names and values: an object.
    pub(crate) arguments: Box<RawValue>,
    /// Input of the pipeline, a value as JSON each; closed from the beginning if there is none.
    pub(crate) input: mpsc::Receiver<Vec<u8>>,
    pub(crate) caller: Caller,
}

/// The way back to the script that called. Dropped without [`end`](Self::end), it tells the script that the function failed.
pub(crate) struct Caller {
    shared: Weak<Shared>,
    host: SharedHost,
    slot: SlotId,
    call: CallId,
    function: FunctionCallId,
    credits: Arc<Semaphore>,
    starved: Arc<AtomicBool>,
    cancelled: CancellationToken,
    ended: AtomicBool,
}

/// A call under way, as the events of the host find it.
struct Open {
    slot: SlotId,
    cancelled: CancellationToken,
    credits: Arc<Semaphore>,
    /// Gone with the end of the input.
    input: Option<mpsc::Sender<Vec<u8>>>,
    starved: Arc<AtomicBool>,
}

/// All calls under way.
#[derive(Default)]
pub(super) struct OpenCalls(Mutex<HashMap<FunctionCallId, Open>>);

impl Caller {
    /// The call that the script belongs to.
    pub(crate) fn call_id(&self) -> u64 {
        self.call.0
    }

    /// Cancelled when nobody waits for the function any more.
    pub(crate) fn cancelled(&self) -> &CancellationToken {
        &self.cancelled
    }

    /// Sends a message once there is room for it. False: nobody waits for the function any more.
    pub(crate) async fn send(&self, message: FunctionMessage, payload: &[u8]) -> bool {
        tokio::select! {
            biased;
            () = self.cancelled.cancelled() => false,
            credit = self.credits.acquire() => {
                let Ok(credit) = credit else { return false };
                // It comes back when the caller has taken the message.
                credit.forget();
                self.host.function_reply(self.slot, self.call, self.function, message, payload);
                true
            }
        }
    }

    /// A value of the input was taken: a pipeline that waits for room goes on.
    pub(crate) fn took_input(&self) {
        if self.starved.swap(false, Ordering::SeqCst) {
            self.host.function_reply(self.slot, self.call, self.function, FunctionMessage::Room, b"null");
        }
    }

    /// The last message: [`FunctionMessage::Finished`] or [`FunctionMessage::Failed`]. Only the first one counts.
    pub(crate) fn end(&self, message: FunctionMessage, payload: &[u8]) {
        if self.ended.swap(true, Ordering::SeqCst) {
            return;
        }
        // First the books, then the news: the script may end, and its slot be free, while this returns.
        if let Some(shared) = self.shared.upgrade() {
            shared.function_ended(self.slot, self.function);
        }
        self.host.function_reply(self.slot, self.call, self.function, message, payload);
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let failure = message::FunctionFailure::internal("The host function ended without an answer.");
        self.end(FunctionMessage::Failed, &failure.to_json());
    }
}

impl OpenCalls {
    fn with<T>(&self, function: FunctionCallId, what: impl FnOnce(&mut Open) -> T) -> Option<T> {
        self.0.lock().get_mut(&function).map(what)
    }

    /// Hands over a value of input. [`Take::Full`]: there is no room.
    fn offer(&self, function: FunctionCallId, json: &[u8]) -> Take {
        self.with(function, |open| {
            let Some(input) = &open.input else { return Take::Taken };
            let Err(mpsc::error::TrySendError::Full(value)) = input.try_send(json.to_vec()) else {
                return Take::Taken;
            };
            open.starved.store(true, Ordering::SeqCst);
            // The function may have made room between the refusal and the flag.
            match input.try_send(value) {
                Err(mpsc::error::TrySendError::Full(_)) => Take::Full,
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Take::Taken,
            }
        })
        .unwrap_or(Take::Taken)
    }

    /// Whether it was under way, and whether its caller did nothing but wait.
    fn remove(&self, function: FunctionCallId) -> Option<bool> {
        self.0.lock().remove(&function).map(|open| open.input.is_none())
    }

    /// Nobody waits for the functions that this slot called.
    pub(super) fn cancel_all_of(&self, slot: SlotId) {
        self.0.lock().retain(|_, open| {
            let gone = open.slot == slot;
            if gone {
                open.cancelled.cancel();
            }
            !gone
        });
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().len()
    }
}

impl Shared {
    pub(super) fn function_event(
        self: &Arc<Self>,
        slot: SlotId,
        call: CallId,
        function: FunctionCallId,
        event: &FunctionEvent<'_>,
    ) -> Take {
        match event {
            FunctionEvent::Called { json } => self.function_called(slot, call, function, json),
            FunctionEvent::Input { json } => return self.open_functions.offer(function, json),
            FunctionEvent::InputEnded => {
                let open = self.open_functions.with(function, |open| open.input = None).is_some();
                if open {
                    self.waits_in_function(slot, 1);
                }
            }
            FunctionEvent::Taken => {
                self.open_functions.with(function, |open| open.credits.add_permits(1));
            }
            FunctionEvent::Dropped => {
                self.open_functions.with(function, |open| open.cancelled.cancel());
                self.function_ended(slot, function);
            }
        }
        Take::Taken
    }

    fn function_called(self: &Arc<Self>, slot: SlotId, call: CallId, function: FunctionCallId, json: &[u8]) {
        let Some(host) = self.host.get() else { return };
        let refuse = |why: &str| {
            let failure = message::FunctionFailure::internal(why);
            host.function_reply(slot, call, function, FunctionMessage::Failed, &failure.to_json());
        };
        let Some(functions) = &self.functions else {
            return refuse("This program offers no functions to scripts.");
        };
        let called: message::FunctionCalled<'_> = match serde_json::from_slice(json) {
            Ok(called) => called,
            Err(error) => return refuse(&format!("The call was not understood: {error}")),
        };
        let (sender, input) = mpsc::channel(INPUT_VALUES);
        let caller = Caller {
            shared: Arc::downgrade(self),
            host: Arc::clone(host),
            slot,
            call,
            function,
            credits: Arc::new(Semaphore::new(MESSAGES)),
            starved: Arc::default(),
            cancelled: CancellationToken::new(),
            ended: AtomicBool::new(false),
        };
        let open = Open {
            slot,
            cancelled: caller.cancelled.clone(),
            credits: Arc::clone(&caller.credits),
            input: called.input.then_some(sender),
            starved: Arc::clone(&caller.starved),
        };
        self.open_functions.0.lock().insert(function, open);
        if !called.input {
            self.waits_in_function(slot, 1);
        }
        functions.call(FunctionCall {
            name: called.name,
            arguments: called.arguments.to_owned(),
            input,
            caller,
        });
    }

    fn function_ended(&self, slot: SlotId, function: FunctionCallId) {
        if self.open_functions.remove(function) == Some(true) {
            self.waits_in_function(slot, -1);
        }
    }

    /// The slot's call does nothing but wait for a function, or has stopped doing so: others may use its place meanwhile.
    fn waits_in_function(&self, slot: SlotId, change: isize) {
        self.decide(|state, actions| {
            if let Some(slot) = state.slots.get_mut(&slot)
                && slot.stage == SlotStage::Running
            {
                slot.waits = slot.waits.saturating_add_signed(change);
            }
            state.dispatch(Instant::now(), actions);
        });
    }
}
