//! Configuration: defaults, then the user's file, the project's file, a named file, `.env`, environment variables, flags.
//! Later ones win; for every value it is known where it comes from. Only the program and the C library read
//! it; the Rust library takes its settings from whoever uses it.

mod dotenv;
mod engine;
mod field;
mod file;
mod places;
mod problem;
mod reference;
mod sentinel;
mod settings;
mod table;
mod value;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

pub use places::Places;
pub use problem::{Origin, Problem};
pub use reference::{dotenv_example, markdown};
pub use sentinel::Connected;
pub use settings::{Http, LogFormat, Mcp, Settings, Through};
pub use table::{SETTINGS, Setting, find};
pub use value::{Column, Kind, Row, Value};

/// The configuration in force.
#[derive(Debug, Clone)]
pub struct Config {
    /// The values.
    pub settings: Settings,
    /// Where each value that is not the default comes from, by key.
    origins: BTreeMap<&'static str, Origin>,
    /// Files that were looked for, in the order in which they count.
    pub files: Vec<Looked>,
    /// Variables of `.env` that are no settings: identity, for the program itself. They never enter the environment.
    pub other_variables: BTreeMap<String, Zeroizing<String>>,
}

/// A file that was looked for.
#[derive(Debug, Clone)]
pub struct Looked {
    /// `user`, `project`, `--config` or `.env`.
    pub role: &'static str,
    /// Its path.
    pub path: PathBuf,
    /// What became of it.
    pub outcome: Outcome,
}

/// True for variables that are settings, misspelt ones too.
fn is_setting(name: &str) -> bool {
    let known = || SETTINGS.iter().any(|setting| setting.alias == Some(name));
    name.starts_with("RUNSPACED_") && (name.contains("__") || known())
}

/// What became of a file that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was read.
    Read,
    /// It is not there.
    Absent,
    /// It was not read, for this reason.
    Skipped(String),
}

/// A value given on the command line.
#[derive(Debug, Clone)]
pub struct FlagValue {
    /// The setting.
    pub key: &'static str,
    /// The flag.
    pub flag: &'static str,
    /// What was given.
    pub text: String,
}

impl FlagValue {
    /// A flag that was given, as a list of none or one.
    pub fn of(key: &'static str, flag: &'static str, given: Option<impl ToString>) -> Option<Self> {
        given.map(|text| Self { key, flag, text: text.to_string() })
    }
}

/// Where configuration comes from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The files.
    pub places: Places,
    /// The environment.
    pub environment: Vec<(OsString, OsString)>,
    /// The flags.
    pub flags: Vec<FlagValue>,
}

impl Config {
    /// Reads every layer.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first thing.
    pub fn load(sources: &Sources) -> Result<Self, Vec<Problem>> {
        let mut config = Self {
            settings: Settings::default(),
            origins: BTreeMap::new(),
            files: Vec::new(),
            other_variables: BTreeMap::new(),
        };
        let mut problems = Vec::new();
        for (role, path, required) in sources.places.files() {
            let outcome = match places::read(&path, role) {
                Ok(Some(text)) => {
                    config.take_file(&path, &text, &mut problems);
                    Outcome::Read
                }
                Ok(None) if required => {
                    problems.push(Problem::of(
                        Origin::Flag("--config"),
                        format!("there is no file {}", path.display()),
                    ));
                    Outcome::Absent
                }
                Ok(None) => Outcome::Absent,
                Err(places::Unread::Untrusted(reason)) if !required => Outcome::Skipped(reason),
                Err(places::Unread::Untrusted(reason) | places::Unread::Failed(reason)) => {
                    problems
                        .push(Problem::of(Origin::File { path: path.clone(), line: None }, reason.clone()));
                    Outcome::Skipped(reason)
                }
            };
            config.files.push(Looked { role, path, outcome });
        }
        config.take_dotenv(&sources.places, &mut problems);
        let environment = sources.environment.iter().filter_map(|(name, value)| {
            let name = name.to_str()?;
            name.starts_with("RUNSPACED_").then(|| (name.to_owned(), value.to_string_lossy().into_owned()))
        });
        config.take_variables(environment, &mut problems, |name| Origin::Variable(name.to_owned()));
        for flag in &sources.flags {
            if let Some(setting) = find(flag.key) {
                config.take_text(setting, &flag.text, Origin::Flag(flag.flag), &mut problems);
            }
        }
        config.check_together(&mut problems);
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    /// Checks one file by itself.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check_file(path: &Path) -> Result<(), Vec<Problem>> {
        let places = Places::only(path);
        Self::load(&Sources { places, environment: Vec::new(), flags: Vec::new() }).map(|_| ())
    }

    /// Where a value comes from; [`Origin::Default`] if nobody set it.
    pub fn origin(&self, setting: &Setting) -> Origin {
        self.origins.get(setting.key).cloned().unwrap_or(Origin::Default)
    }

    /// True if somebody set it.
    pub fn is_set(&self, key: &str) -> bool {
        self.origins.contains_key(key)
    }

    /// The project's file or `.env`, if a value comes from it.
    pub fn project_file_of(&self, key: &str) -> Option<&Path> {
        let Some(Origin::File { path, .. }) = self.origins.get(key) else { return None };
        let looked = self.files.iter().find(|file| file.path == *path)?;
        matches!(looked.role, "project" | ".env").then_some(&looked.path)
    }

    fn set(&mut self, setting: &'static Setting, value: Value, origin: Origin) {
        setting.set(&mut self.settings, value);
        self.origins.insert(setting.key, origin);
    }

    fn take_file(&mut self, path: &Path, text: &str, problems: &mut Vec<Problem>) {
        match file::read(path, text) {
            Ok(entries) => {
                for entry in entries {
                    self.set(entry.setting, entry.value, entry.origin);
                }
            }
            Err(mut found) => problems.append(&mut found),
        }
    }

    fn take_dotenv(&mut self, places: &Places, problems: &mut Vec<Problem>) {
        let Some(path) = places.dotenv() else { return };
        let outcome = match places::read(&path, ".env") {
            Ok(Some(text)) => {
                match dotenv::read(&path, &text) {
                    Ok(variables) => {
                        let (settings, others): (Vec<_>, Vec<_>) =
                            variables.into_iter().partition(|(name, _)| is_setting(name));
                        let origin = path.clone();
                        let settings =
                            settings.into_iter().map(|(name, value)| (name, value.as_str().to_owned()));
                        self.take_variables(settings, problems, |_| Origin::File {
                            path: origin.clone(),
                            line: None,
                        });
                        self.other_variables.extend(others);
                    }
                    Err(problem) => problems.push(problem),
                }
                Outcome::Read
            }
            Ok(None) => Outcome::Absent,
            Err(places::Unread::Untrusted(reason)) => Outcome::Skipped(reason),
            Err(places::Unread::Failed(reason)) => {
                problems.push(Problem::of(Origin::File { path: path.clone(), line: None }, reason.clone()));
                Outcome::Skipped(reason)
            }
        };
        self.files.push(Looked { role: ".env", path, outcome });
    }

    fn take_variables(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
        problems: &mut Vec<Problem>,
        origin: impl Fn(&str) -> Origin,
    ) {
        for (name, text) in variables {
            let setting = SETTINGS
                .iter()
                .find(|setting| setting.alias == Some(name.as_str()) || setting.variable() == name);
            match setting {
                // An empty variable is the usual way to say "not set".
                Some(_) if text.is_empty() => {}
                Some(setting) => self.take_text(setting, &text, origin(&name), problems),
                // Without the two underscores it is none of the settings, but perhaps something of another program.
                None if !name.contains("__") => {}
                None => {
                    let names: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
                    let nearest = crate::nearest::nearest(&name, names.iter().map(String::as_str));
                    problems.push(Problem::unknown(origin(&name), &name, nearest));
                }
            }
        }
    }

    fn take_text(
        &mut self,
        setting: &'static Setting,
        text: &str,
        origin: Origin,
        problems: &mut Vec<Problem>,
    ) {
        match setting.kind.parse(text) {
            Ok(value) => self.set(setting, places::expand(value, None), origin),
            Err(wanted) => problems.push(Problem::value(origin, setting.key, text, &wanted)),
        }
    }

    /// What single values cannot say.
    fn check_together(&self, problems: &mut Vec<Problem>) {
        let pool = &self.settings.pool;
        if pool.min > pool.max {
            let origin = self.origins.get("pool.min").or_else(|| self.origins.get("pool.max")).cloned();
            problems.push(Problem::of(
                origin.unwrap_or(Origin::Default),
                format!(
                    "pool.min is {}, more than pool.max ({}): raise the one or lower the other",
                    pool.min, pool.max
                ),
            ));
        }
    }
}
