//! The command line with which a client starts the server.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, Parser};

use crate::cli::CommandLine;

/// What the client is to start.
#[derive(Debug, Clone, Default, Args)]
pub struct ServerCommand {
    /// List and run only what reads
    #[arg(long, conflicts_with = "allow_writes", help_heading = "The server")]
    read_only: bool,
    /// Run what writes too; without this, a write answers with its plan
    #[arg(long, help_heading = "The server")]
    allow_writes: bool,
    /// The program to start [default: this one]
    #[arg(long, value_name = "FILE", help_heading = "The server")]
    binary: Option<PathBuf>,
    /// Arguments of `runspaced mcp`; paths become absolute, as clients start servers in any folder
    #[arg(last = true, value_name = "ARGUMENTS", help_heading = "The server")]
    arguments: Vec<String>,
}

impl ServerCommand {
    /// Absolute path of the program, and its arguments.
    ///
    /// # Errors
    /// If there is no such program, or it would not take the arguments.
    pub fn resolved(&self) -> Result<(String, Vec<String>), String> {
        let binary = self.program()?;
        let binary =
            binary.to_str().ok_or_else(|| format!("{} cannot be written as JSON text", binary.display()))?;
        Ok((binary.to_owned(), self.arguments()?))
    }

    /// The program itself.
    ///
    /// # Errors
    /// If there is none.
    pub fn program(&self) -> Result<PathBuf, String> {
        let path = match &self.binary {
            Some(path) => {
                std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))?
            }
            None => std::env::current_exe().map_err(|error| format!("the path of this program: {error}"))?,
        };
        if path.is_file() { Ok(path) } else { Err(format!("there is no program {}", path.display())) }
    }

    /// The arguments, `mcp` and the mode included, with absolute paths.
    ///
    /// # Errors
    /// If the program would not take them.
    pub fn arguments(&self) -> Result<Vec<String>, String> {
        let mut all = vec!["mcp".to_owned()];
        all.extend(self.read_only.then(|| "--read-only".to_owned()));
        all.extend(self.allow_writes.then(|| "--allow-writes".to_owned()));
        all.extend(self.arguments.iter().cloned());
        if all.iter().any(|argument| argument == "--http" || argument.starts_with("--http=")) {
            return Err(
                "the client starts this server and talks to it over its standard input; leave --http away"
                    .to_owned(),
            );
        }
        let line = std::iter::once("runspaced".to_owned()).chain(all.iter().cloned());
        CommandLine::try_parse_from(line).map_err(|error| {
            format!("`runspaced mcp` would not take these arguments: {}", first_line(&error))
        })?;
        absolute(all)
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// What a flag's value is, if it is a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PathKind {
    There,
    /// The server makes it.
    Made,
    /// A name, unless it looks like a path.
    MaybeName,
}

/// Arguments whose values are paths, with absolute ones.
fn absolute(arguments: Vec<String>) -> Result<Vec<String>, String> {
    let command = CommandLine::command();
    let mcp = command.find_subcommand("mcp").ok_or("there is no verb mcp")?;
    let takes_path = |flag: &str| {
        let name = flag.strip_prefix("--")?;
        let known = mcp
            .get_arguments()
            .chain(command.get_arguments())
            .find(|known| known.get_long() == Some(name))?;
        let value = known.get_value_names()?.first()?.as_str();
        match value {
            _ if matches!(name, "audit" | "http-token-file") => Some(PathKind::Made),
            "FILE" | "FOLDER" | "HOME" => Some(PathKind::There),
            _ if name == "module" => Some(PathKind::MaybeName),
            _ => None,
        }
    };
    let mut result = Vec::with_capacity(arguments.len());
    let mut next = None;
    for argument in arguments {
        if let Some(kind) = next.take() {
            result.push(absolute_value(&argument, kind)?);
            continue;
        }
        match argument.split_once('=') {
            Some((flag, value)) => match takes_path(flag) {
                Some(kind) => result.push(format!("{flag}={}", absolute_value(value, kind)?)),
                None => result.push(argument),
            },
            None => {
                next = takes_path(&argument);
                result.push(argument);
            }
        }
    }
    Ok(result)
}

fn absolute_value(value: &str, kind: PathKind) -> Result<String, String> {
    if kind == PathKind::MaybeName && !value.contains(['/', '\\']) {
        return Ok(value.to_owned());
    }
    let path = std::path::absolute(Path::new(value)).map_err(|error| format!("{value}: {error}"))?;
    if kind != PathKind::Made && !path.exists() {
        return Err(format!("there is no {}", path.display()));
    }
    path.into_os_string()
        .into_string()
        .map_err(|path| format!("{} cannot be written as JSON text", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(arguments: &[&str]) -> ServerCommand {
        ServerCommand {
            arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
            ..ServerCommand::default()
        }
    }

    #[test]
    fn arguments_are_passed_on_with_absolute_paths() {
        let here = std::env::current_dir().expect("a folder").to_string_lossy().into_owned();
        let arguments = server(&[
            "--command",
            "Get-Process",
            "--script",
            "Cargo.toml",
            "--module=./src",
            "--module",
            "Az.Accounts",
            "--audit=calls.jsonl",
        ])
        .arguments()
        .expect("fine");
        let script = format!("{here}/Cargo.toml");
        let module = format!("--module={here}/src");
        let audit = format!("--audit={here}/calls.jsonl");
        assert_eq!(
            arguments,
            [
                "mcp",
                "--command",
                "Get-Process",
                "--script",
                &script,
                &module,
                "--module",
                "Az.Accounts",
                &audit
            ]
        );
        let read_only = ServerCommand { read_only: true, ..server(&["--command", "Get-Date"]) };
        assert_eq!(read_only.arguments().expect("fine"), ["mcp", "--read-only", "--command", "Get-Date"]);
    }

    #[test]
    fn arguments_that_the_server_would_not_take_are_refused_now() {
        for (arguments, says) in [
            (&["--comand", "x"][..], "--comand"),
            (&["stray"], "stray"),
            (&["--script", "/no/such/file.ps1"], "/no/such/file.ps1"),
            (&["--http", "127.0.0.1:1"], "--http"),
            (&["--read-only", "--allow-writes"], "--allow-writes"),
        ] {
            let error = server(arguments).arguments().expect_err("is refused");
            assert!(error.contains(says), "{arguments:?}: {error}");
        }
        let missing = ServerCommand { binary: Some("/no/such/program".into()), ..ServerCommand::default() };
        assert!(missing.resolved().is_err_and(|error| error.contains("/no/such/program")));
    }
}
