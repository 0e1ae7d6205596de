//! Expressions that are bound to the columns of a table, and their value for a row.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

use super::Engine;
use crate::kql::ast::{BinaryOp, LogicalOp};
use crate::kql::error::{Result, Span};
use crate::kql::functions::Function;
use crate::kql::functions::operator::{self, TextOp};
use crate::kql::table::Row;
use crate::kql::value::compare::{self, Key};
use crate::kql::value::{Bag, Type, Value, convert};

/// A bound expression and its type.
#[derive(Clone)]
pub struct Typed {
    pub node: Node,
    pub ty: Type,
    pub span: Span,
}

/// A row and what is around it.
#[derive(Clone, Copy)]
pub struct RowContext<'r> {
    pub engine: &'r Engine<'r>,
    pub row: &'r [Value],
    /// The whole table in order, for functions that look at other rows.
    pub rows: &'r [Row],
    pub index: usize,
}

/// Functions over the order of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    Number,
    CumulatedSum,
    RankDense,
    RankMin,
    Session,
}

/// What a window function remembers of the row before.
#[derive(Clone, Default)]
pub struct WindowState {
    next_index: usize,
    value: Value,
    other: Value,
    count: i64,
}

#[derive(Clone)]
pub enum Node {
    Const(Value),
    Column(usize),
    Binary(BinaryOp, Box<Typed>, Box<Typed>),
    Text(TextOp, Box<Typed>, Box<Typed>),
    Logical(LogicalOp, Vec<Typed>),
    Negate(Box<Typed>),
    In {
        ignore_case: bool,
        negated: bool,
        needle: Box<Typed>,
        list: Vec<Typed>,
        known: Option<HashSet<Key>>,
    },
    HasTerms {
        all: bool,
        haystack: Box<Typed>,
        terms: Vec<Typed>,
    },
    Between {
        negated: bool,
        value: Box<Typed>,
        low: Box<Typed>,
        high: Box<Typed>,
    },
    Member(Box<Typed>, Arc<str>),
    Index(Box<Typed>, Box<Typed>),
    Call(&'static Function, Vec<Typed>),
    Case(Vec<(Typed, Typed)>, Box<Typed>),
    Cast(Box<Typed>, Type),
    /// The columns of the row as a bag; nulls and empty strings are left out.
    PackAll(Vec<(Arc<str>, usize)>),
    /// The value of an expression for another row: how far, and what there is instead.
    Neighbour(Box<Typed>, Box<Typed>, bool, Box<Typed>),
    Window(Window, Vec<Typed>, RefCell<WindowState>),
}

impl Typed {
    pub fn constant(value: Value, ty: Type, span: Span) -> Self {
        Self { node: Node::Const(value), ty, span }
    }

    /// The value, if no row is needed for it.
    pub fn as_constant(&self) -> Option<&Value> {
        match &self.node {
            Node::Const(value) => Some(value),
            _ => None,
        }
    }

    /// It looks at rows in their order.
    pub fn value(&self, cx: RowContext<'_>) -> Result<Value> {
        self.node.value(cx).map_err(|problem| problem.at(self.span))
    }

    /// The value as one that a column of this type holds.
    pub fn stored(&self, cx: RowContext<'_>) -> Result<Value> {
        Ok(convert::store(self.value(cx)?, self.ty))
    }

    pub fn holds(&self, cx: RowContext<'_>) -> Result<bool> {
        Ok(self.value(cx)?.is_true())
    }
}

fn values(nodes: &[Typed], cx: RowContext<'_>) -> Result<Vec<Value>> {
    nodes.iter().map(|node| node.value(cx)).collect()
}

impl Node {
    fn value(&self, cx: RowContext<'_>) -> Result<Value> {
        match self {
            Self::Const(value) => Ok(value.clone()),
            Self::Column(at) => Ok(cx.row.get(*at).cloned().unwrap_or_default()),
            Self::Binary(op, left, right) => operator::binary(*op, &left.value(cx)?, &right.value(cx)?),
            Self::Text(op, left, right) => op.apply(&left.value(cx)?, &right.value(cx)?, cx.engine),
            Self::Logical(op, operands) => logical(*op, operands, cx),
            Self::Negate(operand) => operator::negate(&operand.value(cx)?),
            Self::In { ignore_case, negated, needle, list, known } => {
                let needle = needle.value(cx)?;
                let found = match known {
                    Some(known) if !ignore_case => known.contains(&Key(needle)),
                    _ => is_in(&needle, list, *ignore_case, cx)?,
                };
                Ok(Value::Bool(found != *negated))
            }
            Self::HasTerms { all, haystack, terms } => has_terms(*all, haystack, terms, cx),
            Self::Between { negated, value, low, high } => {
                let (value, low, high) = (value.value(cx)?, low.value(cx)?, high.value(cx)?);
                // The upper bound may be a distance from the lower one.
                let high = match (&low, &high) {
                    (Value::DateTime(_), Value::Timespan(_)) => operator::binary(BinaryOp::Add, &low, &high)?,
                    _ => high,
                };
                let inside = compare::order(&value, &low)
                    .map(|o| o.is_ge())
                    .and_then(|above| Some(above && compare::order(&value, &high)?.is_le()));
                Ok(inside.map(|inside| inside != *negated).into())
            }
            Self::Member(base, name) => Ok(member(&base.value(cx)?, name)),
            Self::Index(base, index) => Ok(element(&base.value(cx)?, &index.value(cx)?)),
            Self::Call(function, arguments) => {
                cx.engine.meter.tick()?;
                let result = (function.body)(&values(arguments, cx)?, cx.engine)?;
                if let Value::String(text) = &result
                    && text.len() > 1024
                {
                    cx.engine.meter.bytes(text.len())?;
                }
                Ok(result)
            }
            Self::Case(branches, otherwise) => {
                for (condition, value) in branches {
                    if condition.holds(cx)? {
                        return value.value(cx);
                    }
                }
                otherwise.value(cx)
            }
            Self::Cast(operand, ty) => match (operand.value(cx)?, operand.ty, ty) {
                // A bool as text is `True`; inside a dynamic value it is JSON, `true`.
                (Value::Bool(flag), Type::Bool, Type::String) => {
                    Ok(Value::from(if flag { "True" } else { "False" }))
                }
                (value, ..) => Ok(convert::cast(&value, *ty)),
            },
            Self::PackAll(columns) => {
                let cell = |at: &usize| cx.row.get(*at).cloned().unwrap_or_default();
                let bag: Bag = columns.iter().map(|(name, at)| (Arc::clone(name), cell(at))).collect();
                Ok(Value::bag(bag))
            }
            Self::Neighbour(expr, distance, backward, otherwise) => {
                let distance =
                    distance.value(cx)?.as_long().and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
                let at =
                    if *backward { cx.index.checked_sub(distance) } else { cx.index.checked_add(distance) };
                match at.and_then(|at| cx.rows.get(at).map(|row| (at, row))) {
                    Some((index, row)) => expr.value(RowContext { row, index, ..cx }),
                    None => otherwise.value(cx),
                }
            }
            Self::Window(kind, arguments, state) => {
                window(*kind, &values(arguments, cx)?, cx, &mut state.borrow_mut())
            }
        }
    }
}

/// Null is unknown: `false and null` is false, `true and null` is null.
fn logical(op: LogicalOp, operands: &[Typed], cx: RowContext<'_>) -> Result<Value> {
    let decisive = op == LogicalOp::Or;
    let mut unknown = false;
    for operand in operands {
        match operand.value(cx)? {
            Value::Bool(value) if value == decisive => return Ok(Value::Bool(decisive)),
            Value::Bool(_) => {}
            other => match convert::cast(&other, Type::Bool) {
                Value::Bool(value) if value == decisive => return Ok(Value::Bool(decisive)),
                Value::Bool(_) => {}
                _ => unknown = true,
            },
        }
    }
    Ok(if unknown { Value::Null } else { Value::Bool(!decisive) })
}

/// Arrays in the list stand for their items.
fn is_in(needle: &Value, list: &[Typed], ignore_case: bool, cx: RowContext<'_>) -> Result<bool> {
    let equal = |item: &Value| {
        if ignore_case {
            operator::equal_ignoring_case(needle, item)
        } else {
            operator::loosely_same(needle, item)
        }
    };
    for item in list {
        let item = item.value(cx)?;
        if item.as_array().map_or_else(|| equal(&item), |items| items.iter().any(equal)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn has_terms(all: bool, haystack: &Typed, terms: &[Typed], cx: RowContext<'_>) -> Result<Value> {
    let text = haystack.value(cx)?.to_text().to_lowercase();
    let mut found_all = true;
    for term in terms {
        let term = term.value(cx)?;
        let single = [term.clone()];
        for term in term.as_array().unwrap_or(&single) {
            let found = operator::has_term(&text, &term.to_text().to_lowercase());
            if found && !all {
                return Ok(Value::Bool(true));
            }
            found_all &= found;
        }
    }
    Ok(Value::Bool(all && found_all))
}

/// `value.name`; text that holds JSON is none.
pub fn member(value: &Value, name: &str) -> Value {
    value.as_bag().and_then(|bag| bag.get(name)).cloned().unwrap_or_default()
}

fn element(value: &Value, index: &Value) -> Value {
    if let Value::String(name) = index {
        return member(value, name);
    }
    let (Some(items), Some(at)) = (value.as_array(), index.as_long()) else { return Value::Null };
    let at = if at < 0 { at + i64::try_from(items.len()).unwrap_or(i64::MAX) } else { at };
    usize::try_from(at).ok().and_then(|at| items.get(at)).cloned().unwrap_or_default()
}

fn window(kind: Window, arguments: &[Value], cx: RowContext<'_>, state: &mut WindowState) -> Result<Value> {
    let first = cx.index == 0;
    if first || state.next_index != cx.index {
        *state = WindowState::default();
    }
    state.next_index = cx.index + 1;
    let argument = |at: usize| arguments.get(at).cloned().unwrap_or_default();
    match kind {
        Window::Number => {
            let start = argument(0).as_long().unwrap_or(1);
            state.count = if first || argument(1).is_true() { start } else { state.count + 1 };
            Ok(Value::Long(state.count))
        }
        Window::CumulatedSum => {
            let term = argument(0);
            state.value = if first || argument(1).is_true() || state.value.is_null() {
                term
            } else if term.is_null() {
                state.value.clone()
            } else {
                operator::binary(BinaryOp::Add, &state.value, &term)?
            };
            Ok(state.value.clone())
        }
        Window::RankDense | Window::RankMin => {
            let term = argument(0);
            let restart = first || argument(1).is_true();
            if restart {
                (state.count, state.other) = (1, Value::Long(1));
            } else {
                let seen = state.other.as_long().unwrap_or(0) + 1;
                if !compare::same(&term, &state.value) {
                    state.count = if kind == Window::RankDense { state.count + 1 } else { seen };
                }
                state.other = Value::Long(seen);
            }
            state.value = term;
            Ok(Value::Long(state.count))
        }
        Window::Session => {
            // Arguments: the time, the longest session, the longest gap, whether a new one begins here.
            let (time, longest, gap) = (argument(0), argument(1), argument(2));
            let distance = |from: &Value| operator::binary(BinaryOp::Subtract, &time, from);
            let exceeds = |from: &Value, bound: &Value| -> Result<bool> {
                Ok(compare::order(&distance(from)?, bound).is_none_or(|order| order.is_gt()))
            };
            let restart = first
                || argument(3).is_true()
                || exceeds(&state.value, &longest)?
                || exceeds(&state.other, &gap)?;
            if restart {
                state.value = time.clone();
            }
            state.other = time;
            Ok(state.value.clone())
        }
    }
}
