//! From cancelling a script to its answer.

use std::time::{Duration, Instant};

use runspaced::{Engine, Error, Invocation};
use serde::{Deserialize, Serialize};

use super::{BenchError, Context, Figure, LoadMeter, Probe, Samples, Target, Unit};

/// Starts endless loops and cancels them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CancelProbe {
    rounds: usize,
    block: usize,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CancelAnswer {
    rounds: Vec<Samples>,
}

impl CancelProbe {
    pub(crate) fn run(self) -> Result<CancelAnswer, BenchError> {
        let engine = Engine::builder().build()?;
        engine.blocking().ready()?;
        let executor = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(BenchError::system("making an executor"))?;
        let cancel_one = || -> Result<Duration, BenchError> {
            let call = engine.start(Invocation::script("while ($true) { }"))?;
            let handle = call.cancel_handle();
            // It must be running, not only on its way.
            std::thread::sleep(Duration::from_millis(20));
            let start = Instant::now();
            handle.cancel();
            match executor.block_on(call) {
                Err(Error::Cancelled { .. }) => Ok(start.elapsed()),
                Err(error) => Err(error.into()),
                Ok(_) => Err(BenchError::NoSamples("an endless loop ended")),
            }
        };
        for _ in 0..self.block {
            cancel_one()?;
        }
        let mut rounds = Vec::with_capacity(self.rounds);
        for _ in 0..self.rounds {
            let mut samples = Samples::with_capacity(self.block);
            for _ in 0..self.block {
                samples.push(cancel_one()?);
            }
            rounds.push(samples);
        }
        Ok(CancelAnswer { rounds })
    }
}

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let meter = LoadMeter::start();
    let answer: CancelAnswer = context.children.ask(&Probe::Cancel(CancelProbe {
        rounds: context.options.rounds,
        block: context.options.pick(20, 10),
    }))?;
    let load = meter.read();
    let mut all = Samples::default();
    answer.rounds.iter().for_each(|round| all.extend(round));
    let middle = Figure::alone(answer.rounds.iter().map(|round| round.median() / 1e6));
    // Of a round of 10 or 20 the 99th percentile is its slowest.
    let slowest = Figure::alone(answer.rounds.iter().map(|round| round.percentiles(1e6).p99));
    Ok(vec![
        Figure::new("cancel.p50", "cancel of a script loop -> answer", Unit::Milliseconds, middle)
            .samples(&all)
            .load(load),
        Figure::new("cancel.p99", "cancel of a script loop -> answer, p99", Unit::Milliseconds, slowest)
            .target(Target::AtMost { limit: 15.0 })
            .load(load),
    ])
}
