//! Equality, order, and keys for grouping.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use super::Value;

/// The order of two values of kinds that have one with each other. Null is with nothing.
pub fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::DateTime(a), Value::DateTime(b)) | (Value::Timespan(a), Value::Timespan(b)) => Some(a.cmp(b)),
        (Value::Guid(a), Value::Guid(b)) => Some(a.cmp(b)),
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        _ => match (a.as_long(), b.as_long()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_real()?.partial_cmp(&b.as_real()?),
        },
    }
}

/// The same value; numbers of different types count as the numbers they are, arrays and bags by their content.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b))
        }
        (Value::Bag(a), Value::Bag(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| same(value, other)))
        }
        (Value::Bool(flag), number) | (number, Value::Bool(flag)) if !matches!(number, Value::Bool(_)) => {
            number.as_real().is_some_and(|n| n == f64::from(u8::from(*flag)))
        }
        (Value::Real(a), Value::Real(b)) if a.is_nan() && b.is_nan() => true,
        _ => order(a, b) == Some(Ordering::Equal),
    }
}

/// A total order for sorting: null before everything (unless `nulls_last`), then by kind.
pub fn total(a: &Value, b: &Value) -> Ordering {
    if let Some(ordering) = order(a, b) {
        return ordering;
    }
    if let (Value::Real(a), Value::Real(b)) = (a, b) {
        return a.total_cmp(b);
    }
    match (a, b) {
        (Value::Array(_) | Value::Bag(_), Value::Array(_) | Value::Bag(_)) => a.to_text().cmp(&b.to_text()),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_) => 2,
        Value::Timespan(_) => 3,
        Value::DateTime(_) => 4,
        Value::Guid(_) => 5,
        Value::String(_) => 6,
        Value::Array(_) => 7,
        Value::Bag(_) => 8,
    }
}

/// A value that can be looked up: null equals null, `1` equals `1.0`.
#[derive(Clone, Debug)]
pub struct Key(pub Value);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Value::Null => 0_u8.hash(state),
            Value::String(text) => text.hash(state),
            Value::DateTime(ticks) | Value::Timespan(ticks) => ticks.hash(state),
            Value::Guid(guid) => guid.hash(state),
            Value::Bool(flag) => hash_real(f64::from(u8::from(*flag)), state),
            Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_) => {
                hash_real(self.0.as_real().unwrap_or_default(), state);
            }
            Value::Array(items) => {
                items.len().hash(state);
                for item in items.iter() {
                    Self(item.clone()).hash(state);
                }
            }
            Value::Bag(bag) => bag.len().hash(state),
        }
    }
}

fn hash_real<H: Hasher>(value: f64, state: &mut H) {
    // Zero has two representations that are equal, and all not-a-numbers are one here.
    let value = if value == 0.0 { 0.0 } else { value };
    (if value.is_nan() { f64::NAN } else { value }).to_bits().hash(state);
}
