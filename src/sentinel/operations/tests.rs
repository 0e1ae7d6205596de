//! What holds for every operation.

use std::collections::BTreeSet;

use super::{operation, operations};
use crate::azure::smallest_role;
use crate::sentinel::{Kind, Undo};

#[test]
fn every_operation_is_whole() {
    let mut names = BTreeSet::new();
    for operation in operations() {
        let name = operation.name;
        for own in [operation.name, operation.tool].iter().chain(operation.aliases) {
            let plain = own.replace(['-', '_'], "").to_ascii_lowercase();
            // An alias may be another spelling of its own operation's name.
            let fresh = names.insert((plain.clone(), name))
                && !names.iter().any(|(other, of)| *other == plain && *of != name);
            assert!(fresh || names.contains(&(plain, name)), "{own} is a name of two operations");
        }
        assert!(
            operation.tool.len() <= 40 && operation.tool.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
            "{name}"
        );
        assert!(operation.summary.ends_with('.') && operation.summary.len() > 15, "{name}");
        // These ask files only.
        let offline = ["Test-SentinelBackup", "Get-SentinelBackups"].contains(&name);
        assert!(offline == operation.actions.is_empty(), "{name} says which actions it needs");
        for action in operation.actions {
            assert!(smallest_role(action).is_some(), "{name}: no role is known for {action}");
        }
        assert!(!operation.examples.is_empty(), "{name} has an example");
        for example in operation.examples {
            assert!(example.power_shell.contains(name), "{name}: {}", example.power_shell);
        }
        assert!(operation.kind == Kind::Read || !operation.view.is_empty(), "{name}");
        assert!(operation.kind.writes() || operation.undo == Undo::Exact, "{name}");
        let columns: Vec<String> = operation.columns().into_iter().map(|column| column.name).collect();
        for column in operation.view {
            assert!(columns.iter().any(|own| own == column), "{name} shows {column}, and has {columns:?}");
        }
    }
}

#[test]
fn every_parameter_is_described_and_typed() {
    for operation in operations() {
        let parameters = operation.parameters();
        let mut names = BTreeSet::new();
        for parameter in parameters {
            let place = format!("{} -{}", operation.name, parameter.power_shell);
            assert!(parameter.help.len() > 3, "{place} is not described");
            assert!(names.insert(parameter.power_shell.to_ascii_lowercase()), "{place} is there twice");
            for alias in &parameter.aliases {
                assert!(
                    names.insert(alias.to_ascii_lowercase()),
                    "{place}: the alias {alias} is there twice"
                );
            }
            let given = &(operation.schema)()["properties"][&parameter.name];
            let written = [given, &given["items"]].into_iter().find_map(|schema| schema["pattern"].as_str());
            assert_eq!(parameter.pattern.as_ref().map(|pattern| pattern.as_str()), written, "{place}");
            assert!(parameter.words.iter().all(|(_, word)| parameter.allowed.contains(word)), "{place}");
        }
        let schema = operation.schema();
        assert_eq!(schema["additionalProperties"], false);
        let required: Vec<_> = parameters.iter().filter(|p| p.required).map(|p| p.name.as_str()).collect();
        assert_eq!(schema["required"], serde_json::json!(required), "{}", operation.name);
    }
}

#[test]
fn operations_are_found_by_every_spelling() {
    for name in ["Get-AnalyticsRules", "get_analytics_rules", "get_analyticsrules", "GET-ANALYTICSRULES"] {
        assert_eq!(operation(name).map(|operation| operation.name), Some("Get-AnalyticsRules"), "{name}");
    }
    assert_eq!(operation("Set-IncidentOwner").map(|operation| operation.name), Some("Assign-IncidentOwner"));
    assert!(operation("Remove-Everything").is_none());
}

#[test]
fn shapes_of_rows_and_parameters_are_stable() {
    let shapes: Vec<String> = operations()
        .iter()
        .map(|operation| {
            let parameters: Vec<String> = operation
                .parameters()
                .iter()
                .filter(|parameter| !parameter.common)
                .map(|parameter| {
                    let mark = if parameter.required { "!" } else { "" };
                    format!("-{}{mark} {}", parameter.power_shell, parameter.power_shell_type())
                })
                .collect();
            let columns: Vec<String> =
                operation.columns().iter().map(|column| format!("{}:{}", column.name, column.kind)).collect();
            format!("{}\n  {}\n  {}\n", operation.name, parameters.join(", "), columns.join(", "))
        })
        .collect();
    insta::assert_snapshot!(shapes.join("\n"));
}
