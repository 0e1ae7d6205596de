//! Calls under way, and their messages.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock};

use futures_util::FutureExt as _;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::library::number;
use super::status::{Refusal, Status};
use crate::FunctionError;
use crate::host::FunctionMessage;
use crate::sentinel::bridge::{Audience, Connection, Order, Terms, carry_out};

/// Messages that wait to be taken; the operation waits when there are so many.
const WAITING: usize = 32;

type Message = (FunctionMessage, Vec<u8>);

static UNDER_WAY: LazyLock<Mutex<HashMap<u64, Arc<Call>>>> = LazyLock::new(Mutex::default);

/// A call under way.
pub(super) struct Call {
    library: u64,
    cancelled: CancellationToken,
    messages: Mutex<Messages>,
}

struct Messages {
    receiver: mpsc::Receiver<Message>,
    /// The bytes that were handed out last.
    current: Vec<u8>,
}

/// A message as it is handed out.
pub(super) struct HandedOut {
    pub(super) kind: u32,
    pub(super) data: *const u8,
    pub(super) length: usize,
}

/// Begins a call on the threads of a library.
pub(super) fn begin(library: u64, threads: &Handle, connection: Arc<Connection>, order: Order) -> u64 {
    let (sender, receiver) = mpsc::channel(WAITING);
    let cancelled = CancellationToken::new();
    let messages = Mutex::new(Messages { receiver, current: Vec::new() });
    let number = number();
    UNDER_WAY.lock().insert(number, Arc::new(Call { library, cancelled: cancelled.clone(), messages }));
    threads.spawn(async move {
        let listener = Listener(sender);
        let work = AssertUnwindSafe(async {
            let sentinel = connection.get()?;
            carry_out(sentinel, order, &listener, &Terms::own()).await
        });
        tokio::select! {
            biased;
            () = cancelled.cancelled() => {}
            outcome = work.catch_unwind() => {
                let outcome = outcome.unwrap_or_else(|_| Err(FunctionError::new("The operation failed inside (panic)").id("OperationPanicked")));
                // Nobody may listen any more.
                let _ = match outcome {
                    Ok(()) => listener.send(FunctionMessage::Finished, b"null".to_vec()).await,
                    Err(error) => listener.send(FunctionMessage::Failed, error.to_json()).await,
                };
            }
        }
    });
    number
}

/// A call by its number.
pub(super) fn find(number: u64) -> Result<Arc<Call>, Refusal> {
    UNDER_WAY.lock().get(&number).cloned().ok_or_else(|| unknown(number))
}

/// Ends a call.
pub(super) fn free(number: u64) -> Result<(), Refusal> {
    UNDER_WAY.lock().remove(&number).ok_or_else(|| unknown(number))?.cancel();
    Ok(())
}

/// Cancels the calls of a library.
pub(super) fn cancel_all_of(library: u64) {
    UNDER_WAY.lock().values().filter(|call| call.library == library).for_each(|call| call.cancel());
}

fn unknown(number: u64) -> Refusal {
    Refusal::new(Status::Unknown, format!("there is no call {number}"))
}

impl Call {
    /// Waits for the next message.
    pub(super) fn next(&self) -> Result<HandedOut, Refusal> {
        let Some(mut messages) = self.messages.try_lock() else {
            return Err(Refusal::new(Status::Busy, "another thread waits for the call's next message"));
        };
        if self.cancelled.is_cancelled() {
            return Err(Refusal::new(Status::Cancelled, "the call was cancelled"));
        }
        match messages.receiver.blocking_recv() {
            Some((kind, json)) => {
                messages.current = json;
                let current = &messages.current;
                Ok(HandedOut { kind: kind as u32, data: current.as_ptr(), length: current.len() })
            }
            None if self.cancelled.is_cancelled() => {
                Err(Refusal::new(Status::Cancelled, "the call was cancelled"))
            }
            None => Err(Refusal::new(Status::Ended, "the call has brought everything")),
        }
    }

    pub(super) fn cancel(&self) {
        self.cancelled.cancel();
    }
}

/// Sends what an operation brings to whoever takes the messages.
struct Listener(mpsc::Sender<Message>);

impl Listener {
    async fn send(&self, kind: FunctionMessage, json: Vec<u8>) -> Result<(), FunctionError> {
        let gone = |_| FunctionError::new("Nobody waits for the call any more").category("OperationStopped");
        self.0.send((kind, json)).await.map_err(gone)
    }
}

impl Audience for Listener {
    async fn value(&self, value: &Value) -> Result<(), FunctionError> {
        self.send(FunctionMessage::Value, serde_json::to_vec(value)?).await
    }

    async fn error(&self, error: &FunctionError) -> Result<(), FunctionError> {
        self.send(FunctionMessage::Error, error.to_json()).await
    }

    async fn warning(&self, text: &str) -> Result<(), FunctionError> {
        self.send(FunctionMessage::Warning, serde_json::to_vec(text)?).await
    }

    async fn progress(&self, activity: &str, status: Option<&str>) -> Result<(), FunctionError> {
        let progress = json!({ "activity": activity, "status": status.unwrap_or("done"), "completed": status.is_none() });
        self.send(FunctionMessage::Progress, serde_json::to_vec(&progress)?).await
    }
}
