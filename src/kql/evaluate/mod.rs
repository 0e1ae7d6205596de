//! Queries over rows. Each operator turns a table into a table; expressions are bound to columns once for each operator.

mod bind;
mod limits;
mod name;
mod node;
mod operators;
mod scope;
mod sources;
mod statements;

pub(in crate::kql) use bind::{bind_parameters, is_special};

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use regex::Regex;

use super::ast::Query;
use super::error::{Problem, Result};
use super::table::{Table, Tables};
use super::value::{Value, datetime};
pub use limits::Limits;
pub(super) use limits::Meter;
pub(super) use node::RowContext;
use scope::Scope;

/// How a query is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// What `now()` is.
    pub now: jiff::Timestamp,
    /// What the query may use.
    pub limits: Limits,
}

impl Default for Options {
    /// The time of the machine, and the default limits.
    fn default() -> Self {
        Self { now: jiff::Timestamp::now(), limits: Limits::default() }
    }
}

/// The results of a query: one table for each tabular statement, usually one.
#[derive(Clone, Debug)]
pub struct Output {
    /// The tables in order.
    pub tables: Vec<Table>,
    /// What `render` asked for, the last one.
    pub chart: Option<String>,
}

/// What evaluation knows everywhere.
pub(super) struct Engine<'a> {
    pub tables: &'a dyn Tables,
    /// Ticks of `now()`.
    pub now: i64,
    pub meter: Meter,
    /// Only names and types count: no rows are read.
    pub checking: bool,
    pub chart: RefCell<Option<String>>,
    regexes: RefCell<HashMap<String, Rc<Regex>>>,
}

impl<'a> Engine<'a> {
    fn new(tables: &'a dyn Tables, options: &Options, checking: bool) -> Self {
        Self {
            tables,
            now: datetime::from_timestamp(options.now),
            meter: Meter::new(&options.limits),
            checking,
            chart: RefCell::new(None),
            regexes: RefCell::default(),
        }
    }

    /// The compiled pattern; the last few hundred are kept.
    pub fn regex(&self, pattern: &str) -> Result<Rc<Regex>> {
        if let Some(known) = self.regexes.borrow().get(pattern) {
            return Ok(Rc::clone(known));
        }
        let compiled = regex::RegexBuilder::new(pattern).size_limit(4 << 20).build().map_err(|error| {
            let reason = error.to_string();
            let last = reason.lines().last().unwrap_or_default();
            Problem::semantic("SEM0420", format!("'{pattern}' is no regular expression: {last}"))
                .hint("the syntax is that of RE2: no look-around, no back-references")
        })?;
        let compiled = Rc::new(compiled);
        let mut known = self.regexes.borrow_mut();
        if known.len() > 500 {
            known.clear();
        }
        known.insert(pattern.to_owned(), Rc::clone(&compiled));
        Ok(compiled)
    }
}

/// A value or a table: what an expression or a `let` can be.
#[derive(Clone)]
pub(super) enum Datum {
    Scalar(Value, super::value::Type),
    Table(Rc<Table>),
}

/// Runs a query.
///
/// # Errors
/// Names that are not known, types that do not fit, operators that are not supported, limits that are met.
pub fn run(query: &Query, tables: &dyn Tables, options: &Options) -> Result<Output> {
    let engine = Engine::new(tables, options, false);
    execute(&engine, query)
}

/// Checks names and types without reading rows, and gives the columns of the results.
///
/// # Errors
/// As [`run`], as far as no rows are needed to see it.
pub fn check(query: &Query, tables: &dyn Tables, options: &Options) -> Result<Output> {
    let engine = Engine::new(tables, options, true);
    execute(&engine, query)
}

fn execute(engine: &Engine<'_>, query: &Query) -> Result<Output> {
    let tables = statements::execute(engine, &query.statements, &Rc::new(Scope::root()))?;
    Ok(Output { tables, chart: engine.chart.take() })
}
