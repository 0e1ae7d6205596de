//! `runspaced doctor`: what is found, what works, and what to do about the rest.

mod check;
mod environment;
mod folders;
mod measure;
mod purity;
mod report;

use std::io::IsTerminal;
use std::time::Duration;

use runspaced::Error;
use runspaced::locate::{self, Survey};

use super::Exit;
use super::flags::HostFlags;
use super::process::{Hosting, Process};
use super::screen::{Palette, complain};
use crate::config::{FlagValue, Outcome};

use check::{Check, State};
use measure::Start;
use report::Report;

/// Time that runspaces get to close at the end.
const CLOSING: Duration = Duration::from_millis(500);

/// Arguments of `runspaced doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  runspaced doctor --json\n\n\
    Exit codes:\n  0 all works; 1 something is wrong; 2 the configuration is wrong; 69 no PowerShell that can be hosted")]
pub struct DoctorArguments {
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    host: HostFlags,
}

impl Hosting for DoctorArguments {
    fn flags(&self) -> Vec<FlagValue> {
        self.host.settings()
    }

    async fn run(self, mut process: Process) -> Exit {
        let palette = Palette { colours: process.global.color.applies_to(&process.streams.output) };
        let progress = std::io::stderr().is_terminal() && !self.json;
        if progress {
            super::screen::say("looking, starting PowerShell and measuring: a few seconds");
        }
        let mut signals = process.signals.clone();
        let report = tokio::select! {
            report = examine(&mut process) => report,
            wish = signals.wish() => return wish.exit(),
        };
        let text = if self.json { report.json() } else { report.text(palette) };
        let exit = report.exit();
        match super::run::write_all(&process.streams.output, &text) {
            Ok(()) => exit,
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::BROKEN_PIPE,
            Err(error) => {
                complain(process.palette, format_args!("the report cannot be written: {error}"));
                Exit::FAILED
            }
        }
    }
}

async fn examine(process: &mut Process) -> Report {
    let survey = locate::survey(&process.config.locate());
    let mut checks = vec![search(&survey), configuration(process)];
    checks.extend(folders::check());
    let mut start = None;
    if survey.home().is_some() {
        match purity::Trap::set() {
            Ok(trap) => match Start::measure(process).await {
                Ok((engine, measured)) => {
                    checks.push(Check::ok("start", measured.summary()));
                    checks.extend(measured.judge(&process.config.settings));
                    checks.push(environment::check(&engine, process).await);
                    checks.push(trap.check(&engine).await);
                    engine.shut_down(CLOSING);
                    start = Some(measured);
                }
                Err(error) => checks.push(start_failed(&error)),
            },
            Err(error) => checks.push(Check::failed(
                "standard_streams",
                format!("no pipe could be made to test them: {error}"),
                "Raise the limit of open files (ulimit -n).",
            )),
        }
    }
    Report { survey, checks, start }
}

fn search(survey: &Survey) -> Check {
    match survey.home() {
        Some(home) => {
            Check::ok("powershell", format!("PowerShell {} in {}", home.version, home.path.display()))
        }
        None => Check::failed("powershell", survey.summary(), survey.remedy()),
    }
}

fn configuration(process: &Process) -> Check {
    let files = &process.config.files;
    let skipped: Vec<String> = files
        .iter()
        .filter_map(|file| match &file.outcome {
            Outcome::Skipped(reason) => Some(format!("{} {reason}", file.path.display())),
            _ => None,
        })
        .collect();
    if !skipped.is_empty() {
        return Check::warning(
            "configuration",
            skipped.join("; "),
            "Name the file with --config, or correct its rights.",
        );
    }
    let read: Vec<String> = files
        .iter()
        .filter(|file| file.outcome == Outcome::Read)
        .map(|file| file.path.display().to_string())
        .collect();
    Check::ok(
        "configuration",
        if read.is_empty() { "no files, defaults".to_owned() } else { read.join(", ") },
    )
}

fn start_failed(error: &Error) -> Check {
    let remedy = match error {
        Error::StartFailed { remedy, .. } | Error::PowerShellNotFound { remedy, .. } => remedy.clone(),
        Error::OpenFailed { phase, .. } if phase == "module" => {
            "Correct powershell.modules in the configuration, or install the module.".to_owned()
        }
        _ => "Check that `pwsh -NoProfile -Command 1` works with this installation.".to_owned(),
    };
    Check { state: State::Failed, ..Check::failed("start", format!("{error} [{}]", error.code()), remedy) }
}
