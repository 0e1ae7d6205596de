//! The empty call from Rust to C#.

use std::time::Instant;

use runspaced::{RuntimeSettings, border::Border, locate::LocateOptions};
use serde::{Deserialize, Serialize};

use super::{BenchError, Context, Figure, LoadMeter, Probe, Unit};

/// Crosses the border and comes back, many times.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BorderProbe {
    rounds: usize,
    block: u32,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BorderAnswer {
    /// Nanoseconds a call, by round.
    rounds: Vec<f64>,
}

impl BorderProbe {
    pub(crate) fn run(self) -> Result<BorderAnswer, BenchError> {
        let (border, _events) =
            Border::start(&LocateOptions::from_environment(), &RuntimeSettings::default())?;
        let block = || {
            let start = Instant::now();
            let answered = (0..self.block).filter(|_| border.ping()).count();
            let nanos = start.elapsed().as_nanos() as f64 / f64::from(self.block);
            if answered == self.block as usize { Ok(nanos) } else { Err(BenchError::NoSamples("the border")) }
        };
        block()?;
        Ok(BorderAnswer { rounds: (0..self.rounds).map(|_| block()).collect::<Result<_, _>>()? })
    }
}

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let meter = LoadMeter::start();
    let answer: BorderAnswer = context.children.ask(&Probe::Border(BorderProbe {
        rounds: context.options.rounds,
        block: context.options.pick(1_000_000, 300_000) as u32,
    }))?;
    Ok(vec![
        Figure::new(
            "border",
            "empty call, Rust to C# and back",
            Unit::Nanoseconds,
            Figure::alone(answer.rounds),
        )
        .isolation("-")
        .load(meter.read()),
    ])
}
