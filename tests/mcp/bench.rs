//! `runspaced bench mcp` against a server that it is given. What it measures depends on the machine; that it measures, and what it
//! says where it cannot, does not.

use std::process::Command;

use serde_json::Value;

use super::client::{PROGRAM, arguments};
use super::support::Context;

pub fn any_server_is_measured_and_what_it_lacks_is_said(context: &Context) {
    let page = context.scratch().join("figures.html");
    let output = Command::new(PROGRAM)
        .args(["bench", "mcp", "--quick", "--filter", "round-trip,cancel", "--json", "-", "--html"])
        .arg(&page)
        .args(["--trivial", "get_date {\"Format\": \"o\"}", "--", PROGRAM])
        .args(arguments(context.home(), &["--command", "Get-Date"]))
        .env("RUNSPACED_MCP__CACHE", "false")
        .current_dir(context.scratch())
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&report["suite"], &report["server"]["name"]), (&"mcp".into(), &"runspaced".into()));
    let figures = report["figures"].as_array().expect("figures");
    let trip = figures.iter().find(|figure| figure["id"] == "round_trip").expect("measured");
    assert_eq!(trip["floor"]["what"], "echo");
    assert!(trip["ratio"].as_f64().is_some_and(|ratio| ratio > 1.0), "{trip}");
    let lacking = &report["failures"][0];
    assert_eq!(lacking["scenario"], "cancel");
    assert!(lacking["reason"].as_str().is_some_and(|reason| reason.contains("--endless")), "{lacking}");
    let page = std::fs::read_to_string(&page).expect("written");
    assert!(page.contains("<svg") && page.contains("--endless"), "{page}");
}

pub fn a_server_that_is_none_is_named(context: &Context) {
    let run = |server: &[&str]| {
        let output = Command::new(PROGRAM)
            .args(["bench", "mcp", "--quick", "--"])
            .args(server)
            .current_dir(context.scratch())
            .output()
            .expect("it starts");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(run(&["no-such-server-program"]).contains("no-such-server-program"));
    assert!(run(&[PROGRAM, "no-such-verb"]).contains("the server is gone"));
}
