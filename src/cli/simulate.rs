//! `runspaced simulate`: a loopback Azure.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use runspaced::simulator::{FaultRule, Simulator, StartError, app, parse_rules};

use super::Exit;
use super::flags::GlobalFlags;
use super::screen::{Palette, complain, say};
use crate::signals::Signals;

/// Arguments of `runspaced simulate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
        runspaced simulate\n  \
        runspaced simulate --seed 7 --latency 80 --faults faults.toml --state azure.json\n\n\
        It prints its endpoints and the environment that leads to them, then runs until Ctrl-C.\n\
        docs/simulator.md says what is simulated.\n\n\
        Exit codes:\n  0 a signal asked for the end; 1 it cannot start; 2 wrong use")]
pub struct SimulateArguments {
    /// Listen here: Resource Manager on this port, the other endpoints on the four that follow; port 0 takes free ones
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    addr: SocketAddr,
    /// All content is made from this number
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Fill the workspaces from this folder of rules, hunting queries, watchlists and so on
    #[arg(long, value_name = "DIR")]
    content: Option<PathBuf>,
    /// Keep the state in this file; one that exists is gone on with
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Rules of faults to inject, as TOML
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Milliseconds that every request waits
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=60_000))]
    latency: u64,
    /// Seconds that a token is valid
    #[arg(long, value_name = "S", default_value_t = 3599, value_parser = clap::value_parser!(u64).range(5..=86_400))]
    token_lifetime: u64,
    /// Number of workspaces that the managing tenant sees, in a fifth as many subscriptions
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u64).range(6..=1_000))]
    workspaces: u64,
    /// Number of incidents of the workspace law-contoso
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u64).range(..=100_000))]
    incidents: u64,
    /// Write the root certificate to this file [default: in the folder of temporary files]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

/// Why it does not run.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path}: {source}")]
    Rules { path: PathBuf, source: Box<dyn std::error::Error> },
    #[error("{0}")]
    System(#[from] std::io::Error),
}

impl Trouble {
    fn exit(&self) -> Exit {
        match self {
            Self::Start(StartError::Content { .. } | StartError::State { .. } | StartError::Faults(_))
            | Self::File { .. }
            | Self::Rules { .. } => Exit::USAGE,
            Self::Start(_) | Self::System(_) => Exit::FAILED,
        }
    }
}

/// Runs until a signal asks for the end.
pub fn run(arguments: &SimulateArguments, global: &GlobalFlags) -> Exit {
    let palette = Palette { colours: global.color.applies_to(&std::io::stderr()) };
    if !arguments.addr.ip().is_loopback() {
        say(format_args!(
            "warning: {} is reachable from other machines. The simulator's secrets are printed in its documentation, and its \
             /_simulator paths ask for none: anybody who reaches it can read and change everything in it.",
            arguments.addr
        ));
    }
    match serve(arguments) {
        Ok(()) => Exit::OK,
        Err(trouble) => {
            complain(palette, &trouble);
            trouble.exit()
        }
    }
}

fn serve(arguments: &SimulateArguments) -> Result<(), Trouble> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::install()?;
        let simulator = start(arguments).await?;
        let ca_file = arguments.ca_file.clone().unwrap_or_else(|| temporary(&simulator));
        std::fs::write(&ca_file, &simulator.ca_pem)
            .map_err(|source| Trouble::File { path: ca_file.clone(), source })?;
        let mut stdout = std::io::stdout().lock();
        // Who started it may have gone, or read no further: it serves all the same.
        let _ = write!(stdout, "{}", introduction(&simulator, &ca_file)).and_then(|()| stdout.flush());
        drop(stdout);
        say("the simulator is ready");
        signals.wish().await;
        if arguments.ca_file.is_none() {
            let _ = std::fs::remove_file(&ca_file);
        }
        simulator.save()?;
        Ok(())
    })
}

async fn start(arguments: &SimulateArguments) -> Result<Simulator, Trouble> {
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let mut builder = Simulator::builder()
        .address(arguments.addr)
        .seed(arguments.seed)
        .latency(Duration::from_millis(arguments.latency))
        .token_lifetime(Duration::from_secs(arguments.token_lifetime))
        .workspaces(count(arguments.workspaces))
        .incidents(count(arguments.incidents));
    if let Some(folder) = &arguments.content {
        builder = builder.content(folder);
    }
    if let Some(file) = &arguments.state {
        builder = builder.state(file);
    }
    if let Some(path) = &arguments.faults {
        builder = builder.faults(rules(path)?);
    }
    Ok(builder.start().await?)
}

/// The fault rules of a file.
pub(super) fn rules(path: &Path) -> Result<Vec<FaultRule>, Trouble> {
    let text =
        std::fs::read_to_string(path).map_err(|source| Trouble::File { path: path.to_owned(), source })?;
    parse_rules(&text).map_err(|error| Trouble::Rules { path: path.to_owned(), source: error.into() })
}

fn temporary(simulator: &Simulator) -> PathBuf {
    let port = simulator.arm_url.rsplit(':').next().unwrap_or_default();
    std::env::temp_dir().join(format!("runspaced-simulator-{port}.pem"))
}

/// Endpoints as comments, variables as a `.env` file has them.
fn introduction(simulator: &Simulator, ca_file: &Path) -> String {
    let mut text = String::new();
    let (arm, query, login, ingest, identity) = (
        &simulator.arm_url,
        &simulator.query_url,
        &simulator.login_url,
        &simulator.ingest_url,
        &simulator.identity_url,
    );
    let _ =
        writeln!(text, "# Resource Manager  {arm}\n# Log Analytics     {query}\n# Entra             {login}");
    let _ = writeln!(
        text,
        "# Logs ingestion    {ingest}\n# Managed identity  {identity}\n# Its own paths     {arm}/_simulator"
    );
    let Some(app) = simulator.app(app::CONTRIBUTOR) else { return text };
    for (name, value) in [
        ("RUNSPACED_AZURE__CLOUD", "custom"),
        ("RUNSPACED_AZURE__AUTHORITY", login),
        ("RUNSPACED_AZURE__RESOURCE_MANAGER", arm),
        ("RUNSPACED_AZURE__LOGS", query),
        ("RUNSPACED_AZURE__INGESTION", ingest),
        ("RUNSPACED_AZURE__CA_FILE", &ca_file.display().to_string()),
        ("AZURE_TENANT_ID", &app.tenant),
        ("AZURE_CLIENT_ID", &app.client_id),
        ("AZURE_CLIENT_SECRET", &app.secret),
    ] {
        let _ = writeln!(text, "{name}={value}");
    }
    text
}
