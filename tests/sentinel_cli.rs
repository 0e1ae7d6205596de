//! `runspaced sentinel` as a terminal runs it, against the simulated Azure.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/azure.rs"]
mod azure;

use std::process::{Command, Output};

use azure::{identify, write_settings};
use runspaced::simulator::{Simulator, app};
use serde_json::Value;

struct Terminal {
    azure: Simulator,
    folder: tempfile::TempDir,
}

impl Terminal {
    async fn open() -> Self {
        let azure = Simulator::builder().start().await.expect("starts");
        let folder = tempfile::tempdir().expect("a folder");
        write_settings(&azure, folder.path(), "runspaced.toml");
        Self { azure, folder }
    }

    async fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runspaced"));
        command
            .arg("sentinel")
            .args(words)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("XDG_CONFIG_HOME", self.folder.path());
        identify(&mut command, &self.azure);
        // The simulator answers on this runtime: the program must not block it.
        tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stdout)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_writes_and_takes_back() {
    let terminal = Terminal::open().await;
    let rules = json(
        &terminal
            .run(&["get_analytics_rules", "--workspace-name", "law-contoso", "--enabled", "--json"])
            .await,
    );
    let rule = rules[0]["RuleId"].as_str().expect("is there").to_owned();
    let change = ["disable_analytics_rule", "--workspace-name", "law-contoso", "--rule-id", &rule, "--json"];
    let plan = json(&terminal.run(&change).await);
    assert_eq!(plan["changes"][0]["differences"][0]["path"], "properties.enabled", "{plan}");
    let digest = plan["digest"].as_str().expect("has one");
    let applied = json(&terminal.run(&[&change[..], &["--apply", digest]].concat()).await);
    assert_eq!(applied["state"], "applied", "{applied}");
    let entry = applied["journal"].as_str().expect("is recorded").to_owned();
    let again = terminal.run(&[&change[..], &["--apply", digest]].concat()).await;
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("E724"), "{}", text(&again.stderr));
    let listed = terminal.run(&["journal"]).await;
    assert!(text(&listed.stdout).contains(&entry), "{}", text(&listed.stdout));
    let back = json(&terminal.run(&["undo", &entry, "--json"]).await);
    let undone = json(
        &terminal
            .run(&["undo", &entry, "--json", "--apply", back["digest"].as_str().expect("has one")])
            .await,
    );
    assert_eq!(undone["state"], "applied", "{undone}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_help_and_mistakes() {
    let terminal = Terminal::open().await;
    let table = terminal.run(&["list_workspaces"]).await;
    assert!(text(&table.stdout).contains("law-contoso"), "{}", text(&table.stderr));
    let csv = terminal.run(&["list_workspaces", "--csv"]).await;
    assert!(text(&csv.stdout).starts_with("TenantName,WorkspaceName,"), "{}", text(&csv.stdout));
    let help = terminal.run(&["Close-SentinelIncident", "--help"]).await;
    assert!(text(&help.stdout).contains("--classification <string> (wanted)"), "{}", text(&help.stdout));
    let check = terminal.run(&["check"]).await;
    assert!(text(&check.stdout).contains("main: client secret"), "{}", text(&check.stdout));
    for (words, part) in [
        (vec!["get_analytic_rules"], "did you mean get_analytics_rules?"),
        (vec!["get_analytics_rules", "--workspace-name", "law-contosso"], "law-contoso"),
        (
            vec!["get_analytics_rules", "--workspace-name", "law-contoso", "--severty", "High"],
            "did you mean Severity?",
        ),
    ] {
        let output = terminal.run(&words).await;
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(text(&output.stderr).contains(part), "{words:?}: {}", text(&output.stderr));
    }
    let secret = &terminal.azure.app(app::CONTRIBUTOR).expect("is there").secret;
    for output in [table, csv, check] {
        assert!(
            !text(&output.stdout).contains(secret.as_str())
                && !text(&output.stderr).contains(secret.as_str())
        );
    }
}
