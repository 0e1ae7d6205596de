//! `runspaced bench`.

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};

use crate::bench::{self, LEAST_ROUNDS, Options};

/// Figures of the engine, each with its floor, its rival and its target, measured in one run.
#[derive(Debug, Args)]
#[command(after_help = "Example: runspaced bench engine --quick --filter warm --json figures.json")]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Start, calls, throughput, isolation, stop, output, memory.
    Engine(EngineArgs),
    /// Part of `engine` that needs a process of its own.
    #[command(hide = true)]
    Probe {
        /// What to measure, as JSON.
        request: String,
    },
}

#[derive(Debug, Args)]
struct EngineArgs {
    /// Also writes the figures as JSON into this file (`-`: to stdout, instead of the table).
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Shorter series, in about a minute and a half.
    #[arg(long)]
    quick: bool,
    /// Only scenarios whose names contain one of these, e.g. `warm,cancel`.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    filter: Vec<String>,
    /// Pairs of value and floor for each ratio.
    #[arg(long, value_name = "N", default_value_t = LEAST_ROUNDS, value_parser = rounds)]
    rounds: usize,
    /// The PowerShell to measure: the folder that holds pwsh.dll.
    #[arg(long, value_name = "FOLDER")]
    powershell: Option<PathBuf>,
}

fn rounds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rounds) if (LEAST_ROUNDS..=1_000).contains(&rounds) => Ok(rounds),
        _ => Err(format!("{LEAST_ROUNDS} to 1000 are possible; the median of fewer proves little")),
    }
}

/// Runs it. A target that is missed is a figure like any other: the exit code stays 0.
pub(crate) fn run(args: BenchArgs) -> ExitCode {
    let done = match args.what {
        What::Engine(args) => engine(args),
        What::Probe { request } => bench::probe(&request).map_err(|error| error.to_string()).and_then(|line| print(&line)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "runspaced bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn engine(args: EngineArgs) -> Result<(), String> {
    let options =
        Options { quick: args.quick, rounds: args.rounds, filter: args.filter, powershell: args.powershell };
    let mut progress = |line: &str| {
        let _ = writeln!(std::io::stderr(), "{line}");
    };
    let report = bench::engine(&options, &mut progress).map_err(|error| error.to_string())?;
    let json = || report.to_json().map_err(|error| error.to_string());
    match args.json {
        Some(file) if file.as_os_str() == "-" => print(&json()?),
        Some(file) => {
            std::fs::write(&file, json()?).map_err(|error| format!("writing {}: {error}", file.display()))?;
            print(&report.to_text())
        }
        None => print(&report.to_text()),
    }
}

fn print(text: &str) -> Result<(), String> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", text.trim_end()).and_then(|()| stdout.flush()).map_err(|error| format!("writing the result: {error}"))
}
