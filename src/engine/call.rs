//! A call under way.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::sync::{mpsc, oneshot};

use super::output::{ErrorRecord, Output, Record, Timings};
use crate::{
    error::{Error, Result, ScriptFailure},
    host::{
        RawAnswer,
        message::{self, AnswerMeta, AnswerStatus, RawRecord},
    },
    pool::{CallState, LiveEvent, Outcome, Pool, StopReason},
};

/// A call under way: a future of its [`Output`], and a handle on it. Dropping it cancels the call.
#[must_use = "dropping a call cancels it"]
pub struct Call {
    inner: CallInner,
    live: Option<mpsc::Receiver<LiveEvent>>,
}

pub(super) struct CallInner {
    pool: Pool,
    state: Arc<CallState>,
    answer: oneshot::Receiver<Outcome>,
    answered: bool,
}

/// Stops a call from anywhere, any time, more than once.
#[derive(Clone)]
pub struct CancelHandle {
    pool: Pool,
    call: Arc<CallState>,
}

/// Something that happens while a call runs.
#[derive(Debug)]
#[non_exhaustive]
pub enum Live {
    /// A record of a stream.
    Record(Record),
    /// A question of the script. It waits for the answer.
    Prompt(Prompt),
}

/// A question of a script. Dropping it refuses the question.
pub struct Prompt {
    /// `read_line`, `read_secure`, `prompt` (fields to fill, such as missing mandatory parameters), `credential` or
    /// `choice`.
    pub kind: String,
    /// Heading.
    pub caption: String,
    /// Text.
    pub message: String,
    /// Names of the fields of `prompt`, labels of `choice`.
    pub fields: Vec<String>,
    /// Full names of the .NET types of the fields of `prompt`, such as `System.Int32`; empty for other questions.
    pub types: Vec<String>,
    /// Index of the default of `choice`, if it has one.
    pub default_choice: Option<usize>,
    id: u64,
    pool: Pool,
    call: Arc<CallState>,
    replied: bool,
}

impl std::fmt::Debug for Prompt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prompt")
            .field("kind", &self.kind)
            .field("caption", &self.caption)
            .field("message", &self.message)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

impl Prompt {
    /// Answers: one value a field; for `choice` the index of the label as text, for `credential` the user name and the
    /// password.
    pub fn answer(mut self, values: Vec<String>) {
        self.send(true, values);
    }

    fn send(&mut self, accepted: bool, values: Vec<String>) {
        if !std::mem::replace(&mut self.replied, true) {
            self.pool.reply(&self.call, self.id, &message::PromptReply { accepted, values });
        }
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        self.send(false, Vec::new());
    }
}

impl CancelHandle {
    /// Asks the call to stop. It is answered with [`Error::Cancelled`], at the latest after the pool's grace period.
    pub fn cancel(&self) {
        self.pool.stop(&self.call, StopReason::Cancelled);
    }
}

impl Call {
    pub(super) fn new(
        pool: Pool,
        (state, answer): (Arc<CallState>, oneshot::Receiver<Outcome>),
        live: Option<mpsc::Receiver<LiveEvent>>,
    ) -> Self {
        Self { inner: CallInner { pool, state, answer, answered: false }, live }
    }

    /// Its number in the engine.
    pub(crate) fn id(&self) -> u64 {
        self.inner.state.id.0
    }

    /// A handle that cancels this call.
    pub fn cancel_handle(&self) -> CancelHandle {
        self.inner.cancel_handle()
    }

    /// The next record or question of a call made with [`live`](super::Invocation::live) or
    /// [`interactive`](super::Invocation::interactive); `None` when there will be no more. Records are in the output as
    /// well; a consumer that is too slow misses live copies, never the output.
    pub async fn next_live(&mut self) -> Option<Live> {
        loop {
            let event = self.live.as_mut()?.recv().await?;
            if let Some(live) = self.inner.live(event) {
                return Some(live);
            }
        }
    }

    /// The next record as it was written. A question is refused.
    pub(super) fn poll_record(&mut self, context: &mut Context<'_>) -> Poll<Option<RawRecord>> {
        loop {
            let Some(receiver) = self.live.as_mut() else { return Poll::Ready(None) };
            match receiver.poll_recv(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(LiveEvent::Record(json))) => {
                    self.inner.pool.resume(&self.inner.state);
                    if let Some(record) = raw_record(&json) {
                        return Poll::Ready(Some(record));
                    }
                }
                // Nobody can answer it here; dropping it refuses it.
                Poll::Ready(Some(prompt)) => drop(self.inner.live(prompt)),
            }
        }
    }

    pub(super) fn poll_answer(&mut self, context: &mut Context<'_>) -> Poll<Result<Output>> {
        self.inner.poll_answer(context)
    }
}

impl CallInner {
    fn cancel_handle(&self) -> CancelHandle {
        CancelHandle { pool: self.pool.clone(), call: Arc::clone(&self.state) }
    }

    fn live(&self, event: LiveEvent) -> Option<Live> {
        self.pool.resume(&self.state);
        match event {
            LiveEvent::Record(json) => raw_record(&json).map(|raw| Live::Record(Record::from_raw(&raw))),
            LiveEvent::Prompt { prompt, json } => {
                let asked: message::Prompt = serde_json::from_slice(&json).ok()?;
                Some(Live::Prompt(Prompt {
                    kind: asked.kind,
                    caption: asked.caption,
                    message: asked.message,
                    fields: asked.fields,
                    types: asked.types,
                    default_choice: usize::try_from(asked.default_choice).ok(),
                    id: prompt,
                    pool: self.pool.clone(),
                    call: Arc::clone(&self.state),
                    replied: false,
                }))
            }
        }
    }

    fn poll_answer(&mut self, context: &mut Context<'_>) -> Poll<Result<Output>> {
        match Pin::new(&mut self.answer).poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(outcome) => {
                self.answered = true;
                Poll::Ready(self.read(outcome.unwrap_or(Outcome::Failed(Error::ShutDown))))
            }
        }
    }

    fn read(&self, outcome: Outcome) -> Result<Output> {
        let deadline = self.state.spec.deadline;
        let stopped = |reason, abandoned, output: Output| match reason {
            StopReason::Deadline => Error::Timeout { deadline, abandoned, output: Box::new(output) },
            StopReason::Cancelled => Error::Cancelled { abandoned, output: Box::new(output) },
            StopReason::ShutDown => Error::ShutDown,
        };
        match outcome {
            Outcome::Failed(error) => Err(error),
            Outcome::NeverRan(reason) => Err(stopped(reason, false, Output::default())),
            Outcome::Abandoned(reason) => Err(stopped(reason, true, Output::default())),
            Outcome::Answered { answer, stop, started } => {
                let (status, error, prompt, output) = read_answer(answer, self.state.created, started)?;
                match (status, stop) {
                    // It was told to stop, and stopped; or ran into an error while it was being stopped.
                    (AnswerStatus::Stopped | AnswerStatus::Failed, Some(reason)) => {
                        Err(stopped(reason, false, output))
                    }
                    (AnswerStatus::Completed | AnswerStatus::Truncated, _) => Ok(output),
                    (AnswerStatus::Stopped, None) => {
                        Err(Error::Cancelled { abandoned: false, output: Box::new(output) })
                    }
                    (AnswerStatus::Failed, None) => {
                        Err(Error::Script(Box::new(ScriptFailure { record: error, output })))
                    }
                    (AnswerStatus::Refused, _) => {
                        Err(Error::Refused(Box::new(ScriptFailure { record: error, output })))
                    }
                    (AnswerStatus::PromptBlocked, _) => Err(Error::PromptBlocked {
                        kind: prompt.kind,
                        caption: prompt.caption,
                        message: prompt.message,
                        fields: prompt.fields,
                        output: Box::new(output),
                    }),
                    (AnswerStatus::OutOfMemory, _) => Err(Error::OutOfMemory),
                }
            }
        }
    }
}

fn raw_record(json: &[u8]) -> Option<RawRecord> {
    serde_json::from_slice(json)
        .inspect_err(|error| tracing::error!(%error, "a record of the host was not understood"))
        .ok()
}

pub(crate) fn read_answer(
    answer: RawAnswer,
    created: Instant,
    started: Instant,
) -> Result<(AnswerStatus, ErrorRecord, message::Prompt, Output)> {
    let meta = answer.buffer.get(answer.records_end..).unwrap_or_default();
    let mut meta: AnswerMeta = serde_json::from_slice(meta)
        .map_err(|error| Error::SlotLost(format!("its answer was not understood: {error}")))?;
    let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let timings = Timings {
        queue_us: micros(started.saturating_duration_since(created)),
        total_us: micros(created.elapsed()),
        ..meta.timings
    };
    let error = meta.error.take().map(|error| *error).unwrap_or_default();
    let prompt = meta.prompt.take().unwrap_or_else(|| message::Prompt {
        kind: String::new(),
        caption: String::new(),
        message: String::new(),
        fields: Vec::new(),
        types: Vec::new(),
        default_choice: -1,
    });
    Ok((meta.status, error, prompt, Output::new(answer, meta, timings)))
}

impl Future for Call {
    type Output = Result<Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.inner.poll_answer(context)
    }
}

impl Drop for CallInner {
    fn drop(&mut self) {
        if !self.answered {
            self.pool.stop(&self.state, StopReason::Cancelled);
        }
    }
}
