//! What each isolation level costs in a closed loop: the time from call to call, cleaning up included.

use std::time::Instant;

use runspaced::{Engine, Invocation, Isolation};
use serde::{Deserialize, Serialize};

use super::{BenchError, Context, Figure, LoadMeter, Probe, Samples, Unit};

/// Alternates blocks of calls at each level.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct IsolationProbe {
    rounds: usize,
    block: usize,
    warm_up: usize,
}

/// For each of [`LEVELS`]: single calls, and nanoseconds from call to call by round.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct IsolationAnswer {
    levels: Vec<(Samples, Vec<f64>)>,
}

const LEVELS: [&str; 4] = ["shared", "scoped", "session", "reset"];
const SESSION: &str = "bench";

fn call(level: &str) -> Invocation {
    let call = Invocation::command("Get-Date");
    match level {
        "shared" => call.isolation(Isolation::Shared),
        "session" => call.session(SESSION),
        "reset" => call.isolation(Isolation::Reset),
        _ => call.isolation(Isolation::Scoped),
    }
}

impl IsolationProbe {
    pub(crate) fn run(self) -> Result<IsolationAnswer, BenchError> {
        let engine = Engine::builder().max_slots(1).build()?;
        engine.blocking().ready()?;
        engine.open_session(SESSION, None, None)?;
        let mut levels = vec![(Samples::default(), Vec::new()); LEVELS.len()];
        for level in LEVELS {
            block(&engine, level, if level == "reset" { self.block } else { self.warm_up / 4 })?;
        }
        for round in 0..self.rounds {
            for step in 0..LEVELS.len() {
                let at = (round + step) % LEVELS.len();
                let (samples, period) = block(&engine, LEVELS[at], self.block)?;
                levels[at].0.extend(&samples);
                levels[at].1.push(period);
            }
        }
        Ok(IsolationAnswer { levels })
    }
}

fn block(engine: &Engine, level: &str, count: usize) -> Result<(Samples, f64), BenchError> {
    let call = call(level);
    let mut samples = Samples::with_capacity(count);
    let start = Instant::now();
    for _ in 0..count {
        let call = call.clone();
        samples.time(|| engine.blocking().invoke(call))?;
    }
    Ok((samples, start.elapsed().as_nanos() as f64 / count.max(1) as f64))
}

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let options = context.options;
    let meter = LoadMeter::start();
    let answer: IsolationAnswer = context.children.ask(&Probe::Isolation(IsolationProbe {
        rounds: options.rounds,
        block: options.pick(500, 200),
        warm_up: options.pick(40_000, 12_000),
    }))?;
    let load = meter.read();
    let shared = answer.levels.first().map(|(_, periods)| periods.clone()).unwrap_or_default();
    let figures = LEVELS.iter().zip(&answer.levels).map(|(level, (samples, periods))| {
        let pairs = periods.iter().zip(&shared).map(|(period, floor)| (period / 1e3, floor / 1e3));
        Figure::new(
            format!("isolation.{level}"),
            format!("call to call, {level}"),
            Unit::Microseconds,
            Figure::pairs(pairs),
        )
        .isolation(level)
        .samples(samples)
        .against("shared", None)
        .load(load)
    });
    Ok(figures.collect())
}
