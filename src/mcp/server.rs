//! A server's life: the engine warms up, the client is answered, and at the end everything ends in time.

use std::{fs::File, future::Future, io, path::PathBuf, sync::Arc, time::Duration};

use rmcp::ServiceExt as _;

use super::{
    call::Executor,
    dispatch::{CallLimits, Dispatcher},
    powershell::PowerShell,
    routes::Routes,
    service::Service,
    shutdown::{Cause, Patience, Shutdown},
    transport::StdioTransport,
};
use crate::{
    Engine,
    catalog::{CatalogCache, CatalogFeed, Exposure, Keeper, NativeTool},
};

/// An MCP server over two files: tools made of PowerShell commands, run by an engine.
#[must_use]
pub struct Server {
    engine: Engine,
    exposure: Exposure,
    cache: Option<CatalogCache>,
    natives: Vec<NativeTool>,
    executors: Vec<(Arc<str>, Arc<dyn Executor>)>,
    limits: CallLimits,
}

impl Server {
    /// A server of these commands. The engine should have been built with [`Exposure::configure`].
    pub fn new(engine: Engine, exposure: Exposure) -> Self {
        let limits = CallLimits { deadline: Duration::from_secs(55), calls: 128 };
        Self { engine, exposure, cache: None, natives: Vec::new(), executors: Vec::new(), limits }
    }

    /// A folder in which the tools are remembered, so that they are listed before PowerShell is up the next time. Without
    /// one nothing is remembered.
    pub fn catalog_cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(CatalogCache::new(folder));
        self
    }

    /// Tools of another source than PowerShell, and what carries them out. All of them name `source`.
    #[allow(dead_code, reason = "there is no such source yet")]
    pub(crate) fn native(
        mut self,
        source: &str,
        tools: Vec<NativeTool>,
        executor: Arc<dyn Executor>,
    ) -> Self {
        self.natives.extend(tools);
        self.executors.push((source.into(), executor));
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
        let keeper = Keeper::new(self.engine.clone(), self.exposure).natives(self.natives).cache(self.cache);
        let (catalog, _keeping) = keeper.start();
        let powershell = Routes::new(Arc::new(PowerShell::new(self.engine)));
        let executors = self.executors.into_iter();
        let routes = executors.fold(powershell, |routes, (source, executor)| routes.native(source, executor));
        serve(Arc::new(routes), catalog, self.limits, Patience::default(), (input, output), stop).await
    }
}

/// Serves one client. See [`Server::serve`].
pub(crate) async fn serve(
    executor: Arc<dyn Executor>,
    catalog: CatalogFeed,
    limits: CallLimits,
    patience: Patience,
    (input, output): (File, File),
    stop: impl Future<Output = ()>,
) -> io::Result<Cause> {
    let shutdown = Shutdown::default();
    let transport = StdioTransport::new(input, output, shutdown.clone())?;
    let rest = transport.rest();
    let service = Service::new(Arc::new(Dispatcher::new(executor, catalog, limits, shutdown.clone())));
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
