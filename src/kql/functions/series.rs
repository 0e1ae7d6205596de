//! Arrays of numbers over time, and geography.

use super::{Body, Function, Result, argument, checked_length, of_type, operator, real};
use crate::kql::ast::BinaryOp;
use crate::kql::error::Problem;
use crate::kql::evaluate::Engine;
use crate::kql::value::{Bag, Type, Value, compare};

pub fn functions() -> Vec<Function> {
    const PAIRS: [(&str, Body); 8] = [
        ("series_add", |a, _| Ok(paired(a, BinaryOp::Add))),
        ("series_subtract", |a, _| Ok(paired(a, BinaryOp::Subtract))),
        ("series_multiply", |a, _| Ok(paired(a, BinaryOp::Multiply))),
        ("series_divide", |a, _| Ok(paired(a, BinaryOp::Divide))),
        ("series_less", |a, _| Ok(paired(a, BinaryOp::Less))),
        ("series_greater", |a, _| Ok(paired(a, BinaryOp::Greater))),
        ("series_equals", |a, _| Ok(paired(a, BinaryOp::Equal))),
        ("series_not_equals", |a, _| Ok(paired(a, BinaryOp::NotEqual))),
    ];
    let mut functions: Vec<Function> =
        PAIRS.into_iter().map(|(name, body)| of_type(name, (2, 2), Type::Dynamic, body)).collect();
    functions.extend([
        of_type("series_sum", (1, 1), Type::Real, |a, _| {
            Ok(numbers(argument(a, 0)).iter().sum::<f64>().into())
        }),
        of_type("series_fill_const", (2, 3), Type::Dynamic, |a, _| {
            Ok(filled(a, |_, _| argument(a, 1).clone()))
        }),
        of_type("series_fill_forward", (1, 2), Type::Dynamic, |a, _| {
            Ok(filled(a, |items, at| {
                items[..at].iter().rev().find(|v| !v.is_null()).cloned().unwrap_or_default()
            }))
        }),
        of_type("series_fill_backward", (1, 2), Type::Dynamic, |a, _| {
            Ok(filled(a, |items, at| items[at..].iter().find(|v| !v.is_null()).cloned().unwrap_or_default()))
        }),
        of_type("series_stats_dynamic", (1, 2), Type::Dynamic, |a, _| {
            Ok(statistics(&numbers(argument(a, 0))))
        }),
        of_type("series_fit_line_dynamic", (1, 1), Type::Dynamic, |a, _| Ok(line(&numbers(argument(a, 0))))),
        of_type("geo_distance_2points", (4, 5), Type::Real, |a, _| Ok(distance(a).into())),
    ]);
    functions
}

/// The points from `start` to `stop`; `closed` says whether the stop belongs to them.
pub fn steps(
    start: &Value,
    stop: &Value,
    step: &Value,
    closed: bool,
    engine: &Engine<'_>,
) -> Result<Vec<Value>> {
    let zero = operator::binary(BinaryOp::Subtract, step, step)?;
    let direction = match compare::order(step, &zero) {
        Some(std::cmp::Ordering::Equal) => return Err(Problem::runtime("the step of a range is 0")),
        Some(direction) => direction,
        None => return Ok(Vec::new()),
    };
    let mut points = Vec::new();
    let mut point = start.clone();
    while let Some(order) = compare::order(&point, stop) {
        if order == direction || (order.is_eq() && !closed) {
            break;
        }
        checked_length(points.len())?;
        engine.meter.tick()?;
        engine.meter.bytes(size_of::<Value>())?;
        let next = operator::binary(BinaryOp::Add, &point, step)?;
        points.push(point);
        point = next;
    }
    Ok(points)
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap_or_default().iter().filter_map(Value::as_real).collect()
}

fn paired(a: &[Value], op: BinaryOp) -> Value {
    let (left, right) = (argument(a, 0), argument(a, 1));
    let length = left.as_array().or(right.as_array()).map_or(0, <[_]>::len);
    let at = |value: &Value, n: usize| {
        value.as_array().map_or_else(|| value.clone(), |items| items.get(n).cloned().unwrap_or_default())
    };
    let compute = |n| operator::binary(op, &at(left, n), &at(right, n)).unwrap_or_default();
    Value::array((0..length).map(compute).collect())
}

fn filled(a: &[Value], with: impl Fn(&[Value], usize) -> Value) -> Value {
    let Some(items) = argument(a, 0).as_array() else { return Value::Null };
    let fill = |(at, item): (usize, &Value)| if item.is_null() { with(items, at) } else { item.clone() };
    Value::array(items.iter().enumerate().map(fill).collect())
}

#[expect(clippy::cast_precision_loss, reason = "means are asked for")]
fn statistics(values: &[f64]) -> Value {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let place = |better: fn(&f64, &f64) -> bool| {
        let best = values.iter().copied().reduce(|a, b| if better(&b, &a) { b } else { a })?;
        Some((best, values.iter().position(|x| *x == best)?))
    };
    let mut bag = Bag::new();
    for (name, found) in [("min", place(|a, b| a < b)), ("max", place(|a, b| a > b))] {
        bag.insert(name.into(), found.map(|(value, _)| value).into());
        bag.insert(format!("{name}_idx").into(), found.map(|(_, at)| at as f64).into());
    }
    bag.insert("avg".into(), mean.into());
    bag.insert("stdev".into(), variance.sqrt().into());
    bag.insert("variance".into(), variance.into());
    Value::bag(bag)
}

/// Least squares.
#[expect(clippy::cast_precision_loss, reason = "positions count as numbers")]
fn line(values: &[f64]) -> Value {
    let count = values.len() as f64;
    let mean_x = (count - 1.0) / 2.0;
    let mean_y = values.iter().sum::<f64>() / count;
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (at, y) in values.iter().enumerate() {
        let x = at as f64 - mean_x;
        xy += x * (y - mean_y);
        xx += x * x;
        yy += (y - mean_y).powi(2);
    }
    let slope = xy / xx;
    let mut bag = Bag::new();
    bag.insert("rsquare".into(), (if yy == 0.0 { 1.0 } else { xy * xy / (xx * yy) }).into());
    bag.insert("slope".into(), slope.into());
    bag.insert("interception".into(), (mean_y - slope * mean_x).into());
    Value::bag(bag)
}

/// Metres between two points (longitude, latitude each) on a sphere of the Earth's mean radius.
fn distance(a: &[Value]) -> Option<f64> {
    let [longitude1, latitude1, longitude2, latitude2] = [
        real(a, 0)?.to_radians(),
        real(a, 1)?.to_radians(),
        real(a, 2)?.to_radians(),
        real(a, 3)?.to_radians(),
    ];
    let half = |from: f64, to: f64| ((to - from) / 2.0).sin().powi(2);
    let chord = half(latitude1, latitude2) + latitude1.cos() * latitude2.cos() * half(longitude1, longitude2);
    Some(2.0 * 6_371_010.0 * chord.sqrt().min(1.0).asin())
}
