//! The C library in other processes: an ordinary pwsh with the installed module, and a program in C.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::azure::{identify, write_settings};
use crate::setting::Setting;
use crate::support::Context;

/// A simulated Azure, and a folder whose configuration leads there.
struct World {
    _runtime: Runtime,
    setting: Setting,
    folder: PathBuf,
    /// Where a PowerShell without a runtime of its own finds one.
    dotnet: Option<PathBuf>,
}

impl World {
    fn open(context: &Context) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("threads");
        let setting = runtime.block_on(Setting::start());
        let folder = context.scratch().to_owned();
        write_settings(&setting.azure, &folder, "runspaced.toml");
        Self { _runtime: runtime, setting, folder, dotnet: None }
    }

    /// One in which the test's PowerShell runs.
    fn with_powershell(context: &Context) -> Self {
        Self { dotnet: Some(context.home().dotnet.root.clone()), ..Self::open(context) }
    }

    /// Runs a program in the folder, with an identity in its environment.
    fn run(&self, program: impl AsRef<std::ffi::OsStr>, words: &[&str]) -> Output {
        let mut command = self.without_identity(program, words);
        identify(&mut command, &self.setting.azure);
        command.output().expect("runs")
    }

    fn without_identity(&self, program: impl AsRef<std::ffi::OsStr>, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(words)
            .current_dir(&self.folder)
            .env("HOME", &self.folder)
            .env("XDG_CONFIG_HOME", &self.folder)
            .env("XDG_DATA_HOME", self.folder.join("data"))
            .env("XDG_CACHE_HOME", self.folder.join("cache"))
            .env("PSModulePath", self.folder.join("Modules"));
        command.envs(self.dotnet.as_ref().map(|root| ("DOTNET_ROOT", root)));
        command
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Folder in which cargo puts the C library beside this test.
fn library() -> PathBuf {
    let name = format!("{}runspaced{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let test = std::env::current_exe().expect("is known");
    let folder = test.ancestors().skip(1).find(|folder| folder.join(&name).is_file());
    folder.unwrap_or_else(|| panic!("{name} is not above {}", test.display())).join(name)
}

fn install(world: &World) {
    let library = library();
    let library = library.to_str().expect("UTF-8");
    let installed = world.run(env!("CARGO_BIN_EXE_runspaced"), &["module", "install", "--library", library]);
    assert!(installed.status.success(), "{}", text(&installed.stderr));
}

pub fn pwsh_does_the_same_through_the_library(context: &Context) {
    let world = World::with_powershell(context);
    install(&world);
    let shown = world.run(env!("CARGO_BIN_EXE_runspaced"), &["module", "show"]);
    assert!(shown.status.success(), "{}", text(&shown.stderr));
    let script = r"
        $ErrorActionPreference = 'Continue'
        $new = { Get-SentinelIncidents -WorkspaceName law-contoso -Status New -Top 0 | Where-Object Severity -eq High }
        $chosen = @(& $new)
        $plans = @(& $new | Close-SentinelIncident -Classification BenignPositive -WhatIf)
        $before = @(& $new).Count
        $done = @(& $new | Close-SentinelIncident -Classification BenignPositive)
        Get-AnalyticsRules -WorkspaceName law-contosso -ErrorVariable failed -ErrorAction SilentlyContinue
        $caught = try { Show-IncidentDetails -WorkspaceName law-contoso -IncidentNumber 999999 -ErrorAction Stop } catch { $_.FullyQualifiedErrorId }
        $first = @(Get-SentinelIncidents -WorkspaceName * -Top 0 | Select-Object -First 1).Count
        $shell = [powershell]::Create().AddScript('while ($true) { Get-SentinelWorkspaceNames }')
        $run = $shell.BeginInvoke()
        Start-Sleep -Milliseconds 1500
        $shell.Stop()
        $env:AZURE_CLIENT_SECRET = 'wrong'
        Get-SentinelWorkspaces -ErrorVariable refused -ErrorAction SilentlyContinue
        [ordered]@{
            Type = $chosen[0].PSTypeNames[0]; Chosen = $chosen.Count; Plans = $plans.Count; Summary = $plans[0].Summary; Before = $before
            States = @($done.State); After = @(& $new -ErrorAction SilentlyContinue 2>$null).Count; Failed = $failed[0].FullyQualifiedErrorId
            Action = $failed[0].ErrorDetails.RecommendedAction; Caught = $caught; First = $first
            Stopped = $shell.InvocationStateInfo.State.ToString(); Refused = $refused[0].FullyQualifiedErrorId
            Created = $chosen[0].CreatedTimeUtc.GetType().Name; Commands = (Get-Command -Module SentinelManager -CommandType Function).Count
        } | ConvertTo-Json -Compress";
    let pwsh = context.home().path.join(if cfg!(windows) { "pwsh.exe" } else { "pwsh" });
    let output =
        world.run(pwsh, &["-NoProfile", "-NonInteractive", "-OutputFormat", "Text", "-Command", script]);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let last = out.lines().last().unwrap_or_default();
    let found: Value = serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {out}\n{err}"));
    let chosen = found["Chosen"].as_u64().expect("a number");
    assert!(chosen > 0, "{found}");
    assert_eq!(found["Type"], "SentinelManager.SentinelIncidents");
    assert_eq!((&found["Plans"], &found["Before"]), (&json!(chosen), &json!(chosen)), "{found}");
    assert!(found["Summary"].as_str().is_some_and(|text| text.starts_with("close incident")), "{found}");
    assert!(out.contains("What if: Close-SentinelIncident in law-contoso"), "{out}");
    let states = found["States"].as_array().expect("a list");
    assert!(states.len() as u64 == chosen && states.iter().all(|state| state == "applied"), "{found}");
    assert_eq!(world.setting.writes().len() as u64, chosen, "each is written once");
    assert_eq!(found["Failed"], "E721,Get-AnalyticsRules", "{found}");
    assert!(found["Action"].as_str().is_some_and(|text| text.contains("law-contoso")), "{found}");
    assert_eq!(found["Caught"], "E723,Show-IncidentDetails", "{found}");
    assert_eq!((&found["First"], &found["Stopped"]), (&json!(1), &json!("Stopped")), "{found}");
    // A change of the identity counts at once.
    assert!(found["Refused"].as_str().is_some_and(|id| id.starts_with("E70")), "{found}");
    assert_eq!(found["Created"], "String", "times stay as Azure writes them");
    assert_eq!(found["Commands"], json!(runspaced::sentinel::operations().len()), "{found}");

    // What somebody changed stays, unless it is forced.
    let file = world
        .folder
        .join("Modules/SentinelManager")
        .join(env!("CARGO_PKG_VERSION"))
        .join("SentinelManager.psm1");
    std::fs::write(&file, "# mine").expect("is written");
    let words = ["module", "install", "--library", library().to_str().expect("UTF-8")].map(str::to_owned);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let refused = world.run(env!("CARGO_BIN_EXE_runspaced"), &words);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("SentinelManager.psm1"), "{}", text(&refused.stderr));
    assert_eq!(std::fs::read_to_string(&file).expect("is there"), "# mine");
    let removed = world.run(env!("CARGO_BIN_EXE_runspaced"), &["module", "uninstall", "--force"]);
    assert!(removed.status.success() && !file.exists(), "{}", text(&removed.stderr));
}

/// True if a C compiler is there.
pub fn compiler() -> Result<(), String> {
    if cfg!(windows) {
        return Err("the program is compiled as on Unix".to_owned());
    }
    match Command::new("cc").arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err("there is no C compiler (cc)".to_owned()),
    }
}

pub fn a_c_program_reads_plans_applies_and_cancels(context: &Context) {
    let world = World::open(context);
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = library();
    let folder = library.parent().expect("has one");
    let program = context.scratch().join("steps");
    let compiled = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(here.join("include"))
        .arg(here.join("tests/c/steps.c"))
        .arg("-o")
        .arg(&program)
        .arg(&library)
        .arg(format!("-Wl,-rpath,{}", folder.display()))
        .output()
        .expect("runs");
    assert!(compiled.status.success(), "{}", text(&compiled.stderr));
    let arguments =
        json!({"WorkspaceName": "law-contoso", "IncidentNumber": 0, "Classification": "BenignPositive"});
    let run = |orders: &[Value]| -> Vec<(String, Value)> {
        let orders: Vec<String> = orders
            .iter()
            .map(|order| order.as_str().map_or_else(|| order.to_string(), str::to_owned))
            .collect();
        let words: Vec<&str> = orders.iter().map(String::as_str).collect();
        let output = world.run(&program, &words);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
            .lines()
            .map(|line| {
                let mut words = line.splitn(3, ' ').skip(1);
                let kind = words.next().expect("a kind").to_owned();
                (kind, serde_json::from_str(words.next().expect("JSON")).expect("JSON"))
            })
            .collect()
    };
    let listed = run(&[
        json!({"operation": "Get-SentinelIncidents", "arguments": {"WorkspaceName": "law-contoso", "Status": "New", "Top": 2}}),
    ]);
    let rows: Vec<&Value> = listed.iter().filter(|(kind, _)| kind == "1").map(|(_, row)| row).collect();
    assert_eq!(rows.len(), 2, "{listed:?}");
    assert_eq!(listed.last(), Some(&("status".to_owned(), json!(6))));
    let mut arguments = arguments;
    arguments["IncidentNumber"] = rows[0]["IncidentNumber"].clone();
    let close = |step: &str, digest: &Value| json!({"operation": "Close-SentinelIncident", "step": step, "arguments": arguments, "digest": digest});
    let planned = run(&[close("plan", &Value::Null)]);
    assert!(world.setting.writes().is_empty());
    let stale = run(&[close("apply", &json!("0000"))]);
    assert_eq!((stale[0].0.as_str(), &stale[0].1["id"]), ("9", &json!("E724")), "{stale:?}");
    let done = run(&[close("apply", &planned[0].1["Digest"])]);
    assert_eq!((done[0].0.as_str(), &done[0].1["State"]), ("1", &json!("applied")), "{done:?}");
    assert_eq!(world.setting.writes().len(), 1);
    let cancelled = run(&[json!(r#"!{"operation": "Get-SentinelWorkspaces"}"#)]);
    assert_eq!(cancelled.last(), Some(&("status".to_owned(), json!(7))), "{cancelled:?}");
}

pub fn a_script_of_the_command_line_finds_the_functions(context: &Context) {
    let world = World::with_powershell(context);
    let home = context.home().path.to_str().expect("UTF-8");
    let script = "Get-AnalyticsRules -WorkspaceName law-contoso | Select-Object -First 2 | ForEach-Object WorkspaceName; \"$env:AZURE_CLIENT_SECRET\"";
    let output = world.run(env!("CARGO_BIN_EXE_runspaced"), &["run", script, "--json", "--powershell", home]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let values: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    // The identity stays outside of the script.
    assert_eq!(values, json!(["law-contoso", "law-contoso", ""]));
}

pub fn what_is_missing_is_said(context: &Context) {
    let world = World::open(context);
    // The program alone, without the library beside it.
    let alone = world.folder.join(format!("alone{}", std::env::consts::EXE_SUFFIX));
    std::fs::copy(env!("CARGO_BIN_EXE_runspaced"), &alone).expect("is copied");
    let refused = world.run(&alone, &["module", "install"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("--library"), "{}", text(&refused.stderr));
    let shown = world.run(env!("CARGO_BIN_EXE_runspaced"), &["module", "show"]);
    assert_eq!(shown.status.code(), Some(1));
    assert!(text(&shown.stderr).contains("runspaced module install"), "{}", text(&shown.stderr));
}
