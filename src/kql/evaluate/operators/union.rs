//! `union`, and the tables that patterns stand for.

use std::rc::Rc;

use super::super::scope::{Binding, Scope};
use super::super::{Engine, name, sources};
use super::{Context, columns};
use crate::kql::ast::{Expr, ExprKind, Parameter};
use crate::kql::error::{Problem, ProblemKind, Result};
use crate::kql::table::{Column, Table};
use crate::kql::value::{Type, Value};

pub fn union(cx: &Context<'_>, input: Option<Table>, exprs: &[Expr]) -> Result<Table> {
    let first = input.map(|table| ("union_arg0".to_owned(), Rc::new(table)));
    unite(cx, first, exprs)
}

/// The union of these expressions alone.
pub fn union_of(
    engine: &Engine<'_>,
    scope: &Rc<Scope>,
    exprs: &[Expr],
    parameters: &[Parameter],
) -> Result<Table> {
    unite(&Context { engine, scope, parameters }, None, exprs)
}

fn unite(cx: &Context<'_>, first: Option<(String, Rc<Table>)>, exprs: &[Expr]) -> Result<Table> {
    let fuzzy =
        ["isfuzzy", "__isFuzzy", "best_effort"].iter().any(|name| cx.word(name).is_some_and(|v| v == "true"));
    let with_source = cx.word("withsource").or_else(|| cx.word("with_source"));
    let mut tables: Vec<(String, Rc<Table>)> = first.into_iter().collect();
    let mut missing = None;
    for (at, expr) in exprs.iter().enumerate() {
        for (name, table) in members(cx, expr, at)? {
            match table {
                Ok(table) => tables.push((name, table)),
                // With isfuzzy a table that is not there is left out, as long as one is.
                Err(problem) if fuzzy && problem.kind == ProblemKind::Semantic => missing = Some(problem),
                Err(problem) => return Err(problem),
            }
        }
    }
    if tables.is_empty() {
        return Err(missing.unwrap_or_else(|| Problem::semantic("SEM0100", "no table matches the pattern")));
    }
    let inner = cx.word("kind").is_some_and(|kind| kind == "inner");
    merge(cx, tables, inner, with_source)
}

type Member = (String, Result<Rc<Table>>);

/// The tables of one operand, with their names.
fn members(cx: &Context<'_>, expr: &Expr, at: usize) -> Result<Vec<Member>> {
    let load = |name: &str| {
        let single = Expr { kind: ExprKind::Name(name.to_owned()), span: expr.span };
        sources::tabular(cx.engine, cx.scope, &single)
    };
    Ok(match &expr.kind {
        ExprKind::Wildcard(pattern) => {
            let stored = cx.engine.tables.names().into_iter();
            let own = cx.scope.names().into_iter().filter(
                |name| matches!(cx.scope.get(name), Some(Binding::Function(f)) if f.declaration.view),
            );
            let names: Vec<String> =
                stored.chain(own).filter(|name| columns::wildcard(pattern, name)).collect();
            names.into_iter().map(|name| (name.clone(), load(&name))).collect()
        }
        ExprKind::Name(name) => vec![(name.clone(), load(name))],
        _ => vec![(format!("union_arg{at}"), sources::tabular(cx.engine, cx.scope, expr))],
    })
}

/// A column of the result, and where it comes from in each table.
struct Merged {
    column: Column,
    sources: Vec<Option<usize>>,
}

/// Columns of the same name and type are one; of the same name and different types are `name_type` each.
fn merge(
    cx: &Context<'_>,
    tables: Vec<(String, Rc<Table>)>,
    inner: bool,
    with_source: Option<String>,
) -> Result<Table> {
    let types_of = |name: &str| {
        let mut types: Vec<Type> = Vec::new();
        for column in tables.iter().flat_map(|(_, table)| &table.columns).filter(|column| column.name == name)
        {
            if !types.contains(&column.ty) {
                types.push(column.ty);
            }
        }
        types
    };
    let mut merged: Vec<Merged> = Vec::new();
    for column in tables.iter().flat_map(|(_, table)| &table.columns) {
        if merged.iter().any(|m| {
            m.column.name == column.name || m.column.name == format!("{}_{}", column.name, column.ty)
        }) {
            continue;
        }
        let types = types_of(&column.name);
        for ty in &types {
            let name = if types.len() == 1 { column.name.clone() } else { format!("{}_{ty}", column.name) };
            let find =
                |table: &Table| table.columns.iter().position(|c| c.name == column.name && c.ty == *ty);
            let sources: Vec<Option<usize>> = tables.iter().map(|(_, table)| find(table)).collect();
            if !inner || sources.iter().all(Option::is_some) {
                merged.push(Merged { column: Column::new(name, *ty), sources });
            }
        }
    }
    let mut columns: Vec<Column> = Vec::new();
    columns.extend(with_source.iter().map(|name| Column::new(name, Type::String)));
    for merged in &mut merged {
        merged.column.name =
            name::unique(&merged.column.name, |taken| columns.iter().any(|c| c.name == taken));
        columns.push(merged.column.clone());
    }
    let mut rows = Vec::new();
    for (at, (name, table)) in tables.iter().enumerate() {
        for row in &table.rows {
            cx.engine.meter.tick()?;
            cx.engine.meter.rows(rows.len() + 1)?;
            let source = with_source.iter().map(|_| Value::from(name.as_str()));
            let cells = merged.iter().map(|m| match m.sources[at] {
                Some(from) => row[from].clone(),
                None => m.column.ty.nothing(),
            });
            rows.push(source.chain(cells).collect());
        }
    }
    let open = tables.iter().any(|(_, table)| table.open);
    Ok(Table { open, ..Table::new(columns, rows) })
}
