//! What is called, and its floor: the same pipeline made, run and thrown away in a C# loop in the same slot.

use runspaced::{Engine, Invocation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bench::{BenchError, samples::Samples};

/// Something to call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Subject {
    pub(super) command: bool,
    pub(super) text: String,
    pub(super) parameters: serde_json::Map<String, Value>,
}

const OBJECT_SCRIPT: &str = "param([int]$n) [pscustomobject]@{ Number = $n; Square = $n * $n; Name = \"item $n\" }";

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
        let call = if self.command { Invocation::command(&self.text) } else { Invocation::script(&self.text) };
        self.with_parameters(call)
    }

    /// The floor: `count` times in a C# loop.
    fn floor(&self, count: usize) -> Invocation {
        let mode = if self.command { "command" } else { "script" };
        self.with_parameters(Invocation::measure(&self.text, count as u64).positional(mode))
    }

    fn with_parameters(&self, mut call: Invocation) -> Invocation {
        for (name, value) in &self.parameters {
            call = call.arg(name, value);
        }
        call
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
    pub(super) fn time_floor(&self, engine: &Engine, count: usize) -> Result<Samples, BenchError> {
        let samples = Samples::from_nanos(engine.blocking().invoke(self.floor(count))?.rows()?);
        if samples.len() == count { Ok(samples) } else { Err(BenchError::NoSamples("the floor")) }
    }
}
