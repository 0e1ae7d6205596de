//! Calls a second, closed loop: each thread makes its next call when the last is answered.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use runspaced::Engine;
use serde::{Deserialize, Serialize};

use super::{BenchError, Context, Figure, LoadMeter, Probe, Round, Target, Unit, subject::Subject};

/// Measures every number of slots in turn, each in an engine of its own on the one runtime.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ThroughputProbe {
    rounds: usize,
    window_ms: u64,
    warm_up: usize,
}

/// Calls a second for each of [`SLOTS`], by round.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ThroughputAnswer {
    rounds: Vec<[f64; 4]>,
}

const SLOTS: [usize; 4] = [1, 2, 4, 8];

impl ThroughputProbe {
    pub(crate) fn run(self) -> Result<ThroughputAnswer, BenchError> {
        let subject = Subject::get_date();
        let mut engines = Vec::new();
        for slots in SLOTS {
            let engine = Engine::builder().max_slots(slots).min_slots(slots).build()?;
            engine.blocking().ready()?;
            closed_loop(&engine, &subject, slots, Duration::from_millis(self.window_ms))?;
            engines.push(engine);
        }
        if let Some(first) = engines.first() {
            subject.time_calls(first, self.warm_up)?;
        }
        let mut rounds = Vec::with_capacity(self.rounds);
        for round in 0..self.rounds {
            let mut rates = [0.0; SLOTS.len()];
            for step in 0..SLOTS.len() {
                // Another order in each round, so that a drift of the machine favours nobody.
                let at = (round + step) % SLOTS.len();
                let window = Duration::from_millis(self.window_ms);
                rates[at] = closed_loop(&engines[at], &subject, SLOTS[at], window)?;
            }
            rounds.push(rates);
        }
        Ok(ThroughputAnswer { rounds })
    }
}

/// Calls a second of `threads` threads.
pub(super) fn closed_loop(
    engine: &Engine,
    subject: &Subject,
    threads: usize,
    window: Duration,
) -> Result<f64, BenchError> {
    let (stop, calls) = (AtomicBool::new(false), AtomicU64::new(0));
    let start = Instant::now();
    let outcomes: Vec<Result<(), BenchError>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let call = subject.call();
                    while !stop.load(Ordering::Relaxed) {
                        engine.blocking().invoke(call.clone())?;
                        calls.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        thread::sleep(window);
        stop.store(true, Ordering::Relaxed);
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or(Err(BenchError::NoSamples("throughput"))))
            .collect()
    });
    let seconds = start.elapsed().as_secs_f64();
    outcomes.into_iter().collect::<Result<(), _>>()?;
    Ok(calls.load(Ordering::Relaxed) as f64 / seconds)
}

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let options = context.options;
    let meter = LoadMeter::start();
    let answer: ThroughputAnswer = context.children.ask(&Probe::Throughput(ThroughputProbe {
        rounds: options.rounds,
        window_ms: options.pick(500, 250) as u64,
        warm_up: options.pick(40_000, 12_000),
    }))?;
    let load = meter.read();
    let against = |at: usize, floor: usize| -> Vec<Round> {
        Figure::pairs(answer.rounds.iter().map(|rates| (rates[at], rates[floor])))
    };
    let one = Figure::new(
        "throughput.1",
        "throughput, 1 slot",
        Unit::CallsPerSecond,
        Figure::alone(answer.rounds.iter().map(|rates| rates[0])),
    );
    let two = Figure::new("throughput.2", "throughput, 2 slots", Unit::CallsPerSecond, against(1, 0))
        .against("1 slot", None);
    // The target is that of two cores and more; on one, two slots share it.
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let two = if cores >= 2 { two.target(Target::RatioAtLeast { limit: 1.9 }) } else { two };
    let four = Figure::new("throughput.4", "throughput, 4 slots", Unit::CallsPerSecond, against(2, 1))
        .against("2 slots", None);
    let eight = Figure::new("throughput.8", "throughput, 8 slots", Unit::CallsPerSecond, against(3, 1))
        .against("2 slots", None)
        .target(Target::RatioAtLeast { limit: 0.95 });
    Ok([one, two, four, eight].into_iter().map(|figure| figure.load(load)).collect())
}
