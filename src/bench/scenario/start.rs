//! From nothing to the first result.

use std::io::Write;

use runspaced::{Engine, InitialState, Invocation};
use serde::{Deserialize, Serialize};

use super::{BenchError, Context, Figure, Kept, LoadMeter, Probe, Samples, Target, Unit, scratch};

/// Starts an engine and makes one call.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct StartProbe {
    kept: Kept,
    /// A smaller initial session state.
    lean: bool,
}

/// Where the time went, microseconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StartAnswer {
    load_hostfxr: u64,
    initialize: u64,
    start_runtime: u64,
    bootstrap: u64,
    open_runspace: u64,
    /// From the beginning of `main` to the result.
    result: u64,
}

impl StartProbe {
    pub(crate) fn run(self) -> Result<StartAnswer, BenchError> {
        let began = std::time::Instant::now();
        let state = if self.lean { InitialState::Default2 } else { InitialState::Default };
        let engine = Engine::builder().runtime(self.kept.settings()).initial_state(state).build()?;
        let output = engine.blocking().invoke(Invocation::script("1"))?;
        // The same first line as pwsh's.
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{}", output.rows::<i64>()?.first().copied().unwrap_or_default())
            .and_then(|()| stdout.flush())
            .map_err(BenchError::system("writing the first result"))?;
        let result = micros(began.elapsed());
        let about = engine.powershell().ok_or(BenchError::NoSamples("the start"))?;
        Ok(StartAnswer {
            load_hostfxr: about.phases.load_hostfxr_us,
            initialize: about.phases.initialize_us,
            start_runtime: about.phases.start_runtime_us,
            bootstrap: about.phases.bootstrap_us,
            open_runspace: about.open_us,
            result,
        })
    }
}

fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// One way to start, with the times of its rounds.
#[derive(Default)]
struct Variant {
    probe: StartProbe,
    to_result: Samples,
    to_end: Samples,
    answers: Vec<StartAnswer>,
}

impl Variant {
    fn new(probe: StartProbe) -> Self {
        Self { probe, ..Self::default() }
    }

    fn round(&mut self, context: &Context<'_>) -> Result<(), BenchError> {
        let (answer, spoken) = context.children.ask_timed(&Probe::Start(self.probe.clone()))?;
        self.to_result.push(spoken.to_first_line);
        self.to_end.push(spoken.to_end);
        self.answers.push(answer);
        Ok(())
    }
}

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let folder = scratch()?;
    let usual = StartProbe { kept: Kept::both(folder.path()), lean: false };
    let mut lean = Variant::new(StartProbe { lean: true, ..usual.clone() });
    let mut usual = Variant::new(usual);
    let mut first = Variant::default();
    let mut code_alone = Variant::new(StartProbe { kept: Kept::code_alone(folder.path()), lean: false });
    let mut bare = Variant::default();
    let (mut pwsh, mut pwsh_end, mut verb) = (Samples::default(), Samples::default(), Samples::default());
    // Files come from the disk's cache for everybody, image and profile from an earlier start.
    for variant in [&mut usual, &mut lean, &mut code_alone, &mut bare] {
        variant.round(context)?;
        *variant = Variant::new(variant.probe.clone());
    }
    context.children.verb(&["run", "1"])?;
    context.rival.run("1")?;
    let meter = LoadMeter::start();
    for round in 0..context.options.rounds {
        let mut rival = || -> Result<(), BenchError> {
            let spoken = context.rival.run("1")?;
            pwsh.push(spoken.to_first_line);
            pwsh_end.push(spoken.to_end);
            Ok(())
        };
        if round % 2 == 0 {
            rival()?;
            usual.round(context)?;
        } else {
            usual.round(context)?;
            rival()?;
        }
        let nothing_kept = scratch()?;
        first.probe.kept = Kept::both(nothing_kept.path());
        for variant in [&mut first, &mut code_alone, &mut bare, &mut lean] {
            variant.round(context)?;
        }
        verb.push(context.children.verb(&["run", "1"])?.to_first_line);
    }
    let load = meter.read();
    let mut figures = vec![
        against(&usual.to_result, &pwsh, "start.result", "process start -> first result")
            .target(Target::RatioAtMost { limit: 1.0, allowance: 0.0 }),
        against(&verb, &pwsh, "start.run", "the same, `runspaced run 1`"),
        against(&usual.to_end, &pwsh_end, "start.end", "process start -> process end"),
        against(
            &first.to_result,
            &pwsh,
            "start.result.first",
            "the first start of all: writes image and profile",
        ),
        against(
            &code_alone.to_result,
            &pwsh,
            "start.result.no_profile",
            "with the image, without a JIT profile",
        ),
        against(&bare.to_result, &pwsh, "start.result.bare", "with neither (the library's default)"),
        against(&lean.to_result, &pwsh, "start.result.lean", "with both, CreateDefault2"),
    ];
    figures.extend(phases(&usual.answers));
    Ok(figures.into_iter().map(|figure| figure.load(load)).collect())
}

fn against(ours: &Samples, theirs: &Samples, id: &str, title: &str) -> Figure {
    let millis = |nanos: &u64| *nanos as f64 / 1e6;
    let pairs = ours.nanos().iter().map(millis).zip(theirs.nanos().iter().map(millis));
    Figure::new(id, title, Unit::Milliseconds, Figure::pairs(pairs))
        .samples(ours)
        .against("pwsh", Some(theirs.percentiles(1e6)))
}

fn phases(answers: &[StartAnswer]) -> Vec<Figure> {
    type Phase = fn(&StartAnswer) -> u64;
    let before_open: Phase =
        |a| a.load_hostfxr + a.initialize + a.start_runtime + a.bootstrap + a.open_runspace;
    let phase = |id: &str, title: &str, of: Phase| {
        let rounds = Figure::alone(answers.iter().map(|answer| of(answer) as f64 / 1e3));
        Figure::new(id, title, Unit::Milliseconds, rounds).isolation("-")
    };
    let mut figures = vec![
        phase("start.load_hostfxr", "  load hostfxr", |a| a.load_hostfxr),
        phase("start.initialize", "  initialise", |a| a.initialize),
        phase("start.runtime", "  start the runtime, load the assembly", |a| a.start_runtime),
        phase("start.bootstrap", "  bootstrap", |a| a.bootstrap),
        phase("start.first_runspace", "  first runspace", |a| a.open_runspace),
    ];
    let rest = answers.iter().map(|answer| answer.result.saturating_sub(before_open(answer)) as f64 / 1e3);
    figures.push(
        Figure::new(
            "start.first_result",
            "  the rest: find, first result",
            Unit::Milliseconds,
            Figure::alone(rest),
        )
        .isolation("-"),
    );
    figures
}
