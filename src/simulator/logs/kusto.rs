//! Queries over the simulator's tables, run by the project's own KQL.

use std::collections::HashSet;

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

/// The columns that a query can tell apart from empty ones.
pub(crate) struct Needed {
    /// Every word of the query.
    words: HashSet<String>,
    /// The columns of the results, which may be named after one of a table: `Name1` of a join.
    results: Vec<String>,
}

impl Needed {
    /// `None` where all may be.
    pub(crate) fn of(text: &str, tables: &dyn Tables, now: Timestamp) -> Option<Self> {
        let query = kql::parse(text).ok()?;
        let found = kql::analysis::references(&query);
        let looks_everywhere =
            found.operators.iter().any(|used| ["search", "find", "evaluate", "invoke"].contains(&used.word))
                || found.built_in.iter().any(|function| function == "pack_all");
        // What stored functions read is not in the text.
        let calls = !found.functions.is_empty()
            || found.tables.iter().any(|table| tables.function(&table.name).is_some());
        if text.contains('*') || looks_everywhere || calls {
            return None;
        }
        let output = kql::check(&query, tables, &options(now)).ok()?;
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let words = words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let columns = output.tables.into_iter().flat_map(|table| table.columns);
        Some(Self { words, results: columns.map(|column| column.name).collect() })
    }

    /// The cells of this column matter.
    pub(crate) fn has(&self, column: &str) -> bool {
        column == "TimeGenerated"
            || self.words.contains(column)
            || self.results.iter().any(|result| result.starts_with(column))
    }
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
