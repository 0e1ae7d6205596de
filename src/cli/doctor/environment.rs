//! Whether scripts find an identity variable anywhere.

use runspaced::{Engine, Invocation};
use serde::Deserialize;

use super::check::Check;
use crate::cli::identity::Filter;
use crate::cli::process::Process;

/// Names only; no value leaves the script.
const SCRIPT: &str = r"
$names = { param($lines) @($lines | Where-Object { $_ -match '=' } | ForEach-Object { ($_ -split '=', 2)[0] }) }
[pscustomobject]@{
    script = @(Get-ChildItem Env: | ForEach-Object Name)
    process = if (Test-Path -LiteralPath /proc/self/environ) { & $names ([IO.File]::ReadAllText('/proc/self/environ') -split [char]0) } else { @() }
    child = if ($IsWindows) { & $names (cmd /c set) } else { & $names (env) }
}";

#[derive(Deserialize)]
struct Seen {
    script: Vec<String>,
    process: Vec<String>,
    child: Vec<String>,
}

/// Asks a script what it, the process's environment file and a child see.
pub async fn check(engine: &Engine, process: &Process) -> Check {
    const ID: &str = "environment";
    let filter = Filter::new(&process.config.settings, Vec::new());
    let seen = match engine.invoke(Invocation::script(SCRIPT)).await.and_then(|output| output.rows::<Seen>())
    {
        Ok(seen) => seen,
        Err(error) => {
            return Check::failed(
                ID,
                format!("it could not be looked at: {error}"),
                "Run with --log debug and report this.",
            );
        }
    };
    let mut found: Vec<String> = Vec::new();
    for Seen { script, process, child } in &seen {
        for (place, names) in
            [("scripts", script), ("the process's environment file", process), ("child processes", child)]
        {
            found.extend(
                names.iter().filter(|name| filter.takes(name)).map(|name| format!("{name} in {place}")),
            );
        }
    }
    if found.is_empty() {
        let taken: Vec<&str> = process.secrets.names().collect();
        let taken = if taken.is_empty() {
            "there was none".to_owned()
        } else {
            format!("kept from them: {}", taken.join(", "))
        };
        Check::ok(ID, format!("scripts and their children see no identity variable ({taken})"))
    } else {
        Check::failed(
            ID,
            format!("scripts can see {}", found.join(", ")),
            "Report this, and unset these variables meanwhile.",
        )
    }
}
