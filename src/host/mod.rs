//! The seam between the engine and whatever runs PowerShell for it.
//!
//! The engine speaks to a [`Host`] in bytes: requests go in as JSON, events come back as byte spans. Two
//! hosts exist: the CLR inside this process ([`crate::runtime`]) and, in tests, a scripted one. Worker
//! processes can stand behind the same trait later, because nothing but integers and bytes crosses it.
//!
//! The order of events for one slot is fixed:
//!
//! ```text
//! open    -> Opened | OpenFailed
//! invoke  -> (Record | Prompt)* Done Settled
//! close   -> Closed
//! ```
//!
//! `Done` carries the answer; `Settled` says what the call left behind, after the answer is out. A slot takes
//! its next call only after `Settled`.

pub(crate) mod message;

#[cfg(test)]
pub(crate) mod fake;

use std::sync::Arc;

/// A slot of the pool: one runspace with its own thread. Never reused within a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SlotId(pub(crate) u64);

/// One invocation. Never reused within a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CallId(pub(crate) u64);

/// One call of a host function by a script. Never reused within a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FunctionCallId(pub(crate) u64);

/// Why a host refused a request outright. Nothing was started, no event follows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HostError {
    /// The slot is unknown, busy or closed.
    #[error("slot {0:?} does not take calls: {1}")]
    Slot(SlotId, String),
    /// The request bytes are not what the host understands.
    #[error("the request was not understood: {0}")]
    Request(String),
    /// The host is gone or shutting down.
    #[error("the PowerShell host is not running: {0}")]
    Gone(String),
}

/// Something that runs PowerShell in numbered slots.
///
/// No method blocks for the length of a PowerShell operation: each posts and returns, the outcome comes as an
/// event on a thread of the host. Events may arrive before the method that caused them has returned.
pub(crate) trait Host: Send + Sync {
    /// Opens a slot with a [`message::SlotConfig`].
    fn open(&self, slot: SlotId, config: &[u8]) -> Result<(), HostError>;
    /// Runs a [`message::CallRequest`] in an open, settled slot.
    fn invoke(&self, slot: SlotId, call: CallId, request: &[u8]) -> Result<(), HostError>;
    /// Asks the running call to stop. Without effect if that call is not running there (any more).
    fn cancel(&self, slot: SlotId, call: CallId);
    /// Ends the child processes which the slot's thread has started (and theirs). Returns how many were ended.
    fn end_descendants(&self, slot: SlotId) -> usize;
    /// The consumer of a streaming call has room again; wakes a pipeline that waits for it.
    fn resume(&self, slot: SlotId, call: CallId);
    /// Answers a [`Event::Prompt`] with a [`message::PromptReply`].
    fn reply(&self, slot: SlotId, call: CallId, prompt: u64, reply: &[u8]);
    /// Tells the caller of a host function something. Without effect once it has gone away.
    fn function_reply(
        &self,
        slot: SlotId,
        call: CallId,
        function: FunctionCallId,
        message: FunctionMessage,
        payload: &[u8],
    );
    /// Closes a slot. A slot that hangs never answers; the pool does not wait for it.
    fn close(&self, slot: SlotId);
    /// The slot is given up: its late events are noise, its thread ends itself should the call ever return. Then comes
    /// [`Event::Closed`].
    fn abandon(&self, slot: SlotId);
    /// Gives memory back that nothing needs any more. Every thread of the host stands still meanwhile.
    fn trim(&self, depth: Trim);
    /// Tells the host that the process is about to end; runspaces are no longer closed one by one.
    fn shutdown(&self);
}

/// How thoroughly [`Host::trim`] looks, and how long that takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Trim {
    /// What is dead, where it is: some milliseconds.
    Sweep = 0,
    /// The same, and what is left moves together: more of them.
    Compact = 1,
    /// The same, and the system gets the free memory: the next calls have to ask for it again. The first time it gets the
    /// program's pages too.
    GiveBack = 2,
}

/// Whether a consumer took a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Take {
    /// Taken (or nobody wants it).
    Taken,
    /// No room: the pipeline thread waits for [`Host::resume`] or a cancel, then offers it again.
    Full,
}

/// What the caller of a host function is told. The numbers are those of `docs/abi.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum FunctionMessage {
    /// One output value, JSON.
    Value = 1,
    /// A text as JSON string, on the stream of that name; so are the next three.
    Warning = 2,
    Verbose = 3,
    Debug = 4,
    Information = 5,
    /// A [`message::FunctionProgress`].
    Progress = 6,
    /// An error beside the output, a [`message::FunctionFailure`]; the function goes on.
    Error = 7,
    /// The function has ended.
    Finished = 8,
    /// The function has ended with a [`message::FunctionFailure`].
    Failed = 9,
    /// There is room for input again.
    Room = 10,
}

/// What a script wants of a host function.
#[derive(Debug)]
pub(crate) enum FunctionEvent<'a> {
    /// It is called: a [`message::FunctionCalled`]. Its caller waits.
    Called { json: &'a [u8] },
    /// A value of the pipeline's input. [`Take::Full`]: no room, offer it again after [`FunctionMessage::Room`].
    Input { json: &'a [u8] },
    /// There is no more input.
    InputEnded,
    /// The caller took a message (other than `Room`, `Finished` and `Failed`).
    Taken,
    /// The caller has gone away: nothing more is wanted.
    Dropped,
}

/// What a host tells the engine. Spans are borrowed for the length of the call.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// [`message::SlotInfo`] as JSON.
    Opened { slot: SlotId, info: &'a [u8] },
    /// [`message::OpenFailure`] as JSON.
    OpenFailed { slot: SlotId, error: &'a [u8] },
    /// A live record of a call that asked for them: one [`message::RawRecord`] as JSON. Output values of a
    /// streaming call have `stream: "output"`.
    Record { slot: SlotId, call: CallId, json: &'a [u8] },
    /// A [`message::Prompt`] as JSON; the pipeline thread waits for [`Host::reply`] or a cancel.
    Prompt { slot: SlotId, call: CallId, prompt: u64, json: &'a [u8] },
    /// The answer. Exactly one for each accepted call.
    Done { slot: SlotId, call: CallId, answer: RawAnswer },
    /// A [`message::Settlement`] as JSON. Follows `Done`.
    Settled { slot: SlotId, call: CallId, json: &'a [u8] },
    /// A script calls a function of the embedding program.
    Function { slot: SlotId, call: CallId, function: FunctionCallId, event: FunctionEvent<'a> },
    /// The slot is closed and its thread is ending.
    Closed { slot: SlotId },
    /// `[Environment]::Exit(code)` was called; the thread that called it is parked for ever. `call` if it was
    /// the thread of a running call.
    ExitRequested { slot: Option<SlotId>, call: Option<CallId>, code: i32 },
    /// A log line of the host.
    Log { level: LogLevel, text: &'a str },
    /// The process is about to die (unhandled exception on a foreign managed thread); last words.
    Fatal { text: &'a str },
}

/// Severity of [`Event::Log`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

/// The answer of a call: three JSON documents one behind the other in one buffer, so that the output is never
/// scanned only to find its end.
#[derive(Debug, Default, Clone)]
pub(crate) struct RawAnswer {
    /// All three documents.
    pub(crate) buffer: Vec<u8>,
    /// End of the output document (a JSON array of values, or one JSON string in text format).
    pub(crate) output_end: usize,
    /// End of the records document (a JSON array of [`message::RawRecord`]); the rest is
    /// [`message::AnswerMeta`].
    pub(crate) records_end: usize,
}

/// Receives events on threads of the host. Must not block and must not panic.
pub(crate) trait Events: Send + Sync {
    fn event(&self, event: Event<'_>) -> Take;
}

/// How the engine reaches its host once that is started.
pub(crate) type SharedHost = Arc<dyn Host>;
