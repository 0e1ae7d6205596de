//! `runspaced config`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::Exit;
use super::flags::GlobalFlags;
use super::identity::Filter;
use super::process::{load, report};
use super::screen::{Palette, say};
use crate::config::{Config, Origin, Outcome, SETTINGS, dotenv_example, markdown};

/// Arguments of `runspaced config`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  runspaced config show --origin", arg_required_else_help = true)]
pub struct ConfigArguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show the configuration in force
    #[command(after_help = "Example:\n  RUNSPACED_CALL__TIMEOUT=10s runspaced config show --origin")]
    Show {
        /// Say where each value comes from, and which files were read
        #[arg(long)]
        origin: bool,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Report everything that is wrong with the configuration, or with one file
    #[command(after_help = "Example:\n  runspaced config check runspaced.toml")]
    Check {
        /// The file; absent: the configuration in force
        file: Option<PathBuf>,
    },
    /// List every setting there is
    #[command(after_help = "Example:\n  runspaced config reference --dotenv > .env.example")]
    Reference {
        /// As a page in Markdown (the default)
        #[arg(long)]
        markdown: bool,
        /// As an example of a .env file
        #[arg(long, conflicts_with = "markdown")]
        dotenv: bool,
    },
}

/// Does what was asked for.
pub fn run(arguments: &ConfigArguments, global: &GlobalFlags) -> Exit {
    let palette = Palette { colours: global.color.applies_to(&std::io::stderr()) };
    match &arguments.action {
        Action::Reference { dotenv, .. } => write(&if *dotenv { dotenv_example() } else { markdown() }),
        Action::Check { file: Some(file) } => match Config::check_file(file) {
            Ok(()) => {
                say(format_args!("{} is fine", file.display()));
                Exit::OK
            }
            Err(problems) => report(palette, &problems),
        },
        Action::Check { file: None } => match load(global, global.settings()) {
            Ok(config) => {
                let read = config.files.iter().filter(|file| file.outcome == Outcome::Read).count();
                say(format_args!("the configuration is fine ({read} files read)"));
                Exit::OK
            }
            Err(problems) => report(palette, &problems),
        },
        Action::Show { origin, json } => match load(global, global.settings()) {
            Ok(config) if *json => write(&format!("{:#}\n", as_json(&config))),
            Ok(config) => write(&as_text(&config, *origin)),
            Err(problems) => report(palette, &problems),
        },
    }
}

fn write(text: &str) -> Exit {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => Exit::OK,
        Err(_) => Exit::BROKEN_PIPE,
    }
}

fn outcome(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Read => "read",
        Outcome::Absent => "not there",
        Outcome::Skipped(reason) => reason,
    }
}

/// Names of the variables that scripts will not see: from the environment, and from `.env`.
fn taken(config: &Config) -> Vec<String> {
    let filter = Filter::new(&config.settings, Vec::new());
    let mut names: Vec<String> =
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    names.extend(config.other_variables.keys().cloned());
    names.retain(|name| filter.takes(name));
    names.sort();
    names.dedup();
    names
}

fn as_json(config: &Config) -> serde_json::Value {
    let settings: serde_json::Map<String, serde_json::Value> = SETTINGS
        .iter()
        .map(|setting| {
            let value = setting.get(&config.settings).json();
            (setting.key.to_owned(), json!({ "value": value, "origin": config.origin(setting).to_string() }))
        })
        .collect();
    let files: Vec<serde_json::Value> = config
        .files
        .iter()
        .map(|file| json!({ "role": file.role, "path": file.path.to_string_lossy(), "outcome": outcome(&file.outcome) }))
        .collect();
    json!({ "settings": settings, "files": files, "hidden_variables": taken(config) })
}

fn as_text(config: &Config, origin: bool) -> String {
    let mut text = String::new();
    let mut section = "";
    let lines: Vec<(&str, String, Origin)> = SETTINGS
        .iter()
        .map(|setting| {
            let (_, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
            let value = match setting.get(&config.settings).toml() {
                Some(value) => format!("{name} = {value}"),
                None => format!("# {name}: {}", setting.default_text.unwrap_or("not set")),
            };
            (setting.section(), value, config.origin(setting))
        })
        .collect();
    let width =
        lines.iter().map(|(_, line, _)| line.chars().count()).filter(|width| *width <= 60).max().unwrap_or(0);
    for (of, line, from) in &lines {
        if *of != section {
            section = of;
            let _ = writeln!(text, "{}[{section}]", if text.is_empty() { "" } else { "\n" });
        }
        let _ = if origin { writeln!(text, "{line:width$}  # {from}") } else { writeln!(text, "{line}") };
    }
    if origin {
        text.push_str("\n# files, the last one counts most\n");
        for file in &config.files {
            let _ = writeln!(text, "# {:8}  {}: {}", file.role, file.path.display(), outcome(&file.outcome));
        }
        let taken = taken(config);
        if !taken.is_empty() {
            let _ = writeln!(text, "\n# variables that scripts do not see: {}", taken.join(", "));
        }
    }
    text
}
