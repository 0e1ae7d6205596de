//! The engine's handle.

use std::{sync::Arc, time::Duration};

use once_cell::sync::OnceCell;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::mpsc;

use super::{
    blocking::Blocking,
    builder::{EngineBuilder, Start},
    call::Call,
    invocation::Invocation,
    output::Output,
    request::{self, Defaults},
    stream::OutputStream,
};
use crate::{
    error::{Error, Result},
    host::message::SlotInfo,
    locate::{LocateOptions, PowerShellHome},
    pool::{Pool, Readiness, Replacement, Stats},
    runtime::{Phases, Started},
};

/// Live records that may wait for their reader.
const LIVE_RECORDS: usize = 64;

/// PowerShell, hosted in this process, behind a pool of runspaces. Cheap to clone; the last clone closes the pool.
///
/// ```no_run
/// # async fn example() -> runspaced::Result<()> {
/// use runspaced::{Engine, Invocation};
///
/// let engine = Engine::builder().build()?;
/// let output = engine.invoke(Invocation::script("param($n) 1..$n").arg("n", 3)).await?;
/// assert_eq!(output.rows::<i64>()?, [1, 2, 3]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Engine(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pool: Pool,
    defaults: Defaults,
    home: OnceCell<(PowerShellHome, Phases)>,
    origin: Origin,
    /// The start, until it is wanted.
    held: Mutex<Option<Start>>,
}

/// What an engine is made of, as far as its commands depend on it.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// Where PowerShell is looked for.
    pub(crate) locate: LocateOptions,
    /// How every runspace is opened: the document that its host gets.
    pub(crate) slot: Vec<u8>,
}

/// The PowerShell that an engine hosts.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct PowerShellInfo {
    /// Where it is installed, and how.
    pub home: PowerShellHome,
    /// How long the steps of the start took.
    pub phases: Phases,
    /// `$PSVersionTable.PSVersion`.
    pub version: String,
    /// Version of .NET.
    pub runtime_version: String,
    /// `$ExecutionContext.SessionState.LanguageMode`.
    pub language_mode: String,
    /// `Get-ExecutionPolicy`.
    pub execution_policy: String,
    /// Culture of the slots.
    pub culture: String,
    /// True if .NET runs without ICU: cultures, collation and casing are then the invariant ones.
    pub invariant_globalization: bool,
    /// Time to open the first runspace, microseconds.
    pub open_us: u64,
    /// Time to import its modules and run its startup script, microseconds.
    pub modules_us: u64,
}

impl Inner {
    pub(super) fn new(pool: Pool, defaults: Defaults, origin: Origin) -> Self {
        Self { pool, defaults, home: OnceCell::new(), origin, held: Mutex::new(None) }
    }

    pub(super) fn started(&self, started: &Started) {
        let _ = self.home.set((started.home.clone(), started.phases));
    }

    /// Leaves the start to the first who wants it.
    pub(super) fn hold(&self, start: Start) {
        *self.held.lock() = Some(start);
    }

    fn begin(&self) {
        let start = self.held.lock().take();
        if let Some(start) = start {
            start.begin_late();
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl Engine {
    /// Begins to build an engine.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// Starts PowerShell, where that was left for [later](EngineBuilder::start_later). Returns at once; without effect after the
    /// first time.
    pub fn begin(&self) {
        self.0.begin();
    }

    /// Runs something and waits for its result. Dropping the future cancels the call.
    ///
    /// # Errors
    /// [`Error`] names everything that can go wrong; [`Error::output`] has what the call put out before it did.
    pub async fn invoke(&self, invocation: Invocation) -> Result<Output> {
        self.start(invocation)?.await
    }

    /// Starts a call and returns a handle on it.
    ///
    /// # Errors
    /// [`Error::InvalidInvocation`] and [`Error::Secret`]; everything else is the call's answer.
    pub fn start(&self, invocation: Invocation) -> Result<Call> {
        self.begin();
        let (spec, request) = request::prepare(&invocation, &self.0.defaults, false)?;
        let (sender, receiver) = if invocation.live || invocation.interactive {
            let (sender, receiver) = mpsc::channel(LIVE_RECORDS);
            (Some(sender), Some(receiver))
        } else {
            (None, None)
        };
        let call = self.0.pool.submit(spec, request, sender);
        Ok(Call::new(self.0.pool.clone(), call, receiver))
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// Replaces every runspace that is not a session's: idle ones at once, busy ones after their call. For when a file has
    /// changed that they read when they opened.
    pub(crate) fn renew_runspaces(&self) {
        self.0.pool.renew();
    }

    pub(crate) fn write_request(&self, invocation: &Invocation) -> Result<zeroize::Zeroizing<Vec<u8>>> {
        request::prepare(invocation, &self.0.defaults, false).map(|(_, request)| request)
    }

    /// Runs something and gives its records as they come, output values included.
    ///
    /// # Errors
    /// [`Error::InvalidInvocation`] and [`Error::Secret`]; everything else is the stream's last item.
    pub fn stream(&self, invocation: Invocation) -> Result<OutputStream> {
        self.begin();
        let (spec, request) = request::prepare(&invocation, &self.0.defaults, true)?;
        let (sender, receiver) = mpsc::channel(LIVE_RECORDS);
        let call = self.0.pool.submit(spec, request, Some(sender));
        Ok(OutputStream::new(Call::new(self.0.pool.clone(), call, Some(receiver))))
    }

    /// The same verbs for threads that may wait.
    pub fn blocking(&self) -> Blocking<'_> {
        Blocking::new(self)
    }

    /// Waits until the first runspace is open.
    ///
    /// # Errors
    /// Why PowerShell was not found or did not start.
    pub async fn ready(&self) -> Result<()> {
        self.begin();
        let mut readiness = self.0.pool.readiness();
        let readiness = readiness
            .wait_for(|readiness| *readiness != Readiness::Starting)
            .await
            .map_or(Readiness::Failed, |readiness| *readiness);
        match readiness {
            Readiness::Ready => Ok(()),
            _ => Err(self.0.pool.start_error().unwrap_or(Error::ShutDown)),
        }
    }

    /// Why this process should be replaced by a fresh one as soon as it suits; `None` while there is no reason. The library
    /// never does it.
    pub fn replacement(&self) -> Option<Replacement> {
        *self.0.pool.replacement().borrow()
    }

    /// Waits until there is such a reason. A reason can go again: look with [`replacement`](Self::replacement).
    pub async fn replacement_wanted(&self) -> Replacement {
        let mut replacement = self.0.pool.replacement();
        match replacement.wait_for(Option::is_some).await.map(|reason| *reason) {
            Ok(Some(reason)) => reason,
            // The pool is gone, and nothing of it will be wanted any more.
            _ => std::future::pending().await,
        }
    }

    /// What is known about the hosted PowerShell; `None` until the first runspace is open.
    pub fn powershell(&self) -> Option<PowerShellInfo> {
        let (home, phases) = self.0.home.get()?.clone();
        let slot: SlotInfo = self.0.pool.first_slot()?;
        Some(PowerShellInfo {
            home,
            phases,
            version: slot.ps_version,
            runtime_version: slot.runtime_version,
            language_mode: slot.language_mode,
            execution_policy: slot.execution_policy,
            culture: slot.culture,
            invariant_globalization: slot.invariant_globalization,
            open_us: slot.open_us,
            modules_us: slot.modules_us,
        })
    }

    /// Opens a named session: a runspace of its own that keeps its state between the calls that name it. It ends when it
    /// was not used for `ttl` (default: the pool's), or with [`close_session`](Self::close_session).
    ///
    /// Only calls with the same affinity key reach it.
    ///
    /// # Errors
    /// [`Error::NoSession`] if the name is taken, [`Error::Overloaded`] if there are too many sessions.
    pub fn open_session(&self, name: &str, affinity: Option<&str>, ttl: Option<Duration>) -> Result<()> {
        if name.is_empty() {
            return Err(Error::InvalidInvocation("the session's name is empty".to_owned()));
        }
        self.begin();
        self.0.pool.open_session(name.into(), affinity.map(Into::into), ttl)
    }

    /// Ends a named session; its running call ends first. False if there is none of that name and key.
    pub fn close_session(&self, name: &str, affinity: Option<&str>) -> bool {
        self.0.pool.close_session(&name.into(), affinity)
    }

    /// What the pool is doing.
    pub fn stats(&self) -> Stats {
        self.0.pool.stats()
    }

    /// Ends the engine: running and waiting calls may end within `grace`, the rest is stopped and answered with
    /// [`Error::ShutDown`]. New calls are refused from now on. Blocks for at most `grace` and the time it takes to stop
    /// or give up what is left. Returns how many calls were stopped.
    pub fn shut_down(&self, grace: Duration) -> usize {
        self.0.held.lock().take();
        self.0.pool.shut_down(grace)
    }
}
