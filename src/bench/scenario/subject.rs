//! What is called, and its floor: the same pipeline made, run and thrown away in a C# loop in the same slot.

use runspaced::{Engine, Invocation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{BenchError, Figure, Samples, Unit};
use crate::bench::samples::{Percentiles, quantile};

/// Something to call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Subject {
    pub(super) command: bool,
    pub(super) text: String,
    pub(super) parameters: serde_json::Map<String, Value>,
}

const OBJECT_SCRIPT: &str =
    "param([int]$n) [pscustomobject]@{ Number = $n; Square = $n * $n; Name = \"item $n\" }";

impl Subject {
    /// A command that takes no time to speak of.
    pub(super) fn get_date() -> Self {
        Self { command: true, text: "Get-Date".to_owned(), parameters: serde_json::Map::new() }
    }

    /// A script with a parameter that returns an object.
    pub(super) fn object_script() -> Self {
        Self::script(OBJECT_SCRIPT, "n", 7)
    }

    pub(super) fn script(text: &str, parameter: &str, value: u64) -> Self {
        let parameters = [(parameter.to_owned(), json!(value))].into_iter().collect();
        Self { command: false, text: text.to_owned(), parameters }
    }

    pub(super) fn call(&self) -> Invocation {
        let call =
            if self.command { Invocation::command(&self.text) } else { Invocation::script(&self.text) };
        self.parameters.iter().fold(call, |call, (name, value)| call.arg(name, value))
    }

    /// The floor: `count` times in a C# loop.
    fn floor(&self, count: usize) -> Invocation {
        Invocation::measure(&self.text, count as u64)
            .arg("mode", if self.command { "command" } else { "unread" })
            .arg("parameters", &self.parameters)
    }

    /// Calls it `count` times, one after the other.
    pub(super) fn time_calls(&self, engine: &Engine, count: usize) -> Result<Samples, BenchError> {
        let call = self.call();
        let mut samples = Samples::with_capacity(count);
        for _ in 0..count {
            let call = call.clone();
            samples.time(|| engine.blocking().invoke(call))?;
        }
        Ok(samples)
    }

    /// Calls and floor in turns, each pair of blocks in the opposite order of the one before.
    pub(super) fn alternate(
        &self,
        engine: &Engine,
        rounds: usize,
        block: usize,
    ) -> Result<Alternation, BenchError> {
        let mut pairs = Vec::with_capacity(rounds);
        for round in 0..rounds {
            pairs.push(if round % 2 == 0 {
                let calls = self.time_calls(engine, block)?;
                (calls, self.time_floor(engine, block)?)
            } else {
                let floor = self.time_floor(engine, block)?;
                (self.time_calls(engine, block)?, floor)
            });
        }
        Ok(Alternation(pairs))
    }

    /// Runs the floor `count` times.
    pub(super) fn time_floor(&self, engine: &Engine, count: usize) -> Result<FloorTimes, BenchError> {
        FloorTimes::read(engine, self.floor(count), count)
    }
}

/// Calls and floor of each round.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Alternation(Vec<(Samples, FloorTimes)>);

impl Alternation {
    /// Median call and median floor of each round, microseconds.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        self.0.iter().map(|(calls, floor)| (calls.median() / 1e3, floor.p50_ns / 1e3))
    }

    /// The figure of calls against their floor.
    pub(super) fn figure(
        &self,
        id: impl Into<String>,
        title: impl Into<String>,
        floor: &'static str,
    ) -> Figure {
        let mut calls = Samples::default();
        self.0.iter().for_each(|(call, _)| calls.extend(call));
        let floors = FloorTimes::percentiles(self.0.iter().map(|(_, floor)| *floor));
        Figure::new(id, title, Unit::Microseconds, Figure::pairs(self.pairs()))
            .samples(&calls)
            .against(floor, Some(floors))
    }
}

/// How the runs of a floor were distributed.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct FloorTimes {
    pub(super) count: u64,
    pub(super) p50_ns: f64,
    p95_ns: f64,
    p99_ns: f64,
    mean_ns: f64,
}

impl FloorTimes {
    /// Opens and closes `count` runspaces.
    pub(super) fn of_runspaces(engine: &Engine, count: usize) -> Result<Self, BenchError> {
        Self::read(engine, Invocation::measure("1", count as u64).arg("mode", "runspace"), count)
    }

    fn read(engine: &Engine, measure: Invocation, count: usize) -> Result<Self, BenchError> {
        let rows: Vec<Self> = engine.blocking().invoke(measure)?.rows()?;
        rows.into_iter().find(|times| times.count == count as u64).ok_or(BenchError::NoSamples("the floor"))
    }

    /// Medians over rounds, in microseconds.
    fn percentiles(rounds: impl Iterator<Item = Self>) -> Percentiles {
        let rounds: Vec<Self> = rounds.collect();
        let middle = |of: fn(&Self) -> f64| quantile(&rounds.iter().map(of).collect::<Vec<_>>(), 0.5) / 1e3;
        Percentiles {
            count: rounds.iter().map(|round| round.count).sum(),
            mean: middle(|round| round.mean_ns),
            p50: middle(|round| round.p50_ns),
            p95: middle(|round| round.p95_ns),
            p99: middle(|round| round.p99_ns),
            max: rounds.iter().map(|round| round.p99_ns).fold(0.0, f64::max) / 1e3,
        }
    }
}
