//! `runspaced run`: a command or a script, once.

mod argument;
mod csv;
mod error_view;
mod input;
mod outcome;
mod progress;
mod question;
mod records;
mod runner;
mod secret;
mod shape;

use std::fs::File;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use runspaced::sentinel::bridge::Connection;
use runspaced::{Engine, Error, Format, Invocation, Limits};

use super::Exit;
use super::bridge::with_sentinel;
use super::flags::HostFlags;
use super::process::{Hosting, Process};
use super::screen::complain;
use crate::config::FlagValue;
use crate::signals::{Signals, Wish};
use crate::stdio;

use argument::Argument;
use input::{InputFlag, Source};
use outcome::Outcome;
use runner::Runner;
use secret::SecretFlag;
use shape::Shape;
pub use shape::write_all;

/// Time that runspaces get to close at the end.
const CLOSING: Duration = Duration::from_millis(500);

/// Time that mistakes in what is read get to be found where PowerShell cannot start.
const MISTAKES: Duration = Duration::from_millis(500);

/// Time that a write to Azure gets to end after its script was stopped.
const WRITING: Duration = Duration::from_secs(10);

/// Arguments of `runspaced run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
        runspaced run 'Get-Process | Sort-Object CPU -Descending | Select-Object -First 3 Id, ProcessName'\n  \
        runspaced run 'param($n) 1..$n' --arg n:=3 --json\n  \
        printf 'b\\na\\n' | runspaced run '$input | Sort-Object' --input lines --text\n  \
        runspaced run --command Get-Date --arg Format=yyyy\n\n\
        Exit codes:\n  0 fine; 1 the script failed; the number given to exit; 2 wrong use; 69 no PowerShell;\n  75 another process can go on; 124 deadline; 130 Ctrl-C; 143 SIGTERM; 141 the reader has gone")]
pub struct RunArguments {
    /// Script text, a .ps1 file, or - for a script on the standard input
    #[arg(required_unless_present = "command", conflicts_with = "command")]
    script: Option<String>,
    /// Positional arguments of the script or command
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
    /// Run one command, with --arg as its parameters
    #[arg(long, value_name = "NAME")]
    command: Option<String>,
    /// A parameter: name=text, or name:=JSON
    #[arg(long = "arg", value_name = "NAME=VALUE")]
    parameters: Vec<Argument>,
    /// A SecureString parameter: name=env:VARIABLE, name=file:PATH or name=prompt
    #[arg(long = "secret", value_name = "NAME=SOURCE")]
    secrets: Vec<SecretFlag>,
    /// Pipeline input from the standard input or a file: json, ndjson or lines
    #[arg(long, value_name = "FORMAT[=FILE]")]
    input: Option<InputFlag>,
    /// Import a module first
    #[arg(long = "module", value_name = "NAME")]
    modules: Vec<String>,

    /// Write a JSON array of the output values (the default when the output is not a terminal)
    #[arg(long, group = "shape", help_heading = "Output")]
    json: bool,
    /// Write one JSON value a line, as they come
    #[arg(long, group = "shape", help_heading = "Output")]
    ndjson: bool,
    /// Write what PowerShell would print (the default on a terminal)
    #[arg(long, group = "shape", help_heading = "Output")]
    text: bool,
    /// Write comma-separated values with a heading
    #[arg(long, group = "shape", help_heading = "Output")]
    csv: bool,
    /// Write the whole result as JSON: output, all streams, error, timings
    #[arg(long, conflicts_with_all = ["ndjson", "text", "csv"], help_heading = "Output")]
    full: bool,

    /// Stop the script after this time, such as 5s or 2m [default: 5m]
    #[arg(long, value_name = "TIME", help_heading = "Limits")]
    timeout: Option<String>,
    /// shared, scoped, reset or fresh [default: scoped]
    #[arg(long, value_name = "LEVEL", help_heading = "Limits")]
    isolation: Option<String>,
    /// Do not ask anything, even on a terminal
    #[arg(long, help_heading = "Limits")]
    non_interactive: bool,

    #[command(flatten)]
    host: HostFlags,
}

/// A mistake of whoever calls.
struct Misuse(String);

/// What ends a run early.
enum Early {
    Misuse(String),
    Failed(Error),
    Wished(Wish),
}

impl From<Misuse> for Early {
    fn from(Misuse(text): Misuse) -> Self {
        Self::Misuse(text)
    }
}

impl From<Error> for Early {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Hosting for RunArguments {
    fn flags(&self) -> Vec<FlagValue> {
        let mut flags = self.host.settings();
        flags.extend(FlagValue::of("call.timeout", "--timeout", self.timeout.as_ref()));
        flags.extend(FlagValue::of("call.isolation", "--isolation", self.isolation.as_ref()));
        flags
    }

    fn secret_variables(&self) -> Vec<String> {
        self.secrets.iter().filter_map(SecretFlag::variable).collect()
    }

    async fn run(self, process: Process) -> Exit {
        let palette = process.palette;
        let shape = self.shape(process.streams.output.is_terminal());
        if let Err(Misuse(text)) = self.check() {
            complain(palette, text);
            return Exit::USAGE;
        }
        let (engine, operations) = match self.engine(&process) {
            Ok(made) => made,
            Err(error) => {
                complain(palette, &error);
                return Exit::from(&error);
            }
        };
        let Process { streams, mut signals, secrets, .. } = process;
        let stdio::Streams { input, output } = streams;
        let asks = !self.non_interactive && input.is_terminal() && std::io::stderr().is_terminal();
        let exit = match self.invocation(&engine, shape, input, &output, secrets, &mut signals).await {
            Ok(invocation) => {
                let runner = Runner { engine: &engine, shape, palette, output, signals: &mut signals };
                runner.run(invocation, asks).await
            }
            Err(Early::Misuse(text)) => {
                complain(palette, text);
                Exit::USAGE
            }
            Err(Early::Failed(error)) => {
                Outcome { result: Err(error), wish: None }.write(shape, palette, &output)
            }
            Err(Early::Wished(wish)) => wish.exit(),
        };
        stdio::show_input_again();
        if tokio::time::timeout(WRITING, operations.writes_ended()).await.is_err() {
            complain(
                palette,
                "a write to Azure is still under way; the journal says what it was: runspaced sentinel journal",
            );
        }
        engine.shut_down(CLOSING);
        if engine.stats().abandoned > 0 {
            // A thread that does not stop would hold up an orderly end.
            stdio::end_at_once(exit.code());
        }
        exit
    }
}

impl RunArguments {
    fn shape(&self, terminal: bool) -> Shape {
        match self {
            Self { full: true, .. } => Shape::Full,
            Self { json: true, .. } => Shape::Json,
            Self { ndjson: true, .. } => Shape::Lines,
            Self { text: true, .. } => Shape::Text,
            Self { csv: true, .. } => Shape::Csv,
            _ if terminal => Shape::Text,
            _ => Shape::Json,
        }
    }

    /// What the parser of the command line cannot see.
    fn check(&self) -> Result<(), Misuse> {
        let mut names: Vec<String> =
            self.parameters.iter().map(|argument| argument.name.to_ascii_lowercase()).collect();
        names.extend(self.secrets.iter().map(|secret| secret.name.to_ascii_lowercase()));
        names.sort();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Misuse(format!(
                "parameter {} is given twice; for an array write --arg '{}:=[1, 2]'",
                twice[0], twice[0]
            )));
        }
        let from_stdin = |flag: &InputFlag| matches!(flag.source, Source::StandardInput);
        if self.script.as_deref() == Some("-") && self.input.as_ref().is_some_and(from_stdin) {
            return Err(Misuse(
                "the script and the pipeline input cannot both come from the standard input; name a file: --input json=FILE"
                    .to_owned(),
            ));
        }
        if let Some(text) = &self.script
            && is_script_name(text)
            && !Path::new(text).is_file()
            && text.contains(['/', '\\'])
        {
            return Err(Misuse(format!("there is no file {text}")));
        }
        Ok(())
    }

    fn engine(&self, process: &Process) -> runspaced::Result<(Engine, Arc<Connection>)> {
        let config = &process.config;
        let mut pool = config.settings.pool.clone();
        // One call: one runspace.
        (pool.min, pool.max, pool.spares) = (1, 1, 0);
        let (mut builder, operations) = with_sentinel(config.engine().pool(pool), config, &process.secrets);
        if !config.is_set("limits.output_bytes") {
            let mut limits = config.settings.limits.clone();
            limits.output_bytes = Limits::MAX_OUTPUT_BYTES;
            builder = builder.limits(limits);
        }
        for module in &self.modules {
            builder = builder.module(module);
        }
        Ok((builder.build()?, operations))
    }

    async fn invocation(
        &self,
        engine: &Engine,
        shape: Shape,
        input: File,
        output: &File,
        secrets: super::identity::Secrets,
        signals: &mut Signals,
    ) -> Result<Invocation, Early> {
        // Read on a thread of its own: it may take for ever, and PowerShell starts meanwhile.
        let script = self.script.clone();
        let flag = self.input.clone();
        let secret_flags = self.secrets.clone();
        let mut reading = tokio::task::spawn_blocking(move || {
            let script = match script.as_deref() {
                Some("-") => Some(input::script(&input)?),
                _ => script,
            };
            let pipeline = flag.map(|flag| flag.read(&input)).transpose()?;
            let secrets = secret::resolve(&secret_flags, &secrets)?;
            Ok::<_, Misuse>((script, pipeline, secrets))
        });
        let (script, pipeline, secrets) = tokio::select! {
            read = &mut reading => read.map_err(|error| Misuse(format!("the input could not be read: {error}")))??,
            Err(error) = engine.ready() => {
                // A mistake on the command line is one without PowerShell too.
                if let Ok(Ok(read)) = tokio::time::timeout(MISTAKES, reading).await {
                    read?;
                }
                return Err(error.into());
            }
            wish = signals.wish() => return Err(Early::Wished(wish)),
        };

        let mut invocation = match (&self.command, script) {
            (Some(command), _) => Invocation::command(command),
            (None, Some(text)) if is_script_file(self.script.as_deref()) => {
                Invocation::file(absolute(Path::new(&text))?)
            }
            (None, text) => Invocation::script(text.unwrap_or_default()),
        };
        invocation = invocation.judge().args_json(argument::object(&self.parameters, &self.secrets));
        for (name, value) in secrets {
            invocation = invocation.named_secret(name, value);
        }
        for argument in &self.arguments {
            invocation = invocation.positional(argument);
        }
        if let Some(pipeline) = pipeline {
            invocation = invocation.input_json(pipeline);
        }
        if shape == Shape::Text {
            invocation =
                invocation.format(Format::Text).width(stdio::columns(output).unwrap_or(120).clamp(20, 4096));
        }
        Ok(invocation)
    }
}

/// True if the text reads like the name of a script file, and nothing else.
fn is_script_name(text: &str) -> bool {
    text.len() > 4
        && text[text.floor_char_boundary(text.len() - 4)..].eq_ignore_ascii_case(".ps1")
        && !text.contains('\n')
}

fn is_script_file(text: Option<&str>) -> bool {
    text.is_some_and(|text| is_script_name(text) && Path::new(text).is_file())
}

fn absolute(path: &Path) -> Result<PathBuf, Misuse> {
    std::path::absolute(path).map_err(|error| Misuse(format!("{}: {error}", path.display())))
}
