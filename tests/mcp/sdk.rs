//! The official SDKs as clients, and the official packer of bundles.

use std::path::Path;
use std::process::{Command, Stdio};

use super::client::PROGRAM;
use super::support::packages;

/// The TypeScript SDK of the revisions up to 2025-11-25.
pub const OLD_ERA: &str = "old-era.mjs";
/// The TypeScript SDK of revision 2026-07-28.
pub const NEW_ERA: &str = "new-era.mjs";

const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");

/// Installs the Python SDK, once.
pub fn python() -> Result<(), String> {
    installed("python", &["requirements.txt"], packages::pip_install)
}

/// Installs the TypeScript SDKs, once.
pub fn node() -> Result<(), String> {
    let files = ["package.json", "connection.mjs", "commands.mjs", "operations.mjs", OLD_ERA, NEW_ERA];
    installed("node", &files, packages::npm_install)
}

/// Installs the official packer of bundles, once.
pub fn packer() -> Result<(), String> {
    installed("bundle", &["package.json"], packages::npm_install)
}

fn installed(
    client: &str,
    files: &[&str],
    install: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<(), String> {
    packages::installed(client, &Path::new(CLIENTS).join(client), files, install).map(drop)
}

/// What the official packer says of a manifest, if it does not take it.
pub fn validate_manifest(manifest: &Path) -> Result<(), String> {
    let packer = packages::folder_of("bundle").join("node_modules/@anthropic-ai/mcpb/dist/cli/cli.js");
    let output = Command::new("node")
        .arg(packer)
        .arg("validate")
        .arg(manifest)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    let said = [output.stdout, output.stderr].concat();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&said).into_owned()) }
}

/// What a client does with its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checks {
    /// Calls the commands of a script.
    Commands,
    /// Calls operations on Sentinel.
    Operations,
}

/// Runs the Python client, in both eras, against a server that finds these variables.
pub fn drive_with_python(checks: Checks, server: &[String], folder: &Path, variables: &[(&str, &str)]) {
    let script = match checks {
        Checks::Commands => "drive.py",
        Checks::Operations => "sentinel.py",
    };
    let script = Path::new(CLIENTS).join("python").join(script);
    let mut client = Command::new(packages::python_of(&packages::folder_of("python")));
    client.arg(script).env("PYTHONDONTWRITEBYTECODE", "1");
    drive(client, server, folder, variables);
}

/// Runs a Node client, [`OLD_ERA`] or [`NEW_ERA`], against a server that finds these variables. It runs where its packages
/// are: Node looks for them beside the script.
pub fn drive_with_node(
    era: &str,
    checks: Checks,
    server: &[String],
    folder: &Path,
    variables: &[(&str, &str)],
) {
    let checks = match checks {
        Checks::Commands => "commands",
        Checks::Operations => "operations",
    };
    let mut client = Command::new("node");
    client.arg(packages::folder_of("node").join(era)).arg(checks);
    drive(client, server, folder, variables);
}

fn drive(mut client: Command, server: &[String], folder: &Path, variables: &[(&str, &str)]) {
    // A server is a URL and a token, or the arguments of one to be started.
    let started = server.first().is_none_or(|first| !first.starts_with("http"));
    let status = client
        .args(started.then_some(PROGRAM))
        .args(server)
        .envs(variables.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .status()
        .expect("the client starts");
    assert!(status.success(), "the client ended with {status}; its output says why");
}
