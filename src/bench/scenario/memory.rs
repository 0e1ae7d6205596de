//! Resident memory of a process that has just become useful.

use std::time::Duration;

use runspaced::{Engine, Invocation};
use serde::{Deserialize, Serialize};

use super::{BenchError, Context, Figure, LoadMeter, Probe, Target, Unit, resident_bytes};

/// Reads the resident memory after the first result, then with more slots.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MemoryProbe {
    settle_s: u64,
    slots: usize,
}

/// Bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MemoryAnswer {
    before: u64,
    base: u64,
    /// After collections, [`FEW`] slots open.
    few: u64,
    /// All slots open, with the garbage of their opening.
    all_uncollected: u64,
    /// After collections, all slots open.
    all: u64,
    managed_heap: u64,
}

impl MemoryProbe {
    pub(crate) fn run(self) -> Result<MemoryAnswer, BenchError> {
        let resident =
            || resident_bytes().ok_or(BenchError::NoSamples("this system does not say what is resident"));
        let before = resident()?;
        let engine = Engine::builder().max_slots(self.slots).build()?;
        engine.blocking().invoke(Invocation::command("Get-Date"))?;
        std::thread::sleep(Duration::from_secs(self.settle_s));
        let base = resident()?;
        // What the process has once is there with the first few.
        open(&engine, FEW)?;
        collect(&engine)?;
        let few = resident()?;
        open(&engine, self.slots)?;
        let all_uncollected = resident()?;
        let managed_heap = collect(&engine)?;
        Ok(MemoryAnswer { before, base, few, all_uncollected, all: resident()?, managed_heap })
    }
}

/// Makes the pool open as many slots as this: with as many calls at once.
fn open(engine: &Engine, slots: usize) -> Result<(), BenchError> {
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(BenchError::system("making an executor"))?;
    let calls = (0..slots)
        .map(|_| engine.start(Invocation::script("Start-Sleep -Milliseconds 1500; Get-Date")))
        .collect::<Result<Vec<_>, _>>()?;
    for call in calls {
        executor.block_on(call)?;
    }
    if engine.stats().opened < slots as u64 {
        return Err(BenchError::NoSamples("the pool did not open all slots"));
    }
    Ok(())
}

/// Collects garbage; answers what is left.
fn collect(engine: &Engine) -> Result<u64, BenchError> {
    // Aggressive collections give freed memory back to the system: what is left is what the slots hold.
    let script = "foreach ($round in 1..3) { \
        [GC]::Collect(2, [GCCollectionMode]::Aggressive, $true, $true); [GC]::WaitForPendingFinalizers() }; \
        [GC]::GetTotalMemory($false)";
    Ok(engine.blocking().invoke(Invocation::script(script))?.rows()?.first().copied().unwrap_or_default())
}

const MB: f64 = 1024.0 * 1024.0;
const FEW: usize = 5;
const SLOTS: usize = 17;

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let meter = LoadMeter::start();
    let mut answers: Vec<MemoryAnswer> = Vec::new();
    for _ in 0..context.options.pick(context.options.rounds, 3) {
        answers.push(context.children.ask(&Probe::Memory(MemoryProbe { settle_s: 5, slots: SLOTS }))?);
    }
    let load = meter.read();
    let figure = |id: &str, title: &str, of: &dyn Fn(&MemoryAnswer) -> f64| {
        Figure::new(id, title, Unit::Megabytes, Figure::alone(answers.iter().map(|answer| of(answer) / MB)))
            .isolation("-")
            .load(load)
    };
    let further = (SLOTS - FEW) as f64;
    Ok(vec![
        figure("memory.before", "resident before the runtime", &|a| a.before as f64)
            .target(Target::AtMost { limit: 20.0 }),
        figure("memory.base", "resident 5 s after the first result", &|a| a.base as f64)
            .target(Target::AtMost { limit: 90.0 }),
        figure("memory.slot", "each further slot", &|a| (a.all as f64 - a.few as f64) / further)
            .target(Target::AtMost { limit: 1.2 }),
        figure("memory.slot_uncollected", "each further slot, with the garbage of its opening", &|a| {
            (a.all_uncollected as f64 - a.few as f64) / further
        }),
        figure("memory.managed", "managed heap, 17 slots", &|a| a.managed_heap as f64),
    ])
}
