//! A server's life: the engine warms up, the client is answered, and at the end everything ends in time.

use std::{
    fs::File,
    future::Future,
    io,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use rmcp::ServiceExt as _;

use super::{
    call::Executor,
    dispatch::{CallLimits, Dispatcher},
    handover::{Handover, StdioState},
    instructions::instructions,
    powershell::PowerShell,
    prompts::Prompts,
    resources::Roots,
    routes::Routes,
    sentinel::{self, SentinelFunctions},
    service::{Extras, Service, first_page},
    shutdown::{Cause, Patience, Shutdown},
    transport::StdioTransport,
};
use crate::{
    Engine, Replacement,
    catalog::{CatalogCache, CatalogFeed, Exposure, Keeper, KeeperTask, Lister, Natives, Opening},
    observe::{Audit, AuditSettings},
    policy::{Mode, Policy},
    sentinel::Sentinel,
};

/// An MCP server: tools made of PowerShell commands, run by an engine, for a client at the other end of two files or for
/// clients over HTTP.
#[must_use]
pub struct Server {
    /// `None`: no PowerShell is started.
    engine: Option<Engine>,
    exposure: Exposure,
    policy: Policy,
    cache: Option<CatalogCache>,
    sentinel: Option<sentinel::Operations>,
    /// Operations go through them.
    functions: Option<SentinelFunctions>,
    limits: CallLimits,
    replaceable: Option<Duration>,
    left: Handover,
    extras: Extras,
    audit: Option<Arc<Audit>>,
    opening: Opening,
}

/// How a server ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct End {
    /// Why.
    pub cause: Cause,
    /// After [`Cause::Replace`]: what [`Server::resume`] of the next process takes. It holds what clients sent, and is to be
    /// kept from others.
    pub handover: Vec<u8>,
}

/// What makes a fresh process necessary.
pub(crate) trait Health: Send + Sync {
    /// Why this process should be replaced, if it still should.
    fn replacement(&self) -> Option<Replacement>;
    /// Waits for a reason.
    fn replacement_wanted(&self) -> Pin<Box<dyn Future<Output = Replacement> + Send + '_>>;
}

impl Health for Engine {
    fn replacement(&self) -> Option<Replacement> {
        Engine::replacement(self)
    }

    fn replacement_wanted(&self) -> Pin<Box<dyn Future<Output = Replacement> + Send + '_>> {
        Box::pin(Engine::replacement_wanted(self))
    }
}

/// Of a process without PowerShell.
struct NothingToReplace;

impl Health for NothingToReplace {
    fn replacement(&self) -> Option<Replacement> {
        None
    }

    fn replacement_wanted(&self) -> Pin<Box<dyn Future<Output = Replacement> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}

impl Server {
    /// A server of these commands. The engine should have been built with [`Exposure::configure`].
    pub fn new(engine: Engine, exposure: Exposure) -> Self {
        Self::of(Some(engine), exposure)
    }

    /// A server without commands of PowerShell, which is not started. The exposure's toolsets choose among its tools.
    pub fn without_powershell(exposure: Exposure) -> Self {
        Self::of(None, exposure)
    }

    fn of(engine: Option<Engine>, exposure: Exposure) -> Self {
        Self {
            engine,
            exposure,
            policy: Policy::default(),
            cache: None,
            sentinel: None,
            functions: None,
            limits: CallLimits::default(),
            replaceable: None,
            left: Handover::default(),
            extras: Extras::default(),
            audit: None,
            opening: Opening::default(),
        }
    }

    /// What clients may have done (default: what reads runs, what writes answers with its plan).
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// A folder in which the tools are remembered, so that they are listed before PowerShell is up the next time. Without
    /// one nothing is remembered.
    pub fn catalog_cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(CatalogCache::new(folder));
        self
    }

    /// Offers the operations on Microsoft Sentinel as tools. `connect` is called on a thread of its own as soon as the client has
    /// its list of tools, and may take its time; if it says why there can be none, calls are answered with that. To be called in a tokio runtime with I/O
    /// and time: operations run in it, and what they write goes on in it, whatever becomes of the server
    /// (see [`Sentinel::writes_ended`]).
    pub fn sentinel(mut self, connect: impl FnOnce() -> Result<Sentinel, String> + Send + 'static) -> Self {
        self.sentinel = Some(sentinel::Operations::new(connect, self.opening.clone()));
        self
    }

    /// Carries those operations out by the functions of the module `SentinelManager` in the server's engine, so that functions
    /// that replace them take part. The engine has to be built with [`SentinelFunctions::configure`]; a server without an
    /// engine goes on without them.
    pub fn sentinel_through(mut self, functions: SentinelFunctions) -> Self {
        self.functions = Some(functions);
        self
    }

    /// How long a call may take, waiting included (default 55 s, as most clients give up after 60; 300 s if the client is
    /// told of progress or has taken a task).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.limits.deadline = deadline;
        self.limits.long_deadline = deadline;
        self
    }

    /// Serves the `.md` files of these folders as prompts.
    ///
    /// # Errors
    /// The first file that is not as it must be, and why.
    pub fn prompts(mut self, folders: &[PathBuf]) -> Result<Self, String> {
        self.extras.prompts = Prompts::load(folders)?;
        Ok(self)
    }

    /// Serves the files below these folders as resources.
    ///
    /// # Errors
    /// The first folder that is none.
    pub fn resources(mut self, folders: &[PathBuf]) -> Result<Self, String> {
        self.extras.roots = Roots::new(folders)?;
        Ok(self)
    }

    /// Records every call in a file.
    ///
    /// # Errors
    /// The file cannot be opened, is another process's, or is something else, and calls are to be refused then.
    pub fn audit(mut self, settings: AuditSettings) -> io::Result<Self> {
        self.audit = Some(Audit::open(settings)?);
        Ok(self)
    }

    /// Calls that may be under way at once, waiting ones included: of all clients (default 512), and of one of them (default
    /// 256). One more is told to try again.
    pub fn max_calls(mut self, of_all: usize, of_one: usize) -> Self {
        self.limits.calls = of_all;
        self.limits.calls_of_one = of_one;
        self
    }

    /// Calls that the engine has at once (default 128); the others wait in turn, client by client. A little more than the
    /// engine has runspaces keeps them busy.
    pub fn max_executing(mut self, calls: usize) -> Self {
        self.limits.executing = calls.max(1);
        self
    }

    /// Ends with [`Cause::Replace`] when a fresh process is needed (see [`Engine::replacement_wanted`]), but not before
    /// `after`, counted from the start of serving. Without this, calls that need a fresh process are refused.
    pub fn replaceable(mut self, after: Duration) -> Self {
        self.replaceable = Some(after);
        self
    }

    /// Goes on with what another process left in [`End::handover`]. Bytes that are not of that kind are nothing.
    pub fn resume(mut self, handover: &[u8]) -> Self {
        self.left = Handover::unpack(handover);
        self
    }

    /// Serves one client until either of its ends closes, or `stop` is ready: then running calls have 1.4 s to end by
    /// themselves. Neither of the files may be read or written by anything else. To be called in a tokio runtime with I/O
    /// and time.
    ///
    /// # Errors
    /// What the system says of the files.
    pub async fn serve(
        mut self,
        input: File,
        output: File,
        stop: impl Future<Output = ()>,
    ) -> io::Result<End> {
        let left = self.left.stdio.take();
        let running = self.start(PowerShell::watching);
        serve(&running.parts, Patience::default(), (input, output), left, stop).await
    }

    /// What becomes of a catalogue until clients see it.
    fn lister(&self) -> Lister {
        let Exposure { toolsets, toolset_definitions, overrides, tool_search, .. } = &self.exposure;
        let offers_sentinel = self.sentinel.is_some();
        let rules = (&self.policy, toolsets, toolset_definitions, overrides, tool_search, offers_sentinel);
        let rules = format!("{rules:?}");
        let policy = self.policy.clone();
        let list = Box::new(move |catalog| first_page(&policy.offer(catalog)?.listed));
        Lister { rules, list }
    }

    /// Begins to look for the commands, and puts the parts together. `adapt`: how calls of PowerShell are waited for.
    pub(super) fn start(self, adapt: impl FnOnce(PowerShell) -> PowerShell) -> Running {
        let lister = self.lister();
        let offers_sentinel = self.sentinel.is_some();
        let natives: Vec<Natives> = if offers_sentinel { vec![sentinel::tools] } else { Vec::new() };
        // An engine that only carries out operations has no commands to offer.
        let commands = self.functions.is_none() || !self.exposure.is_empty();
        let asked = self.engine.clone().filter(|_| commands);
        if let Some(engine) = self.engine.clone().filter(|_| !commands) {
            let opening = self.opening.clone();
            tokio::spawn(async move {
                opening.ended().await;
                engine.begin();
            });
        }
        let keeper =
            Keeper::new(asked, self.exposure).natives(natives).cache(self.cache, lister).after(self.opening);
        let (catalog, keeping) = keeper.start();
        let powershell = match &self.engine {
            Some(engine) => Routes::new(Arc::new(adapt(PowerShell::new(engine.clone())))),
            None => Routes::default(),
        };
        let may_write = self.policy.mode() == Mode::Write;
        let operations = self.sentinel.map(|operations| match (self.functions, &self.engine) {
            (Some(functions), Some(engine)) => operations.through(engine.clone(), functions, may_write),
            _ => operations,
        });
        let routes = match operations {
            Some(operations) => powershell.native(sentinel::SOURCE.into(), Arc::new(operations)),
            None => powershell,
        };
        let executor = Arc::new(routes);
        let mut extras = self.extras;
        extras.instructions = instructions(self.engine.is_some() && commands, offers_sentinel);
        let from = self.replaceable.map(|after| Instant::now() + after);
        let core = Core {
            executor,
            catalog,
            policy: self.policy,
            limits: self.limits,
            extras: Arc::new(extras),
            audit: self.audit.clone(),
        };
        let health: Arc<dyn Health> = match self.engine {
            Some(engine) => Arc::new(engine),
            None => Arc::new(NothingToReplace),
        };
        let parts = Parts::new(core, from, health);
        Running { parts, left: self.left, audit: self.audit, _keeping: keeping }
    }
}

/// A server that has begun.
pub(super) struct Running {
    pub(super) parts: Parts,
    pub(super) left: Handover,
    audit: Option<Arc<Audit>>,
    _keeping: KeeperTask,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(audit) = &self.audit {
            audit.flush();
        }
    }
}

/// What answers, whoever asks.
pub(crate) struct Core {
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) catalog: CatalogFeed,
    pub(crate) policy: Policy,
    pub(crate) limits: CallLimits,
    pub(crate) extras: Arc<Extras>,
    pub(crate) audit: Option<Arc<Audit>>,
}

/// What every way to a client shares.
pub(crate) struct Parts {
    pub(super) dispatcher: Arc<Dispatcher>,
    extras: Arc<Extras>,
    pub(super) shutdown: Shutdown,
    replaceable: Option<Instant>,
    health: Arc<dyn Health>,
}

impl Parts {
    pub(crate) fn new(core: Core, replaceable: Option<Instant>, health: Arc<dyn Health>) -> Self {
        let shutdown = Shutdown::default();
        let dispatcher = Dispatcher::new(
            core.executor,
            core.catalog,
            core.policy,
            core.limits,
            shutdown.clone(),
            core.audit,
            replaceable,
        );
        Self { dispatcher, extras: core.extras, shutdown, replaceable, health }
    }

    /// What answers on one connection.
    pub(super) fn service(&self) -> Service {
        Service::new(Arc::clone(&self.dispatcher), Arc::clone(&self.extras))
    }

    /// Makes what answers, for each connection anew.
    pub(super) fn services(&self) -> impl Fn() -> Service + Send + Sync + 'static {
        let (dispatcher, extras) = (Arc::clone(&self.dispatcher), Arc::clone(&self.extras));
        move || Service::new(Arc::clone(&dispatcher), Arc::clone(&extras))
    }

    /// Waits until the process should be replaced and may be. Does not return if it never may.
    pub(super) async fn replacement_due(&self) -> Replacement {
        let Some(from) = self.replaceable else { return std::future::pending().await };
        loop {
            let reason = self.health.replacement_wanted().await;
            if Instant::now() >= from {
                return reason;
            }
            tracing::warn!(%reason, "the process was replaced too often lately; it is replaced again later");
            tokio::time::sleep_until(from.into()).await;
            if let Some(reason) = self.health.replacement() {
                return reason;
            }
        }
    }

    /// Makes ready for a fresh process: nothing new begins, `settled` and running calls may end within the patience, the
    /// others are answered.
    pub(super) async fn drain(
        &self,
        reason: Replacement,
        patience: &Patience,
        settled: impl Future<Output = ()>,
    ) {
        tracing::warn!(%reason, "the process is to be replaced by a fresh one");
        self.shutdown.drain(reason);
        let quiet = async {
            settled.await;
            self.dispatcher.idle().await;
        };
        tokio::pin!(quiet);
        if tokio::time::timeout(patience.replace, &mut quiet).await.is_err() {
            self.shutdown.cancel_calls();
            let _ = tokio::time::timeout(patience.last_answers, quiet).await;
        }
        self.shutdown.begin(Cause::Replace(reason));
    }
}

/// Serves one client. See [`Server::serve`].
pub(crate) async fn serve(
    parts: &Parts,
    patience: Patience,
    (input, output): (File, File),
    left: Option<StdioState>,
    stop: impl Future<Output = ()>,
) -> io::Result<End> {
    let shutdown = &parts.shutdown;
    let (transport, mut rest) = StdioTransport::new(input, output, shutdown.clone(), left)?;
    let conversation = async {
        match parts.service().serve(transport).await {
            Ok(running) => {
                let quit = running.waiting().await;
                tracing::debug!(?quit, "the conversation is over");
            }
            Err(error) => tracing::debug!(%error, "there was no conversation"),
        }
    };
    let asked = async {
        stop.await;
        shutdown.begin(Cause::Asked);
        std::future::pending::<()>().await;
    };
    let replaced = async {
        let reason = parts.replacement_due().await;
        parts.drain(reason, &patience, rest.settled()).await;
        rest.left().await;
    };
    let end = async {
        shutdown.begun().await;
        let cause = shutdown.cause().unwrap_or(Cause::EndOfInput);
        if matches!(cause, Cause::Replace(_)) {
            // The transport still has to give what is left of the input.
            std::future::pending::<()>().await;
        }
        // The transport gives no more requests from here on; those that are there may be answered.
        tokio::time::sleep(patience.with_calls(cause)).await;
        shutdown.cancel_calls();
        tokio::time::sleep(patience.last_answers).await;
    };
    tokio::select! {
        () = conversation => {}
        () = end => {}
        () = asked => {}
        () = replaced => {}
    }
    // Whatever still runs must not outlive the conversation.
    shutdown.begin(Cause::EndOfInput);
    shutdown.cancel_calls();
    let cause = shutdown.cause().unwrap_or(Cause::EndOfInput);
    if matches!(cause, Cause::Replace(_)) {
        return Ok(match rest.hand_over().await {
            Some(state) => {
                let handover = Handover { stdio: Some(state), sessions: Vec::new() };
                End { cause, handover: handover.pack() }
            }
            None => End { cause: Cause::OutputClosed(io::ErrorKind::BrokenPipe), handover: Vec::new() },
        });
    }
    rest.finish(patience.last_answers).await;
    Ok(End { cause, handover: Vec::new() })
}
