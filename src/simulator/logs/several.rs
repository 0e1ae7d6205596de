//! Several workspaces as one: tables of one name are one table.

use std::sync::Arc;

use super::kusto::Needed;
use super::view::View;
use crate::kql::{self, Column, Row, StoredFunction, Table, Tables, Value};

/// The workspaces of a query.
pub(super) struct Several<'a> {
    /// The workspace of the request first: functions and watchlists are its own.
    pub views: Vec<View<'a>>,
    /// Those that the query names itself, by the names it uses.
    pub named: Vec<(String, View<'a>)>,
}

impl Several<'_> {
    /// Only the cells of these columns.
    pub fn needing(self, needed: &Option<Arc<Needed>>) -> Self {
        Self {
            views: self.views.into_iter().map(|view| view.needing(needed.clone())).collect(),
            named: self.named.into_iter().map(|(name, view)| (name, view.needing(needed.clone()))).collect(),
        }
    }
}

impl Tables for Several<'_> {
    fn schema(&self, table: &str) -> Option<Vec<Column>> {
        let mut all: Option<Vec<Column>> = None;
        for columns in self.views.iter().filter_map(|view| view.schema(table)) {
            let all = all.get_or_insert_with(Vec::new);
            for column in columns {
                if !all.iter().any(|known| known.name == column.name) {
                    all.push(column);
                }
            }
        }
        all
    }

    fn rows(&self, table: &str) -> kql::Result<Vec<Row>> {
        let all = self.schema(table).unwrap_or_default();
        let mut rows = Vec::new();
        for view in &self.views {
            let Some(columns) = view.schema(table) else { continue };
            let places: Vec<Option<usize>> =
                all.iter().map(|column| columns.iter().position(|own| own.name == column.name)).collect();
            let laid_out = |row: Row| -> Row {
                let cell = |(place, column): (&Option<usize>, &Column)| {
                    place.and_then(|at| row.get(at).cloned()).unwrap_or_else(|| column.ty.nothing())
                };
                places.iter().zip(&all).map(cell).collect()
            };
            let own = view.rows(table)?;
            if columns == all {
                rows.extend(own);
            } else {
                rows.extend(own.into_iter().map(laid_out));
            }
        }
        Ok(rows)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.views.iter().flat_map(View::names).collect();
        names.sort();
        names.dedup();
        names
    }

    fn function(&self, name: &str) -> Option<StoredFunction> {
        self.views.first()?.function(name)
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Option<kql::Result<Table>> {
        self.views.first()?.call(name, arguments)
    }

    fn elsewhere(&self, kind: &str, name: &str) -> Option<&dyn Tables> {
        let found = self.named.iter().find(|(known, _)| kind == "workspace" && known == name);
        found.map(|(_, view)| view as &dyn Tables)
    }
}
