//! From the command line to a process that may host PowerShell: the order of things before the runtime starts.

use std::path::Path;
use std::time::Instant;

use super::flags::GlobalFlags;
use super::identity::{Filter, Secrets};
use super::screen::{Palette, complain, say};
use super::{Exit, log, restart};
use crate::config::{Config, FlagValue, Origin, Outcome, Places, Problem, Sources};
use crate::signals::Signals;
use crate::stdio::{self, Streams};

/// A verb that hosts PowerShell.
pub trait Hosting {
    /// The flags that are settings.
    fn flags(&self) -> Vec<FlagValue> {
        Vec::new()
    }

    /// Environment variables that the command line names as secrets.
    fn secret_variables(&self) -> Vec<String> {
        Vec::new()
    }

    /// Does its work.
    async fn run(self, process: Process) -> Exit;
}

/// What a verb finds: everything that must be done before PowerShell starts is done.
#[derive(Debug)]
pub struct Process {
    /// When the process started.
    pub started: Instant,
    /// The configuration in force.
    pub config: Config,
    /// Identity that scripts do not see.
    pub secrets: Secrets,
    /// The original standard input and output.
    pub streams: Streams,
    /// Ctrl-C and the wish to end.
    pub signals: Signals,
    /// Colours of the error stream.
    pub palette: Palette,
    /// What colours are wanted, for other streams.
    pub global: GlobalFlags,
    /// What the process before this one left to be taken up again; empty if there was none.
    pub resumed: Vec<u8>,
}

/// Prepares the process for PowerShell and runs a verb in it.
pub fn host<V: Hosting>(verb: V, global: GlobalFlags, started: Instant) -> Exit {
    let palette = Palette { colours: global.color.applies_to(&std::io::stderr()) };
    let mut flags = verb.flags();
    flags.extend(global.settings());
    let config = match load(&global, flags) {
        Ok(config) => config,
        Err(problems) => return report(palette, &problems),
    };
    report_skipped(palette, &config);

    // Only this thread runs until the environment is clean and the streams are ours.
    let (secrets, resumed) = match clean_environment(&config, verb.secret_variables()) {
        Ok(cleaned) => cleaned,
        Err(error) => {
            complain(
                palette,
                format_args!(
                    "identity variables could not be taken out of the environment: {error}. Unset them, or name those that \
                     scripts may see in environment.keep"
                ),
            );
            return Exit::FAILED;
        }
    };
    let streams = match Streams::take() {
        Ok(streams) => streams,
        Err(error) => {
            complain(palette, format_args!("standard input and output could not be moved: {error}"));
            return Exit::FAILED;
        }
    };
    if let Err(problem) = log::install(&config) {
        return report(palette, &[problem]);
    }
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                complain(palette, format_args!("threads could not be started: {error}"));
                return Exit::FAILED;
            }
        };
    let exit = runtime.block_on(async move {
        let signals = match Signals::install() {
            Ok(signals) => signals,
            Err(error) => {
                complain(palette, format_args!("signals cannot be handled: {error}"));
                return Exit::FAILED;
            }
        };
        verb.run(Process { started, config, secrets, streams, signals, palette, global, resumed }).await
    });
    // A thread that waits for input would keep it waiting.
    runtime.shutdown_background();
    exit
}

/// Threads of the asynchronous runtime. PowerShell has its own.
const WORKERS: usize = 2;

/// The configuration as this process sees it.
pub fn load(global: &GlobalFlags, flags: Vec<FlagValue>) -> Result<Config, Vec<Problem>> {
    let folder = std::env::current_dir().unwrap_or_else(|_| Path::new(".").to_owned());
    let places = Places::of(&folder, global.config.as_deref());
    Config::load(&Sources { places, environment: std::env::vars_os().collect(), flags })
}

/// Says what is wrong with the configuration.
pub fn report(palette: Palette, problems: &[Problem]) -> Exit {
    for problem in problems {
        complain(palette, problem);
    }
    Exit::USAGE
}

fn report_skipped(palette: Palette, config: &Config) {
    for file in &config.files {
        if let Outcome::Skipped(reason) = &file.outcome {
            let origin = Origin::File { path: file.path.clone(), line: None };
            say(format_args!(
                "{} {origin}: {reason}",
                palette.paint(super::screen::Tone::Notice, "runspaced:")
            ));
        }
    }
}

/// Takes identity out of the environment. Where that needs a new process, this one becomes it and does not return.
fn clean_environment(config: &Config, named: Vec<String>) -> std::io::Result<(Secrets, Vec<u8>)> {
    let (mut secrets, resumed) = restart::inherited();
    let filter = Filter::new(&config.settings, named);
    for (name, value) in &config.other_variables {
        if filter.takes(name) {
            secrets.add(name.clone(), value.clone());
        }
    }
    let environment: Vec<_> = std::env::vars_os().collect();
    let names: Vec<String> = environment
        .iter()
        .filter_map(|(name, _)| name.to_str())
        .filter(|name| filter.takes(name))
        .map(str::to_owned)
        .collect();
    if !names.is_empty() {
        let left = secrets.extract(environment, &filter);
        #[cfg(unix)]
        return Err(restart::become_clean(&secrets, &resumed, left));
        #[cfg(windows)]
        {
            drop(left);
            stdio::remove_variables(&names);
        }
    }
    #[cfg(unix)]
    stdio::remove_variables(&[restart::VARIABLE.to_owned()]);
    Ok((secrets, resumed))
}
