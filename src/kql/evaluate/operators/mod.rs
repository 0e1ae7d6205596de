//! The operators over rows.

mod columns;
mod expand;
mod external;
mod group;
mod join;
mod order;
mod parse;
mod plugin;
mod rows;
mod search;
mod series;
mod union;

use std::rc::Rc;

use super::Engine;
use super::bind::Binder;
use super::node::{RowContext, Typed};
use super::scope::{Binding, Scope};
use crate::kql::ast::{Expr, OpKind, Operator, Parameter};
use crate::kql::error::{Problem, Result};
use crate::kql::table::{Column, Row, Table};

pub use external::read as read_external;
pub use union::union_of;

/// What an operator works with.
pub struct Context<'c> {
    pub engine: &'c Engine<'c>,
    pub scope: &'c Rc<Scope>,
    pub parameters: &'c [Parameter],
}

impl<'c> Context<'c> {
    pub fn over<'b>(&'b self, table: &'b Table) -> Binder<'b> {
        Binder::over(self.engine, self.scope, table)
    }

    /// The value of a parameter that is a word, such as `kind=inner`.
    pub fn word(&self, name: &str) -> Option<String> {
        let parameter = self.parameters.iter().find(|parameter| parameter.name.text == name)?;
        match &parameter.value.as_ref()?.kind {
            crate::kql::ast::ExprKind::Name(word) => Some(word.clone()),
            _ => Some(self.constant(parameter.value.as_ref()?).ok()?.to_text().to_string()),
        }
    }

    pub fn constant(&self, expr: &Expr) -> Result<crate::kql::value::Value> {
        Ok(Binder::constant(self.engine, self.scope).constant_value(expr)?.0)
    }

    /// A number of rows.
    pub fn row_count(&self, expr: &Expr) -> Result<usize> {
        let value = self.constant(expr)?;
        let number = crate::kql::value::convert::to_long(&value);
        number.and_then(|number| usize::try_from(number).ok()).ok_or_else(|| {
            Problem::semantic("SEM0020", "a number of rows is expected, 0 or more").at(expr.span)
        })
    }

    /// The rows that `make` gives for each row.
    pub fn map(
        &self,
        table: &Table,
        mut make: impl FnMut(RowContext<'_>) -> Result<Option<Row>>,
    ) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for (index, row) in table.rows.iter().enumerate() {
            self.engine.meter.tick()?;
            rows.extend(make(RowContext { engine: self.engine, row, rows: &table.rows, index })?);
        }
        Ok(rows)
    }
}

/// Columns with the expressions that fill them.
pub struct Computed {
    pub columns: Vec<Column>,
    pub cells: Vec<Typed>,
}

impl Computed {
    pub fn row(&self, cx: RowContext<'_>) -> Result<Row> {
        self.cells.iter().map(|cell| cell.stored(cx)).collect()
    }
}

/// The service names the operator that could not resolve a name.
pub fn naming(operator: &str, problem: Problem) -> Problem {
    if problem.code != "SEM0100" || problem.message.contains("operator: ") {
        return problem;
    }
    let message = format!("'{operator}' operator: {}", problem.message);
    Problem { message, ..problem }
}

/// Applies an operator. Without input only those work that bring their own rows.
pub fn apply(
    engine: &Engine<'_>,
    scope: &Rc<Scope>,
    input: Option<Table>,
    operator: &Operator,
) -> Result<Table> {
    let cx = Context { engine, scope, parameters: &operator.parameters };
    let result =
        dispatch(&cx, input, operator).map_err(|problem| naming(operator.word, problem).at(operator.span))?;
    engine.meter.rows(result.rows.len())?;
    Ok(result)
}

fn dispatch(cx: &Context<'_>, input: Option<Table>, operator: &Operator) -> Result<Table> {
    let table = match (&operator.kind, input) {
        (OpKind::Print(columns), _) => return rows::print(cx, columns),
        (OpKind::Range { name, from, to, step }, _) => return rows::range(cx, name, from, to, step),
        (OpKind::Union(sources), input) => return union::union(cx, input, sources),
        (OpKind::Search(search), input) => return search::search(cx, input, search),
        (OpKind::Find(find), input) => return search::find(cx, input, find),
        (_, Some(input)) => input,
        (_, None) => {
            let message = format!("'{}' needs rows: put a table and '|' before it", operator.word);
            return Err(Problem::semantic("SEM0003", message));
        }
    };
    match &operator.kind {
        OpKind::Where(predicate) => rows::filter(cx, table, predicate),
        OpKind::Extend(columns) => columns::extend(cx, table, columns),
        OpKind::Serialize(columns) => {
            let ordered = Table { ordered: true, ..table };
            columns::extend(cx, ordered, columns)
        }
        OpKind::Project(columns) => columns::project(cx, &table, columns),
        OpKind::ProjectAway(patterns) => Ok(columns::away(table, patterns)),
        OpKind::ProjectKeep(patterns) => columns::keep(table, patterns),
        OpKind::ProjectRename(pairs) => columns::rename(table, pairs),
        OpKind::ProjectReorder(patterns) => columns::reorder(table, patterns),
        OpKind::Distinct(columns) => group::distinct(cx, &table, columns),
        OpKind::Summarize { aggregates, by, .. } => group::summarize(cx, &table, aggregates, by),
        OpKind::Count(name) => Ok(rows::count(&table, name.as_ref())),
        OpKind::Take(count) | OpKind::Sample(count) => rows::take(cx, table, count),
        OpKind::SampleDistinct { count, of } => {
            let distinct = group::distinct(cx, &table, std::slice::from_ref(of))?;
            rows::take(cx, distinct, count)
        }
        OpKind::Sort(keys) => order::sort(cx, table, keys),
        OpKind::Top { count, by } => {
            let sorted = order::sort(cx, table, std::slice::from_ref(by))?;
            rows::take(cx, sorted, count)
        }
        OpKind::TopNested(levels) => order::top_nested(cx, &table, levels),
        OpKind::TopHitters { count, of, by } => order::top_hitters(cx, &table, count, of, by.as_ref()),
        OpKind::Join { right, on } => join::join(cx, table, right, on.as_ref()),
        OpKind::Lookup { right, on } => join::lookup(cx, table, right, on),
        OpKind::MvExpand { columns, limit } => expand::expand(cx, table, columns, limit.as_ref()),
        OpKind::MvApply { columns, limit, body, .. } => {
            expand::apply(cx, table, columns, limit.as_ref(), body)
        }
        OpKind::Parse { source, pattern, only_matches } => {
            parse::parse(cx, table, source, pattern, *only_matches)
        }
        OpKind::ParseKv { source, keys, properties } => parse::parse_kv(cx, table, source, keys, properties),
        OpKind::MakeSeries(series) => series::make(cx, &table, series),
        OpKind::GetSchema => Ok(rows::schema(&table)),
        OpKind::AssertSchema(_) | OpKind::ExecuteAndCache => Ok(table),
        OpKind::Consume => Ok(Table::empty(table.columns)),
        OpKind::As(name) => {
            cx.scope.set(&name.text, Binding::Table(Rc::new(table.clone())));
            Ok(table)
        }
        OpKind::Render { chart, .. } => {
            *cx.engine.chart.borrow_mut() = Some(chart.clone());
            Ok(table)
        }
        OpKind::Evaluate { call, schema } => plugin::evaluate(cx, table, call, schema.as_deref()),
        OpKind::Invoke(call) => plugin::invoke(cx, table, call),
        OpKind::Partition { by, body, .. } => plugin::partition(cx, &table, by, body),
        _ => Err(Problem::unsupported(format!("the operator '{}'", operator.word))),
    }
}
