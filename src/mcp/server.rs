//! A server's life: the engine warms up, the client is answered, and at the end everything ends in time.

use std::{fs::File, future::Future, io, path::PathBuf, sync::Arc, time::Duration};

use rmcp::ServiceExt as _;
use tokio::sync::watch;

use super::{
    call::Executor,
    dispatch::{CallLimits, CatalogState, Dispatcher},
    powershell::PowerShell,
    prompts::Prompts,
    resources::Roots,
    service::{Extras, Service},
    shutdown::{Cause, Patience, Shutdown},
    transport::StdioTransport,
};
use crate::{
    Engine,
    catalog::{Exposure, discover},
    observe::{Audit, AuditSettings},
};

/// An MCP server over two files: tools made of PowerShell commands, run by an engine.
#[must_use]
pub struct Server {
    engine: Engine,
    exposure: Exposure,
    limits: CallLimits,
    extras: Extras,
    audit: Option<Arc<Audit>>,
}

impl Server {
    /// A server of these commands. The engine should have been built with [`Exposure::configure`].
    pub fn new(engine: Engine, exposure: Exposure) -> Self {
        Self { engine, exposure, limits: CallLimits::default(), extras: Extras::default(), audit: None }
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

    /// Calls that may be under way at once, waiting ones included (default 256). One more is told to try again.
    pub fn max_calls(mut self, calls: usize) -> Self {
        self.limits.calls = calls;
        self
    }

    /// Serves one client until either of its ends closes, or `stop` is ready: then running calls have 1.4 s to end by
    /// themselves. Neither of the files may be used by anything else. To be called in a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// What the system says of the files.
    pub async fn serve(self, input: File, output: File, stop: impl Future<Output = ()>) -> io::Result<Cause> {
        let (sender, catalog) = watch::channel(CatalogState::Loading);
        let (engine, exposure) = (self.engine.clone(), self.exposure);
        let discovery = tokio::spawn(async move {
            let state = match discover(&engine, &exposure).await {
                Ok(catalog) => {
                    for reason in &catalog.left_out {
                        tracing::warn!("left out: {reason}");
                    }
                    tracing::info!(tools = catalog.len(), "the catalogue is ready");
                    CatalogState::Ready(Arc::new(catalog))
                }
                Err(reason) => {
                    tracing::error!("there are no tools: {reason}");
                    CatalogState::Failed(reason.into())
                }
            };
            sender.send_replace(state);
        });
        let executor = Arc::new(PowerShell::new(self.engine));
        let core = Core {
            executor,
            catalog,
            limits: self.limits,
            extras: Arc::new(self.extras),
            audit: self.audit.clone(),
        };
        let cause = serve(core, Patience::default(), (input, output), stop).await;
        discovery.abort();
        if let Some(audit) = self.audit {
            audit.flush();
        }
        cause
    }
}

/// What answers, whoever asks.
pub(crate) struct Core {
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) catalog: watch::Receiver<CatalogState>,
    pub(crate) limits: CallLimits,
    pub(crate) extras: Arc<Extras>,
    pub(crate) audit: Option<Arc<Audit>>,
}

/// Serves one client. See [`Server::serve`].
pub(crate) async fn serve(
    core: Core,
    patience: Patience,
    (input, output): (File, File),
    stop: impl Future<Output = ()>,
) -> io::Result<Cause> {
    let shutdown = Shutdown::default();
    let transport = StdioTransport::new(input, output, shutdown.clone())?;
    let rest = transport.rest();
    let dispatcher = Dispatcher::new(core.executor, core.catalog, core.limits, shutdown.clone(), core.audit);
    let service = Service::new(dispatcher, core.extras);
    let conversation = async {
        match service.serve(transport).await {
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
    let end = async {
        shutdown.begun().await;
        // The transport gives no more requests from here on; those that are there may be answered.
        tokio::time::sleep(shutdown.cause().map_or(Duration::ZERO, |cause| patience.with_calls(cause))).await;
        shutdown.cancel_calls();
        tokio::time::sleep(patience.last_answers).await;
    };
    tokio::select! {
        () = conversation => {}
        () = end => {}
        () = asked => {}
    }
    // Whatever still runs must not outlive the conversation.
    shutdown.begin(Cause::EndOfInput);
    shutdown.cancel_calls();
    rest.finish(patience.last_answers).await;
    Ok(shutdown.cause().unwrap_or(Cause::EndOfInput))
}
