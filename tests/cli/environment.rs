//! Identity variables: what a script, the process's own environment file and a child see of them.

use serde_json::{Value, json};

use crate::program::{finish, hosting};
use crate::support::Context;

/// All variables as a script, the environment file and a child have them, values included.
const SCRIPT: &str = r"
$own = Get-ChildItem Env: | ForEach-Object { $_.Name + '=' + $_.Value }
$file = if (Test-Path /proc/self/environ) { [IO.File]::ReadAllText('/proc/self/environ') -split [char]0 }
$child = if ($IsWindows) { cmd /c set } else { env }
[pscustomobject]@{ own = @($own); file = @($file); child = @($child); pid = $PID }";

const IDENTITY: &[&str] = &[
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_PASSWORD",
    "AZURE_USERNAME",
    "AZURE_CLIENT_ID",
    "AZURE_TENANT_ID",
    "AZURE_FEDERATED_TOKEN_FILE",
    "ARM_CLIENT_SECRET",
    "MSI_SECRET",
    "IDENTITY_HEADER",
    "CONFIGURED_TOKEN",
];

pub fn scripts_and_children_find_no_identity(context: &Context) {
    let mut command = hosting(context, &["run", SCRIPT]);
    command.env("RUNSPACED_ENVIRONMENT__REMOVE", "CONFIGURED_*").env("HARMLESS", "stays");
    for name in IDENTITY {
        command.env(name, "hunter2");
    }
    let mut child = command.spawn().expect("starts");
    let pid = child.id();
    let finished = {
        drop(child.stdin.take());
        crate::program::wait(child)
    };
    let seen = finished.json();
    for place in ["own", "file", "child"] {
        let variables: Vec<&str> =
            seen[0][place].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert!(
            !variables.iter().any(|variable| IDENTITY.iter().any(|name| variable.starts_with(name))
                || variable.contains("hunter2")),
            "{place}: {variables:?}"
        );
        if place != "file" || cfg!(target_os = "linux") {
            assert!(variables.contains(&"HARMLESS=stays"), "{place}: {variables:?}");
        }
        if place != "file" {
            assert!(
                !variables.iter().any(|variable| variable.starts_with("RUNSPACED_HANDOVER")),
                "{place}: {variables:?}"
            );
        }
    }
    // It is still the process that was started.
    assert_eq!(seen[0]["pid"], pid);
}

pub fn secret_of_a_flag_is_taken_out_too(context: &Context) {
    let script = "param([securestring] $p) $env:DB_PASSWORD; [Net.NetworkCredential]::new('', $p).Password.Length; @(env | Select-String DB_PASS).Count";
    let mut command = hosting(context, &["run", script, "--secret", "p=env:DB_PASSWORD"]);
    command.env("DB_PASSWORD", "hunter2");
    assert_eq!(finish(command).json(), json!([null, 7, 0]));
}

pub fn what_is_kept_on_purpose_is_seen(context: &Context) {
    let mut command = hosting(context, &["run", "$env:AZURE_TENANT_ID; $env:AZURE_CLIENT_SECRET"]);
    command
        .env("AZURE_TENANT_ID", "tenant")
        .env("AZURE_CLIENT_SECRET", "hunter2")
        .env("RUNSPACED_ENVIRONMENT__KEEP", "AZURE_TENANT_ID");
    assert_eq!(finish(command).json(), json!(["tenant", null]));
}

/// The page that people read names exactly what is taken.
pub fn documentation_names_what_is_taken(context: &Context) {
    let page = include_str!("../../docs/cli.md");
    let (_, list) = page.split_once("What is taken: ").expect("has the list");
    let (list, _) = list.split_once("; what `environment.remove`").expect("has an end");
    let mut command = crate::program::program(context, &["config", "show", "--json"]);
    let names: Vec<String> =
        list.split(',').map(|name| name.trim().trim_matches('`').replace('*', "X")).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in &names {
        command.env(name, "x");
    }
    let mut expected = names.clone();
    expected.sort();
    let hidden = &finish(command).json()["hidden_variables"];
    assert_eq!(hidden, &Value::from(expected));
}
