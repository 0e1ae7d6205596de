//! What a host function has of its caller.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::mpsc;

use super::error::FunctionError;
use crate::{
    host::{FunctionMessage, message::FunctionProgress},
    pool::Caller,
};

/// The script that called a host function: takes values and records as they come, gives input, says when nobody waits any
/// more.
///
/// A function that is ahead of its script waits: everything that sends is asynchronous. When the script is stopped, its
/// deadline passes or it needs no more values (`Select-Object -First 1`), the function's future is dropped.
pub struct FunctionContext {
    caller: Arc<Caller>,
    input: mpsc::Receiver<Vec<u8>>,
}

impl std::fmt::Debug for FunctionContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FunctionContext").field("call_id", &self.call_id()).finish_non_exhaustive()
    }
}

impl FunctionContext {
    pub(super) fn new(caller: Arc<Caller>, input: mpsc::Receiver<Vec<u8>>) -> Self {
        Self { caller, input }
    }

    /// Number of the call of the engine that the script belongs to.
    pub fn call_id(&self) -> u64 {
        self.caller.call_id()
    }

    /// Resolves when nobody waits for the function any more. Its own future is dropped then; this is for work that it has
    /// handed to others.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        self.caller.cancelled().clone().cancelled_owned()
    }

    /// Puts out a value, ahead of what the function returns.
    ///
    /// # Errors
    /// If the value is no JSON, or nobody waits for it.
    pub async fn write<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), FunctionError> {
        self.send(FunctionMessage::Value, value).await
    }

    /// Writes to the warning stream.
    ///
    /// # Errors
    /// If nobody waits for the function any more; so with the other streams.
    pub async fn warning(&self, text: &str) -> Result<(), FunctionError> {
        self.send(FunctionMessage::Warning, text).await
    }

    /// Writes to the verbose stream.
    ///
    /// # Errors
    /// As [`warning`](Self::warning).
    pub async fn verbose(&self, text: &str) -> Result<(), FunctionError> {
        self.send(FunctionMessage::Verbose, text).await
    }

    /// Writes to the debug stream.
    ///
    /// # Errors
    /// As [`warning`](Self::warning).
    pub async fn debug(&self, text: &str) -> Result<(), FunctionError> {
        self.send(FunctionMessage::Debug, text).await
    }

    /// Writes to the information stream.
    ///
    /// # Errors
    /// As [`warning`](Self::warning).
    pub async fn information(&self, text: &str) -> Result<(), FunctionError> {
        self.send(FunctionMessage::Information, text).await
    }

    /// Writes to the progress stream; `percent` is 0 to 100.
    ///
    /// # Errors
    /// As [`warning`](Self::warning).
    pub async fn progress(
        &self,
        activity: &str,
        status: &str,
        percent: Option<u8>,
    ) -> Result<(), FunctionError> {
        let progress = FunctionProgress { activity, status, percent, completed: percent == Some(100) };
        self.send(FunctionMessage::Progress, &progress).await
    }

    /// Writes to the error stream and goes on.
    ///
    /// # Errors
    /// As [`warning`](Self::warning).
    pub async fn error(&self, error: &FunctionError) -> Result<(), FunctionError> {
        self.pass(FunctionMessage::Error, &error.to_json()).await
    }

    /// The next value of the pipeline's input; `None` at its end, and if there is none.
    ///
    /// # Errors
    /// If the value is not what the function takes.
    pub async fn next_input<T: DeserializeOwned>(&mut self) -> Option<Result<T, FunctionError>> {
        let json = self.input.recv().await?;
        self.caller.took_input();
        Some(serde_json::from_slice(&json).map_err(|error| {
            FunctionError::new(format!("A value of the pipeline's input does not fit: {error}"))
                .id("HostFunctionInput")
                .category("InvalidData")
        }))
    }

    async fn send<T: Serialize + ?Sized>(
        &self,
        message: FunctionMessage,
        value: &T,
    ) -> Result<(), FunctionError> {
        self.pass(message, &serde_json::to_vec(value)?).await
    }

    async fn pass(&self, message: FunctionMessage, json: &[u8]) -> Result<(), FunctionError> {
        if self.caller.send(message, json).await {
            Ok(())
        } else {
            Err(FunctionError::new("The script does not wait for the function any more.")
                .id("HostFunctionCancelled")
                .category("OperationStopped"))
        }
    }
}
