//! `mv-expand` and `mv-apply`.

use super::super::node::Typed;
use super::super::scope::Scope;
use super::super::{RowContext, name, sources};
use super::{Context, columns};
use crate::kql::ast::{Expr, MvColumn};
use crate::kql::error::{Problem, Result};
use crate::kql::table::{Column, Row, Table};
use crate::kql::value::{Bag, Type, Value, convert, count};

/// What is expanded, and where it goes.
struct Expansion {
    cells: Vec<(usize, Typed, Type)>,
    columns: Vec<Column>,
    index: Option<usize>,
    as_arrays: bool,
}

impl Expansion {
    fn bind(cx: &Context<'_>, table: &Table, wanted: &[MvColumn]) -> Result<Self> {
        let binder = cx.over(table);
        let mut columns = table.columns.clone();
        let mut cells = Vec::new();
        for column in wanted {
            let Some(expr) = &column.expr else {
                return Err(Problem::unsupported("'to typeof' without a column"));
            };
            let (given, value) = columns::target(expr)?;
            let cell = binder.bind(value)?;
            if !matches!(cell.ty, Type::Dynamic) {
                let message = format!("only dynamic values can be expanded, this one is of type {}", cell.ty);
                return Err(Problem::semantic("SEM0022", message)
                    .hint("todynamic() reads JSON text")
                    .at(expr.span));
            }
            let suggested = given.map(|name| name.text.clone()).or_else(|| name::suggested(value));
            let used = |name: &str| columns.iter().any(|column| column.name == name);
            let name = suggested.unwrap_or_else(|| name::unnamed(used));
            let ty = column.ty.unwrap_or(Type::Dynamic);
            let at = columns.iter().position(|column| column.name == name).unwrap_or(columns.len());
            let column = Column::new(name, ty);
            if at == columns.len() {
                columns.push(column)
            } else {
                columns[at] = column
            }
            cells.push((at, cell, ty));
        }
        let index = cx.word("with_itemindex").map(|name| {
            columns.push(Column::new(name, Type::Long));
            columns.len() - 1
        });
        let as_arrays =
            cx.word("kind").or_else(|| cx.word("bagexpansion")).is_some_and(|kind| kind == "array");
        Ok(Self { cells, columns, index, as_arrays })
    }

    fn rows(&self, row: RowContext<'_>, limit: usize) -> Result<Vec<Row>> {
        let mut lists = Vec::new();
        for (at, cell, ty) in &self.cells {
            lists.push((*at, items(&cell.value(row)?, self.as_arrays), *ty));
        }
        // Shorter lists are filled up with null. An empty array leaves no row, null leaves one.
        let longest = lists.iter().map(|(_, items, _)| items.len()).max().unwrap_or(0).min(limit);
        let mut rows = Vec::with_capacity(longest);
        for n in 0..longest {
            row.engine.meter.tick()?;
            let mut expanded = row.row.to_vec();
            expanded.resize(self.columns.len(), Value::Null);
            for (at, items, ty) in &lists {
                let item = items.get(n).cloned().unwrap_or_default();
                expanded[*at] = if *ty == Type::Dynamic { item } else { convert::cast(&item, *ty) };
            }
            if let Some(at) = self.index {
                expanded[at] = count(n);
            }
            rows.push(expanded);
        }
        Ok(rows)
    }
}

/// The items of an array; the properties of a bag, one bag or one pair each; anything else, null too, is its own item.
fn items(value: &Value, as_arrays: bool) -> Vec<Value> {
    match value {
        Value::Array(items) => items.to_vec(),
        Value::Bag(bag) => {
            let pair = |(name, value): (&std::sync::Arc<str>, &Value)| {
                if as_arrays {
                    return Value::array(vec![Value::String(name.clone()), value.clone()]);
                }
                let mut single = Bag::new();
                single.insert(name.clone(), value.clone());
                Value::bag(single)
            };
            bag.iter().map(pair).collect()
        }
        scalar => vec![scalar.clone()],
    }
}

fn limit_of(cx: &Context<'_>, limit: Option<&Expr>) -> Result<usize> {
    limit.map_or(Ok(usize::MAX), |limit| cx.row_count(limit))
}

pub fn expand(cx: &Context<'_>, table: Table, wanted: &[MvColumn], limit: Option<&Expr>) -> Result<Table> {
    let expansion = Expansion::bind(cx, &table, wanted)?;
    let limit = limit_of(cx, limit)?;
    let mut rows = Vec::new();
    for (index, row) in table.rows.iter().enumerate() {
        let row = RowContext { engine: cx.engine, row, rows: &table.rows, index };
        rows.extend(expansion.rows(row, limit)?);
        cx.engine.meter.rows(rows.len())?;
    }
    Ok(Table { open: table.open, ordered: table.ordered, ..Table::new(expansion.columns, rows) })
}

/// Runs the body over the rows that each row expands to. Columns of the row come before those that the body gives.
pub fn apply(
    cx: &Context<'_>,
    table: Table,
    wanted: &[MvColumn],
    limit: Option<&Expr>,
    body: &Expr,
) -> Result<Table> {
    let expansion = Expansion::bind(cx, &table, wanted)?;
    let limit = limit_of(cx, limit)?;
    let run = |rows: Vec<Row>| {
        let input = Table { open: table.open, ordered: true, ..Table::new(expansion.columns.clone(), rows) };
        let scope = Scope::with_input(cx.scope, input);
        sources::tabular(cx.engine, &scope, body)
    };
    let shape = run(Vec::new())?;
    let kept: Vec<usize> = (0..table.columns.len())
        .filter(|at| !shape.columns.iter().any(|column| column.name == table.columns[*at].name))
        .collect();
    let mut rows: Vec<Row> = Vec::new();
    for (index, row) in table.rows.iter().enumerate() {
        let row = RowContext { engine: cx.engine, row, rows: &table.rows, index };
        for result in &run(expansion.rows(row, limit)?)?.rows {
            cx.engine.meter.rows(rows.len() + 1)?;
            rows.push(kept.iter().map(|at| row.row[*at].clone()).chain(result.iter().cloned()).collect());
        }
    }
    let columns =
        kept.iter().map(|at| table.columns[*at].clone()).chain(shape.columns.iter().cloned()).collect();
    Ok(Table { open: table.open || shape.open, ..Table::new(columns, rows) })
}
