//! A call of a tool and what carries it out, in terms of no protocol library.

use std::{pin::Pin, sync::Arc, time::Duration};

use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    caller::Caller,
    progress::{ProgressRecord, ProgressSink},
};
use crate::{Error, Output, catalog::Target};

/// A call as a client makes it.
pub(crate) struct ToolCall {
    pub(crate) tool: String,
    pub(crate) arguments: Map<String, Value>,
    /// Where progress goes, if the client wants to hear of it.
    pub(crate) progress: Option<ProgressSink>,
    /// Cancelled when the client no longer wants the answer.
    pub(crate) cancelled: CancellationToken,
    pub(crate) caller: Caller,
    /// Leaves the call to the process that takes this one's place, if that can be; the answer says whether it will.
    pub(crate) defer: Option<Box<dyn Fn() -> bool + Send + Sync>>,
}

/// A call as it is carried out: looked up, checked, named.
pub(crate) struct Job {
    pub(crate) target: Target,
    pub(crate) arguments: Map<String, Value>,
    pub(crate) deadline: Duration,
    pub(crate) call_id: String,
    /// Whose runspaces it uses. `None`: the one local user's.
    pub(crate) principal: Option<Arc<str>>,
    /// Where progress records go, if anybody wants them. A full channel misses some.
    pub(crate) progress: Option<mpsc::Sender<ProgressRecord>>,
}

/// The future of a job. Dropping it cancels the job.
pub(crate) type Running = Pin<Box<dyn Future<Output = Result<Output, Error>> + Send>>;

/// Carries out jobs.
pub(crate) trait Executor: Send + Sync + 'static {
    /// Begins a job.
    fn execute(&self, job: Job) -> Running;
}
