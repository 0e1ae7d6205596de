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

/// The steps in order: what is asked, the operations without which it cannot be, the tools that are called.
const STEPS: &[(&str, &[&str], &[&str])] = &[
    ("Which workspaces are there, in all tenants?", &[], &["list_workspaces"]),
    ("How are they?", &["Test-SentinelHealth"], &["sentinel_health_check"]),
    ("Are rules switched off anywhere?", &[], &["get_analytics_rules"]),
    ("What is new and serious?", &[], &["get_sentinel_incidents"]),
    (
        "I take the latest one.",
        &[],
        &[
            "assign_incident_owner",
            "assign_incident_owner",
            "add_incident_comment",
            "add_incident_comment",
            "show_incident_details",
        ],
    ),
    ("Whose sign-ins fail, at two customers?", &[], &["invoke_sentinel_query"]),
    ("Export every rule.", &[], &["get_analytics_rules", "export_analytics_rules"]),
    (
        "Switch a noisy rule off. No, take that back.",
        &[],
        &[
            "get_analytics_rules",
            "get_analytics_rule_details",
            "disable_analytics_rule",
            "disable_analytics_rule",
            "get_analytics_rule_details",
            "undo_change",
            "undo_change",
            "get_analytics_rule_details",
        ],
    ),
    (
        "Back up a workspace and restore it into an empty one.",
        &["Backup-SentinelWorkspace", "Restore-SentinelWorkspace", "Test-SentinelBackup"],
        &[
            "get_analytics_rules",
            "backup_sentinel_workspace",
            "restore_sentinel_workspace",
            "restore_sentinel_workspace",
            "backup_sentinel_workspace",
            "test_sentinel_backup",
        ],
    ),
];

/// Every step is there whose operations are, with the calls that it is made of.
fn structure(context: &Context, record: &Value) {
    let operations = finish(program(context, &["sentinel", "list"])).ok();
    let expected = STEPS.iter().filter(|(_, needs, _)| needs.iter().all(|need| operations.contains(need)));
    let expected: Vec<(&str, Vec<&str>)> =
        expected.map(|(asked, _, tools)| (*asked, tools.to_vec())).collect();
    let taken: Vec<(&str, Vec<&str>)> = record["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| {
            let calls = step["calls"].as_array().expect("calls").iter();
            let tools = calls.filter_map(|call| call["tool"].as_str()).filter(|tool| *tool != "get_result");
            (step["question"].as_str().expect("a text"), tools.collect())
        })
        .collect();
    assert_eq!(taken, expected);
    for step in record["steps"].as_array().expect("steps") {
        // What the page and the transcript show is what came.
        for column in step["columns"].as_array().expect("columns") {
            let column = column.as_str().expect("a text");
            assert!(
                step["rows"].as_array().is_some_and(|rows| rows.iter().all(|row| row.get(column).is_some())),
                "{column}: {step}"
            );
        }
    }
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
    structure(context, &record);

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
