//! The command line: one verb a job, one module a verb.
//!
//! A verb is a struct of arguments and a function from it to an [`Exit`]. Those that host PowerShell implement
//! [`Hosting`] and are run by [`host`], which cleans the environment, takes the standard streams away, and installs the log
//! and the signals before the runtime starts. The others write to the standard output.

mod audit;
mod bench;
mod bridge;
mod client_config;
mod completions;
mod config;
mod demo;
mod doctor;
mod exit;
mod exposure;
mod flags;
mod identity;
mod log;
mod man;
mod mcp;
mod module;
mod policy;
mod process;
mod restart;
mod run;
mod screen;
mod sentinel;
mod setup;
mod simulate;
mod tools;

use std::time::Instant;

use clap::{CommandFactory, Parser, Subcommand};

pub use exit::Exit;
use flags::GlobalFlags;
use process::host;

/// PowerShell 7, hosted in this process.
#[derive(Debug, Parser)]
#[command(
    name = "runspaced",
    version,
    long_version = version(),
    about = "PowerShell 7 hosted inside one process: scripts, an MCP server, and a benchmark",
    after_help = "Example:\n  runspaced run 'Get-Process | Sort-Object CPU -Descending | Select-Object -First 3 Id, ProcessName'",
    propagate_version = false,
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
struct CommandLine {
    #[command(flatten)]
    global: GlobalFlags,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// A morning with Microsoft Sentinel in a simulated Azure: no account, no network, no PowerShell needed
    Demo(demo::DemoArguments),
    /// Run a command or a script
    Run(Box<run::RunArguments>),
    /// Serve PowerShell commands as tools to a client of the Model Context Protocol
    Mcp(Box<mcp::McpArguments>),
    /// Operations on Microsoft Sentinel, many workspaces and tenants at once
    Sentinel(sentinel::SentinelArguments),
    /// Install the PowerShell module SentinelManager for an ordinary pwsh, remove it, look at it
    Module(module::ModuleArguments),
    /// Show which tools the MCP server makes of commands, what it leaves out, and why
    Tools(tools::ToolsArguments),
    /// Look at the installation: what is found, what works, what to do about the rest
    Doctor(doctor::DoctorArguments),
    /// Show and check the configuration
    Config(config::ConfigArguments),
    /// Put the server into a client's configuration, or into a bundle
    ClientConfig(client_config::ClientConfigArguments),
    /// Measure the engine beside its floor and beside pwsh
    Bench(Box<bench::BenchArguments>),
    /// Install the official PowerShell into the user's data folder
    Setup(setup::SetupArguments),
    /// Run a loopback Azure: Resource Manager, Sentinel, queries, ingestion, tokens
    Simulate(Box<simulate::SimulateArguments>),
    /// Check that no record of an audit file was changed or taken out
    Audit(audit::AuditArguments),
    /// Write the completions for a shell
    Completions(completions::CompletionsArguments),
    /// Write the manual page
    Man(man::ManArguments),
}

/// Reads the command line and does what it says.
pub fn main() -> Exit {
    let started = Instant::now();
    // Ends the process itself for --help, --version and mistakes (code 2).
    let CommandLine { global, verb } = CommandLine::parse();
    match verb {
        Verb::Run(arguments) => host(*arguments, global, started),
        Verb::Mcp(arguments) => host(*arguments, global, started),
        Verb::Tools(arguments) => host(arguments, global, started),
        Verb::Doctor(arguments) => host(arguments, global, started),
        Verb::Demo(arguments) => demo::run(&arguments, &global, started),
        Verb::Sentinel(arguments) => sentinel::run(arguments, &global),
        Verb::Module(arguments) => module::run(arguments, &global),
        Verb::Config(arguments) => config::run(&arguments, &global),
        Verb::ClientConfig(arguments) => client_config::run(&arguments, &global),
        Verb::Bench(arguments) => bench::run(&arguments),
        Verb::Setup(arguments) => setup::run(&arguments, &global),
        Verb::Simulate(arguments) => simulate::run(&arguments, &global),
        Verb::Audit(arguments) => audit::run(&arguments, &global),
        Verb::Completions(arguments) => completions::run(&arguments, &mut CommandLine::command()),
        Verb::Man(arguments) => man::run(&arguments, CommandLine::command()),
    }
}

/// Version, and what it was made for.
fn version() -> String {
    format!(
        "{} ({} {}{}, {} build)\nhosts PowerShell {} or later",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        if cfg!(target_env = "musl") { " musl" } else { "" },
        if cfg!(debug_assertions) { "debug" } else { "release" },
        runspaced::locate::MINIMUM_VERSION,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}
