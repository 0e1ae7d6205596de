//! Numbers: rounding, bins, powers, trigonometry, bits.

use super::{Body, Function, Result, Returns, argument, function, long, of_type, operator, real};
use crate::kql::ast::BinaryOp;
use crate::kql::value::{Type, Value, number};

pub fn functions() -> Vec<Function> {
    let number = Type::Real;
    let mut functions = vec![
        function("bin", (2, 2), Returns::Argument(0), |a, _| bin(argument(a, 0), argument(a, 1), None)),
        function("floor", (1, 2), Returns::Argument(0), |a, _| {
            let one = Value::Long(1);
            bin(argument(a, 0), a.get(1).unwrap_or(&one), None)
        }),
        function("bin_at", (3, 3), Returns::Argument(0), |a, _| {
            bin(argument(a, 0), argument(a, 1), Some(argument(a, 2)))
        }),
        function("abs", (1, 1), Returns::Argument(0), |a, _| Ok(abs(argument(a, 0)))),
        of_type("round", (1, 2), number, |a, _| Ok(round(real(a, 0), long(a, 1).unwrap_or(0)))),
        of_type("ceiling", (1, 1), number, |a, _| Ok(real(a, 0).map(f64::ceil).into())),
        of_type("pow", (2, 2), number, |a, _| Ok(real(a, 0).and_then(|x| Some(x.powf(real(a, 1)?))).into())),
        of_type("atan2", (2, 2), number, |a, _| {
            Ok(real(a, 0).and_then(|x| Some(x.atan2(real(a, 1)?))).into())
        }),
        of_type("pi", (0, 0), number, |_, _| Ok(std::f64::consts::PI.into())),
        // Null has the sign 0, as in the service.
        of_type("sign", (1, 1), number, |a, _| {
            Ok(real(a, 0).filter(|x| *x != 0.0).map_or(0.0, f64::signum).into())
        }),
        of_type("isnan", (1, 1), Type::Bool, |a, _| Ok(real(a, 0).is_some_and(f64::is_nan).into())),
        of_type("isinf", (1, 1), Type::Bool, |a, _| Ok(real(a, 0).is_some_and(f64::is_infinite).into())),
        of_type("isfinite", (1, 1), Type::Bool, |a, _| Ok(real(a, 0).is_some_and(f64::is_finite).into())),
        of_type("binary_and", (2, 2), Type::Long, |a, _| Ok(bits(a, |x, y| x & y))),
        of_type("binary_or", (2, 2), Type::Long, |a, _| Ok(bits(a, |x, y| x | y))),
        of_type("binary_xor", (2, 2), Type::Long, |a, _| Ok(bits(a, |x, y| x ^ y))),
        of_type("binary_not", (1, 1), Type::Long, |a, _| Ok(long(a, 0).map(|x| !x).into())),
        of_type("binary_shift_left", (2, 2), Type::Long, |a, _| Ok(bits(a, |x, y| x << (y & 63)))),
        of_type("binary_shift_right", (2, 2), Type::Long, |a, _| Ok(bits(a, |x, y| x >> (y & 63)))),
        of_type("bitset_count_ones", (1, 1), Type::Long, |a, _| {
            Ok(long(a, 0).map(|x| i64::from(x.count_ones())).into())
        }),
        of_type("rand", (0, 1), number, |a, _| Ok(random(a))),
    ];
    for (name, body) in SINGLE {
        functions.push(of_type(name, (1, 1), number, body));
    }
    functions
}

const SINGLE: [(&str, Body); 18] = [
    ("sqrt", |a, _| Ok(finite(real(a, 0).map(f64::sqrt)))),
    ("exp", |a, _| Ok(real(a, 0).map(f64::exp).into())),
    ("exp2", |a, _| Ok(real(a, 0).map(f64::exp2).into())),
    ("exp10", |a, _| Ok(real(a, 0).map(|x| 10_f64.powf(x)).into())),
    ("log", |a, _| Ok(finite(real(a, 0).map(f64::ln)))),
    ("log2", |a, _| Ok(finite(real(a, 0).map(f64::log2)))),
    ("log10", |a, _| Ok(finite(real(a, 0).map(f64::log10)))),
    ("sin", |a, _| Ok(real(a, 0).map(f64::sin).into())),
    ("cos", |a, _| Ok(real(a, 0).map(f64::cos).into())),
    ("tan", |a, _| Ok(real(a, 0).map(f64::tan).into())),
    ("cot", |a, _| Ok(real(a, 0).map(|x| 1.0 / x.tan()).into())),
    ("asin", |a, _| Ok(finite(real(a, 0).map(f64::asin)))),
    ("acos", |a, _| Ok(finite(real(a, 0).map(f64::acos)))),
    ("atan", |a, _| Ok(real(a, 0).map(f64::atan).into())),
    ("degrees", |a, _| Ok(real(a, 0).map(f64::to_degrees).into())),
    ("radians", |a, _| Ok(real(a, 0).map(f64::to_radians).into())),
    ("todegrees", |a, _| Ok(real(a, 0).map(f64::to_degrees).into())),
    ("toradians", |a, _| Ok(real(a, 0).map(f64::to_radians).into())),
];

/// Null where the function is not defined.
fn finite(value: Option<f64>) -> Value {
    value.filter(|x| x.is_finite()).into()
}

fn bits(a: &[Value], combine: fn(i64, i64) -> i64) -> Value {
    long(a, 0).and_then(|x| Some(combine(x, long(a, 1)?))).into()
}

fn abs(value: &Value) -> Value {
    let negative = match value {
        Value::Timespan(ticks) => *ticks < 0,
        other => other.as_real().is_some_and(|x| x < 0.0),
    };
    if negative { operator::negate(value).unwrap_or_default() } else { value.clone() }
}

/// Half away from zero, in decimal digits; a negative precision rounds to tens.
fn round(value: Option<f64>, digits: i64) -> Value {
    let Some(value) = value else { return Value::Null };
    let factor = 10_f64.powi(i32::try_from(digits.clamp(-300, 300)).unwrap_or(0));
    let rounded = (value * factor).round() / factor;
    Value::Real(if rounded.is_finite() { rounded } else { value })
}

/// Rounds down to a multiple of `size`, counted from `start`.
pub fn bin(value: &Value, size: &Value, start: Option<&Value>) -> Result<Value> {
    if let Some(start) = start {
        let offset = operator::binary(BinaryOp::Subtract, value, start)?;
        return operator::binary(BinaryOp::Add, start, &bin(&offset, size, None)?);
    }
    let down = |ticks: i64, size: i64| (size > 0).then(|| ticks.div_euclid(size).saturating_mul(size));
    Ok(match (value, size) {
        (Value::DateTime(ticks), Value::Timespan(size)) => {
            down(*ticks, *size).map_or(Value::Null, Value::DateTime)
        }
        (Value::Timespan(ticks), Value::Timespan(size)) => {
            down(*ticks, *size).map_or(Value::Null, Value::Timespan)
        }
        (Value::Timespan(ticks), size) => {
            size.as_long().and_then(|size| down(*ticks, size)).map_or(Value::Null, Value::Timespan)
        }
        _ => match (value.as_long(), size.as_long(), value.as_real(), size.as_real()) {
            (Some(value_), Some(size), ..) => match (down(value_, size), value) {
                (Some(n), Value::Int(_)) => i32::try_from(n).map_or(Value::Null, Value::Int),
                (n, _) => n.into(),
            },
            (_, _, Some(value), Some(size)) if size > 0.0 => Value::Real((value / size).floor() * size),
            _ => Value::Null,
        },
    })
}

fn random(a: &[Value]) -> Value {
    // Each new hasher has other keys; that is random enough for sampling.
    use std::hash::{BuildHasher, RandomState};
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a real")]
    let unit = (RandomState::new().hash_one(0) >> 11) as f64 / (1_u64 << 53) as f64;
    match a.first().and_then(Value::as_real) {
        Some(limit) if limit >= 1.0 => number::truncated(unit * limit).map_or(Value::Null, Value::Long),
        _ => Value::Real(unit),
    }
}
