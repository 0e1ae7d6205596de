//! What is measured of a server.

mod beside;
mod cancel;
mod concurrent;
mod growth;
mod large;
mod memory;
mod round_trip;
mod search;
mod start;

// What every scenario works with; they take it from here.
use super::{
    Context,
    connection::{Connection, ToolCall},
    echo::Echo,
    server::{FUNCTIONS, MEGABYTE, large_module},
};
use crate::bench::{
    BenchError,
    figure::{Figure, Target, Unit},
    load::LoadMeter,
    samples::Samples,
    suite::Scenario,
};

/// One group of figures, which are measured together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum McpScenario {
    Start,
    RoundTrip,
    Large,
    Concurrent,
    Beside,
    Cancel,
    Growth,
    Search,
    Memory,
}

impl McpScenario {
    pub(super) const ALL: [Self; 9] = [
        Self::Start,
        Self::RoundTrip,
        Self::Large,
        Self::Concurrent,
        Self::Beside,
        Self::Cancel,
        Self::Growth,
        Self::Search,
        Self::Memory,
    ];

    pub(super) fn measure(self, context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
        match self {
            Self::Start => start::measure(context),
            Self::RoundTrip => round_trip::measure(context),
            Self::Large => large::measure(context),
            Self::Concurrent => concurrent::measure(context),
            Self::Beside => beside::measure(context),
            Self::Cancel => cancel::measure(context),
            Self::Growth => growth::measure(context),
            Self::Search => search::measure(context),
            Self::Memory => memory::measure(context),
        }
    }
}

impl Scenario for McpScenario {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::RoundTrip => "round-trip",
            Self::Large => "large",
            Self::Concurrent => "concurrent",
            Self::Beside => "beside",
            Self::Cancel => "cancel",
            Self::Growth => "growth",
            Self::Search => "search",
            Self::Memory => "memory",
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Start => "process start to the answers of initialize and tools/list",
            Self::RoundTrip => {
                "calls of a trivial tool, beside an echo across pipes and the same call in the engine"
            }
            Self::Large => "a result of a megabyte, beside the same call in the engine",
            Self::Concurrent => "10 calls of a second at once, with one runspace open",
            Self::Beside => "quick calls while one of three seconds runs",
            Self::Cancel => "from cancelling an endless loop to the answer of the next call",
            Self::Growth => "resident memory over many calls",
            Self::Search => "a module of 1,500 functions: first list, cached list, search",
            Self::Memory => "resident memory before the runtime, and after the first result",
        }
    }
}

const MB: f64 = 1024.0 * 1024.0;

/// A server that has shaken hands and answered a call.
fn warm(
    context: &Context<'_>,
    call: &ToolCall,
    variables: &[(&str, &str)],
) -> Result<Connection, BenchError> {
    let mut connection = context.server.connect_with(variables)?;
    connection.initialize()?;
    connection.call(call)?;
    Ok(connection)
}

/// Times calls of a tool, one after the other.
fn time(connection: &mut Connection, call: &ToolCall, count: usize) -> Result<Samples, BenchError> {
    let mut samples = Samples::with_capacity(count);
    for _ in 0..count {
        samples.push(connection.call(call)?.0);
    }
    Ok(samples)
}

/// All samples of some rounds.
fn all<'a>(rounds: impl IntoIterator<Item = &'a Samples>) -> Samples {
    let mut all = Samples::default();
    rounds.into_iter().for_each(|round| all.extend(round));
    all
}
