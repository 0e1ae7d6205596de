//! Help that is made from the operations.

use std::fmt::Write;

use runspaced::sentinel::{Kind, Operation, Undo, operations};
use serde_json::json;

use super::show::Form;
use crate::config::Connected;

/// What the verb does.
pub fn overview() -> String {
    let mut text = String::from(
        "Operations on Microsoft Sentinel, from a terminal\n\n\
         Usage: runspaced sentinel OPERATION [--parameter VALUE]... [--json | --csv | --table]\n       \
         runspaced sentinel OPERATION ... --apply DIGEST [--confirm NAME]\n       \
         runspaced sentinel list | check | doctor | journal | undo ENTRY [--apply DIGEST]\n\n\
         A write answers with its plan; nothing is done until it is called again with the plan's digest.\n\n",
    );
    text.push_str(&table());
    text.push_str(
        "\nOPERATION --help explains one. check shows who signs in, doctor which role is missing where, journal what was written, undo takes an entry of it back.\n\n\
         Example:\n  runspaced sentinel get_sentinel_incidents --workspace-name '*' --status New --severity High\n",
    );
    text
}

/// The operations.
pub fn list(form: Form) -> String {
    if form == Form::Table {
        return table();
    }
    let all: Vec<_> = operations()
        .iter()
        .map(|operation| {
            json!({
                "name": operation.name, "tool": operation.tool, "aliases": operation.aliases, "family": operation.family,
                "summary": operation.summary, "kind": operation.kind, "costly": operation.costly, "undo": operation.undo,
                "actions": operation.actions, "parameters": operation.parameters(), "columns": operation.columns(),
            })
        })
        .collect();
    format!("{:#}\n", json!(all))
}

fn table() -> String {
    let mut text = String::new();
    let mut family = "";
    for operation in operations() {
        if operation.family != family {
            family = operation.family;
            let _ = writeln!(text, "{}{family}", if text.is_empty() { "" } else { "\n" });
        }
        let mark = match operation.kind {
            Kind::Read => ' ',
            Kind::Idempotent | Kind::Write => '*',
            Kind::Destructive => '!',
        };
        let _ = writeln!(text, " {mark} {:28} {:28} {}", operation.name, operation.tool, operation.summary);
    }
    text.push_str("\n* writes   ! ends something\n");
    text
}

/// One operation.
pub fn operation(operation: &Operation) -> String {
    let mut text = format!("{} ({})\n\n{}\n", operation.name, operation.tool, operation.summary);
    if !operation.details.is_empty() {
        let _ = writeln!(text, "{}", operation.details);
    }
    if operation.kind.writes() {
        let undo = match operation.undo {
            Undo::Exact => "It can be undone exactly.",
            Undo::Compensating => "It can be undone, with traces.",
            Undo::None => "It cannot be undone: the name of what it ends is wanted in --confirm.",
        };
        let _ = writeln!(text, "\nIt writes: without --apply it answers with its plan. {undo}");
    }
    let parameters = operation.parameters();
    for (title, common) in [("Parameters", false), ("Parameters of all operations", true)] {
        if !parameters.iter().any(|parameter| parameter.common == common) {
            continue;
        }
        let _ = writeln!(text, "\n{title}:");
        for parameter in parameters.iter().filter(|parameter| parameter.common == common) {
            let mark = if parameter.required { " (wanted)" } else { "" };
            let name = parameter.name.replace('_', "-");
            let _ = writeln!(text, "  --{name} <{}>{mark}", parameter.power_shell_type());
            let allowed = if parameter.allowed.is_empty() {
                String::new()
            } else {
                format!(" [{}]", parameter.allowed.join(", "))
            };
            let default =
                parameter.default.as_ref().map(|value| format!(" [default: {value}]")).unwrap_or_default();
            let _ = writeln!(text, "      {}{allowed}{default}", parameter.help);
        }
    }
    let columns: Vec<String> = operation.columns().into_iter().map(|column| column.name).collect();
    let _ = writeln!(text, "\nColumns: {}", columns.join(", "));
    let _ = writeln!(text, "Needs: {}", operation.actions.join(", "));
    let _ = writeln!(text, "\nIn PowerShell:");
    for example in operation.examples {
        let _ = writeln!(text, "  # {}\n  {}", example.about, example.power_shell);
    }
    text
}

/// Who signs in, and where.
pub fn identities(connected: &Connected) -> String {
    let mut text = format!("cloud: {}\n", json!(connected.cloud).as_str().unwrap_or_default());
    for (label, chain) in &connected.identities {
        let _ = writeln!(text, "{label}: {}", chain.join(", then "));
    }
    for note in &connected.notes {
        let _ = writeln!(text, "note: {note}");
    }
    let _ = writeln!(text, "journal: {}", connected.sentinel.journal().folder().display());
    text
}
