//! Conditions on fields, and how values compare.

use std::cmp::Ordering;

use serde::Deserialize;
use serde_json::Value;

use super::{is_blank, query::QueryError};

/// One condition.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    pub(super) field: String,
    #[serde(default)]
    is: Comparison,
    #[serde(default)]
    value: Value,
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Comparison {
    #[default]
    Equal,
    NotEqual,
    Contains,
    NotContains,
    StartsWith,
    EndsWith,
    In,
    NotIn,
    Greater,
    AtLeast,
    Less,
    AtMost,
    Empty,
    NotEmpty,
}

impl Condition {
    pub(super) fn check(&self) -> Result<(), QueryError> {
        use Comparison::{AtLeast, AtMost, Empty, Greater, In, Less, NotEmpty, NotIn};
        let wrong = |takes: &str| {
            Err(QueryError(format!("'{}' was compared with {}; {takes}", self.field, self.value)))
        };
        match self.is {
            In | NotIn if !self.value.is_array() => {
                wrong("in and not_in take a list, such as [\"a\", \"b\"]")
            }
            Greater | AtLeast | Less | AtMost if !self.value.is_string() && !self.value.is_number() => {
                wrong("an order is only known of numbers, texts and times")
            }
            Empty | NotEmpty if !self.value.is_null() => wrong("empty and not_empty take no value"),
            _ => Ok(()),
        }
    }

    pub(super) fn holds(&self, field: Option<&Value>) -> bool {
        use Comparison::{
            AtLeast, AtMost, Contains, Empty, EndsWith, Equal, Greater, In, Less, NotContains, NotEmpty,
            NotEqual, NotIn, StartsWith,
        };
        let value = field.unwrap_or(&Value::Null);
        let wanted = &self.value;
        let ordered = |holds: fn(Ordering) -> bool| !value.is_null() && holds(compare(value, wanted));
        match self.is {
            Equal => equal(value, wanted),
            NotEqual => !equal(value, wanted),
            Contains => contains(value, wanted),
            NotContains => !contains(value, wanted),
            StartsWith => folded(value).starts_with(&folded(wanted)),
            EndsWith => folded(value).ends_with(&folded(wanted)),
            In => one_of(value, wanted),
            NotIn => !one_of(value, wanted),
            Greater => ordered(Ordering::is_gt),
            AtLeast => ordered(Ordering::is_ge),
            Less => ordered(Ordering::is_lt),
            AtMost => ordered(Ordering::is_le),
            Empty => is_blank(value),
            NotEmpty => !is_blank(value),
        }
    }
}

fn equal(value: &Value, wanted: &Value) -> bool {
    is_blank(value) && is_blank(wanted) || compare(value, wanted).is_eq()
}

fn one_of(value: &Value, wanted: &Value) -> bool {
    wanted.as_array().is_some_and(|wanted| wanted.iter().any(|wanted| equal(value, wanted)))
}

/// An entry of a list, or a part of a text.
fn contains(value: &Value, wanted: &Value) -> bool {
    match value {
        Value::Array(list) => {
            list.iter().any(|entry| equal(entry, wanted) || folded(entry).contains(&folded(wanted)))
        }
        other => folded(other).contains(&folded(wanted)),
    }
}

/// A value as text, without regard to letter case.
pub(super) fn folded(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_lowercase(),
        other => other.to_string().to_lowercase(),
    }
}

pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Numbers by value, times by instant, everything else as text without regard to letter case.
pub(super) fn compare(a: &Value, b: &Value) -> Ordering {
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return a.total_cmp(&b);
    }
    if let (Some(a), Some(b)) = (time(a), time(b)) {
        return a.cmp(&b);
    }
    folded(a).cmp(&folded(b))
}

fn time(value: &Value) -> Option<jiff::Timestamp> {
    value
        .as_str()
        .filter(|text| text.len() >= 20 && text.as_bytes()[4] == b'-')
        .and_then(|text| text.parse().ok())
}
