//! `runspaced mcp`: PowerShell commands as tools of an MCP server.

use std::path::PathBuf;
use std::time::Duration;

use runspaced::Engine;
use runspaced::mcp::{Cause, Server};

use super::Exit;
use super::exposure::ExposureFlags;
use super::flags::HostFlags;
use super::process::{Hosting, Process};
use super::screen::complain;
use crate::config::{FlagValue, Mcp};
use crate::stdio;

/// Time that runspaces get to close at the end. A client that closed its end waits for the process.
const CLOSING: Duration = Duration::from_millis(50);

/// Arguments of `runspaced mcp`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
        runspaced mcp --command Get-Process --command Get-ChildItem\n  \
        runspaced mcp --module ./Inventory.psm1\n  \
        runspaced mcp --script tools.ps1\n  \
        runspaced mcp --module Az.Accounts --toolset reading --tool-search\n\n\
        Exit codes:\n  0 the client closed its end, or a signal asked for the end; 2 wrong use")]
pub struct McpArguments {
    #[command(flatten)]
    exposure: ExposureFlags,
    /// Answer a call after this time at the latest, such as 30s [default: 55s]
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,

    #[command(flatten)]
    host: HostFlags,
}

impl Hosting for McpArguments {
    fn flags(&self) -> Vec<FlagValue> {
        let mut flags = self.host.settings();
        flags.extend(self.exposure.settings());
        flags.extend(FlagValue::of("call.timeout", "--timeout", self.timeout.as_ref()));
        flags
    }

    async fn run(self, process: Process) -> Exit {
        let Process { streams, mut signals, config, palette, .. } = process;
        let exposure = match self.exposure.exposure(&config.settings.mcp) {
            Ok(exposure) if exposure.is_empty() => {
                complain(palette, "nothing is exposed; name a --command, a --module or a --script");
                return Exit::USAGE;
            }
            Ok(exposure) => exposure,
            Err(text) => {
                complain(palette, text);
                return Exit::USAGE;
            }
        };
        let engine = match exposure.configure(config.engine()).build() {
            Ok(engine) => engine,
            Err(error) => {
                complain(palette, &error);
                return Exit::from(&error);
            }
        };
        let mut server = Server::new(engine.clone(), exposure);
        if let Some(folder) = cache_folder(&config.settings.mcp) {
            server = server.catalog_cache(folder);
        }
        if config.is_set("call.timeout") {
            server = server.deadline(config.settings.call.timeout);
        }
        // A server that ends because it was asked to has done its work.
        let stop = async move {
            signals.wish().await;
        };
        let exit = match serve(server, streams, stop).await {
            Ok(cause) => {
                tracing::info!(%cause, "the server has ended");
                Exit::OK
            }
            Err(error) => {
                complain(palette, format_args!("standard input and output cannot be used: {error}"));
                Exit::FAILED
            }
        };
        end(engine, exit).await
    }
}

/// Where the tools are remembered, if they are.
fn cache_folder(configured: &Mcp) -> Option<PathBuf> {
    let usual = || {
        directories::ProjectDirs::from("", "", "runspaced").map(|folders| folders.cache_dir().join("catalog"))
    };
    configured.cache.then(|| configured.cache_folder.clone().or_else(usual)).flatten()
}

/// Serves on a thread of its own: one that does nothing else answers soonest.
async fn serve(
    server: Server,
    streams: stdio::Streams,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<Cause> {
    let serving = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let cause = runtime.block_on(server.serve(streams.input, streams.output, stop));
        // A thread that waits for input would keep it waiting.
        runtime.shutdown_background();
        cause
    });
    serving.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

/// Ends the engine and then the process, which does not wait for threads that run scripts.
async fn end(engine: Engine, exit: Exit) -> Exit {
    let closing = tokio::task::spawn_blocking(move || engine.shut_down(Duration::ZERO));
    let _ = tokio::time::timeout(CLOSING, closing).await;
    stdio::end_at_once(exit.code());
}
