//! `runspaced bench`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Exit;
use super::screen::say;
use crate::bench::{self, BenchError, LEAST_ROUNDS, Options};

/// Arguments of `runspaced bench`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  runspaced bench engine --quick --filter warm --json figures.json")]
pub struct BenchArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Start, calls, throughput, isolation, stop, output, memory
    Engine(EngineArguments),
    /// The part of `engine` that needs a process of its own
    #[command(hide = true)]
    Probe {
        /// What to measure, as JSON
        request: String,
    },
}

#[derive(Debug, Args)]
struct EngineArguments {
    /// Also write the figures as JSON to this file (`-`: to the standard output, instead of the table)
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Shorter series, for a first look
    #[arg(long)]
    quick: bool,
    /// Only scenarios whose names contain one of these, e.g. `warm,cancel`
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    filter: Vec<String>,
    /// Pairs of value and floor for each ratio
    #[arg(long, value_name = "N", default_value_t = LEAST_ROUNDS, value_parser = rounds)]
    rounds: usize,
    /// The PowerShell to measure: the folder that holds pwsh.dll
    #[arg(long, value_name = "HOME")]
    powershell: Option<PathBuf>,
}

fn rounds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rounds) if (LEAST_ROUNDS..=1_000).contains(&rounds) => Ok(rounds),
        _ => Err(format!("{LEAST_ROUNDS} to 1000 are possible; the median of fewer proves little")),
    }
}

/// Measures. A target that is missed is a figure like any other: the exit code stays 0.
pub fn run(arguments: &BenchArguments) -> Exit {
    let done = match &arguments.what {
        What::Engine(arguments) => engine(arguments),
        What::Probe { request } => {
            bench::probe(request).map_err(Trouble::Bench).and_then(|line| print(&line))
        }
    };
    match done {
        Ok(()) => Exit::OK,
        Err(Trouble::NobodyReads) => Exit::BROKEN_PIPE,
        Err(Trouble::Bench(error)) => {
            say(format_args!("runspaced: {error}"));
            match &error {
                BenchError::Engine(error) => Exit::from(error),
                BenchError::NothingSelected { .. } => Exit::USAGE,
                _ => Exit::FAILED,
            }
        }
    }
}

enum Trouble {
    Bench(BenchError),
    NobodyReads,
}

fn engine(arguments: &EngineArguments) -> Result<(), Trouble> {
    let options = Options {
        quick: arguments.quick,
        rounds: arguments.rounds,
        filter: arguments.filter.clone(),
        powershell: arguments.powershell.clone(),
    };
    let report = bench::engine(&options, &mut |line| say(line)).map_err(Trouble::Bench)?;
    let Some(file) = &arguments.json else { return print(&report.to_text()) };
    let json = report.to_json().map_err(Trouble::Bench)?;
    if file.as_os_str() == "-" {
        return print(&json);
    }
    std::fs::write(file, json).map_err(|source| {
        Trouble::Bench(BenchError::System { what: format!("writing {}", file.display()), source })
    })?;
    print(&report.to_text())
}

fn print(text: &str) -> Result<(), Trouble> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", text.trim_end()).and_then(|()| stdout.flush()).map_err(|_| Trouble::NobodyReads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_rounds_than_prove_anything_are_refused() {
        assert!(rounds("10").is_err_and(|message| message.contains("11")));
        assert_eq!(rounds("11"), Ok(11));
    }
}
