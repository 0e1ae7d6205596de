//! Log Analytics: queries, metadata, batches; ingestion.

mod cells;
mod derived;
pub(crate) mod feeds;
mod ingest;
pub(crate) mod kusto;
mod metadata;
mod query;
mod refusal;
pub(crate) mod schema;
mod several;
mod span;
mod view;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::exchange::Object;
use super::state::{Resource, State, WORKSPACE};
use super::world::World;
pub(crate) use derived::FAILING;
pub(crate) use ingest::answer as answer_ingest;
pub(crate) use query::answer as answer_query;
use several::Several;
use view::View;

use crate::kql::{Column, MemoryTables, Problem, Table, Tables as _};

/// Whether a query would run in a workspace.
pub(crate) fn check(state: &State, workspace: &Resource, query: &str, now: Timestamp) -> Result<(), Problem> {
    let named = kusto::named_workspaces(query).into_iter().filter_map(|name| {
        let view = View::new(state, find_workspace(state, &name)?, now);
        Some((name, view))
    });
    let tables = Several { views: vec![View::new(state, workspace, now)], named: named.collect() };
    kusto::check(query, &tables, now).map(|_| ())
}

/// A workspace by id, `customerId` or name.
pub(crate) fn find_workspace<'a>(state: &'a State, name: &str) -> Option<&'a Resource> {
    state.get(name).or_else(|| state.workspace_of(name)).or_else(|| {
        state.below("/subscriptions", WORKSPACE).find(|workspace| workspace.name().eq_ignore_ascii_case(name))
    })
}

/// A transform sees one table, `source`.
fn source(columns: &[(String, String)], rows: &[Object]) -> MemoryTables {
    let typed: Vec<Column> = columns.iter().map(|(name, kind)| kusto::column(name, kind)).collect();
    let rows =
        rows.iter().map(|row| kusto::row(columns.iter().map(|(name, _)| row.get(name)), &typed)).collect();
    MemoryTables::new().with("source", Table::new(typed, rows))
}

/// Whether a transform would run on a stream with these columns.
pub(crate) fn check_transform(
    transform: &str,
    columns: &[(String, String)],
    now: Timestamp,
) -> Result<(), Problem> {
    kusto::check(transform, &source(columns, &[]), now).map(|_| ())
}

/// Number of rows of every table that has some, by workspace.
pub(crate) fn row_counts(world: &World) -> Value {
    let (state, now) = (world.state.read(), world.clock.now());
    let mut counts = serde_json::Map::new();
    for workspace in state.below("/subscriptions", WORKSPACE) {
        let view = View::new(&state, workspace, now);
        let mut tables = serde_json::Map::new();
        for name in view.names() {
            let rows = view.count(&name);
            if rows > 0 {
                tables.insert(name, json!(rows));
            }
        }
        counts.insert(workspace.id.clone(), Value::Object(tables));
    }
    Value::Object(counts)
}
