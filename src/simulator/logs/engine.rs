//! The seam to whatever runs queries: tables go in, a table or an error comes out.

use jiff::Timestamp;
use serde_json::Value;

/// A column: its name, and its type as queries know it (`string`, `datetime`, `dynamic`, `bool`, `int`, `long`, `real`,
/// `guid`, `timespan`, `decimal`).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub name: String,
    pub kind: String,
}

/// Rows with columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Value>>,
}

/// A function that is stored in the workspace.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredFunction {
    pub query: String,
    pub parameters: String,
}

/// What a query may read.
pub(crate) trait Tables {
    /// The columns of a table; `None` if there is no such table. Names keep their case: `signinlogs` is no table.
    fn columns(&self, table: &str) -> Option<Vec<Column>>;
    /// Its rows in the time span of the query, in the order of the columns.
    fn rows(&self, table: &str) -> Vec<Vec<Value>>;
    /// A stored function.
    fn function(&self, name: &str) -> Option<StoredFunction>;
    /// The items of a watchlist, with their columns.
    fn watchlist(&self, alias: &str) -> Option<Table>;
    /// Names of all tables, for messages.
    fn names(&self) -> Vec<String>;
}

/// What is wrong with a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It cannot be read.
    Syntax,
    /// It names a table that is not there.
    UnknownTable,
    /// It names a column or function that is not there.
    UnknownColumn,
    /// It makes no sense otherwise.
    Semantic,
    /// Azure may run it, this simulator cannot.
    Unsupported,
}

/// A query that is not run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct QueryError {
    pub fault: Fault,
    /// `SYN0002`, `SEM0100` and the like.
    pub code: String,
    pub message: String,
    /// Line and position from 1, where they are known.
    pub place: Option<(usize, usize)>,
}

/// Runs and checks queries.
pub(crate) trait QueryEngine: Send + Sync {
    /// Runs a query.
    fn run(&self, query: &str, tables: &dyn Tables, now: Timestamp) -> Result<Table, QueryError>;

    /// Whether it would run: its syntax, and the tables and columns it names.
    fn check(&self, query: &str, tables: &dyn Tables, now: Timestamp) -> Result<(), QueryError>;
}
