//! `runspaced bench`: what the engine costs, beside the least it could cost and beside spawning `pwsh`.
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
mod options;
mod probe;
mod report;
mod rival;
mod samples;
mod scenario;
mod table;

use self::{child::Children, machine::Machine, rival::Rival};
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
}

impl BenchError {
    fn system(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { what: what.into(), source }
    }
}

/// Measures the engine. `progress` is told what is being measured; a scenario that fails is in the report with its reason.
pub(crate) fn engine(options: &Options, progress: &mut dyn FnMut(&str)) -> Result<Report, BenchError> {
    let selected = options.selected()?;
    let home = runspaced::locate::find(&options.locate());
    let rival = Rival::beside(home.home());
    let children = Children::new(options)?;
    let mut report = Report::begin(options, Machine::here(), home.home(), &rival);
    for scenario in selected {
        progress(&format!("{}: {}", scenario.name(), scenario.describe()));
        let context = scenario::Context { options, children: &children, rival: &rival };
        match scenario.measure(&context) {
            Ok(figures) => report.figures.extend(figures),
            Err(error) => {
                progress(&format!("{} failed: {error}", scenario.name()));
                report.failures.push(report::Failure::new(scenario.name(), &error));
            }
        }
    }
    report.end();
    Ok(report)
}

/// Runs one measuring process's part and gives what it has to say, a JSON document.
pub(crate) fn probe(request: &str) -> Result<String, BenchError> {
    let probe: Probe = serde_json::from_str(request)?;
    probe.run()
}
