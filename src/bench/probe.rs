//! What a measuring process is told to do. Each scenario has its own part in its own file.

use serde::{Deserialize, Serialize};

use super::{
    BenchError,
    scenario::{
        border, cancel, first_calls, fresh, growth, isolation, memory, recursion, sizes, start, throughput,
        warm,
    },
    sentinel::probe::SentinelProbe,
};

/// One measuring process's work.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "probe", rename_all = "snake_case")]
pub(crate) enum Probe {
    Start(start::StartProbe),
    Warm(warm::WarmProbe),
    FirstCalls(first_calls::FirstCallsProbe),
    Throughput(throughput::ThroughputProbe),
    Isolation(isolation::IsolationProbe),
    Fresh(fresh::FreshProbe),
    Cancel(cancel::CancelProbe),
    Recursion(recursion::RecursionProbe),
    Sizes(sizes::SizesProbe),
    Memory(memory::MemoryProbe),
    Growth(growth::GrowthProbe),
    Border(border::BorderProbe),
    Sentinel(Box<SentinelProbe>),
}

impl Probe {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Start(_) => "start",
            Self::Warm(_) => "warm",
            Self::FirstCalls(_) => "first-calls",
            Self::Throughput(_) => "throughput",
            Self::Isolation(_) => "isolation",
            Self::Fresh(_) => "fresh",
            Self::Cancel(_) => "cancel",
            Self::Recursion(_) => "recursion",
            Self::Sizes(_) => "sizes",
            Self::Memory(_) => "memory",
            Self::Growth(_) => "growth",
            Self::Border(_) => "border",
            Self::Sentinel(_) => "sentinel",
        }
    }

    /// Does the work in this process, which must not have done any before. The answer is one line of JSON; a probe of
    /// the start has a line before it.
    pub(super) fn run(self) -> Result<String, BenchError> {
        fn json(answer: &impl Serialize) -> Result<String, BenchError> {
            Ok(serde_json::to_string(answer)?)
        }
        match self {
            Self::Start(probe) => json(&probe.run()?),
            Self::Warm(probe) => json(&probe.run()?),
            Self::FirstCalls(probe) => json(&probe.run()?),
            Self::Throughput(probe) => json(&probe.run()?),
            Self::Isolation(probe) => json(&probe.run()?),
            Self::Fresh(probe) => json(&probe.run()?),
            Self::Cancel(probe) => json(&probe.run()?),
            Self::Recursion(probe) => json(&probe.run()?),
            Self::Sizes(probe) => json(&probe.run()?),
            Self::Memory(probe) => json(&probe.run()?),
            Self::Growth(probe) => json(&probe.run()?),
            Self::Border(probe) => json(&probe.run()?),
            Self::Sentinel(probe) => probe.run(),
        }
    }
}
