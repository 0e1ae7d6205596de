//! Log Analytics: queries, metadata, batches; ingestion.

mod cells;
mod derived;
pub(crate) mod engine;
pub(crate) mod feeds;
mod ingest;
mod interim;
mod metadata;
mod query;
mod refusal;
pub(crate) mod schema;
mod several;
mod span;
mod view;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::{Resource, State, WORKSPACE};
use super::world::World;
pub(crate) use derived::FAILING;
use engine::{Column, QueryEngine, QueryError, StoredFunction, Table, Tables};
pub(crate) use ingest::answer as answer_ingest;
pub(crate) use query::answer as answer_query;
use view::View;

/// What runs the queries.
const ENGINE: &dyn QueryEngine = &interim::Interim;

/// Whether a query would run in a workspace.
pub(crate) fn check(
    _world: &World,
    state: &State,
    workspace: &Resource,
    query: &str,
    now: Timestamp,
) -> Result<(), QueryError> {
    ENGINE.check(query, &View::new(state, workspace, now), now)
}

/// The only table of a transform.
struct Source<'a> {
    columns: &'a [(String, String)],
    rows: Vec<Vec<Value>>,
}

impl Tables for Source<'_> {
    fn columns(&self, table: &str) -> Option<Vec<Column>> {
        let column = |(name, kind): &(String, String)| Column { name: name.clone(), kind: kind.clone() };
        (table == "source").then(|| self.columns.iter().map(column).collect())
    }

    fn rows(&self, _table: &str) -> Vec<Vec<Value>> {
        self.rows.clone()
    }

    fn function(&self, _name: &str) -> Option<StoredFunction> {
        None
    }

    fn watchlist(&self, _alias: &str) -> Option<Table> {
        None
    }

    fn names(&self) -> Vec<String> {
        vec!["source".to_owned()]
    }
}

/// Whether a transform would run on a stream with these columns.
pub(crate) fn check_transform(
    _world: &World,
    transform: &str,
    columns: &[(String, String)],
    now: Timestamp,
) -> Result<(), QueryError> {
    ENGINE.check(transform, &Source { columns, rows: Vec::new() }, now)
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
