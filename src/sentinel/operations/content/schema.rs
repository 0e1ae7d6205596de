//! What a workspace has, as queries see it: tables with their columns and plans, functions, watchlists.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::azure::Surface;
use crate::kql::{self, Column, Row, StoredFunction, Table, Tables, Type};
use crate::sentinel::Result;
use crate::sentinel::cache::Family;
use crate::sentinel::target::{Object, Target};

/// Columns that every table has, beside those that Azure lists.
const EVERYWHERE: [(&str, Type); 8] = [
    ("TimeGenerated", Type::DateTime),
    ("Type", Type::String),
    ("TenantId", Type::String),
    ("SourceSystem", Type::String),
    ("_ResourceId", Type::String),
    ("_SubscriptionId", Type::String),
    ("_IsBillable", Type::String),
    ("_BilledSize", Type::Real),
];
/// How names of functions begin that come with Sentinel and are in no list.
const BUILT_IN: [&str; 3] = ["_Im_", "_ASim_", "_Get"];
/// Beginnings of names of parsers that come with Sentinel, and of the same parsers where a workspace has its own.
const PARSERS: [(&str, &str); 2] = [("_Im_", "im"), ("_ASim_", "ASim")];

/// The tables, functions and watchlists of a workspace.
#[derive(Debug, Default)]
pub(super) struct Schema {
    tables: IndexMap<String, (Vec<Column>, String)>,
    functions: BTreeMap<String, StoredFunction>,
    watchlists: Vec<String>,
    /// Other workspaces that queries name.
    others: BTreeMap<String, Other>,
}

/// Another workspace.
#[derive(Debug)]
pub(super) enum Other {
    Seen(Box<Schema>),
    /// Why it was not looked at.
    NotSeen(String),
}

impl Schema {
    /// Reads it; tables and functions are cached for some minutes.
    pub(super) async fn read(target: &Target) -> Result<Self> {
        let workspace = &target.workspace.id;
        let list = |path: &str| target.get(&workspace.child(&[path]), Surface::OperationalInsights);
        let watchlists = target.get(&target.sentinel(&["watchlists"]), Surface::SecurityInsights);
        let (tables, searches, watchlists) = tokio::join!(
            target.list(Family::Tables, list("tables")),
            target.list(Family::SavedSearches, list("savedSearches")),
            target.client.list(&target.scope, watchlists)
        );
        let mut schema = Self::default();
        for raw in tables?.iter() {
            let table = Object::of(raw)?;
            let plan = table.text("/properties/plan").unwrap_or_else(|| "Analytics".to_owned());
            schema.tables.insert(table.name(), (columns(&table), plan));
        }
        for raw in searches?.iter() {
            let search = Object::of(raw)?;
            if let Some(alias) = search.property("functionAlias").filter(|alias| !alias.is_empty()) {
                let function = StoredFunction {
                    parameters: search.property("functionParameters").unwrap_or_default(),
                    body: search.property("query").unwrap_or_default(),
                };
                schema.functions.insert(alias, function);
            }
        }
        for raw in watchlists? {
            schema.watchlists.push(Object::of(&raw)?.name());
        }
        Ok(schema)
    }

    /// Reads what other workspaces have, by the names that queries give them.
    pub(super) async fn read_others(&mut self, target: &Target, names: &[&str]) {
        let others = names.iter().map(|name| async move {
            let seen = match target.other(name) {
                Ok(other) => Self::read(&other).await,
                Err(error) => Err(error),
            };
            let other = match seen {
                Ok(schema) => Other::Seen(Box::new(schema)),
                Err(error) => Other::NotSeen(error.to_string()),
            };
            ((*name).to_owned(), other)
        });
        self.others.extend(futures_util::future::join_all(others).await);
    }

    pub(super) fn other(&self, name: &str) -> Option<&Other> {
        self.others.get(name)
    }

    /// The workspace's own function in place of a parser that comes with Sentinel.
    pub(super) fn own_parser(&self, name: &str) -> Option<&str> {
        let mut own = PARSERS.iter().filter_map(|(begins, own)| {
            let rest = name.strip_prefix(begins)?;
            self.functions.get_key_value(&format!("{own}{rest}"))
        });
        own.next().map(|(name, _)| name.as_str())
    }

    /// The plan of a table; `None` if there is no such table.
    pub(super) fn plan(&self, table: &str) -> Option<&str> {
        self.tables.get(table).map(|(_, plan)| plan.as_str())
    }

    pub(super) fn has_function(&self, name: &str) -> bool {
        self.functions.contains_key(name)
    }

    pub(super) fn has_watchlist(&self, alias: &str) -> bool {
        self.watchlists.iter().any(|own| own.eq_ignore_ascii_case(alias))
    }

    /// The table or function with the most similar name.
    pub(super) fn nearest(&self, name: &str) -> Option<&str> {
        crate::nearest::nearest(
            name,
            self.tables.keys().map(String::as_str).chain(self.functions.keys().map(String::as_str)),
        )
    }

    /// The watchlist with the most similar alias.
    pub(super) fn nearest_watchlist(&self, alias: &str) -> Option<&str> {
        crate::nearest::nearest(alias, self.watchlists.iter().map(String::as_str))
    }
}

/// Whether a function comes with Sentinel, so that no list has it.
pub(super) fn is_built_in(function: &str) -> bool {
    BUILT_IN.iter().any(|start| function.starts_with(start))
}

fn columns(table: &Object) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let listed = ["standardColumns", "columns"]
        .into_iter()
        .flat_map(|part| table.at(&format!("/properties/schema/{part}")).as_array().into_iter().flatten());
    for column in listed {
        let name = column["name"].as_str().unwrap_or_default();
        let kind = column["type"].as_str().unwrap_or_default().to_ascii_lowercase();
        if !columns.iter().any(|known| known.name == name) {
            columns.push(Column::new(name, Type::from_word(&kind).unwrap_or(Type::Dynamic)));
        }
    }
    for (name, kind) in EVERYWHERE {
        if !columns.iter().any(|known| known.name == name) {
            columns.push(Column::new(name, kind));
        }
    }
    columns
}

/// A schema in which some tables that are not there pass for tables of unknown columns, so that the rest of a query can be
/// looked at all the same.
pub(super) struct Lenient<'a> {
    pub(super) schema: &'a Schema,
    pub(super) missing: Vec<String>,
    /// The workspace's own functions stand for parsers that come with Sentinel.
    pub(super) parsers: bool,
}

impl Tables for Lenient<'_> {
    fn schema(&self, table: &str) -> Option<Vec<Column>> {
        match self.schema.tables.get(table) {
            Some((columns, _)) => Some(columns.clone()),
            None => self.is_open(table).then(Vec::new),
        }
    }

    fn is_open(&self, table: &str) -> bool {
        self.missing.iter().any(|missing| missing == table)
    }

    fn rows(&self, _table: &str) -> kql::Result<Vec<Row>> {
        Ok(Vec::new())
    }

    fn names(&self) -> Vec<String> {
        self.schema.tables.keys().cloned().collect()
    }

    fn function(&self, name: &str) -> Option<StoredFunction> {
        let own = || self.schema.own_parser(name).filter(|_| self.parsers);
        let stored = self.schema.functions.get(name);
        stored.or_else(|| self.schema.functions.get(own()?)).cloned()
    }

    fn call(&self, name: &str, _arguments: &[kql::Value]) -> Option<kql::Result<Table>> {
        let known = is_built_in(name) || self.missing.iter().any(|missing| missing == name);
        known.then(|| Ok(Table { open: true, ..Table::default() }))
    }

    fn elsewhere(&self, kind: &str, name: &str) -> Option<&dyn Tables> {
        match self.schema.other(name) {
            Some(Other::Seen(schema)) if kind == "workspace" => Some(&**schema),
            _ => Some(&Unknown),
        }
    }
}

/// As a query of another workspace sees it. What is not there is reported once, and passes for anything then.
impl Tables for Schema {
    fn schema(&self, table: &str) -> Option<Vec<Column>> {
        Some(self.tables.get(table).map(|(columns, _)| columns.clone()).unwrap_or_default())
    }

    fn is_open(&self, table: &str) -> bool {
        !self.tables.contains_key(table)
    }

    fn rows(&self, _table: &str) -> kql::Result<Vec<Row>> {
        Ok(Vec::new())
    }

    fn names(&self) -> Vec<String> {
        self.tables.keys().cloned().collect()
    }
}

/// Another place, of which nothing is known.
struct Unknown;

impl Tables for Unknown {
    fn schema(&self, _table: &str) -> Option<Vec<Column>> {
        Some(Vec::new())
    }

    fn is_open(&self, _table: &str) -> bool {
        true
    }

    fn rows(&self, _table: &str) -> kql::Result<Vec<Row>> {
        Ok(Vec::new())
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}
