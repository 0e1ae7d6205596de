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

/// The workspaces that `workspace('...')` names. A text that is no query names none.
pub(crate) fn named_workspaces(query: &str) -> Vec<String> {
    let Ok(query) = kql::parse(query) else { return Vec::new() };
    let mut names: Vec<String> = Vec::new();
    for table in kql::analysis::references(&query).tables {
        let name = table.place.as_deref().and_then(workspace_of);
        if let Some(name) = name
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// The name in `workspace("name")`, which is how places are written, unless it is computed.
fn workspace_of(place: &str) -> Option<String> {
    let (name, _) = place.strip_prefix("workspace(\"")?.split_once("\")")?;
    (name != "...").then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::named_workspaces;

    #[test]
    fn literals_are_found() {
        assert_eq!(
            named_workspaces("union workspace('a').T, workspace( \"b c\").T // workspace('comment').T"),
            ["a", "b c"]
        );
        assert_eq!(
            named_workspaces("let other = workspace('a').T; other | join (workspace('b').U) on Id"),
            ["a", "b"]
        );
        assert!(named_workspaces("T | where Text == \"workspace('x').T\"").is_empty());
        assert!(named_workspaces("workspace('open").is_empty());
    }
}
