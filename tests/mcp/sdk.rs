//! The official SDKs as clients. Their packages are installed below the build's folder, at pinned versions; where that is
//! not possible the tests say so and are ignored.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use super::client::PROGRAM;

const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");

/// Marks a folder in which everything is installed.
const COMPLETE: &str = "installed";

/// Installs the Python SDK, once.
pub fn python() -> Result<(), String> {
    installed("python", &["requirements.txt"], |folder| {
        run(Command::new(system_python()).args(["-m", "venv"]).arg(folder.join("venv")))?;
        run(Command::new(python_of(folder))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(folder.join("requirements.txt")))
    })
}

/// Installs the TypeScript SDKs, once.
pub fn node() -> Result<(), String> {
    installed("node", &["package.json", "checks.mjs", "old-era.mjs", "new-era.mjs"], install_packages)
}

/// Installs the official packer of bundles, once.
pub fn packer() -> Result<(), String> {
    installed("bundle", &["package.json"], install_packages)
}

fn install_packages(folder: &Path) -> Result<(), String> {
    run(Command::new(npm())
        .args([
            "install",
            "--no-audit",
            "--no-fund",
            "--no-package-lock",
            "--ignore-scripts",
            "--loglevel",
            "error",
        ])
        .current_dir(folder))
}

/// What the official packer says of a manifest, if it does not take it.
pub fn validate_manifest(manifest: &Path) -> Result<(), String> {
    let packer = folder_of("bundle").join("node_modules/@anthropic-ai/mcpb/dist/cli/cli.js");
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
    drive(python_of(&folder_of("python")).as_os_str(), &script, server, folder, &[]);
}

/// Runs the Python client for operations on Sentinel against a server that finds these variables.
pub fn drive_operations_with_python(server: &[String], folder: &Path, variables: &[(&str, &str)]) {
    let script = Path::new(CLIENTS).join("python").join("sentinel.py");
    drive(python_of(&folder_of("python")).as_os_str(), &script, server, folder, variables);
}

/// Runs a Node client against a server. It runs where its packages are: Node looks for them beside the script.
pub fn drive_with_node(script: &str, server: &[String], folder: &Path) {
    drive(OsStr::new("node"), &folder_of("node").join(script), server, folder, &[]);
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

/// Prepares a folder once for the current content of the client's files. One client after the other.
fn installed(
    client: &str,
    files: &[&str],
    install: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<(), String> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().map_err(|error| error.to_string())?;
    let folder = folder_of(client);
    let wanted = files
        .iter()
        .map(|file| fs::read_to_string(Path::new(CLIENTS).join(client).join(file)))
        .collect::<Result<String, _>>()
        .map_err(|error| format!("tests/clients/{client}: {error}"))?;
    let marker = folder.join(COMPLETE);
    if fs::read_to_string(&marker).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    let prepare = || -> std::io::Result<()> {
        fs::create_dir_all(&folder)?;
        for file in files {
            fs::copy(Path::new(CLIENTS).join(client).join(file), folder.join(file))?;
        }
        Ok(())
    };
    prepare().map_err(|error| format!("{}: {error}", folder.display()))?;
    install(&folder).map_err(|reason| format!("the {client} client is not to be had here: {reason}"))?;
    fs::write(&marker, wanted).map_err(|error| error.to_string())
}

fn folder_of(client: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients").join(client)
}

fn system_python() -> &'static str {
    if cfg!(windows) { "python" } else { "python3" }
}

fn python_of(folder: &Path) -> PathBuf {
    let venv = folder.join("venv");
    if cfg!(windows) { venv.join("Scripts").join("python.exe") } else { venv.join("bin").join("python") }
}

fn npm() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name}: {}", text.lines().last().unwrap_or("failed without a word")))
}
