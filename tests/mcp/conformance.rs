//! The official conformance suite against the built program. What fails is written down, and the list only gets shorter: an
//! entry that passes fails the test.

use std::path::Path;
use std::process::{Command, Stdio};

use super::client::arguments;
use super::support::Context;
use super::web::Site;

const SUITE: &str = "@modelcontextprotocol/conformance@0.2.0-alpha.12";
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mcp/conformance");

/// The suite wants a newer Node than systems have: both come from the registry.
fn suite() -> Command {
    let mut command = Command::new(if cfg!(windows) { "npx.cmd" } else { "npx" });
    command.args(["-y", "-p", "node@24", "-p", SUITE, "conformance"]).stdin(Stdio::null());
    command
}

/// Fetches the suite, or says why it is not to be had.
pub fn reachable() -> Result<(), String> {
    let output = suite().arg("--version").output().map_err(|error| format!("npx: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(format!("the conformance suite is not to be had here: {}", text.lines().last().unwrap_or_default()))
}

fn run(context: &Context, revision: &str) {
    let fixtures = Path::new(FOLDER).join("fixtures.ps1").to_string_lossy().into_owned();
    let prompts = Path::new(FOLDER).join("prompts").to_string_lossy().into_owned();
    let more = [
        "--script",
        &fixtures,
        "--prompts",
        &prompts,
        "--http",
        "127.0.0.1:0",
        "--dangerously-without-token",
    ];
    let site = Site::start(&arguments(context.home(), &more), &[], context.scratch());
    let output = suite()
        .args(["server", "--url", &site.url, "--requirements", revision, "--expected-failures"])
        .arg(Path::new(FOLDER).join(format!("{revision}.yml")))
        .arg("--output-dir")
        .arg(context.scratch().join("results"))
        .current_dir(context.scratch())
        .output()
        .expect("it ran before");
    let text = String::from_utf8_lossy(&output.stdout);
    let summary = text.split("=== SUMMARY ===").nth(1).unwrap_or(&text);
    assert!(output.status.success(), "{summary}\n{}", String::from_utf8_lossy(&output.stderr));
}

pub fn requirements_of_2025_11_25(context: &Context) {
    run(context, "2025-11-25");
}

pub fn requirements_of_2026_07_28(context: &Context) {
    run(context, "2026-07-28");
}
