//! The protocol's own tool to look at servers, by its command line: over standard streams and HTTP, in both eras.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use super::client::{PROGRAM, SCRIPT, arguments};
use super::support::{Context, packages};
use super::web::Site;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/inspector");
const ERAS: [&str; 2] = ["legacy", "modern"];
/// Its exit code where the tool's result is an error.
const TOOL_ERROR: i32 = 5;

/// Installs it, once.
pub fn present() -> Result<(), String> {
    packages::installed("inspector", Path::new(SOURCE), &["package.json"], packages::npm_install).map(drop)
}

/// One run of it against a server, which `target` says how to reach.
fn run(context: &Context, target: &[String], words: &[&str]) -> Output {
    let launcher = packages::folder_of("inspector")
        .join("node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js");
    Command::new("node")
        .arg(launcher)
        .arg("--cli")
        .args(target)
        .args(words)
        // It keeps a list of servers, of which the user's own is none of a test's business.
        .env("MCP_CATALOG_PATH", context.scratch().join("catalog.json"))
        .env("RUNSPACED_MCP__CACHE", "false")
        .current_dir(context.scratch())
        .stdin(Stdio::null())
        .output()
        .expect("node starts")
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn is_driven(context: &Context, target: &[String]) {
    for era in ERAS {
        let run = |words: &[&str]| run(context, target, &[&["--protocol-era", era], words].concat());

        let listed = run(&["--method", "tools/list", "--strict"]);
        assert!(listed.status.success(), "{era}: {listed:?}");
        let tools = json_of(&listed)["tools"].clone();
        let echo = tools.as_array().and_then(|tools| tools.iter().find(|tool| tool["name"] == "get_echo"));
        assert_eq!(echo.expect("listed")["inputSchema"]["required"], json!(["Text"]), "{era}");

        let call = ["--method", "tools/call", "--tool-name", "get_echo", "--tool-arg"];
        let called = run(&[&call[..], &["Text=hello", "Times=2"]].concat());
        assert!(called.status.success(), "{era}: {called:?}");
        assert_eq!(
            json_of(&called)["structuredContent"]["values"],
            json!([{"Text": "hello", "Times": 2}]),
            "{era}"
        );

        let mistaken = run(&[&call[..], &["Text=hello", "Times=101"]].concat());
        assert_eq!(mistaken.status.code(), Some(TOOL_ERROR), "{era}: {mistaken:?}");
        let said = String::from_utf8_lossy(&mistaken.stdout).into_owned();
        assert!(said.contains("'Times' was given 101"), "{era}: {mistaken:?}");

        let unknown = run(&["--method", "tools/call", "--tool-name", "get_eco"]);
        assert!(!unknown.status.success(), "{era}: {unknown:?}");
        let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
        assert!(said.contains("get_eco"), "{era}: {unknown:?}");
    }
}

pub fn it_drives_the_server_over_standard_streams(context: &Context) {
    // Without --config: the Inspector takes flags that it knows for its own.
    let home = context.home().path.to_string_lossy().into_owned();
    let target =
        [PROGRAM, "mcp", "--powershell", &home, "--no-sentinel", "--allow-writes", "--script", SCRIPT];
    is_driven(context, &target.map(str::to_owned));
}

pub fn it_drives_the_server_over_http(context: &Context) {
    let site = Site::start(
        &arguments(context.home(), &["--script", SCRIPT, "--http", "127.0.0.1:0"]),
        &[],
        context.scratch(),
    );
    let token = format!("Authorization: Bearer {}", site.token.as_deref().expect("a token"));
    is_driven(
        context,
        &["--transport", "http", "--server-url", &site.url, "--header", &token].map(str::to_owned),
    );
}
