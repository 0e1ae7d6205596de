//! What is called, and its floor: the same pipeline made, run and thrown away in a C# loop in the same slot.

use runspaced::{Engine, Invocation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bench::{
    BenchError,
    samples::{Percentiles, Samples, quantile},
};

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

    /// Runs the floor `count` times.
    pub(super) fn time_floor(&self, engine: &Engine, count: usize) -> Result<FloorTimes, BenchError> {
        let rows: Vec<FloorTimes> = engine.blocking().invoke(self.floor(count))?.rows()?;
        rows.into_iter().find(|times| times.count == count as u64).ok_or(BenchError::NoSamples("the floor"))
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
    /// Medians over rounds, in microseconds.
    pub(super) fn percentiles(rounds: impl Iterator<Item = Self>) -> Percentiles {
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
