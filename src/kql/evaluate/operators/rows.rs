//! Operators over rows one by one, and rows out of nothing.

use super::super::RowContext;
use super::super::bind::Binder;
use super::super::name;
use super::{Context, columns};
use crate::kql::ast::{Expr, Name};
use crate::kql::error::Result;
use crate::kql::functions::steps;
use crate::kql::table::{Column, Table};
use crate::kql::value::{Type, Value, count as number};

pub fn filter(cx: &Context<'_>, table: Table, predicate: &Expr) -> Result<Table> {
    let condition = cx.over(&table).bind(predicate)?;
    let mut kept = Vec::with_capacity(table.rows.len());
    for (index, row) in table.rows.iter().enumerate() {
        cx.engine.meter.tick()?;
        kept.push(condition.holds(RowContext { engine: cx.engine, row, rows: &table.rows, index })?);
    }
    let mut keep = kept.into_iter();
    let mut table = table;
    table.rows.retain(|_| keep.next().unwrap_or(false));
    Ok(table)
}

pub fn take(cx: &Context<'_>, mut table: Table, count: &Expr) -> Result<Table> {
    table.rows.truncate(cx.row_count(count)?);
    Ok(table)
}

pub fn count(table: &Table, name: Option<&Name>) -> Table {
    let column = Column::new(name.map_or("Count", |name| name.text.as_str()), Type::Long);
    Table::new(vec![column], vec![vec![number(table.rows.len())]])
}

pub fn print(cx: &Context<'_>, exprs: &[Expr]) -> Result<Table> {
    let binder = Binder::constant(cx.engine, cx.scope);
    let mut table = Table::default();
    let mut row = Vec::new();
    for (at, expr) in exprs.iter().enumerate() {
        let (given, value) = columns::target(expr)?;
        let (cell, ty) = binder.constant_value(value)?;
        let given = given.map_or_else(|| format!("print_{at}"), |name| name.text.clone());
        let name = name::unique(&given, |taken| table.position(taken).is_some());
        table.columns.push(Column::new(name, ty));
        row.push(crate::kql::value::convert::store(cell, ty));
    }
    table.rows.push(row);
    Ok(table)
}

/// Both ends are included.
pub fn range(cx: &Context<'_>, name: &Name, from: &Expr, to: &Expr, step: &Expr) -> Result<Table> {
    let binder = Binder::constant(cx.engine, cx.scope);
    let (from, ty) = binder.constant_value(from)?;
    let (to, _) = binder.constant_value(to)?;
    let (step, step_type) = binder.constant_value(step)?;
    let ty = if step_type == Type::Real { Type::Real } else { ty };
    let points: Vec<Value> = steps(&from, &to, &step, true, cx.engine)?;
    let rows = points.into_iter().map(|point| vec![crate::kql::value::convert::store(point, ty)]).collect();
    Ok(Table { ordered: true, ..Table::new(vec![Column::new(&name.text, ty)], rows) })
}

pub fn schema(table: &Table) -> Table {
    let columns = [
        ("ColumnName", Type::String),
        ("ColumnOrdinal", Type::Long),
        ("DataType", Type::String),
        ("ColumnType", Type::String),
    ];
    let row = |(at, column): (usize, &Column)| {
        vec![column.name.as_str().into(), number(at), column.ty.data_type().into(), column.ty.word().into()]
    };
    Table::new(
        columns.into_iter().map(|(name, ty)| Column::new(name, ty)).collect(),
        table.columns.iter().enumerate().map(row).collect(),
    )
}
