//! The official SDKs as clients, and the official packer of bundles.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use super::client::PROGRAM;
use super::support::packages;

const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");

/// Installs the Python SDK, once.
pub fn python() -> Result<(), String> {
    installed("python", &["requirements.txt"], packages::pip_install)
}

/// Installs the TypeScript SDKs, once.
pub fn node() -> Result<(), String> {
    installed("node", &["package.json", "checks.mjs", "old-era.mjs", "new-era.mjs"], packages::npm_install)
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

/// Runs the Python client against a server.
pub fn drive_with_python(server: &[String], folder: &Path) {
    let script = Path::new(CLIENTS).join("python").join("drive.py");
    drive(packages::python_of(&packages::folder_of("python")).as_os_str(), &script, server, folder, &[]);
}

/// Runs the Python client for operations on Sentinel against a server that finds these variables.
pub fn drive_operations_with_python(server: &[String], folder: &Path, variables: &[(&str, &str)]) {
    let script = Path::new(CLIENTS).join("python").join("sentinel.py");
    drive(
        packages::python_of(&packages::folder_of("python")).as_os_str(),
        &script,
        server,
        folder,
        variables,
    );
}

/// Runs a Node client against a server. It runs where its packages are: Node looks for them beside the script.
pub fn drive_with_node(script: &str, server: &[String], folder: &Path) {
    drive(OsStr::new("node"), &packages::folder_of("node").join(script), server, folder, &[]);
}

fn drive(interpreter: &OsStr, script: &Path, server: &[String], folder: &Path, variables: &[(&str, &str)]) {
    // A server is a URL and a token, or the arguments of one to be started.
    let started = server.first().is_none_or(|first| !first.starts_with("http"));
    let status = Command::new(interpreter)
        .arg(script)
        .args(started.then_some(PROGRAM))
        .args(server)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .envs(variables.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .status()
        .expect("the client starts");
    assert!(status.success(), "the client ended with {status}; its output says why");
}
