//! Queries over the simulator's tables, run by the project's own KQL.

use jiff::Timestamp;
use serde_json::Value;

use crate::kql::{self, Column, Options, Output, Problem, Row, Tables, Type};

/// A column with the type of that name.
pub(super) fn column(name: &str, kind: &str) -> Column {
    Column::new(name, Type::from_word(kind).unwrap_or(Type::String))
}

/// Cells of a row, as their columns take them.
pub(super) fn row<'a>(cells: impl IntoIterator<Item = Option<&'a Value>>, columns: &[Column]) -> Row {
    let cell = |(cell, column): (Option<&Value>, &Column)| {
        kql::Value::from_json(cell.unwrap_or(&Value::Null), column.ty)
    };
    cells.into_iter().zip(columns).map(cell).collect()
}

fn options(now: Timestamp) -> Options {
    Options { now, ..Options::default() }
}

/// Runs a query.
pub(crate) fn run(query: &str, tables: &dyn Tables, now: Timestamp) -> Result<Output, Problem> {
    kql::run(&kql::parse(query)?, tables, &options(now))
}

/// Whether it would run: its syntax, the names and the types in it.
pub(crate) fn check(query: &str, tables: &dyn Tables, now: Timestamp) -> Result<Output, Problem> {
    kql::check(&kql::parse(query)?, tables, &options(now))
}

/// The workspaces that `workspace('...')` names.
pub(crate) fn named_workspaces(query: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = query;
    while let Some(at) = rest.find("workspace(") {
        rest = &rest[at + "workspace(".len()..];
        let text = rest.trim_start();
        let Some(quote) = text.chars().next().filter(|quote| matches!(quote, '\'' | '"')) else { continue };
        if let Some(end) = text[1..].find(quote) {
            names.push(text[1..=end].to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::named_workspaces;

    #[test]
    fn literals_are_found() {
        assert_eq!(
            named_workspaces("union workspace('a').T, workspace( \"b c\").T | where workspace(x)"),
            ["a", "b c"]
        );
        assert!(named_workspaces("T | where workspace('open").is_empty());
    }
}
