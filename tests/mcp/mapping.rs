//! What becomes of PowerShell's own commands, as `runspaced tools` says it.

use std::fmt::Write as _;
use std::process::{Command, Output};

use serde_json::Value;

use super::client::PROGRAM;
use super::support::Context;

fn run(context: &Context, arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .arg("tools")
        .args(["--powershell", &context.home().path.to_string_lossy()])
        .args(arguments)
        .current_dir(context.scratch())
        .output()
        .expect("it starts")
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Every command of the installation, each with what cannot be given and why. The snapshot is that of one version of
/// PowerShell on one system; elsewhere only the sums have to be right.
pub fn all_commands_are_mapped_or_it_is_said_why(context: &Context) {
    let modules: Vec<String> = std::fs::read_dir(context.home().path.join("Modules"))
        .expect("PowerShell has modules")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    let mut arguments = vec!["--json", "--command", "*"];
    arguments.extend(modules.iter().flat_map(|module| ["--module", module.as_str()]));
    let survey = json(&run(context, &arguments));
    let (tools, left_out) = (list(&survey, "tools"), list(&survey, "left_out"));
    let partly: Vec<&Value> = tools.iter().filter(|tool| tool["mapping"] == "partly").collect();
    assert!(tools.len() + left_out.len() > 200, "{} and {}", tools.len(), left_out.len());
    for tool in tools {
        assert_eq!(tool["mapping"] == "partly", !list(tool, "left_out").is_empty(), "{tool}");
        assert_eq!(tool["input_schema"]["type"], "object", "{tool}");
        assert!(tool["description"].as_str().is_some_and(|text| !text.is_empty()), "{tool}");
    }
    assert!(left_out.iter().all(|left| left["reason"].as_str().is_some_and(|reason| !reason.is_empty())));
    let mut text = format!(
        "{} commands: {} fully, {} partly, {} not\n\nnot:\n",
        tools.len() + left_out.len(),
        tools.len() - partly.len(),
        partly.len(),
        left_out.len()
    );
    for left in left_out {
        let _ = writeln!(text, "{}: {}", word(left, "name"), word(left, "reason"));
    }
    text.push_str("\npartly:\n");
    for tool in partly {
        let _ = writeln!(text, "{}", word(tool, "command"));
        for left in list(tool, "left_out") {
            let _ = writeln!(text, "    {}: {}", word(left, "name"), word(left, "reason"));
        }
    }
    if cfg!(target_os = "linux") && context.home().version.to_string() == "7.6.5" {
        insta::assert_snapshot!("mapping_of_all_commands", text);
    }
}

fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

pub fn one_tool_is_shown_with_its_schema(context: &Context) {
    for name in ["get_child_item", "Get-ChildItem"] {
        let output = run(context, &[name]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{output:?}");
        for part in [
            "get_child_item: Get-ChildItem of module Microsoft.PowerShell.Management",
            "readOnly true",
            "\"Recurse\": {",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
    let tool = json(&run(context, &["get_child_item", "--json"]));
    assert_eq!(tool["input_schema"]["properties"]["Depth"]["type"], "integer");
    let output = run(context, &["get_chlid_item"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Did you mean get_child_item?"), "{output:?}");
    let output = run(context, &["Measure-Command"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not offered"), "{output:?}");
}
