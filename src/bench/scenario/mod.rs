//! What is measured. Each module has two sides: the figures it makes, and the part that runs in a measuring process.

pub(super) mod border;
pub(super) mod cancel;
pub(super) mod first_calls;
pub(super) mod fresh;
pub(super) mod growth;
pub(super) mod isolation;
pub(super) mod memory;
pub(super) mod recursion;
pub(super) mod sizes;
pub(super) mod start;
mod subject;
pub(super) mod throughput;
pub(super) mod warm;

use std::path::{Path, PathBuf};

use runspaced::RuntimeSettings;
use serde::{Deserialize, Serialize};

// What every scenario works with; they take it from here.
use super::{
    BenchError, Options, Probe,
    child::Children,
    figure::{Figure, Round, Target, Unit},
    load::LoadMeter,
    machine::resident_bytes,
    rival::Rival,
    samples::Samples,
    suite::Scenario,
    trend::slope,
};

/// The folders in which a process keeps what makes its next start quicker. The program keeps both, the library none.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    code_cache: Option<PathBuf>,
    jit_profile: Option<PathBuf>,
}

impl Kept {
    /// As the program does it.
    fn both(folder: &Path) -> Self {
        Self { code_cache: Some(folder.to_owned()), jit_profile: Some(folder.to_owned()) }
    }

    fn code_alone(folder: &Path) -> Self {
        Self { code_cache: Some(folder.to_owned()), jit_profile: None }
    }

    fn settings(self) -> RuntimeSettings {
        let mut settings = RuntimeSettings::default();
        settings.code_cache = self.code_cache;
        settings.jit_profile = self.jit_profile;
        settings
    }
}

/// A folder of the benchmark's own, gone with the value.
fn scratch() -> Result<tempfile::TempDir, BenchError> {
    tempfile::Builder::new()
        .prefix("runspaced-bench-")
        .tempdir()
        .map_err(BenchError::system("making a temporary folder"))
}

/// What a scenario works with.
pub(super) struct Context<'a> {
    pub(super) options: &'a Options,
    pub(super) children: &'a Children,
    pub(super) rival: &'a Rival,
}

/// One group of figures, which are measured together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EngineScenario {
    Start,
    Warm,
    FirstCalls,
    Throughput,
    Isolation,
    Fresh,
    Cancel,
    Recursion,
    Sizes,
    Memory,
    Growth,
    Border,
}

impl EngineScenario {
    pub(super) const ALL: [Self; 12] = [
        Self::Start,
        Self::Warm,
        Self::FirstCalls,
        Self::Throughput,
        Self::Isolation,
        Self::Fresh,
        Self::Cancel,
        Self::Recursion,
        Self::Sizes,
        Self::Memory,
        Self::Growth,
        Self::Border,
    ];

    pub(super) fn measure(self, context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
        match self {
            Self::Start => start::measure(context),
            Self::Warm => warm::measure(context),
            Self::FirstCalls => first_calls::measure(context),
            Self::Throughput => throughput::measure(context),
            Self::Isolation => isolation::measure(context),
            Self::Fresh => fresh::measure(context),
            Self::Cancel => cancel::measure(context),
            Self::Recursion => recursion::measure(context),
            Self::Sizes => sizes::measure(context),
            Self::Memory => memory::measure(context),
            Self::Growth => growth::measure(context),
            Self::Border => border::measure(context),
        }
    }
}

impl Scenario for EngineScenario {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Warm => "warm",
            Self::FirstCalls => "first-calls",
            Self::Throughput => "throughput",
            Self::Isolation => "isolation",
            Self::Fresh => "fresh",
            Self::Cancel => "cancel",
            Self::Recursion => "recursion",
            Self::Sizes => "sizes",
            Self::Memory => "memory",
            Self::Growth => "growth",
            Self::Border => "border",
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Start => "process start to the first result, by phase, beside pwsh",
            Self::Warm => "calls of a warm engine beside the same pipeline in a C# loop",
            Self::FirstCalls => {
                "the first 5,000 calls of a process, beside the loop and beside a pwsh for each call"
            }
            Self::Throughput => "calls a second with 1, 2, 4 and 8 slots",
            Self::Isolation => "a call at each isolation level",
            Self::Fresh => "a call in a fresh runspace, opened on the path and ahead of time",
            Self::Cancel => "from cancelling an endless loop to its answer",
            Self::Recursion => "endless recursion to its answer",
            Self::Sizes => "1 to 10,000 objects, beside the same pipeline unread",
            Self::Memory => "resident memory of one slot and of each further one",
            Self::Growth => "resident memory over many calls",
            Self::Border => "an empty call from Rust to C#",
        }
    }
}
