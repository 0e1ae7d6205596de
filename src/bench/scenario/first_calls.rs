//! What a real session sees: the calls of a process that has just started. Code is still being compiled, for the C# loop as well.

use runspaced::Engine;
use serde::{Deserialize, Serialize};

use super::{
    BenchError, Context, Figure, Kept, LoadMeter, Probe, Samples, Target, Unit, scratch,
    subject::{FloorTimes, Subject},
};

/// Makes the first calls of a process, or runs the floor in their stead.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FirstCallsProbe {
    subject: Subject,
    calls: usize,
    /// Iterations of the floor before it counts as warm; 0: the process runs nothing but the floor, from cold.
    warm_up: usize,
    kept: Kept,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FirstCallsAnswer {
    /// The first calls; none of a process that runs the floor only.
    first: Samples,
    /// The floor once it is warm, or as it is from the first iteration on.
    floor: FloorTimes,
}

/// Iterations of the warm floor.
const FLOOR: usize = 1_000;

impl FirstCallsProbe {
    pub(crate) fn run(self) -> Result<FirstCallsAnswer, BenchError> {
        let engine = Engine::builder().max_slots(1).runtime(self.kept.settings()).build()?;
        engine.blocking().ready()?;
        if self.warm_up == 0 {
            let floor = self.subject.time_floor(&engine, self.calls)?;
            return Ok(FirstCallsAnswer { first: Samples::default(), floor });
        }
        let first = self.subject.time_calls(&engine, self.calls)?;
        self.subject.time_floor(&engine, self.warm_up)?;
        Ok(FirstCallsAnswer { first, floor: self.subject.time_floor(&engine, FLOOR)? })
    }
}

/// Calls a session is taken to make.
const SESSION: usize = 5_000;
const BANDS: [(usize, usize); 4] = [(0, 10), (10, 100), (100, 1_000), (1_000, SESSION)];

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let meter = LoadMeter::start();
    let date = Rounds::of(context, &Subject::get_date(), Some("Get-Date"))?;
    let script = Rounds::of(context, &Subject::object_script(), None)?;
    let load = meter.read();
    let mut figures = vec![
        date.against_warm("first.get_date", "calls 1 to 5,000, Get-Date"),
        date.against_cold("first.get_date.cold", "the same against calls 1 to 5,000 of the loop"),
        script.against_warm("first.script", "calls 1 to 5,000, script with a parameter"),
        script.against_cold("first.script.cold", "the same against calls 1 to 5,000 of the loop"),
    ];
    figures.extend(date.against_rival());
    Ok(figures.into_iter().map(|figure| figure.load(load)).collect())
}

/// What the rounds gave.
#[derive(Default)]
struct Rounds {
    engine: Vec<FirstCallsAnswer>,
    cold_floor: Vec<FloorTimes>,
    /// A `pwsh` spawned for one call, to its end.
    rival: Samples,
}

impl Rounds {
    fn of(context: &Context<'_>, subject: &Subject, rival: Option<&str>) -> Result<Self, BenchError> {
        let warm_up = context.options.pick(30_000, 15_000);
        let mut rounds = Self::default();
        let folder = scratch()?;
        let ask = |calls, warm_up| {
            let kept = Kept::both(folder.path());
            let probe = FirstCallsProbe { subject: subject.clone(), calls, warm_up, kept };
            context.children.ask::<FirstCallsAnswer>(&Probe::FirstCalls(probe))
        };
        // The machine code and the JIT profile of an earlier session, as a user of the program has them.
        ask(1, 1)?;
        for _ in 0..context.options.rounds {
            rounds.engine.push(ask(SESSION, warm_up)?);
            rounds.cold_floor.push(ask(SESSION, 0)?.floor);
            if let Some(script) = rival {
                rounds.rival.push(context.rival.run(script)?.to_end);
            }
        }
        Ok(rounds)
    }

    fn all(&self) -> Samples {
        let mut all = Samples::default();
        self.engine.iter().for_each(|answer| all.extend(&answer.first));
        all
    }

    fn against_warm(&self, id: &str, title: &str) -> Figure {
        let pairs = self.engine.iter().map(|answer| (answer.first.median() / 1e3, answer.floor.p50_ns / 1e3));
        let mut figure = Figure::new(id, title, Unit::Microseconds, Figure::pairs(pairs))
            .samples(&self.all())
            .against("warm C# loop", None)
            .target(Target::RatioAtMost { limit: 2.0, allowance: 0.0 });
        for (first, end) in BANDS {
            let mut band = Samples::default();
            self.engine.iter().for_each(|answer| band.extend(&answer.first.slice(first, end)));
            figure = figure.detail(&format!("p50_us_calls_{}_to_{end}", first + 1), band.median() / 1e3);
        }
        figure
    }

    fn against_cold(&self, id: &str, title: &str) -> Figure {
        let pairs = self
            .engine
            .iter()
            .zip(&self.cold_floor)
            .map(|(answer, floor)| (answer.first.median() / 1e3, floor.p50_ns / 1e3));
        Figure::new(id, title, Unit::Microseconds, Figure::pairs(pairs)).against("cold C# loop", None)
    }

    /// How many times faster than a process for each call: within the first 100 calls, and later.
    fn against_rival(&self) -> Vec<Figure> {
        let figure = |id: &str, title: &str, first: usize, end: usize, limit: f64| {
            let ours = self.engine.iter().map(|answer| answer.first.slice(first, end).median() / 1e3);
            let theirs = self.rival.nanos().iter().map(|nanos| *nanos as f64 / 1e3);
            Figure::new(id, title, Unit::Microseconds, Figure::pairs(ours.zip(theirs)))
                .against("pwsh a call", Some(self.rival.percentiles(1e3)))
                .target(Target::FasterAtLeast { limit })
        };
        vec![
            figure(
                "rival.first_100",
                "Get-Date within the first 100 calls against a pwsh each",
                0,
                100,
                500.0,
            ),
            figure(
                "rival.trivial",
                "Get-Date, calls 4,001 to 5,000, against a pwsh each",
                4_000,
                SESSION,
                2_000.0,
            ),
        ]
    }
}
