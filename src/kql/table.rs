//! Tables: what a query reads and what it gives.

use super::error::Result;
use super::value::{Type, Value};

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

impl Column {
    /// A column of this name and type.
    pub fn new(name: impl Into<String>, ty: Type) -> Self {
        Self { name: name.into(), ty }
    }
}

/// The cells of a row, in the order of the columns.
pub type Row = Vec<Value>;

/// Columns and rows.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Row>,
    /// More columns may be there that only data can tell (`bag_unpack`, `pivot` over no rows): names that are not known
    /// are dynamic nulls instead of errors.
    pub open: bool,
    /// The order of the rows means something: `sort`, `serialize` or `range` came last.
    pub ordered: bool,
}

impl Table {
    /// An empty table of these columns.
    pub fn empty(columns: Vec<Column>) -> Self {
        Self { columns, ..Self::default() }
    }

    /// A table of these columns and rows.
    pub fn new(columns: Vec<Column>, rows: Vec<Row>) -> Self {
        Self { columns, rows, ..Self::default() }
    }

    /// Where the column of this name is.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The rows as JSON arrays, the way the query service answers: dynamic cells as JSON text, times as ISO text.
    pub fn json_rows(&self) -> Vec<serde_json::Value> {
        use super::value::json::{text, to_json};
        let cell = |column: &Column, value: &Value| match (column.ty, value) {
            (Type::Dynamic, Value::Array(_) | Value::Bag(_)) => text(value).into(),
            (Type::Dynamic, Value::Null) => serde_json::Value::Null,
            (Type::Dynamic, other) => other.to_text().as_ref().into(),
            _ => to_json(value),
        };
        self.rows.iter().map(|row| self.columns.iter().zip(row).map(|(c, v)| cell(c, v)).collect()).collect()
    }
}

/// A function that is stored beside the tables, such as a workspace function or a parser.
#[derive(Clone, Debug, Default)]
pub struct StoredFunction {
    /// Its parameters as they are declared, such as `days: int = 7, name: string`.
    pub parameters: String,
    /// The query that it stands for.
    pub body: String,
}

/// Where a query finds its tables. A simulator implements it over its rows, a preflight over schemas alone.
pub trait Tables {
    /// The columns of a table, or `None` if there is no such table. Names are case-sensitive.
    fn schema(&self, table: &str) -> Option<Vec<Column>>;

    /// The table has more columns than its schema tells, or none is known: unknown names are dynamic nulls.
    fn is_open(&self, table: &str) -> bool {
        let _ = table;
        false
    }

    /// The rows of a table, cells in the order of [`Tables::schema`]. Only asked for tables that have a schema.
    ///
    /// # Errors
    /// What keeps the rows from being read; it ends the query.
    fn rows(&self, table: &str) -> Result<Vec<Row>>;

    /// The names of all tables: for wildcards, `search`, and what was probably meant.
    fn names(&self) -> Vec<String>;

    /// A function that is stored beside the tables.
    fn function(&self, name: &str) -> Option<StoredFunction> {
        let _ = name;
        None
    }

    /// A table that comes from a call, such as `_GetWatchlist('alias')`. `None`: there is no such function.
    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Table>> {
        let _ = (name, arguments);
        None
    }

    /// The content behind the addresses of `externaldata`, one text an address; `None`: nothing is fetched, the table is
    /// empty.
    fn external(&self, address: &str) -> Option<Result<String>> {
        let _ = address;
        None
    }

    /// The tables of another place: `workspace("name")`, `app(...)`, `cluster(...)`, `database(...)`. `kind` is the function.
    fn elsewhere(&self, kind: &str, name: &str) -> Option<&dyn Tables> {
        let _ = (kind, name);
        None
    }
}

/// Tables in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryTables {
    tables: indexmap::IndexMap<String, Table>,
    functions: indexmap::IndexMap<String, StoredFunction>,
    watchlists: indexmap::IndexMap<String, Table>,
}

impl MemoryTables {
    /// No tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a table; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, table: Table) -> Self {
        self.tables.insert(name.into(), table);
        self
    }

    /// With a stored function.
    #[must_use]
    pub fn with_function(mut self, name: impl Into<String>, function: StoredFunction) -> Self {
        self.functions.insert(name.into(), function);
        self
    }

    /// With a watchlist, read by `_GetWatchlist('alias')`.
    #[must_use]
    pub fn with_watchlist(mut self, alias: impl Into<String>, table: Table) -> Self {
        self.watchlists.insert(alias.into(), table);
        self
    }
}

impl Tables for MemoryTables {
    fn schema(&self, table: &str) -> Option<Vec<Column>> {
        self.tables.get(table).map(|table| table.columns.clone())
    }

    fn rows(&self, table: &str) -> Result<Vec<Row>> {
        Ok(self.tables.get(table).map(|table| table.rows.clone()).unwrap_or_default())
    }

    fn names(&self) -> Vec<String> {
        self.tables.keys().cloned().collect()
    }

    fn function(&self, name: &str) -> Option<StoredFunction> {
        self.functions.get(name).cloned()
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Option<Result<Table>> {
        if name != "_GetWatchlist" {
            return None;
        }
        self.watchlists.get(arguments.first()?.as_str()?).cloned().map(Ok)
    }
}
