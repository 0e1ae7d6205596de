//! `make-series`: aggregates at regular points of an axis, as arrays.

use super::super::RowContext;
use super::super::bind::Binder;
use super::super::name;
use super::group::{Aggregation, Group};
use super::{Context, columns};
use crate::kql::ast::{BinaryOp, Expr, MakeSeries};
use crate::kql::error::{Problem, Result};
use crate::kql::functions::{bin, operator, steps};
use crate::kql::table::{Column, Row, Table};
use crate::kql::value::compare::{Key, order};
use crate::kql::value::{Type, Value, convert};

/// Points of the axis for the rows that are there, when the query leaves a bound out.
fn bounds(
    cx: &Context<'_>,
    series: &MakeSeries,
    values: &[Value],
    step: &Value,
) -> Result<Option<(Value, Value)>> {
    let extreme = |better: fn(std::cmp::Ordering) -> bool| {
        values
            .iter()
            .filter(|value| !value.is_null())
            .cloned()
            .reduce(|best, value| if order(&value, &best).is_some_and(better) { value } else { best })
    };
    let given = |expr: &Option<Expr>| expr.as_ref().map(|expr| cx.constant(expr)).transpose();
    let from = match given(&series.range.from)? {
        Some(from) => Some(from),
        None => extreme(std::cmp::Ordering::is_lt).map(|least| bin(&least, step, None)).transpose()?,
    };
    let to = match given(&series.range.to)? {
        Some(to) => Some(to),
        None => {
            let last = extreme(std::cmp::Ordering::is_gt).map(|most| bin(&most, step, None)).transpose()?;
            last.map(|last| operator::binary(BinaryOp::Add, &last, step)).transpose()?
        }
    };
    Ok(from.zip(to))
}

pub fn make(cx: &Context<'_>, table: &Table, series: &MakeSeries) -> Result<Table> {
    let binder = cx.over(table);
    let keys = columns::computed(&binder, &series.by)?;
    let (axis_name, axis_expr) = columns::target(&series.on)?;
    let axis = binder.bind(axis_expr)?;
    let axis_name =
        axis_name.map(|name| name.text.clone()).or_else(|| name::suggested(axis_expr)).unwrap_or_default();
    let exprs: Vec<Expr> = series.aggregates.iter().map(|(expr, _)| expr.clone()).collect();
    let aggregation = Aggregation::bind(cx, table, &exprs, &keys.columns, &[])?;
    let constant = Binder::constant(cx.engine, cx.scope);
    let mut defaults = Vec::new();
    for ((_, default), column) in series.aggregates.iter().zip(&aggregation.computed.columns) {
        defaults.push(match default {
            Some(default) => {
                convert::store(constant.constant_value(columns::target(default)?.1)?.0, column.ty)
            }
            None if column.ty.is_number() => convert::cast(&Value::Long(0), column.ty),
            None => Value::Null,
        });
    }
    let (step, _) = constant.constant_value(&series.range.step)?;
    let positions: Vec<Value> = (0..table.rows.len())
        .map(|index| {
            axis.value(RowContext { engine: cx.engine, row: &table.rows[index], rows: &table.rows, index })
        })
        .collect::<Result<_>>()?;
    let points = match bounds(cx, series, &positions, &step)? {
        Some((from, to)) => steps(&from, &to, &step, series.range.closed, cx.engine)?,
        None => Vec::new(),
    };
    let mut columns: Vec<Column> = keys.columns.clone();
    columns
        .extend(aggregation.computed.columns.iter().map(|column| Column::new(&column.name, Type::Dynamic)));
    let axis_name = name::unique(&axis_name, |taken| columns.iter().any(|column| column.name == taken));
    columns.push(Column::new(axis_name, Type::Dynamic));
    let mut groups: indexmap::IndexMap<Vec<Key>, Vec<Option<Group>>> = indexmap::IndexMap::new();
    for (index, position) in positions.iter().enumerate() {
        cx.engine.meter.tick()?;
        let Some(at) = place(position, &points, &step)? else { continue };
        let row = RowContext { engine: cx.engine, row: &table.rows[index], rows: &table.rows, index };
        let key = keys.row(row)?.into_iter().map(Key).collect();
        let bins = groups.entry(key).or_insert_with(|| points.iter().map(|_| None).collect());
        let group = bins[at].get_or_insert_with(|| aggregation.start(Vec::new()));
        aggregation.add(group, row)?;
    }
    if groups.is_empty() && keys.cells.is_empty() && cx.word("kind").is_none_or(|kind| kind != "nonempty") {
        groups.insert(Vec::new(), points.iter().map(|_| None).collect());
    }
    let mut rows: Vec<Row> = Vec::new();
    for (key, bins) in groups {
        cx.engine.meter.table(points.len(), columns.len())?;
        let mut arrays: Vec<Vec<Value>> = defaults.iter().map(|_| Vec::with_capacity(points.len())).collect();
        for bin in bins {
            let cells = match bin {
                Some(group) => aggregation.finish(cx, group)?,
                None => defaults.clone(),
            };
            arrays.iter_mut().zip(cells).for_each(|(array, cell)| array.push(cell));
        }
        let arrays = arrays.into_iter().map(Value::array).chain([Value::array(points.clone())]);
        rows.push(key.into_iter().map(|key| key.0).chain(arrays).collect());
    }
    Ok(Table::new(columns, rows))
}

/// Which point a position belongs to: the last one that is not after it.
fn place(position: &Value, points: &[Value], step: &Value) -> Result<Option<usize>> {
    let Some(first) = points.first() else { return Ok(None) };
    let distance = operator::binary(BinaryOp::Subtract, position, first)?;
    let steps = match (&distance, step) {
        (Value::Timespan(distance), Value::Timespan(step)) if *step > 0 => Some(distance.div_euclid(*step)),
        _ => match (distance.as_real(), step.as_real()) {
            (Some(distance), Some(step)) if step > 0.0 => {
                crate::kql::value::number::truncated((distance / step).floor())
            }
            (None, _) if position.is_null() => None,
            _ => return Err(Problem::runtime("make-series needs a positive step of the axis's kind")),
        },
    };
    Ok(steps.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < points.len()))
}
