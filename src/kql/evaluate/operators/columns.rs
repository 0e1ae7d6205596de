//! Operators over columns.

use super::super::bind::{Binder, unresolved_column};
use super::super::name;
use super::{Computed, Context};
use crate::kql::ast::{Expr, ExprKind, Name, NamePattern};
use crate::kql::error::{Problem, Result};
use crate::kql::table::{Column, Table};
use crate::kql::value::{Type, Value};

/// Binds the expressions of `project` and its like: each gives a column.
pub fn computed(binder: &Binder<'_>, columns: &[Expr]) -> Result<Computed> {
    let mut result = Computed { columns: Vec::new(), cells: Vec::new() };
    for expr in columns {
        let (name, value) = target(expr)?;
        let cell = binder.bind(value)?;
        let used = |name: &str| result.columns.iter().any(|column| column.name == name);
        let suggested = name.map(|name| name.text.clone()).or_else(|| name::suggested(value));
        let name = suggested.map_or_else(|| name::unnamed(used), |name| name::unique(&name, used));
        result.columns.push(Column::new(name, cell.ty));
        result.cells.push(cell);
    }
    Ok(result)
}

/// The name that an expression is given, and the expression.
pub fn target(expr: &Expr) -> Result<(Option<&Name>, &Expr)> {
    match &expr.kind {
        ExprKind::Named(names, false, value) => Ok((names.first(), value)),
        ExprKind::Named(..) => Err(Problem::unsupported("giving several names at once").at(expr.span)),
        _ => Ok((None, expr)),
    }
}

/// The expression without the name that it is given.
pub fn value_of(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Named(_, _, value) => value,
        _ => expr,
    }
}

pub fn project(cx: &Context<'_>, table: &Table, columns: &[Expr]) -> Result<Table> {
    let computed = computed(&cx.over(table), columns)?;
    let rows = cx.map(table, |row| computed.row(row).map(Some))?;
    Ok(Table { columns: computed.columns, rows, open: false, ordered: table.ordered })
}

/// New columns at the end; those whose name is there already take its place.
pub fn extend(cx: &Context<'_>, table: Table, columns: &[Expr]) -> Result<Table> {
    if columns.is_empty() {
        return Ok(table);
    }
    let mut names = table.columns.clone();
    let mut cells = Vec::new();
    {
        let binder = cx.over(&table);
        for expr in columns {
            let (name, value) = target(expr)?;
            let cell = binder.bind(value)?;
            let suggested = name.map(|name| name.text.clone()).or_else(|| name::suggested(value));
            let used = |name: &str| names.iter().any(|column| column.name == name);
            let name = suggested.unwrap_or_else(|| name::unnamed(used));
            let at = names.iter().position(|column| column.name == name).unwrap_or(names.len());
            let column = Column::new(name, cell.ty);
            if at == names.len() {
                names.push(column)
            } else {
                names[at] = column
            }
            cells.push((at, cell));
        }
    }
    let rows = cx.map(&table, |row| {
        let mut extended = row.row.to_vec();
        extended.resize(names.len(), Value::Null);
        for (at, cell) in &cells {
            extended[*at] = cell.stored(row)?;
        }
        Ok(Some(extended))
    })?;
    Ok(Table { columns: names, rows, open: table.open, ordered: table.ordered })
}

fn matches(pattern: &NamePattern, name: &str) -> bool {
    if pattern.wildcard { wildcard(&pattern.text, name) } else { pattern.text == name }
}

/// `name` fits `pattern`, in which `*` stands for anything.
pub fn wildcard(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn picked(table: Table, order: &[usize]) -> Table {
    let pick = |row: Vec<_>| order.iter().map(|at| row.get(*at).cloned().unwrap_or_default()).collect();
    Table {
        columns: order.iter().map(|at| table.columns[*at].clone()).collect(),
        rows: table.rows.into_iter().map(pick).collect(),
        ..Table { columns: Vec::new(), rows: Vec::new(), open: table.open, ordered: table.ordered }
    }
}

/// Columns that are not there are no loss.
pub fn away(table: Table, patterns: &[NamePattern]) -> Table {
    let kept: Vec<usize> = (0..table.columns.len())
        .filter(|at| !patterns.iter().any(|pattern| matches(pattern, &table.columns[*at].name)))
        .collect();
    picked(table, &kept)
}

pub fn keep(mut table: Table, patterns: &[NamePattern]) -> Result<Table> {
    known(&mut table, patterns)?;
    let kept: Vec<usize> = (0..table.columns.len())
        .filter(|at| patterns.iter().any(|pattern| matches(pattern, &table.columns[*at].name)))
        .collect();
    Ok(picked(table, &kept))
}

/// Checks that the columns are there; a table whose columns are not all known gets them as nulls.
fn known(table: &mut Table, patterns: &[NamePattern]) -> Result<()> {
    for pattern in patterns.iter().filter(|pattern| !pattern.wildcard) {
        if table.position(&pattern.text).is_some() {
            continue;
        }
        if !table.open {
            let names = table.columns.iter().map(|column| column.name.clone());
            return Err(unresolved_column(&pattern.text, names).at(pattern.span));
        }
        add_null(table, &pattern.text);
    }
    Ok(())
}

fn add_null(table: &mut Table, name: &str) {
    table.columns.push(Column::new(name, Type::Dynamic));
    table.rows.iter_mut().for_each(|row| row.push(Value::Null));
}

/// The named ones first, in this order; a pattern's by name when it says `asc` or `desc`.
pub fn reorder(mut table: Table, patterns: &[NamePattern]) -> Result<Table> {
    known(&mut table, patterns)?;
    let mut order: Vec<usize> = Vec::new();
    let named: Vec<&str> = patterns.iter().filter(|p| !p.wildcard).map(|p| p.text.as_str()).collect();
    for pattern in patterns {
        let mut found: Vec<usize> = (0..table.columns.len())
            .filter(|at| {
                let name = table.columns[*at].name.as_str();
                matches(pattern, name) && !order.contains(at) && (!pattern.wildcard || !named.contains(&name))
            })
            .collect();
        match pattern.descending {
            Some(false) => found.sort_by(|a, b| table.columns[*a].name.cmp(&table.columns[*b].name)),
            Some(true) => found.sort_by(|a, b| table.columns[*b].name.cmp(&table.columns[*a].name)),
            None => {}
        }
        order.extend(found);
    }
    let rest: Vec<usize> = (0..table.columns.len()).filter(|at| !order.contains(at)).collect();
    order.extend(rest);
    Ok(picked(table, &order))
}

pub fn rename(mut table: Table, pairs: &[Expr]) -> Result<Table> {
    let old = table.columns.clone();
    for pair in pairs {
        let (Some(new), value) = target(pair)? else {
            return Err(Problem::semantic("SEM0020", "new = old is expected").at(pair.span));
        };
        let Some(name) = value.as_name() else {
            return Err(Problem::semantic("SEM0020", "the name of a column is expected").at(value.span));
        };
        match old.iter().position(|column| column.name == name) {
            Some(at) => table.columns[at].name.clone_from(&new.text),
            None if table.open => add_null(&mut table, &new.text),
            None => {
                return Err(
                    unresolved_column(name, old.iter().map(|column| column.name.clone())).at(value.span)
                );
            }
        }
    }
    Ok(table)
}
