//! The whole result. `docs/bench.md` describes the JSON.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use runspaced::locate::PowerShellHome;
use serde::Serialize;

use super::{
    BenchError, Options,
    figure::{Figure, Verdict},
    load,
    machine::Machine,
    page,
    rival::Rival,
    table,
};

/// Name of the JSON's schema; another number means that readers must be changed.
const SCHEMA: &str = "runspaced-bench/1";

/// Figures, and what is needed to judge them.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    schema: &'static str,
    pub(super) suite: Suite,
    /// Seconds since 1970-01-01T00:00Z.
    started_unix_s: u64,
    duration_s: f64,
    quick: bool,
    rounds: usize,
    runspaced: Build,
    #[serde(skip_serializing_if = "Option::is_none")]
    powershell: Option<PowerShell>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rival: Option<Rival>,
    /// What was measured, if it is a server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) server: Option<Server>,
    machine: Machine,
    load_before: Option<f64>,
    load_after: Option<f64>,
    pub(super) figures: Vec<Figure>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) failures: Vec<Failure>,
    #[serde(skip)]
    began: Instant,
}

/// What the scenarios are about.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Suite {
    Engine,
    Mcp,
    Sentinel,
}

impl Suite {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Mcp => "mcp",
            Self::Sentinel => "sentinel",
        }
    }
}

/// An MCP server, as it calls itself.
#[derive(Debug, Serialize)]
pub(super) struct Server {
    pub(super) name: String,
    pub(super) version: String,
    /// Of the protocol.
    pub(super) revision: String,
    pub(super) command: String,
}

#[derive(Debug, Serialize)]
struct Build {
    version: &'static str,
    /// False for a debug build, whose figures count for nothing.
    optimized: bool,
}

#[derive(Debug, Serialize)]
struct PowerShell {
    version: String,
    home: String,
    dotnet: String,
}

/// A scenario without figures.
#[derive(Debug, Serialize)]
pub(super) struct Failure {
    pub(super) scenario: &'static str,
    pub(super) reason: String,
}

impl Failure {
    pub(super) fn new(scenario: &'static str, error: &BenchError) -> Self {
        Self { scenario, reason: error.to_string() }
    }
}

impl Report {
    pub(super) fn begin(
        suite: Suite,
        options: &Options,
        machine: Machine,
        home: Option<&PowerShellHome>,
        rival: Option<&Rival>,
    ) -> Self {
        Self {
            schema: SCHEMA,
            suite,
            started_unix_s: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            duration_s: 0.0,
            quick: options.quick,
            rounds: options.rounds,
            runspaced: Build { version: env!("CARGO_PKG_VERSION"), optimized: !cfg!(debug_assertions) },
            powershell: home.map(|home| PowerShell {
                version: home.version.to_string(),
                home: home.path.display().to_string(),
                dotnet: home.dotnet.version.clone(),
            }),
            rival: rival.cloned(),
            server: None,
            machine,
            load_before: load::average(),
            load_after: None,
            figures: Vec::new(),
            failures: Vec::new(),
            began: Instant::now(),
        }
    }

    pub(super) fn end(&mut self) {
        self.duration_s = self.began.elapsed().as_secs_f64();
        self.load_after = load::average();
    }

    /// The JSON document, with a line end.
    pub(crate) fn to_json(&self) -> Result<String, BenchError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// For people.
    pub(crate) fn to_text(&self) -> String {
        let mut text = self.heading();
        text.push_str(&table::of(&self.figures));
        text.push('\n');
        for failure in &self.failures {
            text.push_str(&format!("not measured: {}: {}\n", failure.scenario, failure.reason));
        }
        text.push_str(&self.closing());
        text
    }

    /// The same as one HTML page.
    pub(crate) fn to_html(&self) -> String {
        page::of(self)
    }

    pub(super) fn heading(&self) -> String {
        let mut text = format!("runspaced {}", self.runspaced.version);
        if !self.runspaced.optimized {
            text.push_str(" (debug build: the figures count for nothing)");
        }
        if let Some(powershell) = &self.powershell {
            text.push_str(&format!(", PowerShell {} on .NET {}", powershell.version, powershell.dotnet));
        }
        if let Some(server) = &self.server {
            text.push_str(&format!(
                "\nmeasured: {} {} (revision {}): {}",
                server.name, server.version, server.revision, server.command
            ));
        }
        let machine = &self.machine;
        text.push_str(&format!(
            "\n{} {}, {} cores{}, load {} to {}\n",
            machine.os,
            machine.arch,
            machine.cores,
            machine.cpu.as_ref().map(|cpu| format!(" ({cpu})")).unwrap_or_default(),
            table::number(self.load_before),
            table::number(self.load_after),
        ));
        text
    }

    pub(super) fn count(&self, verdict: Verdict) -> usize {
        self.figures.iter().filter(|figure| figure.verdict == verdict).count()
    }

    pub(super) fn closing(&self) -> String {
        format!(
            "{} pass, {} miss, {} noisy, {} without a target, {} not measured; {:.0} s, {} rounds{}\n",
            self.count(Verdict::Pass),
            self.count(Verdict::Miss),
            self.count(Verdict::Noisy),
            self.count(Verdict::Info),
            self.failures.len(),
            self.duration_s,
            self.rounds,
            if self.quick { ", quick" } else { "" },
        )
    }
}
