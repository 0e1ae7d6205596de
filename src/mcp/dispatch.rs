//! From a call to its reply: admission, the tool, its arguments, the job, and exactly one answer.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};

use super::{
    admission::{Admission, Entry},
    call::{Executor, Job, Running, ToolCall},
    progress::{Meter, ProgressRecord, ProgressSink},
    reply::Reply,
    shutdown::Shutdown,
};
use crate::{
    Error, Output,
    catalog::{self, Catalog, ToolSpec},
};

/// Progress records that may wait to become updates.
const PROGRESS_RECORDS: usize = 16;

/// How often a server that is to be replaced looks whether its calls have ended.
const IDLE_POLL: Duration = Duration::from_millis(5);

/// What is left of its time to a call whose turn came at its end.
const LEAST: Duration = Duration::from_millis(1);

/// Limits of calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallLimits {
    /// From the moment the tools are known to the answer of a call.
    pub(crate) deadline: Duration,
    /// Calls under way at once, waiting ones included.
    pub(crate) calls: usize,
    /// Calls of one client under way at once.
    pub(crate) calls_of_one: usize,
    /// Calls that are with the executor at once. The others wait in turn, client by client.
    pub(crate) executing: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(55), calls: 512, calls_of_one: 256, executing: 64 }
    }
}

/// What is known of the catalogue.
#[derive(Debug, Clone)]
pub(crate) enum CatalogState {
    /// PowerShell is being asked.
    Loading,
    Ready(Arc<Catalog>),
    /// Why there is none.
    Failed(Arc<str>),
}

/// Answers calls.
pub(crate) struct Dispatcher {
    executor: Arc<dyn Executor>,
    catalog: watch::Receiver<CatalogState>,
    admission: Admission,
    limits: CallLimits,
    shutdown: Shutdown,
    /// From when on the process may be replaced; `None`: never.
    replaceable: Option<Instant>,
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
        catalog: watch::Receiver<CatalogState>,
        limits: CallLimits,
        shutdown: Shutdown,
    ) -> Self {
        let admission = Admission::new(limits);
        Self { executor, catalog, admission, limits, shutdown, replaceable: None }
    }

    /// The process may be replaced from then on: calls that only a fresh one can carry out are left to it.
    pub(crate) fn replaceable(mut self, from: Option<Instant>) -> Self {
        self.replaceable = from;
        self
    }

    /// Waits until no call is under way but those that are left to the next process.
    pub(crate) async fn idle(&self) {
        while self.admission.under_way() > 0 {
            tokio::time::sleep(IDLE_POLL).await;
        }
    }

    /// The catalogue; waits for it while it is being made.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn catalog(&self) -> Result<Arc<Catalog>, String> {
        let mut catalog = self.catalog.clone();
        let state = tokio::select! {
            state = catalog.wait_for(|state| !matches!(state, CatalogState::Loading)) => {
                state.map(|state| state.clone()).ok()
            }
            () = self.shutdown.calls_cancelled() => return Err("the server is shutting down".to_owned()),
        };
        match state {
            Some(CatalogState::Ready(catalog)) => Ok(catalog),
            Some(CatalogState::Failed(reason)) => Err(reason.to_string()),
            Some(CatalogState::Loading) | None => {
                Err("finding them failed inside the server; see its log".to_owned())
            }
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
        let entry = match self.admission.enter(&call.caller.client) {
            Ok(entry) => entry,
            Err(busy) => return reply(Reply::failure(busy.to_string())),
        };
        let cancelled = call.cancelled.clone();
        tokio::select! {
            biased;
            () = cancelled.cancelled() => Outcome::Cancelled,
            () = self.shutdown.calls_cancelled() => reply(self.stopped()),
            outcome = self.carry_out(call, call_id, entry) => outcome,
        }
    }

    /// The answer of a call that was stopped because the server ends.
    fn stopped(&self) -> Reply {
        match self.shutdown.draining() {
            None => Reply::of_error(&Error::ShutDown),
            Some(reason) => Reply::failure(format!(
                "This call was stopped: the server replaces itself, because {reason}. What the call did until then stays \
                 done; the server answers again in a moment."
            )),
        }
    }

    async fn carry_out(&self, call: ToolCall, call_id: &str, entry: Entry) -> Outcome {
        let catalog = match self.catalog().await {
            Ok(catalog) => catalog,
            Err(reason) => return Outcome::NoCatalog(reason),
        };
        // From here on: the start of the server is nothing that a call can be too slow for.
        let deadline = Instant::now() + self.limits.deadline;
        let Some(tool) = catalog.get(&call.tool).filter(|tool| call.caller.grants.shows(&tool.name)) else {
            return Outcome::UnknownTool(unknown_tool(&call.tool, &catalog));
        };
        let reply = |reply| Outcome::Reply { call_id: call_id.to_owned(), reply };
        let arguments = match catalog::bind(tool, call.arguments) {
            Ok(arguments) => arguments,
            Err(mistakes) => return reply(Reply::failure(correction(tool, &mistakes))),
        };
        if !call.caller.grants.allow(&tool.name, &arguments) {
            return reply(Reply::failure(format!(
                "Not permitted: the token's scopes do not allow {} with these arguments.",
                tool.name
            )));
        }
        let Ok(_turn) = tokio::time::timeout_at(deadline, entry.turn()).await else {
            let (waited, running) = (self.limits.deadline, self.limits.executing);
            return reply(Reply::of_error(&Error::AcquireTimeout { waited, running, max: running }));
        };
        let (sender, records) = mpsc::channel(PROGRESS_RECORDS);
        let running = self.executor.execute(Job {
            target: tool.target.clone(),
            arguments,
            deadline: deadline.saturating_duration_since(Instant::now()).max(LEAST),
            call_id: call_id.to_owned(),
            principal: call.caller.principal.clone(),
            progress: call.progress.is_some().then_some(sender),
        });
        let result = match call.progress {
            None => running.await,
            Some(sink) => with_progress(running, records, &sink).await,
        };
        reply(match result {
            Ok(output) => Reply::of_output(&output),
            Err(error) if self.needs_another_process(&error) => {
                // It did not begin: the next process carries it out, and nobody notices.
                if call.defer.as_ref().is_some_and(|defer| defer()) {
                    drop(entry);
                    return std::future::pending().await;
                }
                let text = "the server replaces itself; call again in a few seconds";
                Reply::failure(format!("{}: {error}. This call did not begin; {text}.", error.code()))
            }
            Err(error) => {
                tracing::info!(call_id, tool = tool.name, code = error.code(), "a tool call failed");
                Reply::of_error(&error)
            }
        })
    }
}

impl Dispatcher {
    /// True for errors of calls that were refused before they began, and that a fresh process would carry out.
    fn needs_another_process(&self, error: &Error) -> bool {
        matches!(error, Error::PowerShellChanged { .. } | Error::Degraded { .. })
            && self.replaceable.is_some_and(|from| Instant::now() >= from)
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

fn unknown_tool(name: &str, catalog: &Catalog) -> String {
    const NAMED: usize = 40;
    let names: Vec<&str> = catalog.iter().map(|tool| tool.name.as_str()).take(NAMED).collect();
    let more = if catalog.len() > NAMED { ", …" } else { "" };
    let name: String = name.chars().take(80).collect();
    format!("Unknown tool '{name}'. There are: {}{more}", names.join(", "))
}

/// What was wrong with the arguments, and what a call looks like.
fn correction(tool: &ToolSpec, mistakes: &[String]) -> String {
    let mut text = format!("The arguments do not fit {}:", tool.name);
    for mistake in mistakes {
        text.push_str("\n- ");
        text.push_str(mistake);
    }
    let required: Vec<String> = tool
        .parameters
        .iter()
        .filter(|parameter| parameter.required)
        .map(|parameter| format!("{} ({})", parameter.name, parameter.takes()))
        .collect();
    if !required.is_empty() {
        text.push_str(&format!("\nRequired: {}.", required.join("; ")));
    }
    text
}
