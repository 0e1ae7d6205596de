//! What is measured of the operations.

use std::{ops::Range, time::Duration};

use runspaced::simulator::Simulator;

use super::{
    Context, content,
    probe::{HealthAnswer, IncidentsAnswer, WORKSPACE, Work},
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
pub(super) enum SentinelScenario {
    Details,
    DetailsThrough,
    Health,
    Incidents,
    Content,
    Demo,
}

impl SentinelScenario {
    pub(super) const ALL: [Self; 6] =
        [Self::Details, Self::DetailsThrough, Self::Health, Self::Incidents, Self::Content, Self::Demo];

    pub(super) fn measure(self, context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
        match self {
            Self::Details => details(context),
            Self::DetailsThrough => details_through(context),
            Self::Health => health(context),
            Self::Incidents => incidents(context),
            Self::Content => content::measure(context),
            Self::Demo => demo(context),
        }
    }
}

impl Scenario for SentinelScenario {
    fn name(self) -> &'static str {
        match self {
            Self::Details => "details",
            Self::DetailsThrough => "details-powershell",
            Self::Health => "health",
            Self::Incidents => "incidents",
            Self::Content => "content",
            Self::Demo => "demo",
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Details => "details of one rule that was read before",
            Self::DetailsThrough => "the same through a runspace",
            Self::Health => "health of 100 workspaces in 20 subscriptions, 80 ms a request",
            Self::Incidents => "10,000 incidents, and the memory that reading them takes",
            Self::Content => "the content of a folder, imported, exported and compared",
            Self::Demo => "the demo, from process start to end",
        }
    }
}

const MB: f64 = 1024.0 * 1024.0;

/// Calls of one round.
const BLOCK: usize = 200;

fn details(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let meter = LoadMeter::start();
    let azure = context.azure(Simulator::builder().incidents(10))?;
    let calls = context.options.rounds * BLOCK;
    let samples: Samples = context.ask(&azure, Work::Details { warm: BLOCK, calls })?;
    let name = ("sentinel.details.native", "details of a cached rule, natively");
    let figure = medians(name, &samples, 0..calls).isolation("-").load(meter.read());
    Ok(vec![figure.target(Target::AtMost { limit: 0.3 })])
}

fn details_through(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let meter = LoadMeter::start();
    let azure = context.azure(Simulator::builder().incidents(10))?;
    // .NET compiles what is called often a second time, in the background.
    let first = context.options.pick(5_000, 1_000);
    let calls = first + context.options.rounds * BLOCK;
    let samples: Samples = context.ask(&azure, Work::DetailsThrough { warm: 0, calls })?;
    let load = meter.read();
    let name = ("sentinel.details.powershell", "the same through a runspace");
    let settled = medians(name, &samples, first..calls).load(load);
    let name = ("sentinel.details.powershell.first", "the first calls of them");
    Ok(vec![settled.target(Target::AtMost { limit: 0.6 }), medians(name, &samples, 0..first).load(load)])
}

/// A figure of some of the samples, a round a block of them.
fn medians((id, title): (&str, &str), samples: &Samples, calls: Range<usize>) -> Figure {
    let blocks = calls.clone().step_by(BLOCK).map(|begin| begin..(begin + BLOCK).min(calls.end));
    let medians = blocks.map(|block| samples.slice(block.start, block.end).median() / 1e6);
    let figure = Figure::new(id, title, Unit::Milliseconds, Figure::alone(medians));
    figure.samples(&samples.slice(calls.start, calls.end))
}

const WORKSPACES: usize = 100;

fn health(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let meter = LoadMeter::start();
    let mut answers: Vec<HealthAnswer> = Vec::new();
    let mut refused = Vec::new();
    for _ in 0..context.options.pick(5, 2) {
        // Limits are counted over time: each round has a world of its own.
        // One of them has no Sentinel and is left out.
        let builder = Simulator::builder().workspaces(WORKSPACES + 1).incidents(10);
        let azure = context.azure(builder.latency(Duration::from_millis(80)))?;
        let answer: HealthAnswer = context.ask(&azure, Work::Health)?;
        let unknown = answer.states.contains_key("unknown");
        if answer.workspaces < WORKSPACES || answer.failures > 0 || unknown {
            return Err(BenchError::Server(format!(
                "{} workspaces were checked, {} could not be",
                answer.workspaces, answer.failures
            )));
        }
        refused.push(azure.counters().statuses.get(&429).copied().unwrap_or(0) as f64);
        answers.push(answer);
    }
    let load = meter.read();
    let states = answers.last().map(|answer| serde_json::json!(answer.states)).unwrap_or_default();
    Ok(vec![
        Figure::new(
            "sentinel.health",
            "health of 100 workspaces",
            Unit::Seconds,
            Figure::alone(answers.iter().map(|answer| answer.seconds)),
        )
        .isolation("-")
        .target(Target::AtMost { limit: 5.0 })
        .detail("states", states)
        .load(load),
        Figure::new(
            "sentinel.health.throttled",
            "requests that were refused meanwhile (429)",
            Unit::Count,
            Figure::alone(refused),
        )
        .isolation("-")
        .target(Target::AtMost { limit: 0.0 })
        .load(load),
    ])
}

const INCIDENTS: usize = 10_000;
/// Incidents of one page, as they are asked for.
const PAGE: usize = 1_000;

fn incidents(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let meter = LoadMeter::start();
    let azure = context.azure(Simulator::builder().incidents(INCIDENTS))?;
    let page = largest_page(&azure);
    let mut answers: Vec<IncidentsAnswer> = Vec::new();
    for _ in 0..context.options.pick(5, 2) {
        let answer: IncidentsAnswer = context.ask(&azure, Work::Incidents)?;
        if answer.incidents != INCIDENTS {
            return Err(BenchError::Server(format!("{} of {INCIDENTS} incidents came", answer.incidents)));
        }
        answers.push(answer);
    }
    let load = meter.read();
    let growth = answers.iter().map(|answer| (answer.most - answer.before) as f64 / MB);
    Ok(vec![
        Figure::new(
            "sentinel.incidents.growth",
            "memory that 10,000 incidents take while they are read",
            Unit::Megabytes,
            Figure::alone(growth),
        )
        .isolation("-")
        .target(Target::AtMost { limit: 3.0 * page / MB })
        .detail("largest_page_mb", page / MB)
        .load(load),
        Figure::new(
            "sentinel.incidents.time",
            "10,000 incidents read",
            Unit::Seconds,
            Figure::alone(answers.iter().map(|answer| answer.seconds)),
        )
        .isolation("-")
        .load(load),
    ])
}

/// Bytes of the longest incidents that fit into one page.
fn largest_page(azure: &Simulator) -> f64 {
    let place = format!("/workspaces/{WORKSPACE}/providers/microsoft.securityinsights/incidents/");
    let mut sizes: Vec<usize> = azure
        .resources("/subscriptions")
        .iter()
        .filter(|found| {
            let id = found["id"].as_str().unwrap_or_default().to_ascii_lowercase();
            // The incident itself, not what is below it.
            id.split_once(&place).is_some_and(|(_, name)| !name.contains('/'))
        })
        .map(|found| found.to_string().len())
        .collect();
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    sizes.iter().take(PAGE).sum::<usize>() as f64
}

fn demo(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let meter = LoadMeter::start();
    let mut seconds = Vec::new();
    for _ in 0..context.options.pick(5, 2) {
        seconds.push(context.children.verb(&["demo", "--no-report", "--json"])?.to_end.as_secs_f64());
    }
    Ok(vec![
        Figure::new("sentinel.demo", "the demo, process start to end", Unit::Seconds, Figure::alone(seconds))
            .isolation("-")
            .target(Target::AtMost { limit: 10.0 })
            .load(meter.read()),
    ])
}
