//! From nothing to the first answers.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    time::{Duration, Instant},
};

use runspaced::locate;

use super::{BenchError, Connection, Context, Figure, LoadMeter, Samples, Target, Unit};

/// How long a server may take to write what it remembers.
const REMEMBERING: Duration = Duration::from_secs(30);

/// Times from before the start of the process.
#[derive(Default)]
pub(super) struct Starts {
    pub(super) initialized: Samples,
    pub(super) listed: Samples,
}

impl Starts {
    /// Starts a server, shakes hands, lists its tools, and ends it.
    pub(super) fn round(
        &mut self,
        start: impl FnOnce() -> Result<Connection, BenchError>,
    ) -> Result<(), BenchError> {
        let begun = Instant::now();
        let mut connection = start()?;
        let initialized = connection.initialize()?;
        let listed = connection.list()?;
        listed.value("tools/list")?;
        self.initialized.push(initialized.at - begun);
        self.listed.push(listed.at - begun);
        Ok(())
    }
}

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    if !context.server.is_own() {
        let meter = LoadMeter::start();
        let mut starts = Starts::default();
        for _ in 0..context.options.rounds {
            starts.round(|| context.server.connect())?;
        }
        let load = meter.read();
        let figures = [
            figure("start.initialize", "process start -> initialize answered", &starts.initialized),
            figure("start.list", "process start -> tools/list answered", &starts.listed),
        ];
        return Ok(figures.into_iter().map(|figure| figure.load(load)).collect());
    }
    let words = built_in(context)?;
    let words: Vec<&OsStr> = words.iter().map(OsString::as_os_str).collect();
    let every: Vec<&OsStr> = words.iter().copied().chain(["--tool-search=never".as_ref()]).collect();
    let cache = context.folder.join("start");
    prime(context, &words, &cache)?;
    prime(context, &every, &cache)?;
    let meter = LoadMeter::start();
    let [mut cached, mut whole, mut uncached] = [Starts::default(), Starts::default(), Starts::default()];
    for _ in 0..context.options.rounds {
        cached.round(|| context.server.connect_exposing(&words, Some(&cache)))?;
        whole.round(|| context.server.connect_exposing(&every, Some(&cache)))?;
        uncached.round(|| context.server.connect_exposing(&words, None))?;
    }
    let load = meter.read();
    let at_most = |limit| Target::AtMost { limit };
    let figures = [
        figure("start.initialize", "process start -> initialize answered", &cached.initialized)
            .target(at_most(10.0)),
        figure(
            "start.list.cached",
            "process start -> tools/list answered, built-in modules, cached",
            &cached.listed,
        )
        .target(at_most(10.0)),
        figure(
            "start.list.every",
            "process start -> tools/list answered, every tool in it, cached",
            &whole.listed,
        )
        .target(at_most(10.0)),
        figure("start.list.uncached", "process start -> tools/list answered, no cache", &uncached.listed)
            .target(at_most(500.0)),
    ];
    Ok(figures.into_iter().map(|figure| figure.load(load)).collect())
}

/// Has a server remember its tools.
pub(super) fn prime(context: &Context<'_>, words: &[&OsStr], cache: &Path) -> Result<(), BenchError> {
    // What the next server gives first is written last.
    let lists = || {
        let entries = std::fs::read_dir(cache).into_iter().flatten().flatten();
        let is_list = |name: &str| name.ends_with(".tools") && !name.starts_with("draft-");
        entries.filter(|entry| is_list(&entry.file_name().to_string_lossy())).count()
    };
    let before = lists();
    let mut connection = context.server.connect_exposing(words, Some(cache))?;
    connection.initialize()?;
    connection.allow(Duration::from_secs(180));
    connection.list()?.value("tools/list")?;
    let end = Instant::now() + REMEMBERING;
    while Instant::now() < end {
        if lists() > before {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(BenchError::Server("the server did not remember its tools".to_owned()))
}

/// All commands of the modules that come with PowerShell.
fn built_in(context: &Context<'_>) -> Result<Vec<OsString>, BenchError> {
    let found = locate::find(&context.options.locate());
    let home = found.home().ok_or(BenchError::NoSamples("there is no PowerShell"))?;
    let entries = std::fs::read_dir(home.path.join("Modules"))
        .map_err(BenchError::system("listing PowerShell's own modules"))?;
    let mut modules: Vec<OsString> = entries.flatten().map(|entry| entry.file_name()).collect();
    modules.sort();
    let mut words: Vec<OsString> = vec!["--command".into(), "*".into()];
    words.extend(modules.into_iter().flat_map(|module| ["--module".into(), module]));
    Ok(words)
}

pub(super) fn figure(id: &str, title: &str, samples: &Samples) -> Figure {
    let millis = samples.nanos().iter().map(|nanos| *nanos as f64 / 1e6);
    Figure::new(id, title, Unit::Milliseconds, Figure::alone(millis)).isolation("-").samples(samples)
}
