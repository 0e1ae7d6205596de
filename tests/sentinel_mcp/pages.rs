//! `docs/tools`: a page for each family, made of the operations. With `UPDATE_DOCS=1` this writes what it otherwise checks.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use runspaced::azure::smallest_role;
use runspaced::sentinel::{Kind, Operation, Parameter, Undo, operations};
use serde_json::Value;

use crate::server::{Setting, named, tools};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_those_of_the_operations() {
    let setting = Setting::start().await;
    let mut client = setting.server(&["--allow-writes"]);
    let listed = tools(&mut client);
    client.finish();
    let mut families: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in operations() {
        families.entry(operation.family).or_default().push(operation);
    }
    let mut pages = BTreeMap::from([("README.md".to_owned(), overview(&families, &listed))]);
    for (family, operations) in &families {
        pages.insert(format!("{family}.md"), page(family, operations, &listed));
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/tools");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        write(&folder, &pages);
    }
    for (name, page) in &pages {
        let there = std::fs::read_to_string(folder.join(name)).unwrap_or_default().replace('\r', "");
        assert!(
            there == *page,
            "docs/tools/{name} is not up to date: UPDATE_DOCS=1 cargo test --test sentinel_mcp pages"
        );
    }
    let files = std::fs::read_dir(&folder).expect("is there").flatten();
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        assert!(pages.contains_key(&name), "docs/tools/{name} belongs to no family");
    }
}

fn write(folder: &Path, pages: &BTreeMap<String, String>) {
    std::fs::create_dir_all(folder).expect("a folder");
    for file in std::fs::read_dir(folder).expect("is there").flatten() {
        std::fs::remove_file(file.path()).expect("is removed");
    }
    for (name, page) in pages {
        std::fs::write(folder.join(name), page).expect("is written");
    }
}

const MADE: &str =
    "<!-- Made of the operations by: UPDATE_DOCS=1 cargo test --test sentinel_mcp pages -->\n\n";

fn does(operation: &Operation) -> &'static str {
    match operation.kind {
        Kind::Read => "reads",
        Kind::Idempotent => "sets",
        Kind::Write => "writes",
        Kind::Destructive => "ends",
    }
}

fn undo(operation: &Operation) -> &'static str {
    match (operation.kind, operation.undo) {
        (Kind::Read, _) => "",
        (_, Undo::Exact) => "exact",
        (_, Undo::Compensating) => "compensating",
        (_, Undo::None) => "none",
    }
}

fn overview(families: &BTreeMap<&str, Vec<&Operation>>, listed: &[Value]) -> String {
    let mut text = format!(
        "{MADE}# Operations on Microsoft Sentinel\n\n\
         Each is a tool of the MCP server, a function in PowerShell and a command of the terminal, under the same names. \
         [Sentinel](../sentinel.md) has set-up, workspaces and writing; here is each with its parameters.\n\n\
         *Undo* says how far a change can be taken back. A change is planned first, in every place.\n"
    );
    for (family, operations) in families {
        let _ = write!(
            text,
            "\n## [{family}]({family}.md)\n\n| tool | function | does | undo | |\n| --- | --- | --- | --- | --- |\n"
        );
        for operation in operations {
            let _ = writeln!(
                text,
                "| [`{tool}`]({family}.md#{tool}) | `{}` | {} | {} | {} |",
                operation.name,
                does(operation),
                undo(operation),
                cell(operation.summary),
                tool = operation.tool,
            );
        }
    }
    text.push_str("\n## Tools beside the operations\n\n| tool | |\n| --- | --- |\n");
    for name in ["list_journal", "undo_change", "cache_status", "cache_clear", "get_result"] {
        let description =
            named(listed, name).and_then(|tool| tool["description"].as_str()).expect("is listed");
        let _ = writeln!(text, "| `{name}` | {} |", cell(description));
    }
    text
}

fn page(family: &str, operations: &[&Operation], listed: &[Value]) -> String {
    let mut text = format!("{MADE}# {family}\n");
    for operation in operations {
        let tool = named(listed, operation.tool).expect("is listed");
        let _ = write!(text, "\n## {}\n\n`{}`", operation.tool, operation.name);
        for alias in operation.aliases {
            let _ = write!(text, ", `{alias}`");
        }
        let _ = writeln!(text, "\n\n{}", [operation.summary, operation.details].join(" ").trim());
        if operation.kind.writes() {
            let says = match operation.undo {
                Undo::Exact => "It can be undone exactly.",
                Undo::Compensating => "It can be undone, with traces.",
                Undo::None => "It cannot be undone, and wants the name of what it ends in `confirm`.",
            };
            let costly = if operation.costly { " It can cost money or lose data." } else { "" };
            let _ = writeln!(
                text,
                "\nIt answers with a plan, and is applied by the plan's digest (`plan_digest`). {says}{costly}"
            );
        }
        parameters(&mut text, operation);
        let columns: Vec<String> =
            operation.columns().iter().map(|column| format!("`{}`", column.name)).collect();
        if !operation.kind.writes() && !columns.is_empty() {
            let _ = writeln!(text, "\nRows have {}.", columns.join(", "));
        }
        needs(&mut text, operation);
        let description = tool["description"].as_str().unwrap_or_default();
        if let Some((_, example)) = description.split_once("Example: ") {
            let _ = writeln!(text, "\n```json\n{example}\n```");
        }
        text.push_str("\n```powershell\n");
        for example in operation.examples {
            let _ = writeln!(text, "# {}\n{}", example.about, example.power_shell);
        }
        text.push_str("```\n");
    }
    text
}

fn parameters(text: &mut String, operation: &Operation) {
    let own: Vec<&Parameter> = operation.parameters().iter().filter(|parameter| !parameter.common).collect();
    if !own.is_empty() {
        text.push_str("\n| parameter | takes | |\n| --- | --- | --- |\n");
    }
    for parameter in own {
        let takes = match parameter.allowed.as_slice() {
            [] => parameter.kind.clone(),
            words => words.join(", "),
        };
        let takes = if parameter.many { format!("list: {takes}") } else { takes };
        let wanted = if parameter.required { " **wanted**" } else { "" };
        let default =
            parameter.default.as_ref().map(|value| format!(" (default {value})")).unwrap_or_default();
        let _ = writeln!(
            text,
            "| `{}` | {}{wanted} | {}{default} |",
            parameter.name,
            cell(&takes),
            cell(&parameter.help)
        );
    }
    let common: Vec<String> = operation
        .parameters()
        .iter()
        .filter(|parameter| parameter.common && parameter.name != "show_header")
        .map(|parameter| format!("`{}`", parameter.name))
        .collect();
    if !common.is_empty() {
        let _ = writeln!(text, "\nAs all: {}.", common.join(", "));
    }
}

fn needs(text: &mut String, operation: &Operation) {
    let mut roles: Vec<&str> =
        operation.actions.iter().filter_map(|action| smallest_role(action)).map(|role| role.name).collect();
    roles.sort_unstable();
    roles.dedup();
    let actions: Vec<String> = operation.actions.iter().map(|action| format!("`{action}`")).collect();
    let _ = writeln!(text, "\nNeeds {}: {}.", roles.join(", "), actions.join(", "));
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
