//! Jobs that are operations on Microsoft Sentinel: reads bring rows, writes a plan first.
//!
//! ```text
//! tool         operations -> tools: names, schemas, descriptions, hints
//! example      the examples of operations, as arguments
//! connection   who signs in; made beside the server's start
//! rows         rows of many workspaces -> one output, failures beside them
//! change       a plan, and what became of it
//! journal      what was written, and taking it back
//! held         what is cached
//! through      an operation by the function of the PowerShell module
//! functions    what the functions may have done, call by call
//! ```

mod change;
mod connection;
mod example;
mod functions;
mod held;
mod journal;
mod rows;
mod through;
mod tool;

use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, TryFutureExt as _};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

pub use self::functions::SentinelFunctions;
pub(crate) use self::tool::{SOURCE, tools};
use self::{change::Consent, connection::Connection, rows::Rows, through::Through, tool::Tool};
use super::{
    call::{Done, Executor, Job, JobEvent, Running},
    completions::Guess,
    progress::ProgressRecord,
};
use crate::{
    Engine, Error,
    catalog::{Opening, Target},
    sentinel::{Call, Item, Listener, Operation, Sentinel, Stage},
};

/// Carries out operations. They run in the runtime in which this was made: a write that has begun goes on there, whatever
/// becomes of its call.
pub(crate) struct Operations {
    runtime: tokio::runtime::Handle,
    connection: Connection,
    /// Operations go through PowerShell.
    through: Option<Arc<Through>>,
}

impl Operations {
    /// Connects when the opening ends, or when it is needed. To be called in a tokio runtime with I/O and time.
    pub(crate) fn new(
        connect: impl FnOnce() -> Result<Sentinel, String> + Send + 'static,
        opening: Opening,
    ) -> Self {
        let runtime = tokio::runtime::Handle::current();
        Self { connection: Connection::begin(&runtime, connect, opening), runtime, through: None }
    }

    /// Carries them out by the functions of this engine. `may_write`: other scripts of the engine may apply what they plan.
    pub(crate) fn through(mut self, engine: Engine, functions: SentinelFunctions, may_write: bool) -> Self {
        let connection = self.connection.clone();
        self.through = Some(Arc::new(Through::new(engine, functions, connection, may_write)));
        self
    }
}

impl Executor for Operations {
    fn execute(&self, job: Job) -> Running {
        let (connection, through) = (self.connection.clone(), self.through.clone());
        let work = carry_out(connection, through, job).map_err(connection::explained).in_current_span();
        let work = AbortOnDropHandle::new(self.runtime.spawn(work));
        Box::pin(async move {
            match work.await {
                Ok(result) => result,
                Err(error) => match error.try_into_panic() {
                    // It is answered where all panics are.
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => Err(Error::ShutDown),
                },
            }
        })
    }

    fn guess(&self, _guess: Guess) -> Pin<Box<dyn Future<Output = Vec<String>> + Send>> {
        Box::pin(std::future::ready(Vec::new()))
    }
}

async fn carry_out(
    connection: Connection,
    through: Option<Arc<Through>>,
    mut job: Job,
) -> Result<Done, Error> {
    let tool = match &job.target {
        Target::Native { operation, .. } => Tool::named(operation),
        _ => None,
    };
    let Some(tool) = tool else {
        return Err(Error::InvalidInvocation("an operation was to carry out what is none".to_owned()));
    };
    let sentinel = tokio::select! {
        sentinel = connection.ready() => sentinel?,
        () = job.stop.cancelled() => return Err(stopped(Rows::default())),
    };
    let consent = Consent::take(&mut job);
    match tool {
        Tool::Operation(operation) if operation.kind.writes() => {
            change::of_operation(&sentinel, through.as_deref(), operation, job, consent).await
        }
        Tool::Operation(operation) => match through {
            Some(through) => Ok(through.read(operation, &job, call(&job)).await?.into()),
            None => read(&sentinel, operation, job).await,
        },
        Tool::Undo => change::undo(&sentinel, job, consent).await,
        Tool::Journal => {
            let work = tokio::task::spawn_blocking(move || journal::list(&sentinel, &job.arguments));
            work.await.unwrap_or(Err(Error::ShutDown))
        }
        Tool::CacheStatus => Ok(held::status(&sentinel).await),
        Tool::CacheClear => Ok(held::clear(&sentinel).await),
    }
}

/// What operations are told of a job, and what they tell of it.
fn call(job: &Job) -> Call {
    let (events, wanted) = (job.events.clone(), job.wants.progress);
    Call {
        correlation_id: Some(job.call_id.clone()),
        timeout: Some(job.deadline),
        listener: Listener::new(move |stage| {
            if let (Stage::Workspace { name, done, total }, true) = (stage, wanted) {
                let percent = (total > 1).then(|| done as f64 * 100.0 / total as f64);
                let text = format!("{done} of {total} workspaces read ({name})");
                // Whoever is too slow for a record misses it.
                let _ = events.try_send(JobEvent::Progress(ProgressRecord { percent, text }));
            }
        }),
    }
}

/// A read's own time ends this much after the call's: were it the same moment, it would be chance whether the call is answered
/// as one that met its deadline, or as one whose workspaces failed.
const AFTER_THE_CLOCK: Duration = Duration::from_secs(1);

async fn read(sentinel: &Sentinel, operation: &'static Operation, mut job: Job) -> Result<Done, Error> {
    let mut rows = Rows::default();
    let arguments = std::mem::take(&mut job.arguments);
    let mut call = call(&job);
    call.timeout = Some(job.deadline.saturating_add(AFTER_THE_CLOCK));
    let mut reading = tokio::select! {
        reading = sentinel.read(operation, arguments, &call) => reading?,
        () = job.stop.cancelled() => return Err(stopped(rows)),
    };
    loop {
        let item = tokio::select! {
            item = reading.next() => item,
            () = job.stop.cancelled() => return Err(stopped(rows)),
        };
        match item {
            Some(Item::Row(row)) if rows.push(&row) => {}
            Some(Item::Failure(failure)) => rows.fail(&failure),
            Some(Item::Row(_)) | None => return Ok(rows.into_output().into()),
        }
    }
}

/// The job was stopped; what it had read is in the answer.
fn stopped(rows: Rows) -> Error {
    Error::Cancelled { abandoned: false, output: Box::new(rows.into_output()) }
}
