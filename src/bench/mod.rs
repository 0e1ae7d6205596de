//! `runspaced bench`: what the engine costs, beside the least it could cost and beside spawning `pwsh`; what the [`mcp`] server
//! costs.
//!
//! Absolute figures of a busy machine mean little, ratios of a value and its floor measured right after each other mean a lot. So every
//! [`scenario`] alternates the two, at least [`LEAST_ROUNDS`] times, and a [`figure::Figure`] carries the median of the ratios, their
//! spread and what else the machine did. What is measured runs in [`probe`]s: processes of their own, made from this binary, because a
//! process has one PowerShell runtime and a warm one tells nothing about a cold one. `docs/bench.md` explains every figure and
//! the JSON.

mod child;
mod figure;
mod load;
mod machine;
pub(crate) mod mcp;
mod options;
mod page;
mod probe;
mod report;
mod rival;
mod samples;
mod scenario;
pub(crate) mod sentinel;
mod suite;
mod table;
mod trend;

use self::{child::Children, machine::Machine, report::Suite, rival::Rival, scenario::EngineScenario};
pub(crate) use self::{
    options::{LEAST_ROUNDS, Options},
    probe::Probe,
    report::Report,
};

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// The engine did not do what was to be measured.
    #[error(transparent)]
    Engine(#[from] runspaced::Error),
    #[error("{what}: {source}")]
    System { what: String, source: std::io::Error },
    #[error("the measuring process for '{probe}' failed ({status}){stderr}")]
    Probe { probe: &'static str, status: String, stderr: String },
    #[error("a measuring process said what is not understood: {0}")]
    Protocol(#[from] serde_json::Error),
    #[error("{program} {arguments} ended with {status}")]
    Rival { program: String, arguments: String, status: String },
    #[error("no scenario is named like '{given}'; there are: {known}")]
    NothingSelected { given: String, known: String },
    #[error("a measurement gave no samples: {0}")]
    NoSamples(&'static str),
    /// A server did not do what was to be measured.
    #[error("{0}")]
    Server(String),
    #[error("no tool was named for it; name one with {0} 'NAME {{\"argument\": \"value\"}}'")]
    Lacks(&'static str),
    #[error("{0} names no folder of content")]
    NoContent(&'static str),
    #[error("only this program's own server can be measured so")]
    OwnOnly,
}

impl BenchError {
    fn system(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { what: what.into(), source }
    }
}

/// Measures the engine. `progress` is told what is being measured; a scenario that fails is in the report with its reason.
pub(crate) fn engine(options: &Options, progress: &mut dyn FnMut(&str)) -> Result<Report, BenchError> {
    let selected = suite::selected(&EngineScenario::ALL, &options.filter)?;
    let home = runspaced::locate::find(&options.locate());
    let rival = Rival::beside(home.home());
    let children = Children::new(options)?;
    let report = Report::begin(Suite::Engine, options, Machine::here(), home.home(), Some(&rival));
    let context = scenario::Context { options, children: &children, rival: &rival };
    Ok(suite::run(selected, report, progress, |scenario| scenario.measure(&context)))
}

/// Runs one measuring process's part and gives what it has to say, a JSON document.
pub(crate) fn probe(request: &str) -> Result<String, BenchError> {
    let probe: Probe = serde_json::from_str(request)?;
    probe.run()
}
