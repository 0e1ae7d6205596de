//! What happens without a PowerShell that can be hosted.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::program::{finish, program};
use crate::support::Context;

/// The program on a machine that has nothing but a folder which is named as PowerShell's home.
fn without(context: &Context, home: &str, arguments: &[&str]) -> Command {
    let mut command = program(context, arguments);
    command.env("PATH", "").env("RUNSPACED_POWERSHELL_HOME", context.scratch().join(home));
    command
}

/// A folder with something in it that is no PowerShell.
fn broken(context: &Context) {
    let folder = context.scratch().join("broken");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("pwsh.dll"), "no assembly").expect("is written");
}

pub fn run_ends_with_69_and_the_remedy(context: &Context) {
    broken(context);
    finish(without(context, "absent", &["run", "1"]))
        .failed(69, &["absent", "RUNSPACED_POWERSHELL_HOME", "[E101]"]);
    finish(without(context, "broken", &["run", "1"]))
        .failed(69, &["broken", "Repair or reinstall", "[E101]"]);
    for shape in ["--json", "--ndjson", "--csv", "--text"] {
        finish(without(context, "absent", &["run", "1", shape])).failed(69, &["Install PowerShell 7.6"]);
    }
}

pub fn doctor_says_what_is_wrong_with_each_place(context: &Context) {
    broken(context);
    let finished = finish(without(context, "broken", &["doctor", "--json"]));
    assert_eq!(finished.code, 69, "{}", finished.err);
    let report: Value = serde_json::from_str(&finished.out).expect("is JSON");
    assert_eq!(report["exit_code"], 69);
    assert!(report["start"].is_null());
    let first = &report["search"]["candidates"][0];
    assert_eq!(
        (&first["place"], &first["verdict"]["verdict"]),
        (&"environment".into(), &"unsuitable".into())
    );
    let check = report["checks"].as_array().expect("a list").iter().find(|check| check["id"] == "powershell");
    assert!(check.is_some_and(|check| check["state"] == "failed" && check["remedy"].is_string()), "{report}");

    let finished = finish(without(context, "broken", &["doctor"]));
    assert_eq!(finished.code, 69);
    for text in [
        "System.Management.Automation.dll is missing",
        "Repair or reinstall",
        "no PowerShell that can be hosted",
    ] {
        assert!(finished.out.contains(text), "{} should contain {text}", finished.out);
    }
}

pub fn full_result_is_whole_even_then(context: &Context) {
    let finished = finish(without(context, "absent", &["run", "1", "--full"]));
    assert_eq!(finished.code, 69);
    let result: Value = serde_json::from_str(&finished.out).expect("is JSON");
    assert_eq!((&result["completed"], &result["error"]["code"]), (&false.into(), &"E101".into()));
}

pub fn nobody_waits_for_input_that_cannot_be_used(context: &Context) {
    let mut command = without(context, "absent", &["run", "-"]);
    command.stdin(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    // Open and silent until the end.
    let stdin = child.stdin.take();
    let status = child.wait().expect("the program ends");
    drop(stdin);
    assert_eq!(status.code(), Some(69));
}
