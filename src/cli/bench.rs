//! `runspaced bench`.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::Exit;
use super::screen::say;
use crate::bench::mcp::{Given, GivenTools, ToolCall};
use crate::bench::{self, BenchError, LEAST_ROUNDS, Options, Report};

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
    /// The MCP server, or any other one: start, round trip, concurrency, cancel, search, memory
    Mcp(Box<McpArguments>),
    /// Operations on Microsoft Sentinel against a simulated Azure: a cached rule, health, many incidents, the demo
    Sentinel(EngineArguments),
    /// The part of a suite that needs a process of its own
    #[command(hide = true)]
    Probe {
        /// What to measure, as JSON
        request: String,
    },
    /// The floor of a round trip
    #[command(hide = true)]
    Echo,
}

#[derive(Debug, Args)]
struct EngineArguments {
    #[command(flatten)]
    run: RunArguments,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
        runspaced bench mcp --quick --html mcp.html\n  \
        runspaced bench mcp --filter start,round --trivial 'get_time {\"zone\": \"UTC\"}' -- npx some-mcp-server")]
struct McpArguments {
    #[command(flatten)]
    run: RunArguments,
    /// A call of the other server that does next to nothing: a tool, and a JSON object of arguments
    #[arg(long, value_name = "CALL", requires = "server", help_heading = "Another server")]
    trivial: Option<ToolCall>,
    /// A call of it that takes one second
    #[arg(long, value_name = "CALL", requires = "server", help_heading = "Another server")]
    second: Option<ToolCall>,
    /// A call of it that takes three seconds
    #[arg(long, value_name = "CALL", requires = "server", help_heading = "Another server")]
    three_seconds: Option<ToolCall>,
    /// A call of it that does not end
    #[arg(long, value_name = "CALL", requires = "server", help_heading = "Another server")]
    endless: Option<ToolCall>,
    /// A call of it with a large result
    #[arg(long, value_name = "CALL", requires = "server", help_heading = "Another server")]
    large: Option<ToolCall>,
    /// A call of it that searches tools
    #[arg(long, value_name = "CALL", requires = "server", help_heading = "Another server")]
    search: Option<ToolCall>,
    /// Another server to measure, over its standard input and output [default: this program's]
    #[arg(last = true, value_name = "SERVER")]
    server: Vec<OsString>,
}

/// How to measure, and where the figures go.
#[derive(Debug, Args)]
struct RunArguments {
    /// Also write the figures as JSON to this file (`-`: to the standard output, instead of the table)
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also write them as a page with plots, which needs nothing but a browser
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Shorter series, for a first look
    #[arg(long)]
    quick: bool,
    /// Only scenarios whose names contain one of these, e.g. `start,cancel`
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    filter: Vec<String>,
    /// Pairs of value and floor for each ratio
    #[arg(long, value_name = "N", default_value_t = LEAST_ROUNDS, value_parser = rounds)]
    rounds: usize,
    /// The PowerShell to measure: the folder that holds pwsh.dll
    #[arg(long, value_name = "HOME")]
    powershell: Option<PathBuf>,
}

impl RunArguments {
    fn options(&self) -> Options {
        Options {
            quick: self.quick,
            rounds: self.rounds,
            filter: self.filter.clone(),
            powershell: self.powershell.clone(),
        }
    }

    /// Writes a report where it is to go.
    fn deliver(&self, report: &Report) -> Result<(), Trouble> {
        if let Some(file) = &self.html {
            write(file, report.to_html())?;
        }
        match &self.json {
            None => print(&report.to_text()),
            Some(file) => {
                let json = report.to_json().map_err(Trouble::Bench)?;
                if file.as_os_str() == "-" {
                    return print(&json);
                }
                write(file, json)?;
                print(&report.to_text())
            }
        }
    }
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
        What::Mcp(arguments) => mcp(arguments),
        What::Sentinel(arguments) => sentinel(arguments),
        What::Echo => bench::mcp::echo::run().map_err(Trouble::Bench),
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
    let report = bench::engine(&arguments.run.options(), &mut |line| say(line)).map_err(Trouble::Bench)?;
    arguments.run.deliver(&report)
}

fn sentinel(arguments: &EngineArguments) -> Result<(), Trouble> {
    let report =
        bench::sentinel::sentinel(&arguments.run.options(), &mut |line| say(line)).map_err(Trouble::Bench)?;
    arguments.run.deliver(&report)
}

fn mcp(arguments: &McpArguments) -> Result<(), Trouble> {
    let given = (!arguments.server.is_empty()).then(|| Given {
        command: arguments.server.clone(),
        tools: GivenTools {
            trivial: arguments.trivial.clone(),
            second: arguments.second.clone(),
            three_seconds: arguments.three_seconds.clone(),
            endless: arguments.endless.clone(),
            large: arguments.large.clone(),
            search: arguments.search.clone(),
        },
    });
    let report =
        bench::mcp::mcp(&arguments.run.options(), given, &mut |line| say(line)).map_err(Trouble::Bench)?;
    arguments.run.deliver(&report)
}

fn write(file: &Path, text: String) -> Result<(), Trouble> {
    std::fs::write(file, text).map_err(|source| {
        Trouble::Bench(BenchError::System { what: format!("writing {}", file.display()), source })
    })
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
