//! Calls of an engine that has run for a while, and where their time goes.

use runspaced::{Engine, Timings};
use serde::{Deserialize, Serialize};

use super::{
    BenchError, Context, Figure, LoadMeter, Probe, Target,
    subject::{Alternation, Subject},
};
use crate::bench::samples::quantile;

/// Alternates blocks of calls and blocks of the floor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WarmProbe {
    subject: Subject,
    rounds: usize,
    block: usize,
    warm_up: usize,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WarmAnswer {
    rounds: Alternation,
    split: Split,
}

/// Median microseconds of a call, by where they go. The engine counts whole ones.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Split {
    queue: f64,
    bind: f64,
    run: f64,
    write: f64,
    /// What lies between: posting to the slot's thread, waking it, and waking the caller.
    handoff: f64,
    total: f64,
}

impl WarmProbe {
    pub(crate) fn run(self) -> Result<WarmAnswer, BenchError> {
        let engine = Engine::builder().max_slots(1).build()?;
        engine.blocking().ready()?;
        // In turns, as they are measured: what the one makes the runtime compile serves the other.
        for _ in 0..4 {
            self.subject.time_calls(&engine, self.warm_up / 4)?;
            self.subject.time_floor(&engine, self.warm_up / 4)?;
        }
        let rounds = self.subject.alternate(&engine, self.rounds, self.block)?;
        let split = Split::of(&engine, &self.subject, self.block)?;
        Ok(WarmAnswer { rounds, split })
    }
}

impl Split {
    fn of(engine: &Engine, subject: &Subject, count: usize) -> Result<Self, BenchError> {
        let call = subject.call();
        let mut timings = Vec::with_capacity(count);
        for _ in 0..count {
            timings.push(engine.blocking().invoke(call.clone())?.timings());
        }
        let middle = |of: &dyn Fn(&Timings) -> u64| {
            quantile(&timings.iter().map(|timings| of(timings) as f64).collect::<Vec<_>>(), 0.5)
        };
        let known = |t: &Timings| t.queue_us + t.bind_us + t.run_us + t.write_us;
        Ok(Self {
            queue: middle(&|t| t.queue_us),
            bind: middle(&|t| t.bind_us),
            run: middle(&|t| t.run_us),
            write: middle(&|t| t.write_us),
            handoff: middle(&|t| t.total_us.saturating_sub(known(t))),
            total: middle(&|t| t.total_us),
        })
    }
}

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    Ok(vec![
        figure(
            context,
            Subject::get_date(),
            ("warm.get_date", "warm call, Get-Date"),
            Target::RatioAtMost { limit: 1.15, allowance: 10.0 },
        )?,
        figure(
            context,
            Subject::object_script(),
            ("warm.script", "warm call, script with a parameter -> object"),
            Target::RatioAtMost { limit: 1.25, allowance: 0.0 },
        )?,
    ])
}

fn figure(
    context: &Context<'_>,
    subject: Subject,
    (id, title): (&str, &str),
    target: Target,
) -> Result<Figure, BenchError> {
    let options = context.options;
    let meter = LoadMeter::start();
    let answer: WarmAnswer = context.children.ask(&Probe::Warm(WarmProbe {
        subject,
        rounds: options.rounds,
        block: options.pick(1_000, 300),
        warm_up: options.pick(40_000, 12_000),
    }))?;
    let load = meter.read();
    Ok(answer
        .rounds
        .figure(id, title, "C# loop")
        .target(target)
        .detail("split_us", serde_json::to_value(answer.split)?)
        .load(load))
}
