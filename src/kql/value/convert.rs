//! Casts between types: what `tolong()`, `todatetime()` and the others do.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use uuid::Uuid;

use super::{Type, Value, datetime, json, number, timespan};

/// The value as another type; what does not fit becomes null (or the empty string).
pub fn cast(value: &Value, to: Type) -> Value {
    match to {
        Type::Bool => to_bool(value),
        Type::Int => to_long(value).and_then(|n| i32::try_from(n).ok()).map_or(Value::Null, Value::Int),
        Type::Long => to_long(value).into(),
        Type::Real => to_real(value).into(),
        Type::Decimal => to_decimal(value),
        Type::String => Value::String(value.to_text()),
        Type::DateTime => to_datetime(value),
        Type::Timespan => to_timespan(value),
        Type::Guid => to_guid(value),
        Type::Dynamic => match value {
            Value::String(text) => json::parse(text),
            other => other.clone(),
        },
    }
}

/// As [`cast`], but a dynamic keeps strings as they are: for values that are put into a dynamic column.
pub fn store(value: Value, in_type: Type) -> Value {
    match in_type {
        Type::Dynamic => value,
        _ if value.type_of() == Some(in_type) => value,
        Type::String if value.is_null() => in_type.nothing(),
        _ => cast(&value, in_type),
    }
}

fn to_bool(value: &Value) -> Value {
    match value {
        Value::Bool(_) => value.clone(),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Value::Bool(true),
            "false" | "0" => Value::Bool(false),
            other => number::parse_real(other).map(|n| n != 0.0).into(),
        },
        other => other.as_real().map(|n| n != 0.0).into(),
    }
}

/// Toward zero.
pub fn to_long(value: &Value) -> Option<i64> {
    match value {
        Value::Bool(value) => Some(i64::from(*value)),
        Value::Int(n) => Some(i64::from(*n)),
        Value::Long(n) => Some(*n),
        Value::Real(n) => number::truncated(*n),
        Value::Decimal(n) => rust_decimal::prelude::ToPrimitive::to_i64(&n.trunc()),
        Value::String(text) => {
            number::parse_long(text).or_else(|| number::parse_real(text).and_then(number::truncated))
        }
        Value::DateTime(ticks) | Value::Timespan(ticks) => Some(*ticks),
        Value::Null | Value::Guid(_) | Value::Array(_) | Value::Bag(_) => None,
    }
}

/// Any number, or text that is one.
pub fn to_real(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        Value::String(text) => number::parse_real(text),
        #[expect(clippy::cast_precision_loss, reason = "a real is asked for")]
        Value::DateTime(ticks) | Value::Timespan(ticks) => Some(*ticks as f64),
        other => other.as_real(),
    }
}

fn to_decimal(value: &Value) -> Value {
    let found = match value {
        Value::Decimal(n) => Some(*n),
        Value::Int(n) => Some(Decimal::from(*n)),
        Value::Long(n) => Some(Decimal::from(*n)),
        Value::Real(n) => Decimal::from_f64(*n),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
        }
        _ => None,
    };
    found.map_or(Value::Null, Value::Decimal)
}

fn to_datetime(value: &Value) -> Value {
    let ticks = match value {
        Value::DateTime(ticks) => Some(*ticks),
        Value::String(text) => datetime::parse(text),
        Value::Int(_) | Value::Long(_) => value.as_long().filter(|ticks| (0..=datetime::MAX).contains(ticks)),
        _ => None,
    };
    ticks.map_or(Value::Null, Value::DateTime)
}

fn to_timespan(value: &Value) -> Value {
    let ticks = match value {
        Value::Timespan(ticks) => Some(*ticks),
        Value::String(text) => timespan::parse(text),
        Value::Int(_) | Value::Long(_) => value.as_long(),
        _ => None,
    };
    ticks.map_or(Value::Null, Value::Timespan)
}

fn to_guid(value: &Value) -> Value {
    match value {
        Value::Guid(_) => value.clone(),
        Value::String(text) => Uuid::parse_str(text.trim()).map_or(Value::Null, Value::Guid),
        _ => Value::Null,
    }
}

/// The value of a literal's text, such as `1.5h` or what stands in `datetime(...)`; `None` if it is no such value.
pub fn literal(ty: Type, text: &str) -> Option<Value> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("null") || (text.is_empty() && ty != Type::String) {
        return Some(ty.nothing());
    }
    let value = match ty {
        Type::Timespan => {
            timespan::parse(text.trim_matches(['"', '\''])).map_or(Value::Null, Value::Timespan)
        }
        Type::Guid | Type::Decimal => cast(&Value::string(text.trim_matches(['"', '\''])), ty),
        _ => cast(&Value::string(text), ty),
    };
    (!value.is_null()).then_some(value)
}
