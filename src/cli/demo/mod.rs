//! `runspaced demo`: an analyst's morning in a simulated Azure, asked as tools of our own MCP server. No account, no
//! network, no PowerShell.

mod morning;
mod page;
mod place;
mod record;
mod session;
mod steps;
mod transcript;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use runspaced::mcp::{Exposure, Mode, Policy, Server};
use runspaced::simulator::Simulator;

use super::Exit;
use super::flags::GlobalFlags;
use super::screen::{Palette, complain, say};
use super::simulate::rules;
use crate::signals::Signals;
use morning::Morning;
use place::Place;
use record::Record;
use session::Session;
use steps::{STEPS, Step};
use transcript::Progress;

/// Arguments of `runspaced demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
        runspaced demo\n  \
        runspaced demo --json --no-report\n\n\
        It needs no account and reaches nothing outside of this process: the configuration and the environment are not looked at.\n\n\
        Exit codes:\n  0 every step worked; 1 a step failed, or it cannot begin; 2 wrong use; 130 Ctrl-C")]
pub struct DemoArguments {
    /// Print what happened as JSON instead of the transcript
    #[arg(long)]
    json: bool,
    /// Write the report, an HTML page, to this file [default: runspaced-demo.html here, or in the folder of temporary files]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write no report
    #[arg(long, conflicts_with = "report")]
    no_report: bool,
    /// Keep exports, backups and the journal in this folder [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// All content of the simulated Azure is made from this number
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Fill the workspaces from this folder of rules, hunting queries, watchlists and so on
    #[arg(long, value_name = "DIR")]
    content: Option<PathBuf>,
    /// Rules of faults to inject into the simulated Azure, as TOML
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
}

/// Runs it. A step that fails is shown, and the others go on.
pub fn run(arguments: &DemoArguments, global: &GlobalFlags, started: Instant) -> Exit {
    let palette = Palette { colours: global.color.applies_to(&std::io::stderr()) };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(palette, format_args!("threads could not be started: {error}"));
            return Exit::FAILED;
        }
    };
    let exit = runtime.block_on(async {
        let mut signals = match Signals::install() {
            Ok(signals) => signals,
            Err(error) => {
                complain(palette, format_args!("signals cannot be taken: {error}"));
                return Exit::FAILED;
            }
        };
        tokio::select! {
            exit = demo(arguments, global, started) => exit.unwrap_or_else(|problem| {
                complain(palette, problem);
                Exit::FAILED
            }),
            wish = signals.wish() => wish.exit(),
        }
    });
    // Threads that still read a pipe are nobody's business any more.
    runtime.shutdown_background();
    exit
}

async fn demo(arguments: &DemoArguments, global: &GlobalFlags, started: Instant) -> Result<Exit, String> {
    let mut builder = Simulator::builder().seed(arguments.seed).polls(1);
    if let Some(folder) = &arguments.content {
        builder = builder.content(folder);
    }
    if let Some(file) = &arguments.faults {
        builder = builder.faults(rules(file).map_err(|trouble| trouble.to_string())?);
    }
    let place =
        Place::begin(builder, arguments.folder.as_deref()).await.map_err(|trouble| trouble.to_string())?;
    let sentinel = place.connect()?;
    let server = Server::without_powershell(Exposure::default())
        .policy(Policy::new(Mode::Write))
        .sentinel(move || Ok(sentinel));
    let mut session = Session::open(server).await?;
    let mut record = Record::begin(about(&session), started.elapsed());
    let palette = Palette { colours: global.color.applies_to(&io::stdout()) };
    let mut out = Transcript { shown: !arguments.json };
    let mut outcome = out.write(|out| transcript::heading(out, &record, palette));

    let steps: Vec<&Step> = STEPS.iter().collect();
    let progress = Progress::new(steps.len());
    let tell = |text: &str| progress.tell(text);
    let mut morning = Morning::new(&mut session, place.folder(), &tell);
    for step in steps {
        if !morning.has(step.tools) {
            continue;
        }
        progress.tell(step.question);
        let began = Instant::now();
        let found = (step.take)(&mut morning).await;
        record.add(step.question, found, began.elapsed(), std::mem::take(&mut morning.asked));
        let number = record.steps.len();
        if let Some(done) = record.steps.last() {
            let shown = progress.step(|| out.write(|out| transcript::step(out, number, done, palette)));
            outcome = outcome.and(shown);
        }
    }
    progress.end();
    session.close().await;
    record.azure_requests = place.azure.counters().total();
    record.total_ms = record::milliseconds(started.elapsed());
    outcome = outcome.and(out.write(|out| transcript::closing(out, &record, palette)));
    if arguments.json {
        let json = serde_json::to_string_pretty(&record).map_err(|error| error.to_string())?;
        outcome = outcome.and(writeln!(io::stdout().lock(), "{json}"));
    }
    if !arguments.no_report {
        let file = report(&page::of(&record), arguments.report.as_deref())?;
        say(format_args!("Report: {}", file.display()));
    }
    if place.is_kept() {
        say(format_args!("Exports, backups and the journal: {}", place.folder().display()));
    }
    Ok(match outcome {
        Err(_) => Exit::BROKEN_PIPE,
        Ok(()) if record.failed > 0 => Exit::FAILED,
        Ok(()) => Exit::OK,
    })
}

fn about(session: &Session) -> record::Server {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    record::Server {
        name: text(&session.about["serverInfo"]["name"]),
        protocol: text(&session.about["protocolVersion"]),
        tools: session.tools.len(),
    }
}

/// The standard output, if it shows the transcript.
struct Transcript {
    shown: bool,
}

impl Transcript {
    fn write(&mut self, write: impl FnOnce(&mut io::StdoutLock<'_>) -> io::Result<()>) -> io::Result<()> {
        if !self.shown {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        write(&mut out)?;
        out.flush()
    }
}

/// Writes the page: where it was asked for, or in the first place that takes it.
fn report(page: &str, asked: Option<&Path>) -> Result<PathBuf, String> {
    const NAME: &str = "runspaced-demo.html";
    let write = |path: &Path| {
        std::fs::write(path, page).map_err(|error| {
            format!(
                "the report cannot be written to {}: {error}; --report names another file",
                path.display()
            )
        })
    };
    if let Some(path) = asked {
        return write(path).map(|()| path.to_owned());
    }
    let here = PathBuf::from(NAME);
    if write(&here).is_ok() {
        return Ok(here);
    }
    let temporary = std::env::temp_dir().join(NAME);
    write(&temporary).map(|()| temporary)
}
