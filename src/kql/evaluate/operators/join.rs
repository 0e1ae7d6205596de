//! `join` and `lookup`.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::super::bind::unresolved_column;
use super::super::{name, sources};
use super::Context;
use crate::kql::ast::{BinaryOp, Expr, ExprKind, JoinCondition, LogicalOp};
use crate::kql::error::{Problem, Result};
use crate::kql::table::{Column, Row, Table};
use crate::kql::value::Value;
use crate::kql::value::compare::Key;

/// Columns of the left and the right side that must be equal.
struct Equality {
    left: usize,
    right: usize,
}

const KINDS: [&str; 11] = [
    "innerunique",
    "inner",
    "leftouter",
    "rightouter",
    "fullouter",
    "leftanti",
    "rightanti",
    "leftsemi",
    "rightsemi",
    "anti",
    "leftantisemi",
];

pub fn join(cx: &Context<'_>, left: Table, right: &Expr, on: Option<&JoinCondition>) -> Result<Table> {
    let kind = cx.word("kind").unwrap_or_else(|| "innerunique".to_owned());
    let kind = match kind.as_str() {
        "anti" | "leftantisemi" => "leftanti",
        "rightantisemi" => "rightanti",
        other => other,
    };
    if !KINDS.contains(&kind) {
        let message = format!("'{kind}' is no kind of join");
        return Err(Problem::semantic("SEM0020", message).hint(format!("kinds are {}", KINDS.join(", "))));
    }
    let right = sources::tabular(cx.engine, cx.scope, right)?;
    let equalities = match on {
        Some(on) => equalities(on, &left, &right)?,
        None => {
            return Err(Problem::semantic("SEM0122", "join: 'on' is missing")
                .hint("on Column, or $left.A == $right.B"));
        }
    };
    combine(cx, left, &right, kind, &equalities)
}

/// A left outer join (or an inner one) without the right side's key columns.
pub fn lookup(cx: &Context<'_>, left: Table, right: &Expr, on: &JoinCondition) -> Result<Table> {
    let kind = cx.word("kind").unwrap_or_else(|| "leftouter".to_owned());
    let right = sources::tabular(cx.engine, cx.scope, right)?;
    let equalities = equalities(on, &left, &right)?;
    let width = left.columns.len();
    let dropped: HashSet<usize> =
        equalities.iter().filter_map(|equality| width.checked_add(equality.right)).collect();
    let joined = combine(cx, left, &right, if kind == "inner" { "inner" } else { "leftouter" }, &equalities)?;
    let kept: Vec<usize> = (0..joined.columns.len()).filter(|at| !dropped.contains(at)).collect();
    let mut columns: Vec<Column> = Vec::new();
    for at in &kept {
        // Names are as if the dropped columns had never been there.
        let base = if *at < width { &joined.columns[*at].name } else { &right.columns[at - width].name };
        let name = name::unique(base, |taken| columns.iter().any(|column| column.name == taken));
        columns.push(Column::new(name, joined.columns[*at].ty));
    }
    let rows = joined.rows.into_iter().map(|row| kept.iter().map(|at| row[*at].clone()).collect()).collect();
    Ok(Table { open: joined.open, ..Table::new(columns, rows) })
}

fn equalities(on: &JoinCondition, left: &Table, right: &Table) -> Result<Vec<Equality>> {
    let JoinCondition::On(conditions) = on else {
        return Err(Problem::unsupported("'join ... where'"));
    };
    let mut found = Vec::new();
    for condition in conditions {
        add_equality(condition, left, right, &mut found)?;
    }
    Ok(found)
}

fn add_equality(condition: &Expr, left: &Table, right: &Table, found: &mut Vec<Equality>) -> Result<()> {
    match &condition.bare().kind {
        ExprKind::Name(name) => {
            let sides = left.position(name).zip(right.position(name));
            let Some((l, r)) = sides.or_else(|| open_sides(left, right)) else {
                let names: Vec<String> = left
                    .columns
                    .iter()
                    .filter(|c| right.position(&c.name).is_some())
                    .map(|c| c.name.clone())
                    .collect();
                let side = if left.position(name).is_none() { "left" } else { "right" };
                let problem = unresolved_column(name, names.into_iter());
                let message = format!("{} on the {side} side of the join", problem.message);
                return Err(Problem { message, ..problem }.at(condition.span));
            };
            found.push(Equality { left: l, right: r });
            Ok(())
        }
        ExprKind::Binary(BinaryOp::Equal, a, b) => {
            let (a, b) = (side(a)?, side(b)?);
            let (left_name, right_name) = match (a, b) {
                (("$left", l), ("$right", r)) | (("$right", r), ("$left", l)) => (l, r),
                _ => return Err(bad_condition(condition)),
            };
            let column = |table: &Table, name: &str, side: &str| {
                table.position(name).or_else(|| table.open.then_some(usize::MAX)).ok_or_else(|| {
                    let problem =
                        unresolved_column(name, table.columns.iter().map(|column| column.name.clone()));
                    let message = format!("{} on the {side} side of the join", problem.message);
                    Problem { message, ..problem }.at(condition.span)
                })
            };
            found.push(Equality {
                left: column(left, left_name, "left")?,
                right: column(right, right_name, "right")?,
            });
            Ok(())
        }
        ExprKind::Logical(LogicalOp::And, parts) => {
            parts.iter().try_for_each(|part| add_equality(part, left, right, found))
        }
        _ => Err(bad_condition(condition)),
    }
}

/// A column that only data will tell: out of range, so it reads as null.
fn open_sides(left: &Table, right: &Table) -> Option<(usize, usize)> {
    (left.open || right.open).then_some((usize::MAX, usize::MAX))
}

fn side(expr: &Expr) -> Result<(&str, &str)> {
    match &expr.bare().kind {
        ExprKind::Path(base, member) => match (base.as_name(), member.as_name()) {
            (Some(base), Some(member)) => Ok((base, member)),
            _ => Err(bad_condition(expr)),
        },
        ExprKind::Element(base, index) => match (base.as_name(), &index.kind) {
            (Some(base), ExprKind::Name(member)) => Ok((base, member)),
            (Some(base), ExprKind::Literal(crate::kql::ast::Literal::String(member))) => Ok((base, member)),
            _ => Err(bad_condition(expr)),
        },
        _ => Err(bad_condition(expr)),
    }
}

fn bad_condition(expr: &Expr) -> Problem {
    Problem::semantic("SEM0130", "join: only equality of columns can be a condition")
        .hint("write a column of both sides, or $left.A == $right.B")
        .at(expr.span)
}

fn key(row: &[Value], columns: impl Iterator<Item = usize>) -> Vec<Key> {
    columns.map(|at| Key(row.get(at).cloned().unwrap_or_default())).collect()
}

fn combine(
    cx: &Context<'_>,
    mut left: Table,
    right: &Rc<Table>,
    kind: &str,
    on: &[Equality],
) -> Result<Table> {
    let left_key = |row: &Row| key(row, on.iter().map(|equality| equality.left));
    let right_key = |row: &Row| key(row, on.iter().map(|equality| equality.right));
    if kind == "innerunique" {
        let mut seen = HashSet::new();
        left.rows.retain(|row| seen.insert(left_key(row)));
    }
    let mut index: HashMap<Vec<Key>, Vec<usize>> = HashMap::new();
    for (at, row) in right.rows.iter().enumerate() {
        cx.engine.meter.tick()?;
        index.entry(right_key(row)).or_default().push(at);
    }
    // Null equals nothing, not even null.
    let matches = |row: &Row| {
        let key = left_key(row);
        if key.iter().any(|key| key.0.is_null()) { None } else { index.get(&key) }
    };
    let open = left.open || right.open;
    match kind {
        "leftsemi" | "leftanti" => {
            let keep = kind == "leftsemi";
            let rows = left.rows.into_iter().filter(|row| matches(row).is_some() == keep).collect();
            return Ok(Table { open: left.open, ordered: left.ordered, ..Table::new(left.columns, rows) });
        }
        "rightsemi" | "rightanti" => {
            let keys: HashSet<Vec<Key>> =
                left.rows.iter().map(left_key).filter(|key| key.iter().all(|key| !key.0.is_null())).collect();
            let keep = kind == "rightsemi";
            let rows =
                right.rows.iter().filter(|row| keys.contains(&right_key(row)) == keep).cloned().collect();
            return Ok(Table { open: right.open, ..Table::new(right.columns.clone(), rows) });
        }
        _ => {}
    }
    let mut columns = left.columns.clone();
    for column in &right.columns {
        let name = name::unique(&column.name, |taken| columns.iter().any(|column| column.name == taken));
        columns.push(Column::new(name, column.ty));
    }
    let outer_left = matches!(kind, "leftouter" | "fullouter");
    let mut used = vec![false; right.rows.len()];
    let mut rows: Vec<Row> = Vec::new();
    let blank = |columns: &[Column]| columns.iter().map(|column| column.ty.nothing()).collect::<Row>();
    for row in &left.rows {
        cx.engine.meter.tick()?;
        match matches(row) {
            Some(found) => {
                for at in found {
                    used[*at] = true;
                    cx.engine.meter.tick()?;
                    cx.engine.meter.rows(rows.len() + 1)?;
                    rows.push(row.iter().chain(&right.rows[*at]).cloned().collect());
                }
            }
            None if outer_left => rows.push(row.iter().cloned().chain(blank(&right.columns)).collect()),
            None => {}
        }
    }
    if matches!(kind, "rightouter" | "fullouter") {
        for (row, _) in right.rows.iter().zip(&used).filter(|(_, used)| !**used) {
            rows.push(blank(&left.columns).into_iter().chain(row.iter().cloned()).collect());
        }
    }
    Ok(Table { open, ..Table::new(columns, rows) })
}
