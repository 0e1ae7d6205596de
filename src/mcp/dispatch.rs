//! From a call to its reply: admission, the tool, its arguments, the job, and exactly one answer.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use tokio::sync::{Semaphore, mpsc, watch};

use arc_swap::ArcSwapOption;

use super::{
    call::{Executor, Job, Running, ToolCall},
    progress::{Meter, ProgressRecord, ProgressSink},
    reply::Reply,
    shutdown::Shutdown,
};
use crate::{
    Error, Output,
    catalog::{self, Catalog, ToolSpec},
    policy::{Offer, Policy, Verdict},
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
    policy: Policy,
    /// What the policy made of the last catalogue.
    offered: ArcSwapOption<Offer>,
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
        catalog: watch::Receiver<CatalogState>,
        policy: Policy,
        limits: CallLimits,
        shutdown: Shutdown,
    ) -> Self {
        let admission = Semaphore::new(limits.calls);
        Self { executor, catalog, policy, offered: ArcSwapOption::empty(), admission, limits, shutdown }
    }

    /// The tools that clients see; waits while they are being found.
    ///
    /// # Errors
    /// Why they are not known.
    pub(crate) async fn listed(&self) -> Result<Arc<Catalog>, String> {
        Ok(Arc::clone(&self.offer().await?.listed))
    }

    /// The catalogue under the policy. The same catalogue is looked at once.
    async fn offer(&self) -> Result<Arc<Offer>, String> {
        let catalog = self.catalog().await?;
        if let Some(known) = self.offered.load_full().filter(|known| Arc::ptr_eq(&known.source, &catalog)) {
            return Ok(known);
        }
        let offer = Arc::new(self.policy.offer(catalog)?);
        self.offered.store(Some(Arc::clone(&offer)));
        Ok(offer)
    }

    /// The catalogue; waits for it while it is being made.
    ///
    /// # Errors
    /// Why there is none.
    async fn catalog(&self) -> Result<Arc<Catalog>, String> {
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
        let offer = match self.offer().await {
            Ok(offer) => offer,
            Err(reason) => return Outcome::NoCatalog(reason),
        };
        let Some(tool) = offer.all.get(&call.tool) else {
            return Outcome::UnknownTool(unknown_tool(&call.tool, &offer.listed));
        };
        let reply = |reply| Outcome::Reply { call_id: call_id.to_owned(), reply };
        if let Some(reason) = self.policy.bars(tool) {
            return reply(refusal(call_id, tool, reason));
        }
        let arguments = match catalog::bind(tool, call.arguments) {
            Ok(arguments) => arguments,
            Err(mistakes) => return reply(Reply::failure(correction(tool, &mistakes))),
        };
        // What PowerShell would get is judged, not what the client wrote: an alias is no disguise.
        let (arguments, planned) = match self.policy.review(tool, arguments, &[]) {
            Verdict::Run(arguments) => (arguments, false),
            Verdict::Plan(arguments) => (arguments, true),
            Verdict::Refused(reason) => return reply(refusal(call_id, tool, reason)),
        };
        let (sender, records) = mpsc::channel(PROGRESS_RECORDS);
        let running = self.executor.execute(Job {
            target: tool.target.clone(),
            arguments,
            deadline: self.limits.deadline,
            call_id: call_id.to_owned(),
            progress: call.progress.is_some().then_some(sender),
        });
        let result = match call.progress {
            None => running.await,
            Some(sink) => with_progress(running, records, &sink).await,
        };
        let answer = match result {
            Ok(output) => Reply::of_output(&output),
            Err(error) => {
                tracing::info!(call_id, tool = tool.name, code = error.code(), "a tool call failed");
                Reply::of_error(&error)
            }
        };
        reply(if planned { answer.of_plan() } else { answer })
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

fn refusal(call_id: &str, tool: &ToolSpec, reason: String) -> Reply {
    tracing::info!(call_id, tool = tool.name, reason, "a tool call was refused");
    Reply::failure(reason)
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
