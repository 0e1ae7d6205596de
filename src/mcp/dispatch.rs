//! From a call to its reply: admission, the tool, its arguments, the job, and exactly one answer.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use futures_util::FutureExt as _;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{
    admission::{Admission, Place},
    call::{Asking, Caller, Defer, Done, Executor, Job, JobEvent, LogLevel, ToolCall, Wants},
    client::Client,
    completions::Guess,
    conduct::{Audience, Clock, Conducted, Unanswered, conduct},
    errand::{Errand, Errands, Follower, Listener, Standing},
    finder::{Resolved, resolve},
    listener::Direct,
    options::{CallOptions, requested_timeout},
    progress::ProgressRecord,
    question::Form,
    reply::{Reply, View},
    results::{self, Budget, GET_RESULT, ResultStore, StoreLimits},
    shutdown::Shutdown,
};
use crate::{
    Error,
    catalog::{self, Catalog, CatalogFeed, ToolSpec},
    observe::{Audit, DigestKey, Entry, Subject},
    policy::{Mode, Offer, Policy, Verdict},
};

/// Events of a job that may wait for those who follow it.
const EVENTS: usize = 256;

/// How often a server that is to be replaced looks whether its calls have ended.
const IDLE_POLL: Duration = Duration::from_millis(5);

/// How long a call waits for the replacement of the process to begin.
const UNDECIDED: Duration = Duration::from_secs(10);

/// Limits of calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallLimits {
    /// From the admission of a call to its answer, unless the client is told of its progress meanwhile.
    pub(crate) deadline: Duration,
    /// The same for calls whose client is told of progress, or has taken a task.
    pub(crate) long_deadline: Duration,
    /// A client that takes tasks gets one for a call that takes longer.
    pub(crate) task_after: Duration,
    /// Calls under way at once, waiting ones included.
    pub(crate) calls: usize,
    /// Calls of one client under way at once.
    pub(crate) calls_of_one: usize,
    /// Calls that are with the executor at once. The others wait in turn, client by client.
    pub(crate) executing: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(55),
            long_deadline: Duration::from_secs(300),
            task_after: Duration::from_secs(2),
            calls: 512,
            calls_of_one: 256,
            executing: 128,
        }
    }
}

/// Answers calls.
pub(crate) struct Dispatcher {
    executor: Arc<dyn Executor>,
    catalog: CatalogFeed,
    policy: Policy,
    /// What the policy made of the last catalogue.
    offered: ArcSwapOption<Offer>,
    admission: Admission,
    limits: CallLimits,
    shutdown: Shutdown,
    /// From when on the process may be replaced; `None`: never.
    replaceable: Option<Instant>,
    audit: Option<Arc<Audit>>,
    digests: DigestKey,
    pub(crate) results: ResultStore,
    pub(crate) errands: Errands,
    /// For calls that go on after their request.
    this: Weak<Self>,
}

/// How a call ended.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Reply {
        call_id: String,
        reply: Reply,
    },
    /// A question; the client repeats the request with the answer and this state.
    Asked {
        call_id: String,
        form: Form,
        state: String,
    },
    /// It goes on as a task.
    Task {
        call_id: String,
        errand: Arc<Errand>,
    },
    /// There is no such tool; what there is instead.
    UnknownTool(String),
    /// The tools are not known, and why.
    NoCatalog(String),
    /// The client does not want an answer any more.
    Cancelled,
}

/// A call on its way through the dispatcher.
struct Request {
    call_id: String,
    tool: String,
    arguments: Map<String, Value>,
    caller: Caller,
    client: Client,
    begun: Instant,
    /// The client hears of progress or has a task.
    long: bool,
    /// `None` once the call is another process's.
    place: Option<Place>,
    defer: Option<Defer>,
}

impl Dispatcher {
    pub(crate) fn new(
        executor: Arc<dyn Executor>,
        catalog: CatalogFeed,
        policy: Policy,
        limits: CallLimits,
        shutdown: Shutdown,
        audit: Option<Arc<Audit>>,
        replaceable: Option<Instant>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            executor,
            catalog,
            policy,
            offered: ArcSwapOption::empty(),
            admission: Admission::new(limits),
            limits,
            shutdown,
            replaceable,
            audit,
            digests: DigestKey::random(),
            results: ResultStore::new(StoreLimits::default()),
            errands: Errands::default(),
            this: this.clone(),
        })
    }

    /// Waits until no call is under way but those that are left to the next process.
    pub(crate) async fn idle(&self) {
        while self.admission.under_way() > 0 {
            tokio::time::sleep(IDLE_POLL).await;
        }
    }

    /// True for errors of calls that were refused before they began, and that a fresh process would carry out.
    fn needs_another_process(&self, error: &Error) -> bool {
        matches!(error, Error::PowerShellChanged { .. } | Error::Degraded { .. })
            && self.replaceable.is_some_and(|from| Instant::now() >= from)
    }

    /// The tools that clients see; waits while nothing is known of them.
    ///
    /// # Errors
    /// Why they are not known.
    pub(crate) async fn listed(&self) -> Result<Arc<Catalog>, String> {
        let catalog = self.catalog().await?;
        Ok(Arc::clone(&self.offer(catalog)?.listed))
    }

    /// A catalogue under the policy. The same catalogue is looked at once.
    fn offer(&self, catalog: Arc<Catalog>) -> Result<Arc<Offer>, String> {
        if let Some(known) = self.offered.load_full().filter(|known| Arc::ptr_eq(&known.source, &catalog)) {
            return Ok(known);
        }
        let offer = Arc::new(self.policy.offer(catalog)?);
        self.offered.store(Some(Arc::clone(&offer)));
        Ok(offer)
    }

    /// The catalogue; waits for it while nothing is known of it.
    ///
    /// # Errors
    /// Why there is none.
    async fn catalog(&self) -> Result<Arc<Catalog>, String> {
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
    async fn catalog_for(
        &self,
        request: &Request,
        events: &mpsc::Sender<JobEvent>,
    ) -> Result<Arc<Catalog>, String> {
        if !self.catalog.is_definite() {
            let text = "PowerShell is starting".to_owned();
            let _ = events.try_send(JobEvent::Progress(ProgressRecord { percent: None, text }));
        }
        let catalog = self.catalog().await?;
        let fits = |tool: &ToolSpec| {
            let mut arguments = request.arguments.clone();
            CallOptions::take(tool, &mut arguments).is_ok() && catalog::bind(tool, arguments).is_ok()
        };
        if self.catalog.is_definite() || catalog.get(&request.tool).is_some_and(fits) {
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
        // Of the highest level, so that every line of the call has it, whatever is logged.
        let span = tracing::error_span!("call", call_id, tool = %shortened(&call.tool));
        self.answer(call, call_id).instrument(span).await
    }

    async fn answer(&self, mut call: ToolCall, call_id: String) -> Outcome {
        let outlives = call.tasks || call.answers.is_some() || matches!(call.asking, Asking::Rounds);
        let digest = match outlives || self.audit.is_some() {
            true => self.digests.of(&call.tool, &call.arguments),
            false => String::new(),
        };
        if let Some(mut answers) = call.answers.take() {
            return match self.errands.resume(&call.caller, &digest, &mut answers) {
                Ok(errand) => {
                    errand.listen(Listener::of(&mut call));
                    self.attend(errand, call_id, &call).await
                }
                Err(text) => Outcome::Reply { call_id, reply: Reply::failure(text) },
            };
        }
        let mut entry = Audit::entry(
            self.audit.as_ref(),
            Subject {
                call_id: call_id.clone(),
                principal: Arc::clone(&call.caller.0),
                tool: shortened(&call.tool),
                arguments: digest.clone(),
            },
        );
        entry.mode = self.policy.mode().word();
        if let Some(audit) = &self.audit
            && let Err(text) = audit.admit().await
        {
            entry.close("refused").await;
            return Outcome::Reply { call_id, reply: Reply::failure(text) };
        }
        let place = match self.admission.enter(&call.client.name) {
            Ok(place) => place,
            Err(busy) => {
                entry.close("busy").await;
                return Outcome::Reply { call_id, reply: Reply::failure(busy.to_string()) };
            }
        };
        let request = Request {
            call_id,
            tool: std::mem::take(&mut call.tool),
            arguments: std::mem::take(&mut call.arguments),
            caller: call.caller.clone(),
            client: call.client.clone(),
            begun: Instant::now(),
            long: call.tasks || call.progress.is_some(),
            place: Some(place),
            // A task that was promised cannot be left to a process that does not know of it.
            defer: call.defer.take().filter(|_| !call.tasks),
        };
        if call.tasks || matches!(call.asking, Asking::Rounds) {
            return self.begin_errand(request, entry, digest, &mut call).await;
        }
        let cancelled = call.cancelled.clone();
        let audience = Direct::of(&mut call);
        tokio::select! {
            biased;
            () = cancelled.cancelled() => Outcome::Cancelled,
            outcome = self.guarded(request, entry, &audience) => outcome,
        }
    }

    /// Begins a call that may outlive its request.
    async fn begin_errand(
        &self,
        request: Request,
        entry: Entry,
        digest: String,
        call: &mut ToolCall,
    ) -> Outcome {
        let call_id = request.call_id.clone();
        let wants = Wants {
            progress: call.progress.is_some(),
            log: call.log.as_ref().map(|log| log.level),
            questions: matches!(call.asking, Asking::Rounds),
        };
        let begun = self.errands.begin(call.caller.clone(), digest, Listener::of(call));
        let (errand, this) = match (begun, self.this.upgrade()) {
            (Ok(errand), Some(this)) => (errand, this),
            (Err(text), _) => {
                entry.close("busy").await;
                return Outcome::Reply { call_id, reply: Reply::failure(text) };
            }
            (Ok(_), None) => return Outcome::Cancelled,
        };
        let follower = Follower { errand: Arc::clone(&errand), wants };
        let work = async move {
            let outcome = tokio::select! {
                biased;
                () = follower.errand.cancel.cancelled() => Outcome::Cancelled,
                outcome = this.guarded(request, entry, &follower) => outcome,
            };
            follower.errand.end(outcome);
        };
        tokio::spawn(work.in_current_span());
        self.attend(errand, call_id, call).await
    }

    /// Waits with a request until its errand asks or ends, or becomes a task.
    async fn attend(&self, errand: Arc<Errand>, call_id: String, call: &ToolCall) -> Outcome {
        let patience = async {
            match call.tasks {
                true => tokio::time::sleep(self.limits.task_after).await,
                false => std::future::pending().await,
            }
        };
        let standing = tokio::select! {
            biased;
            standing = errand.settled() => standing,
            () = call.cancelled.cancelled() => {
                errand.cancel.cancel();
                self.errands.remove(&errand);
                return Outcome::Cancelled;
            }
            () = patience => Standing::Working,
        };
        errand.listen(Listener::default());
        match standing {
            Standing::Ended(outcome) => {
                self.errands.remove(&errand);
                outcome
            }
            Standing::Asking { form, state } => Outcome::Asked { call_id, form, state },
            Standing::Working => Outcome::Task { call_id, errand },
        }
    }

    /// Answers even if the work panics, and records how it went.
    async fn guarded(&self, request: Request, entry: Entry, audience: &dyn Audience) -> Outcome {
        let call_id = request.call_id.clone();
        let mut entry = entry;
        let work = AssertUnwindSafe(async {
            tokio::select! {
                biased;
                () = self.shutdown.calls_cancelled() => {
                    (Outcome::Reply { call_id: call_id.clone(), reply: Reply::failure(self.stopped()) }, "shut_down")
                }
                ended = self.carry_out(request, &mut entry, audience) => ended,
            }
        });
        let (outcome, word) = work.catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!("a tool call panicked");
            let text = format!(
                "Internal failure in this call (id {call_id}); the server goes on. Its log has the details."
            );
            (Outcome::Reply { call_id: call_id.clone(), reply: Reply::failure(text) }, "panic")
        });
        entry.close(word).await;
        outcome
    }

    async fn carry_out(
        &self,
        mut request: Request,
        entry: &mut Entry,
        audience: &dyn Audience,
    ) -> (Outcome, &'static str) {
        let call_id = request.call_id.clone();
        let reply = |reply| Outcome::Reply { call_id: call_id.clone(), reply };
        if request.tool == GET_RESULT {
            let answer = self.get_result(&request).await.unwrap_or_else(Reply::failure);
            let word = if answer.is_error { "refused" } else { "ok" };
            return (reply(answer), word);
        }
        let most = if request.long { self.limits.long_deadline } else { self.limits.deadline };
        let deadline = requested_timeout(&request.arguments).map_or(most, |timeout| timeout.min(most));
        let (sender, events) = mpsc::channel(EVENTS);
        let clock = Clock { deadline, stop: CancellationToken::new() };
        let work = self.work(&mut request, entry, audience.wants(), sender, &clock);
        let Conducted { result, unanswered } = conduct(work, events, audience, clock.clone()).await;
        match result {
            Worked::Ended(outcome, word) => (outcome, word),
            Worked::Ran { result, options, planned } => {
                let result = result.map_err(|error| timed_out(error, &clock));
                let (answer, word) = self.render(&request, result, &options, unanswered.as_ref());
                (reply(if planned { answer.of_plan() } else { answer }), word)
            }
        }
    }

    /// Everything from the tool's name to the end of its job.
    async fn work(
        &self,
        request: &mut Request,
        entry: &mut Entry,
        wants: Wants,
        events: mpsc::Sender<JobEvent>,
        clock: &Clock,
    ) -> Worked {
        let catalog = tokio::select! {
            catalog = self.catalog_for(request, &events) => catalog,
            () = clock.stop.cancelled() => Err(format!("PowerShell was not ready within {} s", clock.deadline.as_secs())),
        };
        let offer = match catalog.and_then(|catalog| self.offer(catalog)) {
            Ok(offer) => offer,
            Err(reason) => return Worked::Ended(Outcome::NoCatalog(reason), "no_catalog"),
        };
        // By whatever name it was called.
        if let Some(tool) = offer.all.get(&request.tool) {
            request.tool.clone_from(&tool.name);
        }
        let grants = &request.client.grants;
        let reply = |text| Outcome::Reply { call_id: request.call_id.clone(), reply: Reply::failure(text) };
        if !grants.shows(&request.tool) {
            return Worked::Ended(Outcome::UnknownTool(offer.listed.unknown(&request.tool)), "unknown_tool");
        }
        let (tool, mut arguments) =
            match resolve(&offer, &request.tool, std::mem::take(&mut request.arguments)) {
                Resolved::Tool(tool, arguments) => (tool, arguments),
                Resolved::Reply(answer) => {
                    let word = if answer.is_error { "refused" } else { "ok" };
                    return Worked::Ended(
                        Outcome::Reply { call_id: request.call_id.clone(), reply: answer },
                        word,
                    );
                }
                Resolved::Unknown(text) => return Worked::Ended(Outcome::UnknownTool(text), "unknown_tool"),
            };
        let forbidden =
            || format!("Not permitted: the token's scopes do not allow {} with these arguments.", tool.name);
        if !grants.shows(&tool.name) {
            return Worked::Ended(reply(forbidden()), "forbidden");
        }
        if let Some(reason) = self.policy.bars(tool) {
            tracing::info!(reason, "a tool call was refused");
            return Worked::Ended(reply(reason), "refused");
        }
        let options = match CallOptions::take(tool, &mut arguments) {
            Ok(options) => options,
            Err(mistakes) => {
                let text = format!("The arguments do not fit {}:\n- {}", tool.name, mistakes.join("\n- "));
                return Worked::Ended(reply(text), "refused");
            }
        };
        let bound = match catalog::bind(tool, arguments) {
            Ok(bound) => bound,
            Err(correction) => return Worked::Ended(reply(correction.text()), "refused"),
        };
        if !grants.allow(&tool.name, &bound.parameters) {
            return Worked::Ended(reply(forbidden()), "forbidden");
        }
        // What PowerShell would get is judged, not what the client wrote: an alias is no disguise.
        let input = bound.input.as_deref().unwrap_or_default();
        let (mut arguments, planned) = match self.policy.review(tool, bound.parameters, input) {
            Verdict::Run(arguments) => (arguments, false),
            Verdict::Plan(arguments) => (arguments, true),
            Verdict::Refused(reason) => {
                tracing::info!(reason, "a tool call was refused");
                return Worked::Ended(reply(reason), "refused");
            }
        };
        options.apply(&mut arguments);
        if bound.dry_run {
            entry.mode = "dry_run";
        }
        if tool.has_common_parameters && wants.log == Some(LogLevel::Debug) {
            arguments.entry("Verbose").or_insert(Value::Bool(true));
        }
        let next = async {
            match &request.place {
                Some(place) => Some(place.turn().await),
                None => None,
            }
        };
        let turn = tokio::select! {
            turn = next => turn,
            () = clock.stop.cancelled() => {
                let (waited, running) = (clock.deadline, self.limits.executing);
                let result = Err(Error::AcquireTimeout { waited, running, max: running });
                return Worked::Ran { result, options, planned };
            }
        };
        let left = clock.deadline.saturating_sub(request.begun.elapsed()).max(Duration::from_millis(1));
        let job = Job {
            target: tool.target.clone(),
            arguments,
            input: bound.input,
            deadline: left,
            call_id: request.call_id.clone(),
            affinity: request.client.affinity.clone(),
            events,
            wants,
            stop: clock.stop.clone(),
            may_write: self.policy.mode() == Mode::Write,
        };
        let result = self.executor.execute(job).await;
        drop(turn);
        match result {
            Err(error) if self.needs_another_process(&error) => self.leave(request, &error).await,
            result => Worked::Ran { result, options, planned },
        }
    }

    /// A call that did not begin: the next process carries it out, and nobody notices. What cannot be left to it is refused.
    async fn leave(&self, request: &mut Request, error: &Error) -> Worked {
        if request.defer.as_ref().is_some_and(|defer| defer()) {
            request.place = None;
            tokio::time::sleep(UNDECIDED).await;
            if self.shutdown.is_draining() {
                return std::future::pending().await;
            }
            // What was wrong with the engine has passed.
        }
        let text = format!(
            "{error} [{}]. This call did not begin; the server puts that right by itself, call again in a few seconds.",
            error.code()
        );
        let reply = Reply::failure(text);
        Worked::Ended(Outcome::Reply { call_id: request.call_id.clone(), reply }, error.code())
    }

    /// What a call is told that was stopped because the server ends.
    fn stopped(&self) -> String {
        match self.shutdown.draining() {
            None => format!("{} [{}]", Error::ShutDown, Error::ShutDown.code()),
            Some(reason) => format!(
                "This call was stopped: the server replaces itself, because {reason}. What the call did until then stays \
                 done; the server answers again in a moment."
            ),
        }
    }

    /// What the client gets of a job's end, and the word for it.
    fn render(
        &self,
        request: &Request,
        result: Result<Done, Error>,
        options: &CallOptions,
        unanswered: Option<&Unanswered>,
    ) -> (Reply, &'static str) {
        let view = View {
            fields: &options.fields,
            first: options.first,
            budget: Budget::default(),
            keep: &|output| self.results.keep(&request.caller, &request.tool, output.clone()),
            unanswered,
            confirmable: options.confirmable,
        };
        match result {
            Ok(Done { output, remark }) => {
                let reply = Reply::of_output(&output, &view);
                let word = if reply.is_error { "error" } else { "ok" };
                match remark {
                    Some(remark) => remark.on(reply),
                    None => (reply, word),
                }
            }
            Err(error) => {
                tracing::info!(code = error.code(), "a tool call failed");
                (Reply::of_error(&error, &view), error.code())
            }
        }
    }

    /// Why no call of this tool runs, whatever its arguments.
    pub(crate) fn bars(&self, tool: &ToolSpec) -> Option<String> {
        self.policy.bars(tool)
    }

    /// What PowerShell proposes for a parameter.
    pub(crate) async fn guess(&self, guess: Guess) -> Vec<String> {
        let Ok(_place) = self.admission.enter(&"completions".into()) else { return Vec::new() };
        tokio::select! {
            values = self.executor.guess(guess) => values,
            () = self.shutdown.calls_cancelled() => Vec::new(),
        }
    }

    async fn get_result(&self, request: &Request) -> Result<Reply, String> {
        let arguments = request.arguments.clone();
        let id = arguments.get("result").and_then(Value::as_str).unwrap_or_default();
        let kept = self.results.find(&request.caller, id)?;
        // A long result takes a while to read.
        let answer =
            tokio::task::spawn_blocking(move || results::answer(&kept, arguments, Budget::default()));
        answer.await.map_err(|_| "Internal failure while the result was read; the server goes on.".to_owned())
    }
}

/// How far a call came.
enum Worked {
    /// Not to its job.
    Ended(Outcome, &'static str),
    /// `planned`: it ran as `-WhatIf`, because the policy lets it do no more.
    Ran { result: Result<Done, Error>, options: CallOptions, planned: bool },
}

/// A job that the clock stopped was not cancelled by anybody.
fn timed_out(error: Error, clock: &Clock) -> Error {
    match error {
        Error::Cancelled { abandoned, output } if clock.stop.is_cancelled() => {
            Error::Timeout { deadline: clock.deadline, abandoned, output }
        }
        other => other,
    }
}

/// The beginning of a name that a client gave.
fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}
