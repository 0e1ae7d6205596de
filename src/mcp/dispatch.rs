//! From a call to its reply: admission, the tool, its arguments, the job, and exactly one answer.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use tokio::sync::{Semaphore, mpsc};

use super::{
    call::{Executor, Job, Running, ToolCall},
    finder::{Resolved, resolve},
    progress::{Meter, ProgressRecord, ProgressSink, ProgressUpdate},
    reply::Reply,
    shutdown::Shutdown,
};
use crate::{
    Error, Output,
    catalog::{self, Catalog, CatalogFeed},
};

/// Progress records that may wait to become updates.
const PROGRESS_RECORDS: usize = 16;

/// Limits of calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallLimits {
    /// From the admission of a call to its answer.
    pub(crate) deadline: Duration,
    /// Calls under way at once.
    pub(crate) calls: usize,
}

/// Answers calls.
pub(crate) struct Dispatcher {
    executor: Arc<dyn Executor>,
    catalog: CatalogFeed,
    admission: Semaphore,
    limits: CallLimits,
    shutdown: Shutdown,
}

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Reply {
        call_id: String,
        reply: Reply,
    },
    /// There is no such tool; what there is instead.
    UnknownTool(String),
    /// The tools are not known, and why.
    NoCatalog(String),
    /// The client does not want an answer any more.
    Cancelled,
}

impl Dispatcher {
    pub(crate) fn new(
        executor: Arc<dyn Executor>,
        catalog: CatalogFeed,
        limits: CallLimits,
        shutdown: Shutdown,
    ) -> Self {
        Self { executor, catalog, admission: Semaphore::new(limits.calls), limits, shutdown }
    }

    /// The catalogue; waits for it while nothing is known of it.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn catalog(&self) -> Result<Arc<Catalog>, String> {
        self.unless_ending(self.catalog.current()).await
    }

    /// What announces that clients should list the tools again.
    pub(crate) fn feed(&self) -> &CatalogFeed {
        &self.catalog
    }

    /// Waits until the server begins to end.
    pub(crate) async fn ending(&self) {
        self.shutdown.begun().await;
    }

    /// The catalogue that a call is checked against. What the cache does not know, or does not agree with, PowerShell itself
    /// is asked for.
    async fn catalog_for(&self, call: &ToolCall) -> Result<Arc<Catalog>, String> {
        if !self.catalog.is_definite()
            && let Some(progress) = &call.progress
        {
            let message = "PowerShell is starting".to_owned();
            progress(ProgressUpdate { progress: 0.0, total: None, message }).await;
        }
        let catalog = self.catalog().await?;
        let fits = || match resolve(&catalog, &call.tool, call.arguments.clone()) {
            Resolved::Tool(tool, arguments) => catalog::bind(tool, arguments).is_ok(),
            Resolved::Reply(reply) => !reply.is_error,
            Resolved::Unknown(_) => false,
        };
        if self.catalog.is_definite() || fits() {
            return Ok(catalog);
        }
        self.unless_ending(self.catalog.definite()).await
    }

    async fn unless_ending(
        &self,
        catalog: impl Future<Output = Result<Arc<Catalog>, String>>,
    ) -> Result<Arc<Catalog>, String> {
        tokio::select! {
            catalog = catalog => catalog,
            () = self.shutdown.calls_cancelled() => Err("the server is shutting down".to_owned()),
        }
    }

    /// Answers a call. A panic on the way is an answer too.
    pub(crate) async fn call(&self, call: ToolCall) -> Outcome {
        let call_id = uuid::Uuid::now_v7().to_string();
        let guarded = AssertUnwindSafe(self.answer(call, &call_id)).catch_unwind();
        guarded.await.unwrap_or_else(|_| {
            tracing::error!(call_id, "a tool call panicked");
            let text = format!(
                "Internal failure in this call (id {call_id}); the server goes on. Its log has the details."
            );
            Outcome::Reply { call_id: call_id.clone(), reply: Reply::failure(text) }
        })
    }

    async fn answer(&self, call: ToolCall, call_id: &str) -> Outcome {
        let reply = |reply| Outcome::Reply { call_id: call_id.to_owned(), reply };
        let Ok(_permit) = self.admission.try_acquire() else {
            return reply(Reply::failure(format!(
                "Busy: {} calls are under way, which is the limit. Try again when some are answered.",
                self.limits.calls
            )));
        };
        let cancelled = call.cancelled.clone();
        tokio::select! {
            biased;
            () = cancelled.cancelled() => Outcome::Cancelled,
            () = self.shutdown.calls_cancelled() => reply(Reply::of_error(&Error::ShutDown)),
            outcome = self.carry_out(call, call_id) => outcome,
        }
    }

    async fn carry_out(&self, call: ToolCall, call_id: &str) -> Outcome {
        let catalog = match self.catalog_for(&call).await {
            Ok(catalog) => catalog,
            Err(reason) => return Outcome::NoCatalog(reason),
        };
        let reply = |reply| Outcome::Reply { call_id: call_id.to_owned(), reply };
        let (tool, arguments) = match resolve(&catalog, &call.tool, call.arguments) {
            Resolved::Tool(tool, arguments) => (tool, arguments),
            Resolved::Reply(answer) => return reply(answer),
            Resolved::Unknown(text) => return Outcome::UnknownTool(text),
        };
        let arguments = match catalog::bind(tool, arguments) {
            Ok(arguments) => arguments,
            Err(correction) => return reply(Reply::failure(correction.text())),
        };
        let (sender, records) = mpsc::channel(PROGRESS_RECORDS);
        let running = self.executor.execute(Job {
            target: tool.target.clone(),
            arguments: arguments.parameters,
            input: arguments.input,
            deadline: self.limits.deadline,
            call_id: call_id.to_owned(),
            progress: call.progress.is_some().then_some(sender),
        });
        let result = match call.progress {
            None => running.await,
            Some(sink) => with_progress(running, records, &sink).await,
        };
        reply(match result {
            Ok(output) => Reply::of_output(&output),
            Err(error) => {
                tracing::info!(call_id, tool = tool.name, code = error.code(), "a tool call failed");
                Reply::of_error(&error)
            }
        })
    }
}

/// Runs a job and takes its progress to the client. All updates are on their way before the result is.
async fn with_progress(
    mut running: Running,
    mut records: mpsc::Receiver<ProgressRecord>,
    sink: &ProgressSink,
) -> Result<Output, Error> {
    let mut meter = Meter::new();
    loop {
        let due = meter.due();
        let wait = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            result = &mut running => return result,
            Some(record) = records.recv() => meter.record(record),
            () = wait => {
                if let Some(update) = meter.update() {
                    sink(update).await;
                }
            }
        }
    }
}
