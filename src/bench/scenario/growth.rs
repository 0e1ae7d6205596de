//! Resident memory over many calls of constant text.

use runspaced::Engine;
use serde::{Deserialize, Serialize};

use super::{
    BenchError, Context, Figure, LoadMeter, Probe, Target, Unit, resident_bytes, slope, subject::Subject,
};

/// Makes calls and reads the resident memory now and then.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct GrowthProbe {
    from: usize,
    to: usize,
    readings: usize,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GrowthAnswer {
    /// Calls made, resident bytes.
    readings: Vec<(u64, u64)>,
}

impl GrowthProbe {
    pub(crate) fn run(self) -> Result<GrowthAnswer, BenchError> {
        let engine = Engine::builder().max_slots(1).build()?;
        engine.blocking().ready()?;
        let (command, script) = (Subject::get_date(), Subject::object_script());
        let mut calls = 0;
        let mut run = |count: usize| -> Result<u64, BenchError> {
            command.time_calls(&engine, count / 2)?;
            script.time_calls(&engine, count - count / 2)?;
            calls += count as u64;
            Ok(calls)
        };
        run(self.from)?;
        let step = (self.to - self.from) / self.readings.max(1);
        let mut readings = Vec::with_capacity(self.readings);
        for _ in 0..self.readings {
            let made = run(step)?;
            let resident =
                resident_bytes().ok_or(BenchError::NoSamples("this system does not say what is resident"))?;
            readings.push((made, resident));
        }
        Ok(GrowthAnswer { readings })
    }
}

/// Calls over which the target counts.
const SPAN: f64 = 150_000.0;

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let meter = LoadMeter::start();
    let (from, to) = if context.options.quick { (15_000, 45_000) } else { (50_000, 200_000) };
    let answer: GrowthAnswer =
        context.children.ask(&Probe::Growth(GrowthProbe { from, to, readings: 30 }))?;
    let points: Vec<(f64, f64)> = answer
        .readings
        .iter()
        .map(|(calls, bytes)| (*calls as f64, *bytes as f64 / (1024.0 * 1024.0)))
        .collect();
    let growth = slope(&points) * SPAN;
    let title = if context.options.quick {
        "growth over 150,000 calls, from calls 15,000 to 45,000"
    } else {
        "growth, calls 50,000 to 200,000"
    };
    let readings: Vec<f64> = points.iter().map(|(_, megabytes)| *megabytes).collect();
    Ok(vec![
        Figure::new("growth", title, Unit::Megabytes, Figure::alone([growth]))
            .target(Target::AtMost { limit: 1.0 })
            .detail("resident_mb", readings)
            .load(meter.read()),
    ])
}
