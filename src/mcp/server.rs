//! A server's life: the engine warms up, the client is answered, and at the end everything ends in time.

use std::{
    fs::File,
    future::Future,
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    dispatch::CallLimits,
    handover::Handover,
    instructions::instructions,
    parts::{Core, Health, NothingToReplace, Parts},
    powershell::PowerShell,
    prompts::Prompts,
    resources::Roots,
    routes::Routes,
    sentinel::{self, SentinelFunctions},
    service::{Extras, first_page},
    shutdown::{End, Patience},
    stdio::serve,
};
use crate::{
    Engine,
    catalog::{CatalogCache, Exposure, Keeper, KeeperTask, Lister, Natives, Opening},
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

    /// Ends with [`Cause::Replace`](super::Cause::Replace) when a fresh process is needed (see [`Engine::replacement_wanted`]), but not before
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
