//! From a call to its reply: admission, the tool, its arguments, the job, and exactly one answer.

mod conduct;
mod errands;
mod limits;
mod replacement;
mod work;

use std::{
    sync::{Arc, Weak},
    time::Instant,
};

use arc_swap::ArcSwapOption;
use serde_json::{Map, Value};
use tracing::Instrument as _;

pub(crate) use self::limits::CallLimits;
use super::{
    admission::{Admission, Place},
    call::{Asking, Caller, Defer, Executor, ToolCall},
    client::Client,
    completions::Guess,
    errand::{Errand, Errands, Listener},
    listener::Direct,
    question::Form,
    reply::Reply,
    results::{ResultStore, StoreLimits},
    shutdown::Shutdown,
};
use crate::{
    catalog::{Catalog, CatalogFeed, Listing, ToolSpec},
    observe::{Audit, DigestKey, Subject},
    policy::{Offer, Policy},
};

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

    /// The tools that clients see; waits while nothing is known of them.
    ///
    /// # Errors
    /// Why they are not known.
    pub(crate) async fn listed(&self) -> Result<Arc<Catalog>, String> {
        let catalog = self.catalog().await?;
        Ok(Arc::clone(&self.offer(catalog)?.listed))
    }

    /// The list of tools, if it is there before the tools are; waits while nothing is known of either.
    pub(crate) async fn listing(&self) -> Option<Arc<Listing>> {
        tokio::select! {
            listing = self.catalog.listing() => listing,
            () = self.shutdown.calls_cancelled() => None,
        }
    }

    /// A catalogue under the policy. The same catalogue is looked at once.
    fn offer(&self, catalog: Arc<Catalog>) -> Result<Arc<Offer>, String> {
        if let Some(known) = self.offered.load_full().filter(|known| Arc::ptr_eq(&known.source, &catalog)) {
            return Ok(known);
        }
        let offer = Arc::new(self.policy.offer(catalog)?);
        self.offered.store(Some(Arc::clone(&offer)));
        let listed = Arc::clone(&offer.listed);
        tokio::task::spawn_blocking(move || listed.prepare_search());
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
}

/// The beginning of a name that a client gave.
fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}
