//! A call in a runspace of its own.

use std::time::Duration;

use runspaced::{Engine, Invocation, Isolation, PoolConfig};
use serde::{Deserialize, Serialize};

use super::Context;
use crate::bench::{
    BenchError, Probe,
    figure::{Figure, Target, Unit},
    load::LoadMeter,
    samples::Samples,
};

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
        let rounds = (0..self.rounds).map(|_| block(self.block)).collect::<Result<_, _>>()?;
        Ok(FreshAnswer { rounds })
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
        let rounds = Figure::alone(answer.rounds.iter().map(|round| round.median() / 1e6));
        Ok(Figure::new(id, title, Unit::Milliseconds, rounds)
            .isolation("fresh")
            .samples(&all)
            .target(Target::AtMost { limit })
            .load(meter.read()))
    };
    Ok(vec![
        figure("fresh.on_path", "call in a fresh runspace, opened on the path", 0, 9.0)?,
        figure("fresh.spare", "call in a fresh runspace, from spares", 2, 0.3)?,
    ])
}
