//! `search` and `find`: over several tables at once.

use std::rc::Rc;

use super::super::sources;
use super::{Context, columns, rows};
use crate::kql::ast::{BinaryOp, Expr, ExprKind, Find, Literal, LogicalOp, Search};
use crate::kql::error::Result;
use crate::kql::table::{Column, Table};
use crate::kql::value::{Type, Value};

/// The tables to look through: those named, or else all.
fn tables(cx: &Context<'_>, input: Option<Table>, sources_: &[Expr]) -> Result<Vec<(String, Rc<Table>)>> {
    if let Some(input) = input {
        return Ok(vec![("search_arg0".to_owned(), Rc::new(input))]);
    }
    let mut names = Vec::new();
    for source in sources_ {
        match &source.kind {
            ExprKind::Name(name) => names.push(name.clone()),
            ExprKind::Wildcard(pattern) => {
                names.extend(
                    cx.engine.tables.names().into_iter().filter(|name| columns::wildcard(pattern, name)),
                );
            }
            _ => return Err(super::Problem::unsupported("anything but tables after 'in'").at(source.span)),
        }
    }
    if sources_.is_empty() {
        names = cx.engine.tables.names();
    }
    let span = sources_.first().map(|source| source.span).unwrap_or_default();
    let load = |name: String| {
        let expr = Expr { kind: ExprKind::Name(name.clone()), span };
        Ok((name, sources::tabular(cx.engine, cx.scope, &expr)?))
    };
    names.into_iter().map(load).collect()
}

/// Rows of all tables in which the predicate holds, with the table's name in `$table`.
pub fn search(cx: &Context<'_>, input: Option<Table>, search: &Search) -> Result<Table> {
    let only = input.is_some();
    let found = tables(cx, input, &search.sources)?;
    let mut parts = Vec::new();
    for (name, table) in found {
        let predicate = with_terms(&search.predicate);
        let kept = rows::filter(cx, (*table).clone(), &predicate)?;
        parts.push((name, kept));
    }
    Ok(stacked(parts, if only { None } else { Some("$table") }))
}

/// A bare text is looked for in all columns.
fn with_terms(expr: &Expr) -> Expr {
    let star = || Box::new(Expr { kind: ExprKind::Star, span: expr.span });
    let kind = match &expr.kind {
        ExprKind::Literal(Literal::String(text)) if text.contains('*') => {
            ExprKind::Binary(BinaryOp::String("like"), star(), Box::new(expr.clone()))
        }
        ExprKind::Literal(Literal::String(_)) => {
            ExprKind::Binary(BinaryOp::String("has"), star(), Box::new(expr.clone()))
        }
        ExprKind::Logical(op, parts) => ExprKind::Logical(*op, parts.iter().map(with_terms).collect()),
        ExprKind::Parenthesized(inner) => ExprKind::Parenthesized(Box::new(with_terms(inner))),
        // `search *`: every row.
        ExprKind::Star => ExprKind::Logical(LogicalOp::And, Vec::new()),
        ExprKind::Call(call) if call.name.text == "not" && call.arguments.len() == 1 => {
            let mut call = call.clone();
            call.arguments[0] = with_terms(&call.arguments[0]);
            ExprKind::Call(call)
        }
        other => other.clone(),
    };
    Expr { kind, span: expr.span }
}

/// As `search`, with the table's name in a column of its own, and the columns after `project`.
pub fn find(cx: &Context<'_>, input: Option<Table>, find: &Find) -> Result<Table> {
    let source = cx.word("withsource").unwrap_or_else(|| "source_".to_owned());
    let mut parts = Vec::new();
    for (name, table) in tables(cx, input, &find.sources)? {
        // A table that lacks a column of the predicate has no rows to offer.
        let Ok(kept) = rows::filter(cx, (*table).clone(), &with_terms(&find.predicate)) else { continue };
        parts.push((name, kept));
    }
    let mut result = stacked(parts, Some(&source));
    let wanted: Vec<&str> = find.project.iter().filter_map(Expr::as_name).collect();
    if !wanted.is_empty() {
        let kept: Vec<usize> =
            std::iter::once(0).chain(wanted.iter().filter_map(|name| result.position(name))).collect();
        result.rows =
            result.rows.iter().map(|row| kept.iter().map(|at| row[*at].clone()).collect()).collect();
        result.columns = kept.iter().map(|at| result.columns[*at].clone()).collect();
    }
    Ok(result)
}

/// The rows of all tables under the columns of all.
fn stacked(parts: Vec<(String, Table)>, source: Option<&str>) -> Table {
    let mut columns: Vec<Column> = source.iter().map(|name| Column::new(*name, Type::String)).collect();
    for column in parts.iter().flat_map(|(_, table)| &table.columns) {
        if !columns.contains(column) {
            columns.push(column.clone());
        }
    }
    let own = usize::from(source.is_some());
    let mut rows = Vec::new();
    for (name, table) in &parts {
        let places: Vec<Option<usize>> =
            columns[own..].iter().map(|column| table.columns.iter().position(|own| own == column)).collect();
        for row in &table.rows {
            let name = source.iter().map(|_| Value::from(name.as_str()));
            let cells = places.iter().zip(&columns[own..]);
            let cells =
                cells.map(|(at, column)| at.map_or_else(|| column.ty.nothing(), |at| row[at].clone()));
            rows.push(name.chain(cells).collect());
        }
    }
    Table::new(columns, rows)
}
