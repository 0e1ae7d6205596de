//! Arithmetic, comparison and text operators on values.

use crate::kql::ast::BinaryOp;
use crate::kql::error::{Problem, Result};
use crate::kql::evaluate::Engine;
use crate::kql::value::{Value, compare, number};

/// A text operator: what it looks for, where, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextOp {
    kind: TextKind,
    case_sensitive: bool,
    negated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TextKind {
    Has,
    HasPrefix,
    HasSuffix,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    Like,
}

impl TextOp {
    /// The operator of a word such as `!contains_cs`.
    pub fn from_word(word: &str) -> Option<Self> {
        let negated = word.starts_with('!') || word.starts_with("not");
        let positive = word.trim_start_matches('!').trim_start_matches("not");
        let (base, cs) = match positive.strip_suffix("_cs").or_else(|| positive.strip_suffix("cs")) {
            Some(base) => (base, true),
            None => (positive, false),
        };
        let kind = match base {
            "has" | ":" => TextKind::Has,
            "hasprefix" => TextKind::HasPrefix,
            "hassuffix" => TextKind::HasSuffix,
            "contains" => TextKind::Contains,
            "startswith" => TextKind::StartsWith,
            "endswith" => TextKind::EndsWith,
            "matches regex" => TextKind::Matches,
            "like" => TextKind::Like,
            _ => return None,
        };
        Some(Self { kind, case_sensitive: cs || kind == TextKind::Matches, negated })
    }

    pub fn apply(self, left: &Value, right: &Value, engine: &Engine<'_>) -> Result<Value> {
        let (mut text, mut part) = (left.to_text(), right.to_text());
        if !self.case_sensitive {
            text = text.to_lowercase().into();
            part = part.to_lowercase().into();
        }
        let found = match self.kind {
            TextKind::Has => has_term(&text, &part),
            TextKind::HasPrefix => has_bounded(&text, &part, true, false),
            TextKind::HasSuffix => has_bounded(&text, &part, false, true),
            TextKind::Contains => text.contains(&*part),
            TextKind::StartsWith => text.starts_with(&*part),
            TextKind::EndsWith => text.ends_with(&*part),
            TextKind::Matches => engine.regex(&part)?.is_match(&text),
            TextKind::Like => engine.regex(&like_pattern(&part))?.is_match(&text),
        };
        Ok(Value::Bool(found != self.negated))
    }
}

fn like_pattern(pattern: &str) -> String {
    let parts: Vec<String> = pattern.split(['*', '%']).map(regex::escape).collect();
    format!("(?s)^{}$", parts.join(".*"))
}

/// `term` stands in `text` as a word of its own. Both in lower case where case does not count.
pub fn has_term(text: &str, term: &str) -> bool {
    has_bounded(text, term, true, true)
}

fn has_bounded(text: &str, term: &str, before: bool, after: bool) -> bool {
    if term.is_empty() {
        return true;
    }
    let inner_start = term.chars().next().is_some_and(char::is_alphanumeric);
    let inner_end = term.chars().next_back().is_some_and(char::is_alphanumeric);
    let free = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    let mut from = 0;
    while let Some(at) = text[from..].find(term).map(|at| from + at) {
        let end = at + term.len();
        let starts = !before || !inner_start || free(text[..at].chars().next_back());
        let ends = !after || !inner_end || free(text[end..].chars().next());
        if starts && ends {
            return true;
        }
        from = at + text[at..].chars().next().map_or(1, char::len_utf8);
    }
    false
}

/// `=~`
pub fn equal_ignoring_case(left: &Value, right: &Value) -> bool {
    left.to_text().to_lowercase() == right.to_text().to_lowercase()
}

/// Equal, where a dynamic value on one side may hold the text or number of the other.
pub fn loosely_same(left: &Value, right: &Value) -> bool {
    compare::same(left, right)
        || match (left, right) {
            (Value::String(a), other) if !other.is_null() => **a == *other.to_text(),
            (other, Value::String(b)) if !other.is_null() => **b == *other.to_text(),
            _ => false,
        }
}

pub fn binary(op: BinaryOp, left: &Value, right: &Value) -> Result<Value> {
    Ok(match op {
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
            arithmetic(op, left, right)
        }
        BinaryOp::Less => ordered(left, right, std::cmp::Ordering::is_lt),
        BinaryOp::LessOrEqual => ordered(left, right, std::cmp::Ordering::is_le),
        BinaryOp::Greater => ordered(left, right, std::cmp::Ordering::is_gt),
        BinaryOp::GreaterOrEqual => ordered(left, right, std::cmp::Ordering::is_ge),
        BinaryOp::Equal | BinaryOp::NotEqual => match (left, right) {
            (Value::Null, Value::Null) => Value::Null,
            _ => Value::Bool(loosely_same(left, right) == (op == BinaryOp::Equal)),
        },
        BinaryOp::EqualIgnoringCase => Value::Bool(equal_ignoring_case(left, right)),
        BinaryOp::NotEqualIgnoringCase => Value::Bool(!equal_ignoring_case(left, right)),
        BinaryOp::String(word) => {
            return Err(Problem::unsupported(format!("the operator '{word}'")));
        }
    })
}

fn ordered(left: &Value, right: &Value, test: fn(std::cmp::Ordering) -> bool) -> Value {
    compare::order(left, right).map(test).into()
}

pub fn negate(value: &Value) -> Result<Value> {
    Ok(match value {
        Value::Int(n) => n.checked_neg().map_or(Value::Null, Value::Int),
        Value::Long(n) => n.checked_neg().into(),
        Value::Real(n) => Value::Real(-n),
        Value::Decimal(n) => Value::Decimal(-*n),
        Value::Timespan(n) => n.checked_neg().map_or(Value::Null, Value::Timespan),
        _ => Value::Null,
    })
}

fn arithmetic(op: BinaryOp, left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Value::Null,
        (Value::DateTime(a), Value::DateTime(b)) if op == BinaryOp::Subtract => {
            Value::Timespan(a.saturating_sub(*b))
        }
        (Value::DateTime(a), Value::Timespan(b)) => moment(op, *a, *b),
        (Value::Timespan(a), Value::DateTime(b)) if op == BinaryOp::Add => moment(op, *b, *a),
        (Value::Timespan(a), Value::Timespan(b)) => spans(op, *a, *b),
        (Value::Timespan(a), number) => number.as_real().map_or(Value::Null, |n| scaled(op, *a, n)),
        (number, Value::Timespan(b)) if op == BinaryOp::Multiply => {
            number.as_real().map_or(Value::Null, |n| scaled(op, *b, n))
        }
        (Value::Decimal(_), other) | (other, Value::Decimal(_)) if !matches!(other, Value::Real(_)) => {
            decimals(op, left, right)
        }
        _ => match (left, right, left.as_long(), right.as_long()) {
            (Value::Int(_), Value::Int(_), Some(a), Some(b)) => {
                longs(op, a, b).and_then(|n| i32::try_from(n).ok()).map_or(Value::Null, Value::Int)
            }
            (_, _, Some(a), Some(b)) => longs(op, a, b).into(),
            _ => match (left.as_real(), right.as_real()) {
                (Some(a), Some(b)) => Value::Real(reals(op, a, b)),
                _ => Value::Null,
            },
        },
    }
}

fn moment(op: BinaryOp, at: i64, span: i64) -> Value {
    let ticks = match op {
        BinaryOp::Add => at.checked_add(span),
        BinaryOp::Subtract => at.checked_sub(span),
        BinaryOp::Modulo if span != 0 => return Value::Timespan(at.rem_euclid(span)),
        _ => None,
    };
    ticks
        .filter(|ticks| (0..=crate::kql::value::datetime::MAX).contains(ticks))
        .map_or(Value::Null, Value::DateTime)
}

#[expect(clippy::cast_precision_loss, reason = "a ratio is asked for")]
fn spans(op: BinaryOp, a: i64, b: i64) -> Value {
    let ticks = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Divide => return Value::Real(a as f64 / b as f64),
        BinaryOp::Modulo => a.checked_rem_euclid(b),
        _ => None,
    };
    ticks.map_or(Value::Null, Value::Timespan)
}

#[expect(clippy::cast_precision_loss, reason = "fractions of a span are asked for")]
fn scaled(op: BinaryOp, span: i64, number: f64) -> Value {
    let ticks = match op {
        BinaryOp::Multiply => span as f64 * number,
        BinaryOp::Divide => span as f64 / number,
        _ => return Value::Null,
    };
    number::truncated(ticks).map_or(Value::Null, Value::Timespan)
}

fn longs(op: BinaryOp, a: i64, b: i64) -> Option<i64> {
    match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide => a.checked_div(b),
        // The remainder is never negative.
        BinaryOp::Modulo => a.checked_rem_euclid(b),
        _ => None,
    }
}

fn reals(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide => a / b,
        _ => a.rem_euclid(b),
    }
}

fn decimals(op: BinaryOp, left: &Value, right: &Value) -> Value {
    use crate::kql::value::{Type, convert::cast};
    let (Value::Decimal(a), Value::Decimal(b)) = (cast(left, Type::Decimal), cast(right, Type::Decimal))
    else {
        return Value::Null;
    };
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide => a.checked_div(b),
        _ => a.checked_rem(b),
    };
    result.map_or(Value::Null, Value::Decimal)
}
