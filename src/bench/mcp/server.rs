//! The server that is measured, and which of its tools stand for what.

use std::{
    ffi::OsString,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Map, Value, json};

use super::{
    connection::{Connection, ToolCall},
    program,
};
use crate::bench::BenchError;

/// Makes a result of a megabyte, in the engine and as a tool.
pub(super) const MEGABYTE: &str =
    "$text = 'x' * 1000; foreach ($i in 1..1000) { [pscustomobject]@{ Id = $i; Text = $text } }";

/// Functions of a large module.
pub(super) const FUNCTIONS: usize = 1_500;

/// Another server than this program's.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    /// Its program and arguments.
    pub(crate) command: Vec<OsString>,
    pub(crate) tools: GivenTools,
}

/// Calls of its tools. A scenario whose call is not named is not measured.
#[derive(Debug, Clone, Default)]
pub(crate) struct GivenTools {
    /// Does next to nothing.
    pub(crate) trivial: Option<ToolCall>,
    /// Takes a second.
    pub(crate) second: Option<ToolCall>,
    /// Takes three.
    pub(crate) three_seconds: Option<ToolCall>,
    /// Does not end.
    pub(crate) endless: Option<ToolCall>,
    /// Gives a large result.
    pub(crate) large: Option<ToolCall>,
    /// Searches tools.
    pub(crate) search: Option<ToolCall>,
}

/// What is measured.
pub(super) struct Server {
    kind: Kind,
    tools: GivenTools,
}

enum Kind {
    Own { program: PathBuf, home: Option<PathBuf>, script: PathBuf, folder: PathBuf },
    Given(Vec<OsString>),
}

impl Server {
    /// This program's, with a script of tools to measure it by.
    pub(super) fn own(home: Option<PathBuf>, folder: &Path) -> Result<Self, BenchError> {
        let script = folder.join("bench.ps1");
        let text = format!(
            "function Wait-BenchSeconds {{ [CmdletBinding()] param([double] $Seconds) Start-Sleep -Milliseconds ([int]($Seconds * 1000)); 'waited' }}\n\
             function Wait-BenchForever {{ [CmdletBinding()] param() while ($true) {{ }} }}\n\
             function Get-BenchMegabyte {{ [CmdletBinding()] param() {MEGABYTE} }}\n"
        );
        std::fs::write(&script, text).map_err(BenchError::system("writing the tools to measure by"))?;
        let tools = GivenTools {
            trivial: Some(call("get_date", &json!({}))),
            second: Some(call("wait_bench_seconds", &json!({"Seconds": 1}))),
            three_seconds: Some(call("wait_bench_seconds", &json!({"Seconds": 3}))),
            endless: Some(call("wait_bench_forever", &json!({}))),
            large: Some(call("get_bench_megabyte", &json!({}))),
            search: Some(call(
                "search_tools",
                &json!({"query": "delete the workbooks of a workspace by name"}),
            )),
        };
        Ok(Self { kind: Kind::Own { program: program()?, home, script, folder: folder.to_owned() }, tools })
    }

    pub(super) fn given(given: Given) -> Self {
        Self { kind: Kind::Given(given.command), tools: given.tools }
    }

    pub(super) fn is_own(&self) -> bool {
        matches!(self.kind, Kind::Own { .. })
    }

    /// A call of one of its tools.
    ///
    /// # Errors
    /// If none is named: the flag that names one.
    pub(super) fn tool(
        &self,
        flag: &'static str,
        of: impl FnOnce(&GivenTools) -> &Option<ToolCall>,
    ) -> Result<&ToolCall, BenchError> {
        of(&self.tools).as_ref().ok_or(BenchError::Lacks(flag))
    }

    /// Starts it as it is measured by most scenarios.
    pub(super) fn connect(&self) -> Result<Connection, BenchError> {
        self.connect_with(&[])
    }

    /// The same with environment variables, which count for this program's server only.
    pub(super) fn connect_with(&self, variables: &[(&str, &str)]) -> Result<Connection, BenchError> {
        Connection::open(match &self.kind {
            Kind::Given(words) => given(words),
            Kind::Own { script, home, .. } => {
                let script = script.as_os_str();
                let words = ["--script".as_ref(), script, "--command".as_ref(), "Get-Date".as_ref()];
                let mut command = self.own_command(home.as_deref(), &words)?;
                command.envs(variables.iter().copied());
                command
            }
        })
    }

    /// Starts this program's server with other tools. `cache`: where it remembers them, if it does.
    pub(super) fn connect_exposing(
        &self,
        words: &[&std::ffi::OsStr],
        cache: Option<&Path>,
    ) -> Result<Connection, BenchError> {
        let Kind::Own { home, .. } = &self.kind else { return Err(BenchError::OwnOnly) };
        let mut command = self.own_command(home.as_deref(), words)?;
        match cache {
            Some(folder) => command.env("RUNSPACED_MCP__CACHE_FOLDER", folder),
            None => command.env("RUNSPACED_MCP__CACHE", "false"),
        };
        Connection::open(command)
    }

    /// Starts this program's server where no PowerShell is: it answers, and has no runtime.
    pub(super) fn connect_without_runtime(&self) -> Result<Connection, BenchError> {
        let Kind::Own { folder, .. } = &self.kind else { return Err(BenchError::OwnOnly) };
        Connection::open(self.own_command(Some(folder), &["--command".as_ref(), "Get-Date".as_ref()])?)
    }

    fn own_command(&self, home: Option<&Path>, words: &[&std::ffi::OsStr]) -> Result<Command, BenchError> {
        let Kind::Own { program, folder, .. } = &self.kind else { return Err(BenchError::OwnOnly) };
        let mut command = Command::new(program);
        command.args(["mcp", "--allow-writes"]).args(words).current_dir(folder);
        // So that a run neither finds nor leaves anything in the user's own.
        command.env("RUNSPACED_MCP__CACHE_FOLDER", folder.join("catalog"));
        if let Some(home) = home {
            command.arg("--powershell").arg(home);
        }
        Ok(command)
    }

    /// For the report.
    pub(super) fn command_line(&self) -> String {
        match &self.kind {
            Kind::Own { .. } => "runspaced mcp".to_owned(),
            Kind::Given(words) => {
                words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
            }
        }
    }
}

fn given(words: &[OsString]) -> Command {
    let mut words = words.iter();
    let mut command = Command::new(words.next().cloned().unwrap_or_default());
    command.args(words);
    command
}

fn call(name: &str, arguments: &Value) -> ToolCall {
    ToolCall { name: name.to_owned(), arguments: arguments.as_object().cloned().unwrap_or_default() }
}

/// A module of many functions, as large products bring them.
pub(super) fn large_module(folder: &Path) -> Result<PathBuf, BenchError> {
    const VERBS: [&str; 6] = ["Get", "Set", "New", "Remove", "Test", "Invoke"];
    const NOUNS: [&str; 7] =
        ["Incident", "Workbook", "Watchlist", "Policy", "Connector", "AnalyticsRule", "DataCollectionRule"];
    let mut text = String::new();
    for number in 0..FUNCTIONS {
        let (verb, noun) = (VERBS[number % VERBS.len()], NOUNS[number / VERBS.len() % NOUNS.len()]);
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "function {verb}-Store{noun}{number} {{\n\
             <#\n.SYNOPSIS\n{verb} {noun} number {number} of a workspace and its resource group.\n\
             .DESCRIPTION\nWorks on objects of a store, by name.\n\
             .PARAMETER Workspace\nName of the workspace.\n.PARAMETER First\nHow many.\n#>\n\
             [CmdletBinding()]\nparam([Parameter(Mandatory)][string] $Workspace, [string] $ResourceGroup, \
             [ValidateSet('Low', 'High')][string] $Severity, [ValidateRange(1, 100)][int] $First = 10, [switch] $Force)\n\
             \"{number} $Workspace\"\n}}\n"
        );
    }
    let path = folder.join("BenchStore.psm1");
    std::fs::write(&path, text).map_err(BenchError::system("writing a large module"))?;
    Ok(path)
}

/// A call as it is given on the command line: a name, and perhaps a JSON object of arguments.
impl std::str::FromStr for ToolCall {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (name, arguments) = text.split_once(char::is_whitespace).unwrap_or((text, "{}"));
        if name.is_empty() {
            return Err("the name of a tool is missing, such as: 'get_time {\"zone\": \"UTC\"}'".to_owned());
        }
        let arguments: Map<String, Value> = serde_json::from_str(arguments).map_err(|error| {
            format!("what follows the tool's name is no JSON object ({error}), such as: 'get_time {{\"zone\": \"UTC\"}}'")
        })?;
        Ok(Self { name: name.to_owned(), arguments })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_a_name_and_an_object() {
        assert_eq!("get_time".parse(), Ok(call("get_time", &json!({}))));
        assert_eq!("sleep {\"s\": 1}".parse(), Ok(call("sleep", &json!({"s": 1}))));
        assert!("sleep 1".parse::<ToolCall>().is_err_and(|error| error.contains("JSON object")));
        assert!("".parse::<ToolCall>().is_err());
    }

    #[test]
    fn a_call_that_is_not_named_says_its_flag() {
        let server = Server::given(Given { command: vec!["x".into()], tools: GivenTools::default() });
        let error = server.tool("--endless", |tools| &tools.endless).expect_err("not named").to_string();
        assert!(error.contains("--endless"), "{error}");
    }
}
