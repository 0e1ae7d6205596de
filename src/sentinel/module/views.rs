//! Type names of rows, and the tables they are shown as.

use std::fmt::Write;

use crate::sentinel::{Operation, operations};

/// Columns of a plan that are shown.
const PLAN: &[&str] = &["WorkspaceName", "Summary", "Undo", "Digest"];

/// Type name of an operation's rows.
pub(super) fn type_name(operation: &Operation) -> String {
    if operation.kind.writes() {
        return "SentinelManager.Outcome".to_owned();
    }
    if operation.name.starts_with("Export-") {
        return "SentinelManager.ExportedFile".to_owned();
    }
    let noun = operation.name.split_once('-').map_or(operation.name, |(_, noun)| noun);
    format!("SentinelManager.{noun}")
}

/// The file of views.
pub(super) fn text() -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <!-- This file is made from the definitions of the operations; changes to it are lost. -->\n\
         <Configuration>\n  <ViewDefinitions>\n",
    );
    let mut seen: Vec<String> = Vec::new();
    for operation in operations() {
        let name = type_name(operation);
        if operation.view.is_empty() || seen.contains(&name) {
            continue;
        }
        let numbers: Vec<String> = operation
            .columns()
            .into_iter()
            .filter(|column| matches!(column.kind.as_str(), "integer" | "number"))
            .map(|column| column.name)
            .collect();
        text.push_str(&view(&name, operation.view, &numbers));
        seen.push(name);
    }
    text.push_str(&view("SentinelManager.Plan", PLAN, &[]));
    text.push_str("  </ViewDefinitions>\n</Configuration>\n");
    text
}

fn view(name: &str, columns: &[&str], numbers: &[String]) -> String {
    let mut text = format!(
        "    <View>\n      <Name>{name}</Name>\n      <ViewSelectedBy><TypeName>{name}</TypeName></ViewSelectedBy>\n      \
         <TableControl>\n        <TableHeaders>\n"
    );
    for column in columns {
        let alignment = if numbers.iter().any(|number| number == column) {
            "<TableColumnHeader><Alignment>Right</Alignment></TableColumnHeader>"
        } else {
            "<TableColumnHeader />"
        };
        let _ = writeln!(text, "          {alignment}");
    }
    text.push_str("        </TableHeaders>\n        <TableRowEntries><TableRowEntry><TableColumnItems>\n");
    for column in columns {
        let _ = writeln!(
            text,
            "          <TableColumnItem><PropertyName>{column}</PropertyName></TableColumnItem>"
        );
    }
    text.push_str(
        "        </TableColumnItems></TableRowEntry></TableRowEntries>\n      </TableControl>\n    </View>\n",
    );
    text
}
