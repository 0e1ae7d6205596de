//! What each mode does with commands of PowerShell itself, of other modules, and with arguments that want more.

use std::sync::Arc;

use serde_json::json;

use super::{rule::Rule, *};
use crate::catalog::{Catalog, Command};

fn tool(module: &str, name: &str, should_process: bool) -> ToolSpec {
    let names = ["Path", "LiteralPath", "Property", "Wait", "Method", "Uri", "OutFile", "Name"];
    let parameters = names.map(|name| {
        json!({"name": name, "type": "object", "type_full_name": "System.Object", "bindable": true, "sets": []})
    });
    let command: Command = serde_json::from_value(json!({
        "name": name, "module": module, "supports_should_process": should_process, "parameters": parameters,
        "parameter_sets": [], "syntax": [],
    }))
    .expect("a command");
    ToolSpec::of(&command).expect("a tool")
}

fn management(name: &str) -> ToolSpec {
    tool("Microsoft.PowerShell.Management", name, name.starts_with("Remove") || name.starts_with("Restart"))
}

fn utility(name: &str) -> ToolSpec {
    tool("Microsoft.PowerShell.Utility", name, false)
}

fn arguments(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(arguments) => arguments,
        other => panic!("{other}"),
    }
}

fn verdict(policy: &Policy, tool: &ToolSpec, value: Value) -> Verdict {
    policy.review(tool, arguments(value), &[])
}

#[track_caller]
fn refused(policy: &Policy, tool: &ToolSpec, value: Value) -> String {
    match verdict(policy, tool, value.clone()) {
        Verdict::Refused(reason) => reason,
        other => panic!("{} {value}: {other:?}", tool.name),
    }
}

#[track_caller]
fn runs(policy: &Policy, tool: &ToolSpec, value: Value) {
    assert_eq!(verdict(policy, tool, value.clone()), Verdict::Run(arguments(value)), "{}", tool.name);
}

#[test]
fn tables_are_of_known_rules_and_name_each_command_once() {
    let mut seen = std::collections::BTreeSet::new();
    for (module, command) in builtin::all() {
        assert!(seen.insert((module, command.name)), "{} is there twice", command.name);
        if let Effect::Reads(parameters) | Effect::Sensitive(parameters, _) = command.effect {
            let mut names = std::collections::BTreeSet::new();
            for (name, rule) in parameters.iter() {
                assert_ne!(rule, Rule::Nothing, "{} {name}: no such rule", command.name);
                assert!(names.insert(name), "{} {name} twice", command.name);
            }
        }
    }
    assert!(seen.len() > 230, "{}", seen.len());
}

#[test]
fn reading_commands_have_no_parameters_that_reach_out() {
    const OUT: &[&str] = &[
        "OutFile",
        "Credential",
        "ComputerName",
        "CimSession",
        "Session",
        "PSSession",
        "ScriptBlock",
        "FilterScript",
        "Expression",
        "Process",
        "Wait_",
        "UseBrowser",
        "Online",
        "Stream_",
        "Action",
        "PassThru_",
        "InFile",
        "Body_",
        "Token",
        "Proxy",
        "WebSession",
        "SessionVariable",
        "ArgumentList",
        "Schema",
        "SchemaFile",
        "Variable",
    ];
    for (_, command) in builtin::all() {
        if let Effect::Reads(parameters) | Effect::Sensitive(parameters, _) = command.effect {
            for name in OUT {
                assert_eq!(parameters.rule(name), None, "{} {name}", command.name);
            }
        }
    }
}

#[test]
fn paths_of_reading_commands_are_judged() {
    for (_, command) in builtin::all() {
        if let Effect::Reads(parameters) | Effect::Sensitive(parameters, _) = command.effect {
            for (name, rule) in parameters.iter() {
                if name.ends_with("Path")
                    && !["ChildPath", "AdditionalChildPath", "XPath", "FilterXPath"].contains(&name)
                {
                    assert!(matches!(rule, Rule::Path | Rule::Content), "{} {name}", command.name);
                }
            }
        }
    }
}

#[test]
fn plan_runs_what_reads_and_plans_or_refuses_the_rest() {
    let plan = Policy::default();
    runs(&plan, &management("Get-ChildItem"), json!({"Path": ["."]}));
    let planned = verdict(&plan, &management("Remove-Item"), json!({"Path": ["x"], "WhatIf": false}));
    assert_eq!(planned, Verdict::Plan(arguments(json!({"Path": ["x"], "WhatIf": true}))));
    let reason = refused(&plan, &utility("Invoke-Expression"), json!({}));
    assert!(
        reason.contains("plan mode") && reason.contains("runs code") && reason.contains("--allow-writes"),
        "{reason}"
    );
    let reason = refused(&plan, &management("Restart-Computer"), json!({}));
    assert!(reason.contains("acts all the same"), "{reason}");
    let reason = refused(&plan, &tool("Inventory", "Get-Shelf", false), json!({}));
    assert!(reason.contains("whatever its name says") && reason.contains("policy.reading"), "{reason}");
    let own = tool("Inventory", "Set-Shelf", true);
    assert!(matches!(verdict(&plan, &own, json!({})), Verdict::Plan(_)));
    let reason = refused(&plan.clone().trust_what_if(false), &own, json!({}));
    assert!(reason.contains("not trusted"), "{reason}");
}

#[test]
fn read_only_offers_nothing_else() {
    let policy = Policy::new(Mode::ReadOnly);
    runs(&policy, &management("Get-ChildItem"), json!({"Path": ["."]}));
    for tool in
        [management("Remove-Item"), utility("Invoke-Expression"), tool("Inventory", "Set-Shelf", true)]
    {
        let reason = refused(&policy, &tool, json!({}));
        assert!(reason.contains("not offered") && reason.contains("read-only"), "{reason}");
        assert_eq!(policy.explain(&tool).outcome, Outcome::NotOffered);
    }
}

#[test]
fn write_runs_what_is_listed_as_it_is() {
    let policy = Policy::new(Mode::Write).deny(&["Remove-*"]).expect("patterns");
    runs(&policy, &utility("Invoke-Expression"), json!({"Value": 1}));
    runs(&policy, &management("Get-Content"), json!({"Path": "Env:PATH"}));
    assert!(refused(&policy, &management("Remove-Item"), json!({})).contains("policy.deny"));
}

#[test]
fn arguments_that_do_more_than_read_are_refused() {
    for mode in [Mode::Plan, Mode::ReadOnly] {
        let policy = Policy::new(mode);
        for (tool, value, says) in [
            (management("Get-Content"), json!({"Path": ["/tmp/x", "Env:PATH"]}), "Env:"),
            (
                management("Get-Content"),
                json!({"LiteralPath": "Microsoft.PowerShell.Core\\Environment::PATH"}),
                "providers",
            ),
            (management("Get-Content"), json!({"Path": "x", "Wait": true}), "'Wait'"),
            (management("Get-Content"), json!({"Path": {"PSPath": "Env:PATH"}}), "object"),
            (management("Get-Content"), json!({"Path": [["Env:PATH"]]}), "Env:"),
            (utility("Select-Object"), json!({"Property": [{"Name": "a", "Expression": "b"}]}), "calculated"),
            (utility("Sort-Object"), json!({"Property": {"e": "b"}}), "calculated"),
            (
                tool("Microsoft.PowerShell.Core", "Get-Command", false),
                json!({"Name": "/x/evil.psm1\\f"}),
                "would be run",
            ),
            (utility("Test-Json"), json!({"Value": "{}"}), "'Value'"),
        ] {
            let reason = refused(&policy, &tool, value.clone());
            assert!(reason.contains(says) && reason.contains("Nothing was run"), "{value}: {reason}");
        }
        runs(&policy, &management("Get-Content"), json!({"Path": "x", "Wait": false}));
    }
}

#[test]
fn pipeline_input_cannot_fill_what_could_not_be_given() {
    let plan = Policy::default();
    let with = |tool: &ToolSpec, input: Value| plan.review(tool, Map::new(), &[json!({"Name": "a"}), input]);
    let runs =
        |tool: &ToolSpec, input: Value| matches!(with(tool, input), Verdict::Run(_) | Verdict::Plan(_));
    assert!(runs(&utility("Sort-Object"), json!({"Path": "/etc/hostname", "Id": 1})));
    assert!(runs(&utility("Select-String"), json!("Env:PATH is a text here")));
    for (tool, input) in [
        (utility("Select-String"), json!({"PSPath": "Env:PATH"})),
        (utility("Select-String"), json!({"pspath": "Microsoft.PowerShell.Core\\Environment::PATH"})),
        (utility("Sort-Object"), json!({"Property": {"Expression": "x"}})),
        // Commands of paths take none at all.
        (management("Get-Content"), json!({"Anything": 1})),
        (management("Get-ChildItem"), json!("Env:")),
        (management("Remove-Item"), json!("Env:PATH")),
        (management("Remove-Item"), json!({"LiteralPath": "Env:PATH"})),
        (tool("Inventory", "Set-Shelf", true), json!({"PSPath": "Function:x"})),
    ] {
        assert!(!runs(&tool, input.clone()), "{} {input}", tool.name);
    }
    if cfg!(target_os = "linux") {
        assert!(!runs(&utility("Select-String"), json!({"LiteralPath": "/proc/self/environ"})));
    }
}

#[test]
fn common_switches_are_no_reason_to_refuse() {
    runs(
        &Policy::default(),
        &management("Get-ChildItem"),
        json!({"Path": ["."], "Verbose": true, "Confirm": false}),
    );
}

#[test]
fn writes_are_planned_on_files_only() {
    let plan = Policy::default();
    assert!(refused(&plan, &management("Remove-Item"), json!({"Path": "Env:*"})).contains("Env:"));
    assert!(
        refused(&plan, &tool("Inventory", "Set-Shelf", true), json!({"Path": "Function:x"}))
            .contains("Function:")
    );
}

#[test]
fn configuration_says_what_reads_beside_the_tables() {
    let policy =
        Policy::new(Mode::ReadOnly).reading(&["Inventory\\Get-*", "Invoke-WebRequest"]).expect("patterns");
    runs(&policy, &tool("Inventory", "Get-Shelf", false), json!({"Name": "x", "Path": "/x"}));
    assert!(
        refused(&policy, &tool("Inventory", "Get-Shelf", false), json!({"Path": "Env:x"})).contains("Env:")
    );
    refused(&policy, &tool("Inventory", "Set-Shelf", false), json!({}));
    refused(&policy, &tool("Other", "Get-Shelf", false), json!({}));
    let web = utility("Invoke-WebRequest");
    runs(&policy, &web, json!({"Uri": "https://example.com", "Method": "Get"}));
    for value in [
        json!({"Uri": "https://example.com", "Method": "Post"}),
        json!({"Uri": "https://example.com", "OutFile": "x"}),
        json!({"Uri": "http://169.254.169.254/"}),
    ] {
        refused(&policy, &web, value);
    }
    // A pattern with wildcards says nothing about PowerShell's own commands.
    let all = Policy::new(Mode::ReadOnly).reading(&["*"]).expect("patterns");
    refused(&all, &utility("Get-Variable"), json!({"Name": "x"}));
    refused(&all, &management("Remove-Item"), json!({"Path": "x"}));
    runs(&all, &tool("Inventory", "Set-Shelf", false), json!({}));
}

#[test]
fn writing_commands_cannot_be_called_reading() {
    for text in ["Remove-Item", "invoke-expression", "Microsoft.PowerShell.Management\\Remove-Item"] {
        let error = Policy::default().reading(&[text]).expect_err("is refused");
        assert!(error.contains("policy.reading names"), "{error}");
    }
    assert!(Policy::default().reading(&["Inventory\\Remove-Item"]).is_ok());
    assert!(Policy::default().deny(&["Get-*", " "]).is_err_and(|error| error.contains("policy.deny")));
}

#[test]
fn deny_wins_over_allow_in_every_mode() {
    let tool = management("Get-ChildItem");
    for mode in [Mode::Plan, Mode::ReadOnly, Mode::Write] {
        for pattern in
            ["get_child_item", "Get-*", "microsoft.powershell.management", "Microsoft.*\\Get-ChildItem"]
        {
            let allowed = Policy::new(mode).allow(&[pattern]).expect("patterns");
            runs(&allowed, &tool, json!({"Path": "."}));
            refused(&allowed.deny(&[pattern]).expect("patterns"), &tool, json!({"Path": "."}));
        }
        let other = Policy::new(mode).allow(&["Get-Process"]).expect("patterns");
        assert!(refused(&other, &tool, json!({})).contains("policy.allow does not name it"));
    }
}

fn catalog() -> Arc<Catalog> {
    let mut catalog = Catalog::default();
    for tool in
        [management("Get-ChildItem"), management("Remove-Item"), tool("Inventory", "Get-Shelf", false)]
    {
        catalog.add(tool).expect("added");
    }
    Arc::new(catalog)
}

fn names_of(catalog: &Catalog) -> Vec<&str> {
    catalog.iter().map(|tool| tool.name.as_str()).collect()
}

#[test]
fn offer_lists_by_mode_and_hints_agree() {
    let plan = Policy::default().offer(catalog()).expect("an offer");
    assert_eq!(names_of(&plan.listed), ["get_child_item", "get_shelf", "remove_item"]);
    let hints = |name: &str| plan.listed.get(name).expect("listed").annotations;
    assert!(hints("get_child_item").read_only);
    // Its verb says that it reads; nobody who would know does.
    assert!(!hints("get_shelf").read_only && hints("get_shelf").destructive);
    assert!(!hints("remove_item").read_only && hints("remove_item").destructive);
    assert!(plan.listed.get("remove_item").expect("listed").description.contains("changes nothing"));
    assert!(plan.listed.get("get_shelf").expect("listed").description.contains("is refused"));
    let read_only = Policy::new(Mode::ReadOnly).offer(catalog()).expect("an offer");
    assert_eq!(names_of(&read_only.listed), ["get_child_item"]);
    assert_eq!(read_only.all.len(), 3);
    let write = Policy::new(Mode::Write).offer(catalog()).expect("an offer");
    assert_eq!(names_of(&write.listed).len(), 3);
    assert!(!write.listed.get("get_shelf").expect("listed").annotations.read_only);
}

#[test]
fn script_tool_is_there_where_it_was_asked_for_and_runs_in_write_mode_only() {
    let policy = |mode| Policy::new(mode).run_script(true);
    assert!(Policy::new(Mode::Write).offer(catalog()).expect("an offer").all.get("run_script").is_none());
    let plan = policy(Mode::Plan).offer(catalog()).expect("an offer");
    let tool = plan.listed.get("run_script").expect("listed");
    let hints = tool.annotations;
    assert!(!hints.read_only && hints.destructive && !hints.idempotent && hints.open_world);
    assert!(tool.description.contains("all rights of the server"));
    assert!(refused(&policy(Mode::Plan), tool, json!({"Script": "1"})).contains("--allow-writes"));
    let read_only = policy(Mode::ReadOnly).offer(catalog()).expect("an offer");
    assert!(read_only.listed.get("run_script").is_none() && read_only.all.get("run_script").is_some());
    refused(&policy(Mode::ReadOnly), tool, json!({"Script": "1"}));
    runs(&policy(Mode::Write), tool, json!({"Script": "1"}));
    refused(&policy(Mode::Write).deny(&["run_script"]).expect("patterns"), tool, json!({"Script": "1"}));
}

#[test]
fn script_tool_does_not_hide_a_command_of_its_name() {
    let mut catalog = Catalog::default();
    catalog.add(tool("Mine", "Run-Script", false)).expect("added");
    let error = Policy::default().run_script(true).offer(Arc::new(catalog)).expect_err("a collision");
    assert!(error.contains("run_script") && error.contains("Mine"), "{error}");
}

#[test]
fn explanations_say_why() {
    let plan = Policy::default().deny(&["get_shelf"]).expect("patterns");
    for (tool, says) in [
        (management("Get-ChildItem"), "runs: reads: PowerShell's own, reviewed"),
        (management("Remove-Item"), "plans: writes, and says with -WhatIf what it would do"),
        (utility("Invoke-RestMethod"), "refused: reaches out to other machines"),
        (tool("Inventory", "Get-Shelf", false), "not offered: policy.deny names it (get_shelf)"),
    ] {
        assert_eq!(plan.explain(&tool).to_string(), says);
    }
}
