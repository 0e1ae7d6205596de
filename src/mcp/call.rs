//! A call of a tool and what carries it out, in terms of no protocol library.

use std::{pin::Pin, time::Duration};

use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::progress::{ProgressRecord, ProgressSink};
use crate::{Error, Output, catalog::Target};

/// A call as a client makes it.
pub(crate) struct ToolCall {
    pub(crate) tool: String,
    pub(crate) arguments: Map<String, Value>,
    /// Where progress goes, if the client wants to hear of it.
    pub(crate) progress: Option<ProgressSink>,
    /// Cancelled when the client no longer wants the answer.
    pub(crate) cancelled: CancellationToken,
}

/// A call as it is carried out: looked up, checked, named.
pub(crate) struct Job {
    pub(crate) target: Target,
    pub(crate) arguments: Map<String, Value>,
    /// Objects for the pipeline.
    pub(crate) input: Option<Vec<Value>>,
    pub(crate) deadline: Duration,
    pub(crate) call_id: String,
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
