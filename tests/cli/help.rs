//! Help texts, completions, manual pages.

use std::process::Command;

use crate::program::{finish, hosting, program};
use crate::support::Context;

const VERBS: &[&[&str]] = &[
    &[],
    &["run"],
    &["tools"],
    &["doctor"],
    &["config"],
    &["config", "show"],
    &["config", "check"],
    &["config", "reference"],
    &["mcp"],
    &["client-config"],
    &["client-config", "claude-desktop"],
    &["client-config", "mcpb"],
    &["client-config", "server-json"],
    &["setup"],
    &["module"],
    &["module", "install"],
    &["module", "uninstall"],
    &["module", "show"],
    &["audit"],
    &["completions"],
    &["man"],
    &["simulate"],
    &["demo"],
];

fn help(context: &Context, verb: &[&str]) -> String {
    let arguments: Vec<&str> = verb.iter().copied().chain(["--help"]).collect();
    finish(program(context, &arguments)).ok()
}

pub fn every_help_is_as_it_was(context: &Context) {
    for verb in VERBS.iter().skip(1) {
        insta::assert_snapshot!(format!("help_{}", verb.join("_")), help(context, verb));
    }
}

pub fn every_verb_has_an_example(context: &Context) {
    // The help of `sentinel` lists the operations, which a test of theirs keeps.
    for verb in VERBS.iter().chain(&[["sentinel"].as_slice()]) {
        let text = help(context, verb);
        assert!(text.contains("\nExample"), "{verb:?}: {text}");
    }
    // Whoever asks for nothing gets the same text, and code 2.
    let nothing = finish(program(context, &[]));
    assert_eq!(nothing.code, 2);
    assert!(nothing.err.contains("Usage: runspaced"), "{}", nothing.err);
}

pub fn completions_and_manual_pages_are_written(context: &Context) {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = finish(program(context, &["completions", shell])).ok();
        assert!(script.contains("timeout"), "{shell}");
        assert!(script.contains("claude-desktop") && script.contains("sha256"), "{shell}");
    }
    assert!(finish(program(context, &["man"])).ok().contains(".TH runspaced"));
    assert!(finish(program(context, &["man", "run"])).ok().contains("\\-\\-isolation"));
    assert!(finish(program(context, &["man", "setup"])).ok().contains("\\-\\-sha256"));
    assert!(finish(program(context, &["man", "client-config"])).ok().contains("claude\\-desktop"));
    finish(program(context, &["man", "nothing"])).failed(2, &["there is no verb \"nothing\"", "run"]);
}

pub fn examples_of_run_work(context: &Context) {
    let text = help(context, &["run"]);
    let (_, examples) = text.split_once("Examples:\n").expect("has examples");
    let examples: Vec<&str> = examples
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.contains("runspaced"))
        .collect();
    assert!(examples.len() >= 3, "{examples:?}");
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_runspaced")).parent().expect("is in a folder");
    for example in examples {
        let template = hosting(context, &[]);
        let mut shell = Command::new("sh");
        shell.args(["-c", example]).current_dir(context.scratch());
        for (name, value) in template.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path =
            std::env::join_paths(std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path)));
        shell.env("PATH", path.expect("is a path"));
        shell
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let finished = finish(shell);
        assert_eq!(finished.code, 0, "{example}: {}", finished.err);
        assert!(finished.out.trim().len() > 2, "{example}: {:?}", finished.out);
    }
}
