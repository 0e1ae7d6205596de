//! The built program as an MCP server on the simulated Azure, in an environment without PowerShell.

use std::path::Path;
use std::process::{Command, Stdio};

use runspaced::simulator::{Builder, Simulator};
use serde_json::{Value, json};

use crate::azure::{identify, write_settings};
use crate::client::{Client, PROGRAM};

/// A workspace that is well.
pub const WORKSPACE: &str = "law-contoso";

/// A simulated Azure, and a folder for what servers on it leave.
pub struct Setting {
    pub azure: Simulator,
    pub folder: tempfile::TempDir,
}

impl Setting {
    pub async fn start() -> Self {
        Self::of(Simulator::builder()).await
    }

    pub async fn of(builder: Builder) -> Self {
        let azure = builder.start().await.expect("starts");
        let folder = folder();
        write_settings(&azure, folder.path(), "settings.toml");
        Self { azure, folder }
    }

    /// The command of a server. Nothing of this machine's PowerShell can be found by it.
    pub fn command(&self, more: &[&str]) -> Command {
        let settings = self.folder.path().join("settings.toml");
        let mut command = Command::new(PROGRAM);
        command
            .args(["mcp", "--config", &settings.display().to_string()])
            .args(more)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("RUST_LOG", "runspaced=debug")
            .stderr(Stdio::inherit());
        for name in ["SystemRoot", "TEMP", "TMP", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        identify(&mut command, &self.azure);
        command
    }

    /// A server that has shaken hands.
    pub fn server(&self, more: &[&str]) -> Client {
        let mut client = Client::spawn(self.command(more));
        client.initialize("2025-11-25");
        client
    }

    /// What requests meet from now on.
    pub fn faults(&self, rules: Value) {
        let rules = serde_json::from_value(rules).expect("are rules");
        self.azure.set_faults(rules).expect("are rules");
    }

    /// Entries of the journal.
    pub fn entries(&self) -> usize {
        let files = std::fs::read_dir(self.folder.path().join("journal")).into_iter().flatten().flatten();
        files.filter(|file| !file.file_name().to_string_lossy().starts_with('.')).count()
    }

    /// Requests to Azure that changed something, or were to.
    pub fn writes(&self) -> usize {
        let journal = self.azure.journal();
        journal.iter().filter(|entry| ["PUT", "PATCH", "DELETE"].contains(&entry.method.as_str())).count()
    }
}

/// A folder in memory where the system has one: the journal waits for the disk at every write, and a busy disk takes seconds.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a folder")
}

/// The tools of a server, all pages.
pub fn tools(client: &mut Client) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let params = if cursor.is_null() { json!({}) } else { json!({ "cursor": cursor }) };
        client.send(json!({"id": "list", "method": "tools/list", "params": params}));
        let (answer, _) = client.answer("list");
        all.extend(answer["result"]["tools"].as_array().cloned().unwrap_or_else(|| panic!("{answer}")));
        cursor = answer["result"]["nextCursor"].clone();
        if cursor.is_null() {
            return all;
        }
    }
}

pub fn named<'a>(tools: &'a [Value], name: &str) -> Option<&'a Value> {
    tools.iter().find(|tool| tool["name"] == name)
}

pub fn rows(result: &Value) -> &Vec<Value> {
    result["structuredContent"]["values"].as_array().unwrap_or_else(|| panic!("no rows: {result}"))
}

pub fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {result}"))
}

/// A scheduled rule of the workspace that is on.
pub fn rule(client: &mut Client) -> Value {
    let result = client.call("get_analytics_rules", json!({"workspace_name": WORKSPACE, "enabled": true}));
    let rule = rows(&result).iter().find(|row| row["Kind"] == "Scheduled").cloned();
    rule.unwrap_or_else(|| panic!("{result}"))
}
