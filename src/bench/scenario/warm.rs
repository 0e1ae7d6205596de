//! Calls of an engine that has run for a while, and where their time goes.

use runspaced::{Engine, Timings};
use serde::{Deserialize, Serialize};

use super::{Context, subject::Subject};
use crate::bench::{
    BenchError, Probe,
    figure::{Figure, Target, Unit},
    load::LoadMeter,
    samples::Samples,
};

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
    /// Calls and floor of each round.
    rounds: Vec<(Samples, Samples)>,
    split: Split,
}

/// Mean microseconds of a call, by where they go.
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
        let mut rounds = Vec::with_capacity(self.rounds);
        for round in 0..self.rounds {
            rounds.push(if round % 2 == 0 {
                let calls = self.subject.time_calls(&engine, self.block)?;
                (calls, self.subject.time_floor(&engine, self.block)?)
            } else {
                let floor = self.subject.time_floor(&engine, self.block)?;
                (self.subject.time_calls(&engine, self.block)?, floor)
            });
        }
        let split = Split::of(&engine, &self.subject, self.block)?;
        Ok(WarmAnswer { rounds, split })
    }
}

impl Split {
    fn of(engine: &Engine, subject: &Subject, count: usize) -> Result<Self, BenchError> {
        let call = subject.call();
        let mut split = Self::default();
        for _ in 0..count {
            split.add(&engine.blocking().invoke(call.clone())?.timings());
        }
        let mean = |sum: f64| sum / count.max(1) as f64;
        Ok(Self {
            queue: mean(split.queue),
            bind: mean(split.bind),
            run: mean(split.run),
            write: mean(split.write),
            handoff: mean(split.total - split.queue - split.bind - split.run - split.write),
            total: mean(split.total),
        })
    }

    fn add(&mut self, timings: &Timings) {
        self.queue += timings.queue_us as f64;
        self.bind += timings.bind_us as f64;
        self.run += timings.run_us as f64;
        self.write += timings.write_us as f64;
        self.total += timings.total_us as f64;
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
    let (mut calls, mut floors) = (Samples::default(), Samples::default());
    for (call, floor) in &answer.rounds {
        calls.extend(call);
        floors.extend(floor);
    }
    let pairs = answer.rounds.iter().map(|(call, floor)| (call.median() / 1e3, floor.median() / 1e3));
    Ok(Figure::new(id, title, Unit::Microseconds, Figure::pairs(pairs))
        .samples(&calls)
        .against("C# loop", Some(&floors))
        .target(target)
        .detail("split_us", serde_json::to_value(answer.split)?)
        .load(load))
}
