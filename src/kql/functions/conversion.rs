//! `tostring()` and the other casts, `gettype()`, `hash()` and formats of numbers.

use sha2::{Digest, Sha256};

use super::{Body, Function, argument, long, of_type, text};
use crate::kql::evaluate::Engine;
use crate::kql::value::convert::cast;
use crate::kql::value::{Type, Value, json};

fn caster(to: Type) -> Body {
    match to {
        Type::Bool => |a, _| Ok(cast(argument(a, 0), Type::Bool)),
        Type::Int => |a, _| Ok(cast(argument(a, 0), Type::Int)),
        Type::Long => |a, _| Ok(cast(argument(a, 0), Type::Long)),
        Type::Real => |a, _| Ok(cast(argument(a, 0), Type::Real)),
        Type::Decimal => |a, _| Ok(cast(argument(a, 0), Type::Decimal)),
        Type::String => |a, _| Ok(cast(argument(a, 0), Type::String)),
        Type::DateTime => |a, _| Ok(cast(argument(a, 0), Type::DateTime)),
        Type::Timespan => |a, _| Ok(cast(argument(a, 0), Type::Timespan)),
        Type::Guid => |a, _| Ok(cast(argument(a, 0), Type::Guid)),
        Type::Dynamic => |a, _| Ok(cast(argument(a, 0), Type::Dynamic)),
    }
}

pub fn functions() -> Vec<Function> {
    const CASTS: [(&str, Type); 22] = [
        ("tostring", Type::String),
        ("toint", Type::Int),
        ("tolong", Type::Long),
        ("toreal", Type::Real),
        ("todouble", Type::Real),
        ("todecimal", Type::Decimal),
        ("tobool", Type::Bool),
        ("toboolean", Type::Bool),
        ("todatetime", Type::DateTime),
        ("totimespan", Type::Timespan),
        ("totime", Type::Timespan),
        ("toguid", Type::Guid),
        ("todynamic", Type::Dynamic),
        ("toobject", Type::Dynamic),
        ("parse_json", Type::Dynamic),
        ("parsejson", Type::Dynamic),
        ("dynamic_to_json", Type::String),
        ("bool", Type::Bool),
        ("guid", Type::Guid),
        ("uuid", Type::Guid),
        ("todate", Type::DateTime),
        ("tofloat", Type::Real),
    ];
    let mut functions: Vec<Function> =
        CASTS.into_iter().map(|(name, ty)| of_type(name, (1, 1), ty, caster(ty))).collect();
    functions.extend([
        of_type("gettype", (1, 1), Type::String, |a, _| Ok(kind(argument(a, 0)).into())),
        of_type("tohex", (1, 2), Type::String, |a, _| {
            let width = long(a, 1).and_then(|width| usize::try_from(width).ok()).unwrap_or(0).min(64);
            Ok(long(a, 0).map_or(Value::string(""), |n| format!("{n:0width$x}").into()))
        }),
        of_type("hash_sha256", (1, 1), Type::String, |a, _| {
            Ok(format!("{:x}", Sha256::digest(text(a, 0).as_bytes())).into())
        }),
        of_type("new_guid", (0, 0), Type::Guid, |_, _| Ok(Value::Guid(uuid::Uuid::now_v7()))),
        of_type("format_bytes", (1, 3), Type::String, format_bytes),
        of_type("estimate_data_size", (1, super::MANY), Type::Long, |a, _| {
            Ok(Value::Long(a.iter().map(size).sum()))
        }),
    ]);
    functions
}

/// The word of a value's type inside dynamic values.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Array(_) => "array",
        Value::Bag(_) => "dictionary",
        other => other.type_of().map_or("null", Type::word),
    }
}

/// Bytes the service counts for a value.
fn size(value: &Value) -> i64 {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::Int(_) => 4,
        Value::Long(_) | Value::Real(_) | Value::DateTime(_) | Value::Timespan(_) => 8,
        Value::Decimal(_) => 17,
        Value::Guid(_) => 16,
        Value::String(text) => i64::try_from(text.len()).unwrap_or(i64::MAX),
        Value::Array(_) | Value::Bag(_) => i64::try_from(json::text(value).len()).unwrap_or(i64::MAX),
    }
}

fn format_bytes(a: &[Value], _: &Engine<'_>) -> super::Result<Value> {
    const UNITS: [&str; 7] = ["Bytes", "KB", "MB", "GB", "TB", "PB", "EB"];
    let Some(mut amount) = super::real(a, 0) else { return Ok(Value::string("")) };
    let precision = long(a, 1).and_then(|p| usize::try_from(p).ok()).unwrap_or(0).min(15);
    let wanted = text(a, 2);
    let mut unit = 0;
    while unit + 1 < UNITS.len()
        && if wanted.is_empty() { amount.abs() >= 1024.0 } else { UNITS[unit] != &*wanted }
    {
        amount /= 1024.0;
        unit += 1;
    }
    let shown = format!("{amount:.precision$}");
    let shown = if shown.contains('.') { shown.trim_end_matches('0').trim_end_matches('.') } else { &shown };
    Ok(format!("{shown} {}", UNITS[unit]).into())
}
