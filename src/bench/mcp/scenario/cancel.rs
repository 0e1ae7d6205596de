//! From cancelling a script to a free runspace: with one runspace, the next call is answered when it is free.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{BenchError, Context, Figure, LoadMeter, Samples, Target, Unit, all, warm};

/// How long a call may take to start running.
const BEGINNING: Duration = Duration::from_millis(20);
/// How long the next call may wait for one that was cancelled.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let trivial = context.server.tool("--trivial", |tools| &tools.trivial)?;
    let endless = context.server.tool("--endless", |tools| &tools.endless)?;
    let mut connection = warm(context, trivial, &[("RUNSPACED_POOL__MAX", "1")])?;
    let mut one = || -> Result<Duration, BenchError> {
        let id = connection.post(endless)?;
        // It must be running, not only on its way.
        std::thread::sleep(BEGINNING);
        let begun = Instant::now();
        connection.notify("notifications/cancelled", json!({"requestId": id, "reason": "measured"}))?;
        let next = connection.post(trivial)?;
        connection.allow(PATIENCE);
        let answer = connection.answer(next).map_err(|error| {
            BenchError::Server(format!(
                "a call after one that was cancelled was not answered within 10 s: {error}"
            ))
        })?;
        answer.success(&trivial.name)?;
        Ok(answer.at - begun)
    };
    let block = context.options.pick(20, 10);
    for _ in 0..block {
        one()?;
    }
    let meter = LoadMeter::start();
    let mut rounds: Vec<Samples> = Vec::with_capacity(context.options.rounds);
    for _ in 0..context.options.rounds {
        let mut samples = Samples::with_capacity(block);
        for _ in 0..block {
            samples.push(one()?);
        }
        rounds.push(samples);
    }
    let load = meter.read();
    let middle = Figure::alone(rounds.iter().map(|round| round.median() / 1e6));
    // Of a round of 10 or 20 the 99th percentile is its slowest.
    let slowest = Figure::alone(rounds.iter().map(|round| round.percentiles(1e6).p99));
    let title = "cancel of a script loop -> the next call's answer";
    let p99 = Figure::new("cancel.p99", format!("{title}, p99"), Unit::Milliseconds, slowest).load(load);
    Ok(vec![
        Figure::new("cancel.p50", title, Unit::Milliseconds, middle).samples(&all(&rounds)).load(load),
        if context.server.is_own() { p99.target(Target::AtMost { limit: 15.0 }) } else { p99 },
    ])
}
