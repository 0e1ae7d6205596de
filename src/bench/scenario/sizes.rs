//! Results of different sizes, beside the same pipeline whose output nobody reads.

use runspaced::Engine;
use serde::{Deserialize, Serialize};

use super::{
    BenchError, Context, Figure, LoadMeter, Probe, Target, Unit,
    subject::{Alternation, Subject},
};

/// Alternates calls and floor for one number of objects.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SizesProbe {
    objects: u64,
    rounds: usize,
    block: usize,
    warm_up: usize,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SizesAnswer {
    rounds: Alternation,
    bytes: usize,
    /// Mean microseconds of what the host spent on running the pipeline with writing, and on writing the rest.
    run_us: f64,
    write_us: f64,
}

const SCRIPT: &str = "param([int]$n) foreach ($i in 1..$n) { \
    [pscustomobject]@{ Id = $i; Name = \"item $i\"; Value = $i * 1.5; Even = ($i % 2 -eq 0) } }";
const PROPERTIES: f64 = 4.0;
const OBJECTS: [u64; 5] = [1, 10, 100, 1_000, 10_000];

impl SizesProbe {
    pub(crate) fn run(self) -> Result<SizesAnswer, BenchError> {
        let engine = Engine::builder().max_slots(1).build()?;
        engine.blocking().ready()?;
        let subject = Subject::script(SCRIPT, "n", self.objects);
        for _ in 0..2 {
            subject.time_calls(&engine, self.warm_up / 2)?;
            subject.time_floor(&engine, self.warm_up / 2)?;
        }
        let rounds = subject.alternate(&engine, self.rounds, self.block)?;
        let (mut run_us, mut write_us, mut bytes) = (0.0, 0.0, 0);
        for _ in 0..self.block {
            let output = engine.blocking().invoke(subject.call())?;
            if output.count() != self.objects || !output.truncation().is_empty() {
                return Err(BenchError::NoSamples("an output is not whole"));
            }
            run_us += output.timings().run_us as f64 / self.block as f64;
            write_us += output.timings().write_us as f64 / self.block as f64;
            bytes = output.json().len();
        }
        Ok(SizesAnswer { rounds, bytes, run_us, write_us })
    }
}

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let mut figures = Vec::new();
    for objects in OBJECTS {
        let meter = LoadMeter::start();
        let few = usize::try_from(objects).unwrap_or(usize::MAX);
        let answer: SizesAnswer = context.children.ask(&Probe::Sizes(SizesProbe {
            objects,
            rounds: context.options.rounds,
            block: context.options.pick(20_000, 5_000).div_ceil(few.max(50)).max(3),
            warm_up: context.options.pick(400_000, 100_000).div_ceil(few.max(20)).max(40),
        }))?;
        let load = meter.read();
        let figure = answer
            .rounds
            .figure(format!("sizes.{objects}"), format!("{objects} objects of 4 properties"), "unread")
            .detail("bytes", answer.bytes)
            .detail("run_us", answer.run_us)
            .detail("write_us", answer.write_us)
            .load(load);
        let thousand = objects == 1_000;
        figures.push(if thousand {
            figure.target(Target::RatioAtMost { limit: 1.3, allowance: 0.0 })
        } else {
            figure
        });
        if thousand {
            let each =
                answer.rounds.pairs().map(|(call, floor)| (call - floor) / (objects as f64 * PROPERTIES));
            figures.push(
                Figure::new(
                    "sizes.property",
                    "writing a property (of 1,000 objects, read less unread)",
                    Unit::Microseconds,
                    Figure::alone(each),
                )
                .target(Target::AtMost { limit: 1.0 })
                .load(load),
            );
        }
    }
    Ok(figures)
}
