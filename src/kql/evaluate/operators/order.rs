//! `sort`, `top-nested`, `top-hitters`.

use std::cmp::Ordering;

use super::super::RowContext;
use super::super::name;
use super::group::{Aggregation, grouped};
use super::{Context, columns};
use crate::kql::ast::{Expr, ExprKind, Name, NullsOrder, SortKey, TopNested};
use crate::kql::error::Result;
use crate::kql::table::{Column, Row, Table};
use crate::kql::value::{Value, compare};

/// Nulls come first in ascending and last in descending order, unless said otherwise. Equal rows keep their order.
pub fn sort(cx: &Context<'_>, table: Table, keys: &[SortKey]) -> Result<Table> {
    let binder = cx.over(&table);
    let mut bound = Vec::new();
    for key in keys {
        bound.push((binder.bind(columns::target(&key.expr)?.1)?, key.ascending, key.nulls));
    }
    let mut keyed: Vec<(Vec<Value>, usize)> = Vec::with_capacity(table.rows.len());
    for (index, row) in table.rows.iter().enumerate() {
        cx.engine.meter.tick()?;
        let row = RowContext { engine: cx.engine, row, rows: &table.rows, index };
        keyed.push((bound.iter().map(|(expr, ..)| expr.value(row)).collect::<Result<_>>()?, index));
    }
    keyed.sort_by(|(a, _), (b, _)| {
        let by_key = a
            .iter()
            .zip(b)
            .zip(&bound)
            .map(|((a, b), (_, ascending, nulls))| ordered(a, b, *ascending, *nulls));
        by_key.fold(Ordering::Equal, Ordering::then)
    });
    let mut rows: Vec<Option<Row>> = table.rows.into_iter().map(Some).collect();
    let rows = keyed.into_iter().filter_map(|(_, at)| rows[at].take()).collect();
    Ok(Table { rows, columns: table.columns, open: table.open, ordered: true })
}

fn ordered(a: &Value, b: &Value, ascending: bool, nulls: Option<NullsOrder>) -> Ordering {
    match (a.is_null(), b.is_null()) {
        (false, false) if ascending => compare::total(a, b),
        (false, false) => compare::total(b, a),
        (true, true) => Ordering::Equal,
        (a_is_null, _) => {
            let first = nulls.map_or(ascending, |nulls| nulls == NullsOrder::First);
            if a_is_null == first { Ordering::Less } else { Ordering::Greater }
        }
    }
}

/// Each level keeps the best values within each value of the level above. `with others` is not taken up.
pub fn top_nested(cx: &Context<'_>, table: &Table, levels: &[TopNested]) -> Result<Table> {
    let mut columns: Vec<Column> = Vec::new();
    let mut branches: Vec<(Row, Table)> = vec![(Vec::new(), table.clone())];
    for level in levels {
        if level.others.is_some() {
            return Err(super::Problem::unsupported("'with others' of top-nested").at(level.of.span));
        }
        let count = match &level.count {
            Some(count) => cx.row_count(count)?,
            None => usize::MAX,
        };
        let by = std::slice::from_ref(&level.of);
        let mut next = Vec::new();
        let mut level_columns = Vec::new();
        for (prefix, rows) in branches {
            let keys = columns::computed(&cx.over(&rows), by)?;
            let aggregate = named(&level.by.expr, &format!("aggregated_{}", keys.columns[0].name));
            let aggregation = Aggregation::bind(cx, &rows, std::slice::from_ref(&aggregate), &[], &[])?;
            level_columns = keys.columns.iter().chain(&aggregation.computed.columns).cloned().collect();
            let mut found: Vec<(Row, Value)> = Vec::new();
            for group in grouped(cx, &rows, &keys, &aggregation)? {
                let key = group.key.clone();
                let value = aggregation.finish(cx, group)?.into_iter().next().unwrap_or_default();
                found.push((key, value));
            }
            found.sort_by(|(_, a), (_, b)| ordered(a, b, level.by.ascending, level.by.nulls));
            found.truncate(count);
            for (key, value) in found {
                let mut part = Table::empty(rows.columns.clone());
                part.rows = cx.map(&rows, |row| {
                    let same = keys.row(row)?.iter().zip(&key).all(|(a, b)| compare::same(a, b));
                    Ok(same.then(|| row.row.to_vec()))
                })?;
                let row = prefix.iter().chain(&key).chain([&value]).cloned().collect();
                next.push((row, part));
            }
        }
        for column in level_columns {
            let name = name::unique(&column.name, |taken| columns.iter().any(|column| column.name == taken));
            columns.push(Column::new(name, column.ty));
        }
        branches = next;
    }
    Ok(Table::new(columns, branches.into_iter().map(|(row, _)| row).collect()))
}

/// The expression with a name, unless it has one.
fn named(expr: &Expr, name: &str) -> Expr {
    match expr.kind {
        ExprKind::Named(..) => expr.clone(),
        _ => {
            let name = Name { text: name.to_owned(), span: expr.span };
            Expr { kind: ExprKind::Named(vec![name], false, Box::new(expr.clone())), span: expr.span }
        }
    }
}

/// Exact here: the values with the greatest count, or sum.
pub fn top_hitters(
    cx: &Context<'_>,
    table: &Table,
    count: &Expr,
    of: &Expr,
    by: Option<&Expr>,
) -> Result<Table> {
    let keys = columns::computed(&cx.over(table), std::slice::from_ref(of))?;
    let function = if by.is_some() { "sum" } else { "count" };
    let call = crate::kql::ast::Call {
        name: Name { text: function.to_owned(), span: of.span },
        arguments: by.into_iter().cloned().collect(),
    };
    let suggested = by.and_then(name::suggested);
    let title = suggested.map_or_else(
        || format!("approximate_count_{}", keys.columns[0].name),
        |by| format!("approximate_sum_{by}"),
    );
    let aggregate = named(&Expr { kind: ExprKind::Call(call), span: of.span }, &title);
    let aggregation = Aggregation::bind(cx, table, std::slice::from_ref(&aggregate), &keys.columns, &[])?;
    let mut rows = Vec::new();
    for group in grouped(cx, table, &keys, &aggregation)? {
        let mut row = group.key.clone();
        row.extend(aggregation.finish(cx, group)?);
        rows.push(row);
    }
    rows.sort_by(|a, b| compare::total(&b[1], &a[1]));
    rows.truncate(cx.row_count(count)?);
    let columns = keys.columns.into_iter().chain(aggregation.computed.columns).collect();
    Ok(Table { ordered: true, ..Table::new(columns, rows) })
}
