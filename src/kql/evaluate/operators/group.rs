//! `summarize` and `distinct`.

use std::cell::RefCell;
use std::collections::HashMap;

use super::super::RowContext;
use super::super::bind::{Binder, Slot};
use super::super::name;
use super::super::node::{Node, Typed};
use super::{Computed, Context, columns};
use crate::kql::aggregates::{self, Accumulator};
use crate::kql::ast::{Call, Expr, ExprKind};
use crate::kql::error::Result;
use crate::kql::table::{Column, Row, Table};
use crate::kql::value::compare::Key;
use crate::kql::value::{Type, Value};

/// Aggregates over groups, and the columns made of them.
pub struct Aggregation {
    slots: Vec<Slot>,
    /// They see the finished slots as a row.
    pub computed: Computed,
}

/// The state of a group.
pub struct Group {
    pub key: Row,
    states: Vec<Box<dyn Accumulator>>,
}

impl Aggregation {
    /// Binds aggregate expressions; `taken` are the names of the columns before them.
    pub fn bind(
        cx: &Context<'_>,
        table: &Table,
        exprs: &[Expr],
        taken: &[Column],
        skip: &[usize],
    ) -> Result<Self> {
        let slots = RefCell::new(Vec::new());
        let mut computed = Computed { columns: Vec::new(), cells: Vec::new() };
        let binder = Binder::aggregating(cx.engine, cx.scope, table, &slots);
        for expr in exprs {
            let (names, value) = match &expr.kind {
                ExprKind::Named(names, _, value) => {
                    (names.iter().map(|name| name.text.clone()).collect(), &**value)
                }
                _ => (Vec::new(), expr),
            };
            let outputs = match several(&binder, table, value, skip)? {
                Some(outputs) => outputs,
                None => {
                    let cell = binder.bind(value)?;
                    let used =
                        |name: &str| taken.iter().chain(&computed.columns).any(|column| column.name == name);
                    vec![(name::suggested(value).unwrap_or_else(|| name::unnamed(used)), cell)]
                }
            };
            for (at, (suggested, cell)) in outputs.into_iter().enumerate() {
                let name = names.get(at).cloned().unwrap_or(suggested);
                let used =
                    |name: &str| taken.iter().chain(&computed.columns).any(|column| column.name == name);
                let name = name::unique(&name, used);
                computed.columns.push(Column::new(name, cell.ty));
                computed.cells.push(cell);
            }
        }
        Ok(Self { slots: slots.into_inner(), computed })
    }

    pub fn start(&self, key: Row) -> Group {
        Group { key, states: self.slots.iter().map(|slot| (slot.aggregate.start)()).collect() }
    }

    pub fn add(&self, group: &mut Group, cx: RowContext<'_>) -> Result<()> {
        for (slot, state) in self.slots.iter().zip(&mut group.states) {
            if let Some(condition) = &slot.condition
                && !condition.holds(cx)?
            {
                continue;
            }
            let arguments: Vec<Value> =
                slot.arguments.iter().map(|argument| argument.value(cx)).collect::<Result<_>>()?;
            state.add(&arguments)?;
            cx.engine.meter.bytes(size_of::<Value>())?;
        }
        Ok(())
    }

    /// The values of the group's columns.
    pub fn finish(&self, cx: &Context<'_>, group: Group) -> Result<Row> {
        let slots: Row = group.states.into_iter().map(Accumulator::finish).collect();
        self.computed.row(RowContext { engine: cx.engine, row: &slots, rows: &[], index: 0 })
    }
}

/// The columns of an aggregate that gives several: `arg_max(time, *)`, `percentiles(x, 5, 95)`, `take_any(a, b)`.
fn several(
    binder: &Binder<'_>,
    table: &Table,
    expr: &Expr,
    skip: &[usize],
) -> Result<Option<Vec<(String, Typed)>>> {
    let ExprKind::Call(call) = &expr.kind else { return Ok(None) };
    let (Some(aggregate), Some(slots)) = (aggregates::lookup(&call.name.text), binder.slots) else {
        return Ok(None);
    };
    let percentiles = match call.name.text.as_str() {
        "arg_max" | "arg_min" | "argmax" | "argmin" | "take_any" | "any" => false,
        "percentiles" => true,
        _ => return Ok(None),
    };
    let expanded = Call { name: call.name.clone(), arguments: without_stars(call, table, skip) };
    let (slot, ty) = binder.slot(aggregate, &expanded)?;
    let outputs: Vec<(String, Type)> = if percentiles {
        let value = name::suggested(&expanded.arguments[0]).unwrap_or_default();
        let name_of = |argument: &Expr| match &argument.kind {
            ExprKind::Literal(crate::kql::ast::Literal::Typed(_, text)) => {
                format!("percentile_{value}_{}", text.replace('.', "_"))
            }
            _ => format!("percentile_{value}"),
        };
        expanded.arguments.iter().skip(1).map(|argument| (name_of(argument), ty)).collect()
    } else {
        let name_of = |argument: &Expr| match &argument.kind {
            ExprKind::Named(names, ..) => names.first().map(|name| name.text.clone()),
            _ => name::suggested(argument),
        };
        let names = expanded
            .arguments
            .iter()
            .map(|argument| name_of(argument).unwrap_or_else(|| "Column1".to_owned()));
        names.zip(slot.arguments.iter().map(|argument| argument.ty)).collect()
    };
    let at = slots.borrow().len();
    slots.borrow_mut().push(slot);
    let cell = |(item, (name, ty)): (usize, (String, Type))| {
        let array = Typed { node: Node::Column(at), ty: Type::Dynamic, span: expr.span };
        let index = Typed::constant(crate::kql::value::count(item), Type::Long, expr.span);
        (name, Typed { node: Node::Index(Box::new(array), Box::new(index)), ty, span: expr.span })
    };
    Ok(Some(outputs.into_iter().enumerate().map(cell).collect()))
}

/// The arguments, `*` replaced by all columns that neither group the rows nor stand before it.
fn without_stars(call: &Call, table: &Table, skip: &[usize]) -> Vec<Expr> {
    let named: Vec<&str> = call.arguments.iter().filter_map(Expr::as_name).collect();
    let mut arguments = Vec::new();
    for argument in &call.arguments {
        if !matches!(argument.kind, ExprKind::Star) {
            arguments.push(argument.clone());
            continue;
        }
        for (at, column) in table.columns.iter().enumerate() {
            if !skip.contains(&at) && !named.contains(&column.name.as_str()) {
                arguments.push(Expr { kind: ExprKind::Name(column.name.clone()), span: argument.span });
            }
        }
    }
    arguments
}

pub fn summarize(cx: &Context<'_>, table: &Table, exprs: &[Expr], by: &[Expr]) -> Result<Table> {
    let keys = columns::computed(&cx.over(table), by)?;
    let skip: Vec<usize> = keys
        .cells
        .iter()
        .filter_map(|cell| match &cell.node {
            Node::Column(at) => Some(*at),
            _ => None,
        })
        .collect();
    let aggregation = Aggregation::bind(cx, table, exprs, &keys.columns, &skip)?;
    let groups = grouped(cx, table, &keys, &aggregation)?;
    let mut rows = Vec::with_capacity(groups.len());
    for group in groups {
        let mut row = group.key.clone();
        row.extend(aggregation.finish(cx, group)?);
        rows.push(row);
    }
    let mut columns = keys.columns;
    columns.extend(aggregation.computed.columns);
    let star = |expr: &Expr| matches!(&columns::value_of(expr).kind, ExprKind::Call(call) if call.arguments.iter().any(|a| matches!(a.kind, ExprKind::Star)));
    let open = table.open && exprs.iter().any(star);
    Ok(Table { open, ..Table::new(columns, rows) })
}

/// Rows by their keys, in the order of the first appearance. Without keys there is one group, even of no rows.
pub fn grouped(
    cx: &Context<'_>,
    table: &Table,
    keys: &Computed,
    aggregation: &Aggregation,
) -> Result<Vec<Group>> {
    let mut places: HashMap<Vec<Key>, usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for (index, row) in table.rows.iter().enumerate() {
        cx.engine.meter.tick()?;
        let row = RowContext { engine: cx.engine, row, rows: &table.rows, index };
        let key = keys.row(row)?;
        let next = groups.len();
        let at = *places.entry(key.iter().cloned().map(Key).collect()).or_insert(next);
        if at == next {
            groups.push(aggregation.start(key));
        }
        aggregation.add(&mut groups[at], row)?;
    }
    if groups.is_empty() && keys.cells.is_empty() && !aggregation.computed.cells.is_empty() {
        groups.push(aggregation.start(Vec::new()));
    }
    Ok(groups)
}

pub fn distinct(cx: &Context<'_>, table: &Table, exprs: &[Expr]) -> Result<Table> {
    let star = exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Star));
    let all: Vec<Expr> = table
        .columns
        .iter()
        .map(|column| Expr {
            kind: ExprKind::Name(column.name.clone()),
            span: exprs.first().map(|expr| expr.span).unwrap_or_default(),
        })
        .collect();
    let computed = columns::computed(&cx.over(table), if star { &all } else { exprs })?;
    let mut seen = std::collections::HashSet::new();
    let rows = cx.map(table, |row| {
        let cells = computed.row(row)?;
        let new = seen.insert(cells.iter().cloned().map(Key).collect::<Vec<_>>());
        Ok(new.then_some(cells))
    })?;
    let open = star && table.open;
    Ok(Table { open, ..Table::new(computed.columns, rows) })
}
