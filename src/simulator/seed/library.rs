//! Content that workspaces are filled with.

use serde_json::Value;

use crate::simulator::exchange::Object;

/// An analytics rule: its id, its kind, its properties as ARM has them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    pub id: String,
    pub kind: &'static str,
    pub properties: Object,
}

/// A saved search: its id and its properties.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Search {
    pub id: String,
    pub properties: Value,
}

/// A watchlist: its alias, name, description, search key, and its rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Watchlist {
    pub alias: String,
    pub name: String,
    pub description: String,
    pub key: String,
    pub rows: Vec<Object>,
}

/// A workbook: its name and its content as a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Workbook {
    pub name: String,
    pub content: String,
}

/// A summary rule: its name and definition.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Summary {
    pub name: String,
    pub properties: Value,
}

/// A custom table: its name and columns (name, type as tables write it).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CustomTable {
    pub name: String,
    pub columns: Vec<(String, String)>,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Library {
    pub rules: Vec<Rule>,
    pub searches: Vec<Search>,
    pub watchlists: Vec<Watchlist>,
    pub workbooks: Vec<Workbook>,
    pub automation: Vec<(String, Value)>,
    pub summaries: Vec<Summary>,
    pub tables: Vec<CustomTable>,
}
