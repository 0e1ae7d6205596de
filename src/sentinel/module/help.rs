//! The help of a function, as a comment in it.

use std::fmt::Write;

use super::parameter;
use crate::engine::comment;
use crate::sentinel::{Operation, Parameter, Undo};

/// The comment, without its brackets. `also` are parameters that the function has beside those of the operation.
pub(super) fn text(
    operation: &Operation,
    parameters: &[Parameter],
    also: &[(&str, &str)],
    kind: &str,
) -> String {
    let mut text = String::new();
    let mut section = |name: &str, content: &str| {
        let _ = writeln!(text, ".{name}\n{}", comment(content));
    };
    section("SYNOPSIS", operation.summary);
    section("DESCRIPTION", &description(operation));
    for one in parameters {
        section(&format!("PARAMETER {}", one.power_shell), &meaning(one));
    }
    for (name, meaning) in also {
        section(&format!("PARAMETER {name}"), meaning);
    }
    for example in operation.examples {
        section("EXAMPLE", &format!("{}\n\n{}", example.power_shell, example.about));
    }
    if !operation.fleet {
        section(
            "INPUTS",
            "Objects with properties that have the names of parameters, such as the rows of other functions.",
        );
    }
    let columns: Vec<String> = operation.columns().into_iter().map(|column| column.name).collect();
    section("OUTPUTS", &format!("{kind}: {}", columns.join(", ")));
    if !operation.actions.is_empty() {
        section("NOTES", &format!("Needs these actions of Azure: {}", operation.actions.join(", ")));
    }
    text
}

fn description(operation: &Operation) -> String {
    let mut text = operation.summary.to_owned();
    if !operation.details.is_empty() {
        let _ = write!(text, " {}", operation.details);
    }
    if operation.kind.writes() {
        text.push_str(match operation.undo {
            Undo::Exact => " It can be undone exactly.",
            Undo::Compensating => " It can be undone, with traces.",
            Undo::None => " It cannot be undone: the name of what it ends is wanted in ConfirmName.",
        });
        text.push_str(" It is planned first; -WhatIf shows the plan and does nothing.");
    }
    text
}

fn meaning(one: &Parameter) -> String {
    let mut text = one.help.trim_end_matches('.').to_owned();
    if let Some(default) = parameter::default(one) {
        let _ = write!(text, "; {default} if it is not given");
    }
    text.push('.');
    if !one.allowed.is_empty() {
        let _ = write!(text, " One of: {}.", one.allowed.join(", "));
    }
    text
}
