//! A server's life: the engine warms up, the client is answered, and at the end everything ends in time.

use std::{fs::File, future::Future, io, sync::Arc, time::Duration};

use rmcp::ServiceExt as _;
use tokio::sync::watch;

use super::{
    call::Executor,
    dispatch::{CallLimits, CatalogState, Dispatcher},
    powershell::PowerShell,
    service::Service,
    shutdown::{Cause, Patience, Shutdown},
    transport::StdioTransport,
};
use crate::{
    Engine,
    catalog::{Exposure, discover},
    policy::Policy,
};

/// An MCP server over two files: tools made of PowerShell commands, run by an engine.
#[must_use]
pub struct Server {
    engine: Engine,
    exposure: Exposure,
    policy: Policy,
    limits: CallLimits,
}

impl Server {
    /// A server of these commands. The engine should have been built with [`Exposure::configure`].
    pub fn new(engine: Engine, exposure: Exposure) -> Self {
        let limits = CallLimits { deadline: Duration::from_secs(55), calls: 128 };
        Self { engine, exposure, policy: Policy::default(), limits }
    }

    /// What clients may have done (default: what reads runs, what writes answers with its plan).
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// How long a call may take, waiting included (default 55 s: most clients give up after 60).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.limits.deadline = deadline;
        self
    }

    /// Calls that may be under way at once, waiting ones included (default 128). One more is told to try again.
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
        let tools = (catalog, self.policy);
        let cause = serve(executor, tools, self.limits, Patience::default(), (input, output), stop).await;
        discovery.abort();
        cause
    }
}

/// Serves one client. See [`Server::serve`].
pub(crate) async fn serve(
    executor: Arc<dyn Executor>,
    (catalog, policy): (watch::Receiver<CatalogState>, Policy),
    limits: CallLimits,
    patience: Patience,
    (input, output): (File, File),
    stop: impl Future<Output = ()>,
) -> io::Result<Cause> {
    let shutdown = Shutdown::default();
    let transport = StdioTransport::new(input, output, shutdown.clone())?;
    let rest = transport.rest();
    let service =
        Service::new(Arc::new(Dispatcher::new(executor, catalog, policy, limits, shutdown.clone())));
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
