//! `runspaced mcp`: operations on Microsoft Sentinel and PowerShell commands as tools of an MCP server.

pub mod http;
mod operations;
mod succession;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::Site;
use operations::Operations;
use runspaced::Engine;
use runspaced::mcp::http::Listener;
use runspaced::mcp::{Cause, End, SentinelFunctions, Server};
use runspaced::observe::AuditSettings;
use succession::Succession;

use super::exposure::ExposureFlags;
use super::flags::HostFlags;
use super::identity::Secrets;
use super::policy::{PolicyFlags, policy};
use super::process::{Hosting, Process};
#[cfg(unix)]
use super::restart::restart;
use super::screen::complain;
use super::{Exit, bridge};
use crate::config::{Config, FlagValue, Mcp, Through};
use crate::stdio;

/// Time that runspaces get to close at the end. A client that closed its end waits for the process.
const CLOSING: Duration = Duration::from_millis(50);

/// Time that a write gets to end and be recorded when the server ends.
const LAST_WRITE: Duration = Duration::from_millis(1_200);
/// The same when another process takes this one's place; clients wait for it.
const BEFORE_REPLACEMENT: Duration = Duration::from_secs(30);

/// Arguments of `runspaced mcp`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
        runspaced mcp\n  \
        runspaced mcp --command Get-Process --command Get-ChildItem\n  \
        runspaced mcp --module ./Inventory.psm1\n  \
        runspaced mcp --script tools.ps1\n  \
        runspaced mcp --module Az.Accounts --toolset reading --tool-search\n  \
        runspaced mcp --script tools.ps1 --http 127.0.0.1:8931\n\n\
        Exit codes:\n  0 the client closed its end, or a signal asked for the end; 2 wrong use; 75 another process is needed, \
        and this one cannot become it")]
pub struct McpArguments {
    /// Answer a call after this time at the latest, such as 30s [default: 55s; 300s with progress or as a task]
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// Serve the .md files of this folder as prompts
    #[arg(long, value_name = "FOLDER")]
    prompts: Vec<PathBuf>,
    /// Serve the files below this folder as resources
    #[arg(long, value_name = "FOLDER")]
    resources: Vec<PathBuf>,
    /// Let the tools for Microsoft Sentinel run in this program (native), or as the functions of the module SentinelManager (powershell), so that functions that replace them take part [default: native]
    #[arg(long, value_name = "WHAT", value_parser = ["native", "powershell"])]
    through: Option<String>,
    /// Record every call in this file: who, what, how it ended; never arguments or results
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,

    /// Serve over HTTP at this address instead of standard input and output: ADDRESS:PORT (port 0: a free one) or unix:/path
    #[arg(long, value_name = "ADDRESS")]
    http: Option<String>,
    /// Read the token that HTTP clients need from this file; make the file if it is not there
    #[arg(long, value_name = "FILE")]
    http_token_file: Option<PathBuf>,
    /// Let everybody on this machine call over HTTP without a token
    #[arg(long, requires = "http", conflicts_with = "http_token_file")]
    dangerously_without_token: bool,

    // Their headings hold for what follows.
    #[command(flatten)]
    exposure: ExposureFlags,
    #[command(flatten)]
    policy: PolicyFlags,
    #[command(flatten)]
    host: HostFlags,
}

impl Hosting for McpArguments {
    fn flags(&self) -> Vec<FlagValue> {
        let mut flags = self.host.settings();
        flags.extend(self.exposure.settings());
        flags.extend(self.policy.settings());
        flags.extend(FlagValue::of("call.timeout", "--timeout", self.timeout.as_ref()));
        flags.extend(FlagValue::of("mcp.through", "--through", self.through.as_ref()));
        flags.extend(FlagValue::of("http.address", "--http", self.http.as_ref()));
        let token_file = self.http_token_file.as_ref().map(|path| path.display().to_string());
        flags.extend(FlagValue::of("http.token_file", "--http-token-file", token_file));
        flags.extend(FlagValue::of(
            "mcp.audit",
            "--audit",
            self.audit.as_ref().map(|path| path.to_string_lossy()),
        ));
        flags
    }

    async fn run(self, process: Process) -> Exit {
        let Process { streams, mut signals, config, palette, secrets, resumed, .. } = process;
        // What scripts start ends with the server, however that ends.
        if let Err(error) = runspaced::contain_children() {
            tracing::warn!(%error, "processes that scripts start may outlive the server");
        }
        let succession = Succession::of(&resumed);
        let exposure = match self.exposure.exposure(&config.settings.mcp) {
            Ok(exposure) if exposure.is_empty() && !offers_more(&config) => {
                complain(
                    palette,
                    "nothing is exposed; name a --command, a --module or a --script, or leave --no-sentinel out",
                );
                return Exit::USAGE;
            }
            Ok(exposure) => exposure,
            Err(text) => {
                complain(palette, text);
                return Exit::USAGE;
            }
        };
        let policy = match policy(&config) {
            Ok(policy) => policy,
            Err(text) => {
                complain(palette, text);
                return Exit::USAGE;
            }
        };
        let site = match &config.settings.http.address {
            None => None,
            Some(address) => {
                let no_token = self.dangerously_without_token;
                match Site::open(address, no_token, &config, &secrets, &succession, palette) {
                    Ok(site) => Some(site),
                    Err(text) => {
                        complain(palette, text);
                        return Exit::USAGE;
                    }
                }
            }
        };
        let functions = match through_powershell(&config) {
            false => None,
            true => match bridge::module() {
                Ok(module) => Some((SentinelFunctions::default(), module)),
                Err(error) => {
                    complain(palette, format_args!("the module SentinelManager cannot be unpacked: {error}"));
                    return Exit::FAILED;
                }
            },
        };
        // Operations on Sentinel need no PowerShell.
        let engine = match exposure.is_empty() && !config.settings.policy.run_script && functions.is_none() {
            true => None,
            false => {
                let builder = match &functions {
                    // Before all others, so that any of them may replace its functions.
                    Some((functions, module)) => functions
                        .configure(config.engine_of(Engine::builder().module(module.to_string_lossy()))),
                    None => config.engine(),
                };
                // A client waits for its list of tools first.
                match exposure.configure(builder).start_later().build() {
                    Ok(engine) => Some(engine),
                    Err(error) => {
                        complain(palette, &error);
                        return Exit::from(&error);
                    }
                }
            }
        };
        let operations = Operations::default();
        let config = Arc::new(config);
        let server = match &engine {
            Some(engine) => Server::new(engine.clone(), exposure),
            None => Server::without_powershell(exposure),
        };
        let server = match config.settings.mcp.sentinel {
            true => operations.offered_by(server, Arc::clone(&config), secrets.clone()),
            false => server,
        };
        let server = match functions {
            Some((functions, _)) => server.sentinel_through(functions),
            None => server,
        };
        let server = server
            .policy(policy)
            .max_executing(2 * config.settings.pool.max + config.settings.pool.max_waiting)
            .resume(&succession.server())
            .replaceable(succession.pause());
        let mut server = match self.server(server, &config.settings.mcp) {
            Ok(server) => server,
            Err(text) => {
                complain(palette, text);
                return Exit::USAGE;
            }
        };
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
        let mut address = None;
        let ended = match &site {
            None => serve(server, &streams, stop).await,
            Some(site) => match site.listener.try_clone() {
                Ok(listener) => {
                    address = Some(&site.listener);
                    server.serve_http(listener, site.options.clone(), stop).await
                }
                Err(error) => Err(error),
            },
        };
        let exit = match ended {
            Ok(End { cause: Cause::Replace(reason), handover, .. }) => {
                operations.writes_ended(BEFORE_REPLACEMENT).await;
                tracing::warn!(%reason, "a fresh process takes this one's place");
                let token = site.as_ref().and_then(|site| site.token.as_ref()).map(|token| token.as_str());
                let error = replace(&succession, &handover, address, token, &streams, &secrets);
                complain(
                    palette,
                    format_args!("a fresh process is needed ({reason}), and could not be started: {error}"),
                );
                Exit::DEGRADED
            }
            Ok(End { cause, .. }) => {
                // Who asked has waited for the calls already.
                operations
                    .writes_ended(if cause == Cause::Asked { LAST_WRITE / 8 } else { LAST_WRITE })
                    .await;
                tracing::info!(%cause, "the server has ended");
                Exit::OK
            }
            Err(error) => {
                let what = if site.is_some() {
                    "HTTP cannot be served"
                } else {
                    "standard input and output cannot be used"
                };
                complain(palette, format_args!("{what}: {error}"));
                Exit::FAILED
            }
        };
        if let Some(address) = address {
            address.remove_file();
        }
        end(engine, exit).await
    }
}

/// Becomes a fresh process that goes on with the same clients. Returns only if that failed.
#[cfg(unix)]
fn replace(
    succession: &Succession,
    handover: &[u8],
    address: Option<&Listener>,
    token: Option<&str>,
    streams: &stdio::Streams,
    secrets: &Secrets,
) -> std::io::Error {
    let listener = match address.map(stdio::bequeath).transpose() {
        Ok(listener) => listener,
        Err(error) => return error,
    };
    restart(streams, secrets, &succession.next(handover, listener, token))
}

/// Here another process cannot take over the descriptors of this one. Whoever supervises it starts it anew.
#[cfg(not(unix))]
fn replace(
    _: &Succession,
    _: &[u8],
    _: Option<&Listener>,
    _: Option<&str>,
    _: &stdio::Streams,
    _: &Secrets,
) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::Unsupported, "this system cannot replace a process")
}

impl McpArguments {
    /// Adds prompts, resources and the audit file.
    fn server(&self, server: Server, configured: &Mcp) -> Result<Server, String> {
        let folders = |configured: &[String], given: &[PathBuf]| -> Vec<PathBuf> {
            configured.iter().map(PathBuf::from).chain(given.iter().cloned()).collect()
        };
        let server = server.prompts(&folders(&configured.prompts, &self.prompts))?;
        let server = server.resources(&folders(&configured.resources, &self.resources))?;
        match &configured.audit {
            None => Ok(server),
            Some(path) => server
                .audit(AuditSettings {
                    path: path.clone(),
                    sync: configured.audit_sync,
                    failure: configured.audit_failure,
                })
                .map_err(|error| format!("audit file {}: {error}", path.display())),
        }
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
    streams: &stdio::Streams,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<End> {
    // The originals stay: a fresh process may need them.
    let (input, output) = (streams.input.try_clone()?, streams.output.try_clone()?);
    let serving = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let ended = runtime.block_on(server.serve(input, output, stop));
        // A thread that waits for input would keep it waiting.
        runtime.shutdown_background();
        ended
    });
    serving.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

/// True if the tools for Sentinel are functions of PowerShell.
fn through_powershell(config: &Config) -> bool {
    config.settings.mcp.sentinel && config.settings.mcp.through == Through::PowerShell
}

/// True if there are tools that no flag has to name.
fn offers_more(config: &Config) -> bool {
    config.settings.mcp.sentinel || config.settings.policy.run_script
}

/// Ends the engine and then the process, which does not wait for threads that run scripts.
async fn end(engine: Option<Engine>, exit: Exit) -> Exit {
    if let Some(engine) = engine {
        let closing = tokio::task::spawn_blocking(move || engine.shut_down(Duration::ZERO));
        let _ = tokio::time::timeout(CLOSING, closing).await;
    }
    stdio::end_at_once(exit.code());
}
