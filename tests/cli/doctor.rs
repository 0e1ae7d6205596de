//! `runspaced doctor` on a real PowerShell.

use serde_json::Value;

use crate::program::{finish, hosting};
use crate::support::Context;

pub fn report_names_what_runs_and_all_is_well(context: &Context) {
    let mut command = hosting(context, &["doctor", "--json"]);
    command.env("AZURE_CLIENT_SECRET", "hunter2");
    let finished = finish(command);
    assert!(!finished.out.contains("hunter2"), "{}", finished.out);
    let report = finished.json();
    let checks = report["checks"].as_array().expect("a list");
    let state = |id: &str| {
        let check = checks
            .iter()
            .find(|check| check["id"] == id)
            .unwrap_or_else(|| panic!("no check {id}: {report}"));
        check["state"].as_str().unwrap_or_default().to_owned()
    };
    for id in [
        "powershell",
        "configuration",
        "start",
        "language_mode",
        "environment",
        "standard_streams",
        "temporary_folder",
    ] {
        assert_eq!(state(id), "ok", "{id}: {report}");
    }
    let environment = checks.iter().find(|check| check["id"] == "environment").expect("is there");
    assert!(
        environment["evidence"].as_str().is_some_and(|text| text.contains("AZURE_CLIENT_SECRET")),
        "{environment}"
    );
    let home = context.home();
    let chosen = report["search"]["chosen"]
        .as_u64()
        .and_then(|index| usize::try_from(index).ok())
        .expect("one was chosen");
    assert_eq!(report["search"]["candidates"][chosen]["path"], home.path.to_string_lossy().as_ref());
    let start = &report["start"];
    assert_eq!(start["version"], home.version.to_string());
    for figure in ["process_to_first_result_us", "engine_to_first_result_us", "warm_call_p50_us", "open_us"] {
        assert!(start[figure].as_u64().is_some_and(|us| us > 0), "{figure}: {start}");
    }
    assert!(start["phases"]["start_runtime_us"].is_u64(), "{start}");

    let text = finish(hosting(context, &["doctor"])).ok();
    for part in
        ["Where PowerShell was looked for", "What runs", "What was checked", "PowerShell can be hosted."]
    {
        assert!(text.contains(part), "{text}");
    }
    // Every place is named, also those where nothing is.
    let places = report["search"]["candidates"].as_array().map_or(0, Vec::len);
    let lines = text.lines().skip(1).take_while(|line| !line.is_empty()).count();
    assert_eq!(lines, places, "{text}");
    let _: &Value = start;
}
