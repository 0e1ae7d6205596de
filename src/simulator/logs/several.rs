//! Several workspaces as one: tables of one name are one table.

use serde_json::Value;

use super::engine::{Column, StoredFunction, Table, Tables};
use super::view::View;

/// The workspace of the request first: functions and watchlists are its own.
pub(super) struct Several<'a>(pub Vec<View<'a>>);

impl Tables for Several<'_> {
    fn columns(&self, table: &str) -> Option<Vec<Column>> {
        let mut all: Option<Vec<Column>> = None;
        for columns in self.0.iter().filter_map(|view| view.columns(table)) {
            let all = all.get_or_insert_with(Vec::new);
            for column in columns {
                if !all.iter().any(|known| known.name == column.name) {
                    all.push(column);
                }
            }
        }
        all
    }

    fn rows(&self, table: &str) -> Vec<Vec<Value>> {
        let all = self.columns(table).unwrap_or_default();
        let mut rows = Vec::new();
        for view in &self.0 {
            let Some(columns) = view.columns(table) else { continue };
            if columns == all {
                rows.extend(view.rows(table));
                continue;
            }
            let places: Vec<Option<usize>> =
                all.iter().map(|column| columns.iter().position(|own| own.name == column.name)).collect();
            rows.extend(view.rows(table).into_iter().map(|row| {
                places
                    .iter()
                    .map(|place| place.and_then(|at| row.get(at).cloned()).unwrap_or(Value::Null))
                    .collect()
            }));
        }
        rows
    }

    fn function(&self, name: &str) -> Option<StoredFunction> {
        self.0.first()?.function(name)
    }

    fn watchlist(&self, alias: &str) -> Option<Table> {
        self.0.first()?.watchlist(alias)
    }

    fn names(&self) -> Vec<String> {
        self.0.iter().flat_map(View::names).collect()
    }
}
