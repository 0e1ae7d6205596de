//! `evaluate` with its plugins, `invoke`, `partition`.

use std::rc::Rc;
use std::sync::Arc;

use super::super::scope::{Binding, Scope};
use super::super::{RowContext, name, sources};
use super::group::{Aggregation, grouped};
use super::{Context, columns};
use crate::kql::ast::{Call, Expr, ExprKind, NamedType, PartitionBody};
use crate::kql::error::{Problem, Result};
use crate::kql::functions;
use crate::kql::table::{Column, Row, Table};
use crate::kql::value::compare::{Key, same};
use crate::kql::value::{Type, Value, convert};

pub fn evaluate(cx: &Context<'_>, table: Table, call: &Call, schema: Option<&[NamedType]>) -> Result<Table> {
    let result = match call.name.text.as_str() {
        "bag_unpack" => bag_unpack(cx, table, call)?,
        "pivot" => pivot(cx, &table, call)?,
        "narrow" => narrow(&table),
        "ipv4_lookup" => ipv4_lookup(cx, &table, call)?,
        plugin => return Err(Problem::unsupported(format!("the plugin '{plugin}'")).at(call.name.span)),
    };
    let Some(schema) = schema else { return Ok(result) };
    // A declared schema says which columns there are, whatever the data has.
    let wanted = sources::columns_of(schema)?;
    let places: Vec<Option<usize>> = wanted.iter().map(|column| result.position(&column.name)).collect();
    let cell = |row: &Row, (at, column): (&Option<usize>, &Column)| {
        at.map_or_else(|| column.ty.nothing(), |at| convert::cast(&row[at], column.ty))
    };
    let rows = result
        .rows
        .iter()
        .map(|row| places.iter().zip(&wanted).map(|pair| cell(row, pair)).collect())
        .collect();
    Ok(Table::new(wanted, rows))
}

fn column_argument(table: &Table, call: &Call, at: usize) -> Result<Option<usize>> {
    let Some(argument) = call.arguments.get(at) else { return Ok(None) };
    let name = argument.as_name().unwrap_or_default();
    match table.position(name) {
        Some(at) => Ok(Some(at)),
        None if table.open => Ok(None),
        None => {
            let names = table.columns.iter().map(|column| column.name.clone());
            Err(super::super::bind::unresolved_column(name, names).at(argument.span))
        }
    }
}

/// The properties of a bag become columns: `bag_unpack(Column, [prefix])`. Those that clash are left as they are.
fn bag_unpack(cx: &Context<'_>, table: Table, call: &Call) -> Result<Table> {
    let Some(at) = column_argument(&table, call, 0)? else { return Ok(Table { open: true, ..table }) };
    let prefix = match call.arguments.get(1) {
        Some(argument) => cx.constant(columns::target(argument)?.1)?.to_text(),
        None => Arc::from(""),
    };
    let kept: Vec<usize> = (0..table.columns.len()).filter(|other| *other != at).collect();
    let mut names: Vec<Column> = kept.iter().map(|at| table.columns[*at].clone()).collect();
    let fixed = names.len();
    for bag in table.rows.iter().filter_map(|row| row[at].as_bag()) {
        for (key, value) in bag {
            let name = format!("{prefix}{key}");
            if names[..fixed].iter().any(|column| column.name == name) {
                continue;
            }
            let ty = value.type_of();
            match names[fixed..].iter_mut().find(|column| column.name == name) {
                Some(known) => {
                    known.ty = ty.map_or(known.ty, |ty| if ty == known.ty { ty } else { Type::Dynamic })
                }
                None => names.push(Column::new(name, ty.unwrap_or(Type::Dynamic))),
            }
        }
    }
    names[fixed..].sort_by(|a, b| a.name.cmp(&b.name));
    let rows = cx.map(&table, |row| {
        let bag = row.row[at].as_bag();
        let own = kept.iter().map(|at| row.row[*at].clone());
        let unpacked = names[fixed..].iter().map(|column| {
            let value =
                bag.and_then(|bag| bag.get(column.name.strip_prefix(&*prefix)?)).cloned().unwrap_or_default();
            convert::store(value, column.ty)
        });
        Ok(Some(own.chain(unpacked).collect()))
    })?;
    let open = table.open || table.rows.is_empty();
    Ok(Table { open, ..Table::new(names, rows) })
}

/// Values of a column become columns: `pivot(Column, [aggregate], [Other columns ...])`.
fn pivot(cx: &Context<'_>, table: &Table, call: &Call) -> Result<Table> {
    let Some(pivot) = column_argument(table, call, 0)? else {
        return Ok(Table { open: true, ..Table::default() });
    };
    let span = call.name.span;
    let count = Expr {
        kind: ExprKind::Call(Call {
            name: crate::kql::ast::Name { text: "count".to_owned(), span },
            arguments: Vec::new(),
        }),
        span,
    };
    let aggregate =
        call.arguments.get(1).filter(|argument| matches!(argument.kind, ExprKind::Call(_))).unwrap_or(&count);
    let first = if std::ptr::eq(aggregate, &raw const count) { 1 } else { 2 };
    let mut by: Vec<Expr> = call.arguments.iter().skip(first).cloned().collect();
    if by.is_empty() {
        // All columns that take no part.
        let used = |name: &str| matches!(&aggregate.kind, ExprKind::Call(call) if call.arguments.iter().any(|a| a.as_name() == Some(name)));
        let others =
            table.columns.iter().enumerate().filter(|(at, column)| *at != pivot && !used(&column.name));
        by = others.map(|(_, column)| Expr { kind: ExprKind::Name(column.name.clone()), span }).collect();
    }
    let row_keys = columns::computed(&cx.over(table), &by)?;
    let width = row_keys.columns.len();
    by.push(Expr { kind: ExprKind::Name(table.columns[pivot].name.clone()), span });
    let keys = columns::computed(&cx.over(table), &by)?;
    let aggregation = Aggregation::bind(cx, table, std::slice::from_ref(aggregate), &keys.columns, &[])?;
    let ty = aggregation.computed.columns.first().map_or(Type::Long, |column| column.ty);
    let empty = if ty == Type::Long { Value::Long(0) } else { ty.nothing() };
    let mut titles: Vec<String> = Vec::new();
    let mut rows: indexmap::IndexMap<Vec<Key>, Vec<(String, Value)>> = indexmap::IndexMap::new();
    for group in grouped(cx, table, &keys, &aggregation)? {
        let mut key = group.key.clone();
        let title = key.pop().unwrap_or_default().to_text().to_string();
        let value = aggregation.finish(cx, group)?.into_iter().next().unwrap_or_default();
        if !titles.contains(&title) {
            titles.push(title.clone());
        }
        rows.entry(key.into_iter().map(Key).collect()).or_default().push((title, value));
    }
    titles.sort();
    let mut columns: Vec<Column> = row_keys.columns;
    for title in &titles {
        let name = name::unique(title, |taken| columns.iter().any(|column| column.name == taken));
        columns.push(Column::new(name, ty));
    }
    let cells = |found: &[(String, Value)]| {
        let cell = |title: &String| {
            found
                .iter()
                .find(|(name, _)| name == title)
                .map_or_else(|| empty.clone(), |(_, value)| value.clone())
        };
        titles.iter().map(cell).collect::<Row>()
    };
    let rows = rows
        .iter()
        .map(|(key, found)| key.iter().map(|key| key.0.clone()).chain(cells(found)).collect())
        .collect();
    debug_assert!(columns.len() == width + titles.len(), "a column for each title");
    Ok(Table { open: table.rows.is_empty(), ..Table::new(columns, rows) })
}

/// A row for each cell.
fn narrow(table: &Table) -> Table {
    let columns = [("Row", Type::Long), ("Column", Type::String), ("Value", Type::String)];
    let cells = table.rows.iter().enumerate().flat_map(|(at, row)| {
        let cell = move |(column, value): (&Column, &Value)| {
            vec![crate::kql::value::count(at), column.name.as_str().into(), Value::String(value.to_text())]
        };
        table.columns.iter().zip(row).map(cell)
    });
    Table::new(columns.into_iter().map(|(name, ty)| Column::new(name, ty)).collect(), cells.collect())
}

/// `ipv4_lookup(Networks, Address, Network, [key ..., return_unmatched])`
fn ipv4_lookup(cx: &Context<'_>, table: &Table, call: &Call) -> Result<Table> {
    let (Some(other), Some(address), Some(network)) =
        (call.arguments.first(), call.arguments.get(1), call.arguments.get(2))
    else {
        return Err(Problem::semantic("SEM0219", "ipv4_lookup(Networks, Address, Network) is expected")
            .at(call.name.span));
    };
    let other = sources::tabular(cx.engine, cx.scope, other)?;
    let address = cx.over(table).bind(address)?;
    let Some(network) = other.position(network.as_name().unwrap_or_default()) else {
        let names = other.columns.iter().map(|column| column.name.clone());
        return Err(super::super::bind::unresolved_column(network.as_name().unwrap_or_default(), names)
            .at(network.span));
    };
    let mut unmatched = false;
    let mut keys = Vec::new();
    for argument in call.arguments.iter().skip(3) {
        match &argument.kind {
            ExprKind::Named(names, _, value)
                if names.first().is_some_and(|name| name.text == "return_unmatched") =>
            {
                unmatched = cx.constant(value)?.is_true();
            }
            ExprKind::Name(name) => keys.extend(table.position(name).zip(other.position(name))),
            _ => unmatched |= cx.constant(argument)?.is_true(),
        }
    }
    let Some(in_range) = functions::lookup("ipv4_is_in_range") else {
        return Err(Problem::unsupported("ipv4_lookup"));
    };
    let mut columns = table.columns.clone();
    for column in &other.columns {
        let name = name::unique(&column.name, |taken| columns.iter().any(|column| column.name == taken));
        columns.push(Column::new(name, column.ty));
    }
    let mut rows = Vec::new();
    for (index, row) in table.rows.iter().enumerate() {
        let value = address.value(RowContext { engine: cx.engine, row, rows: &table.rows, index })?;
        let before = rows.len();
        for candidate in &other.rows {
            cx.engine.meter.tick()?;
            let fits = keys.iter().all(|(left, right)| same(&row[*left], &candidate[*right]))
                && (in_range.body)(&[value.clone(), candidate[network].clone()], cx.engine)?.is_true();
            if fits {
                rows.push(row.iter().chain(candidate).cloned().collect());
            }
        }
        if unmatched && rows.len() == before {
            rows.push(
                row.iter().cloned().chain(other.columns.iter().map(|column| column.ty.nothing())).collect(),
            );
        }
    }
    Ok(Table { open: table.open || other.open, ..Table::new(columns, rows) })
}

pub fn invoke(cx: &Context<'_>, table: Table, call: &Expr) -> Result<Table> {
    let ExprKind::Call(call) = &call.kind else {
        return Err(Problem::unsupported("this call").at(call.span));
    };
    let name = call.name.text.as_str();
    let closure = match cx.scope.get(name) {
        Some(Binding::Function(closure)) => Some(closure),
        _ => super::super::statements::stored(cx.engine, name)?,
    };
    let Some(closure) = closure else {
        return Err(Problem::semantic("SEM0260", format!("Unknown function: '{name}'")).at(call.name.span));
    };
    let result =
        sources::function(cx.engine, cx.scope, name, &closure, &call.arguments, Some(Rc::new(table)))?;
    Ok((*result).clone())
}

/// The body runs over the rows of each value by itself.
pub fn partition(cx: &Context<'_>, table: &Table, by: &Expr, body: &PartitionBody) -> Result<Table> {
    let PartitionBody::Subquery(body) = body else {
        return Err(Problem::unsupported("'partition' with a query in braces"));
    };
    let key = cx.over(table).bind(by)?;
    let mut parts: indexmap::IndexMap<Key, Vec<Row>> = indexmap::IndexMap::new();
    for (index, row) in table.rows.iter().enumerate() {
        let value = key.value(RowContext { engine: cx.engine, row, rows: &table.rows, index })?;
        parts.entry(Key(value)).or_default().push(row.clone());
    }
    let run = |rows: Vec<Row>| {
        let input = Table { open: table.open, ..Table::new(table.columns.clone(), rows) };
        sources::tabular(cx.engine, &Scope::with_input(cx.scope, input), body)
    };
    let mut result = (*run(Vec::new())?).clone();
    result.rows.clear();
    for (_, rows) in parts {
        result.rows.extend(run(rows)?.rows.iter().cloned());
        cx.engine.meter.rows(result.rows.len())?;
    }
    Ok(result)
}
