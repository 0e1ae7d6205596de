//! `runspaced mcp`: PowerShell commands as tools of an MCP server.

use std::path::PathBuf;
use std::time::Duration;

use runspaced::Engine;
use runspaced::mcp::{Cause, Exposure, Mode, Policy, Server};

use super::Exit;
use super::flags::HostFlags;
use super::process::{Hosting, Process};
use super::screen::complain;
use crate::config::{Config, FlagValue, Mcp, SETTINGS};
use crate::stdio;

/// Time that runspaces get to close at the end. A client that closed its end waits for the process.
const CLOSING: Duration = Duration::from_millis(50);

/// Arguments of `runspaced mcp`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
        runspaced mcp --command Get-Process --command Get-ChildItem\n  \
        runspaced mcp --module ./Inventory.psm1\n  \
        runspaced mcp --script tools.ps1\n\n\
        Exit codes:\n  0 the client closed its end, or a signal asked for the end; 2 wrong use")]
pub struct McpArguments {
    /// Make tools of these commands: a name or a wildcard pattern
    #[arg(long = "command", value_name = "NAME")]
    commands: Vec<String>,
    /// Load this module; without --command, make tools of all its functions and cmdlets
    #[arg(long = "module", value_name = "NAME")]
    modules: Vec<String>,
    /// Run this script file in every runspace, and make tools of the functions it defines
    #[arg(long = "script", value_name = "FILE")]
    scripts: Vec<PathBuf>,
    /// List and run only what reads
    #[arg(long, conflicts_with_all = ["allow_writes", "run_script"], help_heading = "Policy")]
    read_only: bool,
    /// Run what writes too; without this, a write answers with its plan
    #[arg(long, help_heading = "Policy")]
    allow_writes: bool,
    /// Offer a tool that runs any script; it runs with --allow-writes only
    #[arg(long, help_heading = "Policy")]
    run_script: bool,
    /// Answer a call after this time at the latest, such as 30s [default: 55s]
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,

    #[command(flatten)]
    host: HostFlags,
}

impl Hosting for McpArguments {
    fn flags(&self) -> Vec<FlagValue> {
        let mut flags = self.host.settings();
        flags.extend(FlagValue::of("call.timeout", "--timeout", self.timeout.as_ref()));
        flags.extend(FlagValue::of("policy.mode", "--read-only", self.read_only.then_some("read-only")));
        flags.extend(FlagValue::of("policy.mode", "--allow-writes", self.allow_writes.then_some("write")));
        flags.extend(FlagValue::of("policy.run_script", "--run-script", self.run_script.then_some("true")));
        flags
    }

    async fn run(self, process: Process) -> Exit {
        let Process { streams, mut signals, config, palette, .. } = process;
        let exposure = match self.exposure(&config.settings.mcp) {
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
        let engine = match exposure.configure(config.engine()).build() {
            Ok(engine) => engine,
            Err(error) => {
                complain(palette, &error);
                return Exit::from(&error);
            }
        };
        let mut server = Server::new(engine.clone(), exposure).policy(policy);
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

impl McpArguments {
    fn exposure(&self, configured: &Mcp) -> Result<Exposure, String> {
        let mut exposure = Exposure::default();
        exposure.commands = [configured.commands.as_slice(), &self.commands].concat();
        exposure.modules = [configured.modules.as_slice(), &self.modules].concat();
        for script in &self.scripts {
            // Runspaces open in other folders than this one.
            let path =
                std::path::absolute(script).map_err(|error| format!("{}: {error}", script.display()))?;
            if !path.is_file() {
                return Err(format!("there is no file {}", path.display()));
            }
            exposure.scripts.push(path);
        }
        if exposure.is_empty() {
            return Err("nothing is exposed; name a --command, a --module or a --script".to_owned());
        }
        Ok(exposure)
    }
}

/// The policy of the configuration.
fn policy(config: &Config) -> Result<Policy, String> {
    let wanted = &config.settings.policy;
    for setting in SETTINGS.iter().filter(|setting| setting.section() == "policy") {
        // A folder that somebody else filled must not decide what this user's clients may do. Lists take the place of the
        // user's own, so that a shorter one could allow more.
        let narrows = setting.key == "policy.mode" && wanted.mode == Mode::ReadOnly;
        if let Some(file) = config.project_file_of(setting.key).filter(|_| !narrows) {
            return Err(format!(
                "{}: {} is not believed from a project's file or .env, where only policy.mode = \"read-only\" is. Put it \
                 into your own runspaced.toml, a file named with --config, a variable or a flag",
                file.display(),
                setting.key
            ));
        }
    }
    Policy::new(wanted.mode)
        .run_script(wanted.run_script)
        .trust_what_if(wanted.trust_what_if)
        .allow(&wanted.allow)?
        .deny(&wanted.deny)?
        .reading(&wanted.reading)
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
