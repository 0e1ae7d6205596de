//! A function that calls itself for ever.

use std::time::{Duration, Instant};

use runspaced::{Engine, Invocation};
use serde::{Deserialize, Serialize};

use super::{BenchError, Context, Figure, LoadMeter, Probe, Target, Unit};

/// Runs it once, then something else.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RecursionProbe {
    deadline_s: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RecursionAnswer {
    seconds: f64,
    /// Code of the call's error, or id of PowerShell's.
    end: String,
}

impl RecursionProbe {
    pub(crate) fn run(self) -> Result<RecursionAnswer, BenchError> {
        let engine = Engine::builder().build()?;
        engine.blocking().ready()?;
        let endless = Invocation::script("function f { f }; f").timeout(Duration::from_secs(self.deadline_s));
        let start = Instant::now();
        let outcome = engine.blocking().invoke(endless);
        let seconds = start.elapsed().as_secs_f64();
        let end = match &outcome {
            // The statement ends with an error, the script goes on behind it.
            Ok(output) => match output.errors().first() {
                Some(error) => error.fully_qualified_error_id.clone(),
                None => return Err(BenchError::NoSamples("an endless recursion ended without an error")),
            },
            Err(error) => error.code().to_owned(),
        };
        // An answer that costs the engine counts for nothing.
        engine.blocking().invoke(Invocation::script("1"))?;
        Ok(RecursionAnswer { seconds, end })
    }
}

/// It takes seconds and is bounded by a wide margin or not at all: few rounds will do.
const ROUNDS: usize = 3;

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let meter = LoadMeter::start();
    let mut answers: Vec<RecursionAnswer> = Vec::new();
    for _ in 0..context.options.pick(ROUNDS, 1) {
        answers.push(context.children.ask(&Probe::Recursion(RecursionProbe { deadline_s: 30 }))?);
    }
    let ends: Vec<&str> = answers.iter().map(|answer| answer.end.as_str()).collect();
    Ok(vec![
        Figure::new(
            "recursion",
            "endless recursion -> answer",
            Unit::Seconds,
            Figure::alone(answers.iter().map(|answer| answer.seconds)),
        )
        .detail("answered_with", ends)
        .target(Target::AtMost { limit: 10.0 })
        .load(meter.read()),
    ])
}
