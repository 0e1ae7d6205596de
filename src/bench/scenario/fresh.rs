//! A call in a runspace of its own.

use std::time::Duration;

use runspaced::{Engine, Invocation, Isolation, PoolConfig};
use serde::{Deserialize, Serialize};

use super::{BenchError, Context, Figure, LoadMeter, Probe, Samples, Target, Unit, subject::FloorTimes};

/// Calls with [`Isolation::Fresh`], one after the other.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FreshProbe {
    rounds: usize,
    block: usize,
    /// Runspaces opened ahead; 0: each call opens its own.
    spares: usize,
    pause_ms: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FreshAnswer {
    rounds: Vec<Samples>,
    /// Opening and closing a runspace in a C# loop, after each round; of calls that open their own.
    floors: Vec<FloorTimes>,
}

impl FreshProbe {
    pub(crate) fn run(self) -> Result<FreshAnswer, BenchError> {
        let mut pool = PoolConfig::default();
        pool.spares = self.spares;
        pool.min = self.spares.min(1);
        let engine = Engine::builder().pool(pool).build()?;
        let call = Invocation::command("Get-Date").isolation(Isolation::Fresh);
        let block = |count: usize| -> Result<Samples, BenchError> {
            let mut samples = Samples::with_capacity(count);
            for _ in 0..count {
                // Time for the spares to be opened again, and for the last runspace to be closed.
                std::thread::sleep(Duration::from_millis(self.pause_ms));
                let call = call.clone();
                samples.time(|| engine.blocking().invoke(call))?;
            }
            Ok(samples)
        };
        block(self.block * 4)?;
        let (mut rounds, mut floors) = (Vec::new(), Vec::new());
        for _ in 0..self.rounds {
            rounds.push(block(self.block)?);
            if self.spares == 0 {
                floors.push(FloorTimes::of_runspaces(&engine, self.block)?);
            }
        }
        Ok(FreshAnswer { rounds, floors })
    }
}

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let figure = |id: &str, title: &str, spares: usize, limit: f64| -> Result<Figure, BenchError> {
        let meter = LoadMeter::start();
        let answer: FreshAnswer = context.children.ask(&Probe::Fresh(FreshProbe {
            rounds: context.options.rounds,
            block: context.options.pick(10, 5),
            spares,
            pause_ms: 60,
        }))?;
        let mut all = Samples::default();
        answer.rounds.iter().for_each(|round| all.extend(round));
        let medians = answer.rounds.iter().map(|round| round.median() / 1e6);
        let rounds = if answer.floors.is_empty() {
            Figure::alone(medians)
        } else {
            Figure::pairs(medians.zip(answer.floors.iter().map(|floor| floor.p50_ns / 1e6)))
        };
        let mut figure = Figure::new(id, title, Unit::Milliseconds, rounds).isolation("fresh").samples(&all);
        if !answer.floors.is_empty() {
            figure = figure.against("C# loop, open and close", None);
        }
        Ok(figure.target(Target::AtMost { limit }).load(meter.read()))
    };
    Ok(vec![
        figure("fresh.on_path", "call in a fresh runspace, opened on the path", 0, 9.0)?,
        figure("fresh.spare", "call in a fresh runspace, from spares", 2, 0.3)?,
    ])
}
