//! `runspaced sentinel`: operations on Microsoft Sentinel from a terminal. No PowerShell is needed.

mod help;
mod journal;
mod show;
mod words;

use runspaced::azure::Variables;
use runspaced::sentinel::{Applied, Call, Operation, Plan, Sentinel, State, operation};

use super::flags::GlobalFlags;
use super::identity::{Filter, Secrets};
use super::process::{load, report};
use super::screen::{Palette, complain, say};
use super::{Exit, log};
use crate::config::{Config, Connected};
use show::{Form, Printer};
use words::Words;

/// Arguments of `runspaced sentinel`.
#[derive(Debug, clap::Args)]
#[command(
    disable_help_flag = true,
    after_help = "`runspaced sentinel list` lists the operations, `runspaced sentinel OPERATION --help` explains one."
)]
pub struct SentinelArguments {
    /// The operation, by any of its names; or list, check, doctor, journal, undo
    #[arg(value_name = "OPERATION", allow_hyphen_values = true)]
    operation: Option<String>,
    /// Its parameters, as --name value, and how to run it
    #[arg(value_name = "PARAMETERS", trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// Does what the command line says.
pub fn run(arguments: SentinelArguments, global: &GlobalFlags) -> Exit {
    let palette = Palette { colours: global.color.applies_to(&std::io::stderr()) };
    let words = match Words::read(arguments.words) {
        Ok(words) => words,
        Err(problem) => {
            complain(palette, problem);
            return Exit::USAGE;
        }
    };
    match arguments.operation.as_deref() {
        None | Some("help" | "--help" | "-h") => show::write(&help::overview()),
        Some("list") => show::write(&help::list(words.form)),
        Some("check") => connected(global, palette, |connected| show::write(&help::identities(&connected))),
        Some("doctor") => doctor(words, global, palette),
        Some("journal") => {
            connected(global, palette, |connected| journal::list(&connected.sentinel, &words, palette))
        }
        Some("undo") => connected(global, palette, |connected| {
            in_runtime(palette, journal::undo(connected.sentinel, words, palette))
        }),
        Some(name) => match operation(name) {
            Some(operation) if words.help => show::write(&help::operation(operation)),
            Some(operation) => connected(global, palette, |connected| {
                in_runtime(palette, call(connected.sentinel, operation, words, palette))
            }),
            None => {
                let names = runspaced::sentinel::operations()
                    .iter()
                    .flat_map(|operation| [operation.name, operation.tool]);
                let nearest = runspaced::nearest::nearest(
                    name,
                    names.chain(["list", "check", "doctor", "journal", "undo"]),
                );
                let hint = nearest.map_or("`runspaced sentinel list` lists them".to_owned(), |near| {
                    format!("did you mean {near}?")
                });
                complain(palette, format_args!("there is no operation {name:?}: {hint}"));
                Exit::USAGE
            }
        },
    }
}

/// Shows what will not work for want of a role, and the commands that give it.
fn doctor(mut words: Words, global: &GlobalFlags, palette: Palette) -> Exit {
    let Some(operation) = operation("Test-SentinelPermission") else { return Exit::FAILED };
    if words.help {
        return show::write(&help::operation(operation));
    }
    words.add("missing_only");
    connected(global, palette, |connected| {
        in_runtime(palette, call(connected.sentinel, operation, words, palette))
    })
}

/// Reads the configuration and the identity, and goes on with them.
fn connected(global: &GlobalFlags, palette: Palette, then: impl FnOnce(Connected) -> Exit) -> Exit {
    let config = match load(global, global.settings()) {
        Ok(config) => config,
        Err(problems) => return report(palette, &problems),
    };
    if let Err(problem) = log::install(&config) {
        return report(palette, &[problem]);
    }
    match config.sentinel(&variables(&config)) {
        Ok(connected) => {
            for note in &connected.notes {
                tracing::warn!("{note}");
            }
            then(connected)
        }
        Err(problems) => {
            for problem in problems {
                complain(palette, problem);
            }
            Exit::USAGE
        }
    }
}

/// Identity of the environment, and of `.env`.
fn variables(config: &Config) -> Variables {
    let filter = Filter::new(&config.settings, Vec::new());
    let mut secrets = Secrets::default();
    let _ = secrets.extract(std::env::vars_os().collect(), &filter);
    for (name, value) in config.other_variables.iter().filter(|(name, _)| filter.takes(name)) {
        secrets.add(name.clone(), value.clone());
    }
    secrets.variables()
}

fn in_runtime(palette: Palette, work: impl Future<Output = Exit>) -> Exit {
    match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => {
            complain(palette, format_args!("threads could not be started: {error}"));
            Exit::FAILED
        }
    }
}

async fn call(sentinel: Sentinel, operation: &'static Operation, words: Words, palette: Palette) -> Exit {
    let form = words.form;
    let arguments = match words.arguments(operation) {
        Ok(arguments) => arguments,
        Err(problem) => {
            complain(palette, problem);
            return Exit::USAGE;
        }
    };
    let call = Call::default();
    if !operation.kind.writes() {
        if words.apply.is_some() || words.plan {
            complain(
                palette,
                format_args!("{} only reads: it takes neither --plan nor --apply", operation.name),
            );
            return Exit::USAGE;
        }
        return match sentinel.read(operation, arguments, &call).await {
            Ok(reading) => Printer::new(form, operation).print(reading, palette).await,
            Err(error) => failed(palette, &error),
        };
    }
    match &words.apply {
        None => match sentinel.plan(operation, arguments, &call).await {
            Ok(plan) => planned(
                &plan,
                form,
                &format!("runspaced sentinel {} ... --apply {}", operation.tool, plan.digest),
            ),
            Err(error) => failed(palette, &error),
        },
        Some(digest) => {
            match sentinel.apply(operation, arguments, digest, words.confirm.as_deref(), &call).await {
                Ok(applied) => outcome(&applied, form, palette),
                Err(error) => failed(palette, &error),
            }
        }
    }
}

/// Shows a plan, and how it is applied.
fn planned(plan: &Plan, form: Form, how: &str) -> Exit {
    if form == Form::Json {
        return show::write(&format!("{}\n", serde_json::json!(plan)));
    }
    let exit = show::write(&plan.to_string());
    if !plan.changes.is_empty() {
        let confirm = plan.confirm.as_ref().map(|name| format!(" --confirm {name:?}")).unwrap_or_default();
        say(format_args!("Nothing was done. To do it: {how}{confirm}"));
    }
    exit
}

/// Shows what became of a plan.
fn outcome(applied: &Applied, form: Form, palette: Palette) -> Exit {
    let exit = if form == Form::Json {
        show::write(&format!("{}\n", serde_json::json!(applied)))
    } else {
        show::write(&show::applied(applied))
    };
    let nothing_wrong = applied.outcomes.iter().all(|outcome| outcome.state == State::Applied);
    if exit == Exit::OK && !nothing_wrong {
        complain(palette, "not everything took place; the journal has what did");
        return Exit::FAILED;
    }
    exit
}

/// Says what went wrong.
fn failed(palette: Palette, error: &runspaced::sentinel::Error) -> Exit {
    complain(palette, format_args!("{error} [{}]", error.code()));
    if let runspaced::sentinel::Error::Azure(error) = error
        && let Some(command) = error.advice().and_then(|advice| advice.command.as_ref())
    {
        say(format_args!("  {command}"));
    }
    match error {
        runspaced::sentinel::Error::Arguments { .. } | runspaced::sentinel::Error::Workspace { .. } => {
            Exit::USAGE
        }
        _ => Exit::FAILED,
    }
}
