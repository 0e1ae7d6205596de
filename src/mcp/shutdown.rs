//! The end of a server: one cause, two steps. First nothing new begins; then what still runs is cancelled.

use std::{
    io,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use crate::Replacement;

/// Why a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The client closed its end of the input.
    EndOfInput,
    /// The client closed its end of the output.
    OutputClosed(io::ErrorKind),
    /// The client did not read its output for a minute.
    OutputStalled,
    /// The input could not be read.
    InputFailed(io::ErrorKind),
    /// Somebody asked the server to end: a signal, or the program that embeds it.
    Asked,
    /// A fresh process should take this one's place, for this reason. Nothing is lost: the end has what it needs.
    Replace(Replacement),
}

/// How a server ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct End {
    /// Why.
    pub cause: Cause,
    /// After [`Cause::Replace`]: what [`super::Server::resume`] of the next process takes. It holds what clients sent, and is to be
    /// kept from others.
    pub handover: Vec<u8>,
}

/// How long things may take at the end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Calls that run when the input ends. Answers that are as good as made still reach a client that only closed its
    /// input; the others wait for the process to be gone.
    pub(crate) end_of_input: Duration,
    /// Calls that run when somebody asks for the end.
    pub(crate) asked: Duration,
    /// Calls that run when the process is to be replaced. Those that arrive meanwhile wait for the next process.
    pub(crate) replace: Duration,
    /// Answers that are on their way when the calls are cancelled.
    pub(crate) last_answers: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            end_of_input: Duration::from_millis(50),
            asked: Duration::from_millis(1_400),
            replace: Duration::from_secs(20),
            last_answers: Duration::from_millis(75),
        }
    }
}

impl Patience {
    /// How long running calls may go on to end by themselves.
    pub(crate) fn with_calls(&self, cause: Cause) -> Duration {
        match cause {
            Cause::EndOfInput => self.end_of_input,
            Cause::Asked => self.asked,
            Cause::Replace(_) | Cause::OutputClosed(_) | Cause::OutputStalled | Cause::InputFailed(_) => {
                Duration::ZERO
            }
        }
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::EndOfInput => f.write_str("end of input"),
            Self::OutputClosed(kind) => write!(f, "the output is closed: {kind}"),
            Self::OutputStalled => f.write_str("the client did not read its output for a minute"),
            Self::InputFailed(kind) => write!(f, "the input cannot be read: {kind}"),
            Self::Asked => f.write_str("asked to end"),
            Self::Replace(reason) => write!(f, "the process is replaced: {reason}"),
        }
    }
}

/// The end, as all parts of a server share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shutdown(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    cause: OnceLock<Cause>,
    draining: OnceLock<Replacement>,
    drained: CancellationToken,
    begun: CancellationToken,
    cancel_calls: CancellationToken,
}

impl Shutdown {
    /// Nothing new begins from here on: the process is to be replaced, for this reason.
    pub(crate) fn drain(&self, reason: Replacement) {
        let _ = self.0.draining.set(reason);
        self.0.drained.cancel();
    }

    /// Waits until nothing new is to begin because the process is replaced.
    pub(crate) async fn drained(&self) {
        self.0.drained.cancelled().await;
    }

    /// Why the process is to be replaced, if it is.
    pub(crate) fn draining(&self) -> Option<Replacement> {
        self.0.draining.get().copied()
    }

    /// True from [`drain`](Self::drain) on.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining().is_some()
    }

    /// Begins the end. The first cause stays.
    pub(crate) fn begin(&self, cause: Cause) {
        if self.0.cause.set(cause).is_ok() {
            tracing::debug!(%cause, "the server ends");
            self.0.begun.cancel();
        }
    }

    /// Why it has begun, if it has.
    pub(crate) fn cause(&self) -> Option<Cause> {
        self.0.cause.get().copied()
    }

    /// Waits for the beginning.
    pub(crate) async fn begun(&self) {
        self.0.begun.cancelled().await;
    }

    /// Cancels what still runs.
    pub(crate) fn cancel_calls(&self) {
        self.0.cancel_calls.cancel();
    }

    /// Waits until running calls are cancelled.
    pub(crate) async fn calls_cancelled(&self) {
        self.0.cancel_calls.cancelled().await;
    }
}
