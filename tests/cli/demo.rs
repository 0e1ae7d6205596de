//! `runspaced demo`: a morning from its start to its end, without an account, without PowerShell.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::program::{Finished, finish, program};
use crate::support::Context;

/// The demo where there is nothing that it could use: no PowerShell, no home, nothing that leads to a program.
fn demo(context: &Context, arguments: &[&str]) -> Command {
    let arguments: Vec<&str> = std::iter::once("demo").chain(arguments.iter().copied()).collect();
    let mut command = program(context, &arguments);
    let temporary = context.scratch().join("temporary");
    std::fs::create_dir_all(&temporary).expect("a folder");
    command.env("PATH", "").env_remove("HOME").env_remove("XDG_CONFIG_HOME");
    command.env("TMPDIR", &temporary).env("TEMP", &temporary).env("TMP", &temporary);
    command
}

fn record(finished: &Finished) -> Value {
    serde_json::from_str(&finished.out)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", finished.out, finished.err))
}

/// What does not depend on times and made-up content.
fn structure(record: &Value) -> Value {
    let steps = record["steps"].as_array().expect("steps");
    let step = |step: &Value| {
        let tools: Vec<&Value> =
            step["calls"].as_array().expect("calls").iter().map(|call| &call["tool"]).collect();
        json!({"question": step["question"], "columns": step["columns"], "tools": tools})
    };
    steps.iter().map(step).collect()
}

pub fn every_step_works_and_the_report_needs_nothing(context: &Context) {
    let report = context.scratch().join("report.html");
    let finished = finish(demo(context, &["--json", "--report", report.to_str().expect("is text")]));
    let record = record(&finished);
    for step in record["steps"].as_array().expect("steps") {
        assert_eq!(step["ok"], true, "{}: {}", step["question"], step["said"]);
        for call in step["calls"].as_array().expect("calls") {
            assert_eq!(call["failed"], false, "{call}");
        }
    }
    assert_eq!((finished.code, &record["failed"]), (0, &json!(0)), "{}", finished.err);
    assert!(record["azure_requests"].as_u64() > Some(50), "it did ask: {}", record["azure_requests"]);
    insta::assert_json_snapshot!("demo_structure", structure(&record));

    let page = std::fs::read_to_string(&report).expect("the report is written");
    well_formed(&page);
    for step in record["steps"].as_array().expect("steps") {
        let question = step["question"].as_str().expect("a text").replace('\'', "&#39;");
        assert!(page.contains(&question), "{question}");
    }
    for part in ["<script", "<link", "<img", "<iframe", "url(", "@import", " src="] {
        assert!(!page.contains(part), "{part}");
    }
    for (_, target) in page.match_indices("href=\"").map(|(at, found)| page[at..].split_at(found.len())) {
        assert!(target.starts_with('#'), "{}", &target[..target.len().min(80)]);
    }
    assert_eq!(left_in(&context.scratch().join("temporary")), Vec::<String>::new(), "nothing stays");
}

pub fn transcript_has_each_step_with_its_calls(context: &Context) {
    let folder = context.scratch().join("kept");
    let finished = finish(demo(context, &["--no-report", "--folder", folder.to_str().expect("is text")]));
    assert_eq!(finished.code, 0, "{}\n{}", finished.out, finished.err);
    for text in [
        "1. Which workspaces are there, in all tenants?  ok",
        "list_workspaces {}",
        "law-contoso",
        "undo_change {\"entry\":",
        " calls of tools, ",
    ] {
        assert!(finished.out.contains(text), "{text} is missing in\n{}", finished.out);
    }
    assert!(!finished.out.contains('\u{1b}'), "no colours where nobody sees them");
    assert!(!context.scratch().join("runspaced-demo.html").exists());
    // What was exported is there, and the journal says what was changed.
    assert!(!left_in(&folder.join("backups").join("rules")).is_empty());
    assert!(left_in(&folder.join("journal")).len() >= 4);
}

#[cfg(target_os = "linux")]
pub fn folder_that_takes_no_file_does_not_matter(context: &Context) {
    // Not even the superuser makes a file there.
    let mut command = demo(context, &[]);
    command.current_dir("/proc");
    let finished = finish(command);
    assert_eq!(finished.code, 0, "{}\n{}", finished.out, finished.err);
    let report = context.scratch().join("temporary").join("runspaced-demo.html");
    assert!(report.is_file() && finished.err.contains(report.to_str().expect("is text")), "{}", finished.err);
}

pub fn step_that_fails_is_shown_and_the_others_go_on(context: &Context) {
    let faults = context.scratch().join("faults.toml");
    let rule = "[[rule]]\nname = 'no sign-ins'\nsurface = 'query'\ncontains = 'make_set(ResultType)'\nstatus = 403\n";
    std::fs::write(&faults, rule).expect("is written");
    let faults = faults.to_str().expect("is text");
    let finished = finish(demo(context, &["--json", "--no-report", "--faults", faults]));
    let record = record(&finished);
    assert_eq!((finished.code, &record["failed"]), (1, &json!(1)), "{}", finished.err);
    let steps = record["steps"].as_array().expect("steps");
    let failed: Vec<&Value> = steps.iter().filter(|step| step["ok"] == false).collect();
    assert!(
        failed[0]["said"].as_str().is_some_and(|said| said.starts_with("invoke_sentinel_query: ")),
        "{}",
        failed[0]
    );
    assert!(steps.last().is_some_and(|step| step["ok"] == true), "the last step was taken all the same");
}

fn left_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("is readable").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Every element that is opened is closed, in order.
fn well_formed(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    let (_, body) = page.split_once("</style>").expect("has a style");
    assert!(page.starts_with("<!doctype html>"));
    open.extend(["html", "head"]);
    for part in body.split('<').skip(1) {
        let (tag, _) = part.split_once('>').unwrap_or_else(|| panic!("a tag has no end: {part}"));
        let name = tag.split_whitespace().next().unwrap_or_default();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "before {}", &part[..part.len().min(60)]),
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?} stay open");
}
