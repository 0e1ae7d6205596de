//! Dynamic values as JSON and back.

use std::sync::Arc;

use super::{Bag, Value, datetime, timespan};

/// Nesting beyond this is not read: the text stays a string.
const MAX_DEPTH: usize = 100;

/// JSON as a dynamic value. Numbers without a fraction are long.
pub fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Long(whole),
            None => number.as_f64().map_or(Value::Null, Value::Real),
        },
        serde_json::Value::String(text) => Value::string(text.as_str()),
        serde_json::Value::Array(items) => Value::array(items.iter().map(from_json).collect()),
        serde_json::Value::Object(properties) => Value::bag(
            properties.iter().map(|(name, value)| (Arc::from(name.as_str()), from_json(value))).collect(),
        ),
    }
}

/// A value as JSON: times and guids become strings, reals that JSON has no word for too.
pub fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Long(value) => (*value).into(),
        Value::Real(number) => serde_json::Number::from_f64(*number)
            .map_or_else(|| super::number::real_text(*number).into(), serde_json::Value::Number),
        Value::String(text) => text.as_ref().into(),
        Value::DateTime(ticks) => datetime::text(*ticks).into(),
        Value::Timespan(ticks) => timespan::text(*ticks).into(),
        Value::Decimal(_) | Value::Guid(_) => value.to_text().as_ref().into(),
        Value::Array(items) => items.iter().map(to_json).collect(),
        Value::Bag(bag) => bag
            .iter()
            .map(|(name, value)| (name.to_string(), to_json(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// Compact JSON.
pub fn text(value: &Value) -> String {
    to_json(value).to_string()
}

/// `parse_json`: what is no JSON stays the string it was.
pub fn parse(text: &str) -> Value {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Value::Null;
    }
    if depth(trimmed) > MAX_DEPTH {
        return Value::string(text);
    }
    match serde_json::from_str::<serde_json::Value>(trimmed) {
        Ok(json) => from_json(&json),
        Err(_) => Value::string(text),
    }
}

fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Both bags in one; what the first has stays.
pub fn merge(into: &mut Bag, other: &Bag) {
    for (name, value) in other {
        if !into.contains_key(name) {
            into.insert(Arc::clone(name), value.clone());
        }
    }
}
