//! A call of a tool and what carries it out, in terms of no protocol library.

use std::{pin::Pin, sync::Arc, time::Duration};

use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    client::Client,
    completions::Guess,
    errand::Answers,
    progress::{ProgressRecord, ProgressSink},
    question::{AskSink, Question},
    remark::Remark,
};
use crate::{Error, Output, catalog::Target};

/// Who calls: what a result, a question or a task belongs to, and what the audit record names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Caller(pub(crate) Arc<str>);

impl Caller {
    /// The one client of a server on standard streams.
    pub(crate) fn local() -> Self {
        Self("local".into())
    }
}

/// A call as a client makes it.
pub(crate) struct ToolCall {
    pub(crate) tool: String,
    pub(crate) arguments: Map<String, Value>,
    pub(crate) caller: Caller,
    /// Where progress goes, if the client wants to hear of it.
    pub(crate) progress: Option<ProgressSink>,
    /// Where records of the script go while it runs, if the client wants to hear of them.
    pub(crate) log: Option<LogSink>,
    pub(crate) asking: Asking,
    /// The client takes a task in place of a late answer.
    pub(crate) tasks: bool,
    /// Answers to a question with which an earlier request of this call was answered.
    pub(crate) answers: Option<Answers>,
    /// Cancelled when the client no longer wants the answer.
    pub(crate) cancelled: CancellationToken,
    pub(crate) client: Client,
    pub(crate) defer: Option<Defer>,
}

/// Leaves a call to the process that takes this one's place, if that can be; the answer says whether it will.
pub(crate) type Defer = Box<dyn Fn() -> bool + Send + Sync>;

/// How the person at the client can be asked.
pub(crate) enum Asking {
    /// Not at all.
    Never,
    /// While the request is open.
    Live(AskSink),
    /// By answering the request with the question; the client repeats it with the answer.
    Rounds,
}

/// A job's stream that clients take for a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LogLevel {
    Debug,
    Info,
    Warning,
}

/// Takes log lines to the client.
pub(crate) struct LogSink {
    /// The least that it wants.
    pub(crate) level: LogLevel,
    pub(crate) send: Box<dyn Fn(LogLevel, String) -> Sent + Send + Sync>,
}

/// Done when something is on its way.
pub(crate) type Sent = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A call as it is carried out: looked up, checked, named.
pub(crate) struct Job {
    pub(crate) target: Target,
    pub(crate) arguments: Map<String, Value>,
    /// Objects for the pipeline.
    pub(crate) input: Option<Vec<Value>>,
    pub(crate) deadline: Duration,
    pub(crate) call_id: String,
    /// Whose runspaces it uses. `None`: the one local user's.
    pub(crate) affinity: Option<Arc<str>>,
    /// Where it goes what happens while the job runs, and what of it.
    pub(crate) events: mpsc::Sender<JobEvent>,
    pub(crate) wants: Wants,
    /// Stops the job; it is answered with what it has put out.
    pub(crate) stop: CancellationToken,
    /// The server's mode lets it change something, if it is one that plans first.
    pub(crate) may_write: bool,
}

/// What somebody wants to know of a job while it runs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wants {
    pub(crate) progress: bool,
    pub(crate) log: Option<LogLevel>,
    pub(crate) questions: bool,
}

/// Something that happens while a job runs. A full channel misses some progress and log lines, never a question.
pub(crate) enum JobEvent {
    Progress(ProgressRecord),
    Log(LogLevel, String),
    Question(Question),
}

/// What a job came to.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) output: Output,
    /// What is to be said beside its rows.
    pub(crate) remark: Option<Box<Remark>>,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self { output, remark: None }
    }
}

/// The future of a job. Dropping it cancels the job.
pub(crate) type Running = Pin<Box<dyn Future<Output = Result<Done, Error>> + Send>>;

/// Carries out jobs.
pub(crate) trait Executor: Send + Sync + 'static {
    /// Begins a job.
    fn execute(&self, job: Job) -> Running;

    /// Values that PowerShell proposes for a parameter; none if it has none to propose.
    fn guess(&self, guess: Guess) -> Pin<Box<dyn Future<Output = Vec<String>> + Send>>;
}
