//! Arrays and sets.

use std::collections::HashSet;

use super::{Function, MANY, Result, argument, checked_length, long, of_type};
use crate::kql::evaluate::Engine;
use crate::kql::value::compare::{Key, same, total};
use crate::kql::value::{Type, Value, count};

pub fn functions() -> Vec<Function> {
    let dynamic = Type::Dynamic;
    vec![
        of_type("array_length", (1, 1), Type::Long, |a, _| {
            Ok(argument(a, 0).as_array().map_or(Value::Null, |items| count(items.len())))
        }),
        of_type("arraylength", (1, 1), Type::Long, |a, _| {
            Ok(argument(a, 0).as_array().map_or(Value::Null, |items| count(items.len())))
        }),
        of_type("pack_array", (0, MANY), dynamic, |a, _| Ok(Value::array(a.to_vec()))),
        of_type("array_concat", (1, MANY), dynamic, |a, _| {
            let items: Vec<Value> = a.iter().filter_map(Value::as_array).flatten().cloned().collect();
            checked_length(items.len())?;
            Ok(Value::array(items))
        }),
        of_type("array_slice", (3, 3), dynamic, array_slice),
        of_type("array_split", (2, 2), dynamic, array_split),
        of_type("array_reverse", (1, 1), dynamic, |a, _| Ok(mapped(a, |items| items.reverse()))),
        of_type("array_sort_asc", (1, 2), dynamic, |a, _| Ok(mapped(a, |items| sort(items, false)))),
        of_type("array_sort_desc", (1, 2), dynamic, |a, _| Ok(mapped(a, |items| sort(items, true)))),
        of_type("array_rotate_left", (2, 2), dynamic, |a, _| Ok(rotated(a, 1))),
        of_type("array_rotate_right", (2, 2), dynamic, |a, _| Ok(rotated(a, -1))),
        of_type("array_shift_left", (2, 3), dynamic, |a, _| Ok(shifted(a, 1))),
        of_type("array_shift_right", (2, 3), dynamic, |a, _| Ok(shifted(a, -1))),
        of_type("array_sum", (1, 1), Type::Real, |a, _| {
            let items = argument(a, 0).as_array();
            Ok(items.map(|items| items.iter().filter_map(Value::as_real).sum::<f64>()).into())
        }),
        of_type("array_index_of", (2, 5), Type::Long, |a, _| {
            let Some(items) = argument(a, 0).as_array() else { return Ok(Value::Null) };
            let found = items.iter().position(|item| same(item, argument(a, 1)));
            Ok(found.map_or(Value::Long(-1), count))
        }),
        of_type("array_iff", (3, 3), dynamic, array_iff),
        of_type("array_iif", (3, 3), dynamic, array_iff),
        of_type("range", (2, 3), dynamic, range),
        of_type("repeat", (2, 2), dynamic, |a, _| {
            let times = long(a, 1).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
            checked_length(times)?;
            Ok(Value::array(vec![argument(a, 0).clone(); times]))
        }),
        of_type("zip", (2, MANY), dynamic, |a, _| {
            let longest = a.iter().filter_map(|v| Some(v.as_array()?.len())).max().unwrap_or(0);
            let at = |n: usize| {
                a.iter().map(|v| v.as_array().and_then(|v| v.get(n)).cloned().unwrap_or_default()).collect()
            };
            Ok(Value::array((0..longest).map(|n| Value::array(at(n))).collect()))
        }),
        of_type("set_union", (1, MANY), dynamic, |a, _| {
            Ok(Value::array(distinct(a.iter().filter_map(Value::as_array).flatten())))
        }),
        of_type("set_intersect", (1, MANY), dynamic, |a, _| {
            let others: Vec<HashSet<Key>> = a.iter().skip(1).map(keys).collect();
            let first = argument(a, 0).as_array().unwrap_or_default().iter();
            Ok(Value::array(distinct(
                first.filter(|item| others.iter().all(|set| set.contains(&Key((*item).clone())))),
            )))
        }),
        of_type("set_difference", (1, MANY), dynamic, |a, _| {
            let others: Vec<HashSet<Key>> = a.iter().skip(1).map(keys).collect();
            let first = argument(a, 0).as_array().unwrap_or_default().iter();
            Ok(Value::array(distinct(
                first.filter(|item| !others.iter().any(|set| set.contains(&Key((*item).clone())))),
            )))
        }),
        of_type("set_has_element", (2, 2), Type::Bool, |a, _| {
            Ok(argument(a, 0)
                .as_array()
                .map(|items| items.iter().any(|item| same(item, argument(a, 1))))
                .into())
        }),
        of_type("set_equals", (2, 2), Type::Bool, |a, _| {
            Ok((keys(argument(a, 0)) == keys(argument(a, 1))).into())
        }),
        of_type("jaccard_index", (2, 2), Type::Real, |a, _| {
            let (left, right) = (keys(argument(a, 0)), keys(argument(a, 1)));
            #[expect(clippy::cast_precision_loss, reason = "a ratio is asked for")]
            let ratio = left.intersection(&right).count() as f64 / left.union(&right).count() as f64;
            Ok(ratio.into())
        }),
    ]
}

fn keys(value: &Value) -> HashSet<Key> {
    value.as_array().unwrap_or_default().iter().cloned().map(Key).collect()
}

/// Each item once, in the order of its first appearance.
pub fn distinct<'a>(items: impl Iterator<Item = &'a Value>) -> Vec<Value> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(Key((*item).clone()))).cloned().collect()
}

fn mapped(a: &[Value], change: impl Fn(&mut Vec<Value>)) -> Value {
    match argument(a, 0).as_array() {
        Some(items) => {
            let mut items = items.to_vec();
            change(&mut items);
            Value::array(items)
        }
        None => Value::Null,
    }
}

/// Nulls come last in both directions.
fn sort(items: &mut [Value], descending: bool) {
    items.sort_by(|a, b| match (a.is_null(), b.is_null()) {
        (false, false) if descending => total(b, a),
        (false, false) => total(a, b),
        (a, b) => a.cmp(&b),
    });
}

/// Both ends belong to it; negative ones count from the end.
fn array_slice(a: &[Value], _: &Engine<'_>) -> Result<Value> {
    let Some(items) = argument(a, 0).as_array() else { return Ok(Value::Null) };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let place = |at: usize| long(a, at).map_or(0, |n| if n < 0 { n + length } else { n });
    let (start, end) = (place(1).clamp(0, length), place(2).clamp(-1, length - 1));
    let slice = usize::try_from(start)
        .ok()
        .zip(usize::try_from(end + 1).ok())
        .and_then(|(s, e)| items.get(s..e.max(s)));
    Ok(Value::array(slice.unwrap_or_default().to_vec()))
}

fn array_split(a: &[Value], _: &Engine<'_>) -> Result<Value> {
    let Some(items) = argument(a, 0).as_array() else { return Ok(Value::Null) };
    let single = [argument(a, 1).clone()];
    let cuts = argument(a, 1).as_array().unwrap_or(&single);
    let mut parts = Vec::new();
    let mut from = 0;
    for cut in cuts.iter().filter_map(Value::as_long) {
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let at = if cut < 0 { cut + length } else { cut };
        let at = usize::try_from(at).unwrap_or(0).clamp(from, items.len());
        parts.push(Value::array(items[from..at].to_vec()));
        from = at;
    }
    parts.push(Value::array(items[from..].to_vec()));
    Ok(Value::array(parts))
}

fn rotated(a: &[Value], direction: i64) -> Value {
    mapped(a, |items| {
        if !items.is_empty() {
            let by = (long(a, 1).unwrap_or(0).wrapping_mul(direction))
                .rem_euclid(i64::try_from(items.len()).unwrap_or(1));
            items.rotate_left(usize::try_from(by).unwrap_or(0));
        }
    })
}

fn shifted(a: &[Value], direction: i64) -> Value {
    let by = long(a, 1).unwrap_or(0).wrapping_mul(direction);
    let fill = argument(a, 2);
    mapped(a, |items| {
        let old = std::mem::take(items);
        *items = (0..old.len())
            .map(|at| {
                let from = i64::try_from(at)
                    .ok()
                    .and_then(|at| at.checked_add(by))
                    .and_then(|at| usize::try_from(at).ok());
                from.and_then(|from| old.get(from)).unwrap_or(fill).clone()
            })
            .collect();
    })
}

fn array_iff(a: &[Value], _: &Engine<'_>) -> Result<Value> {
    let Some(conditions) = argument(a, 0).as_array() else { return Ok(Value::Null) };
    let pick = |at: usize, from: usize| {
        let value = argument(a, from);
        value.as_array().map_or_else(|| value.clone(), |items| items.get(at).cloned().unwrap_or_default())
    };
    let chosen = conditions.iter().enumerate().map(|(at, condition)| match condition {
        Value::Null => Value::Null,
        other => pick(at, if other.is_true() { 1 } else { 2 }),
    });
    Ok(Value::array(chosen.collect()))
}

/// From start to stop, both included.
fn range(a: &[Value], engine: &Engine<'_>) -> Result<Value> {
    let (start, stop) = (argument(a, 0), argument(a, 1));
    let one = match start {
        Value::DateTime(_) => Value::Timespan(crate::kql::value::timespan::HOUR),
        _ => Value::Long(1),
    };
    let step = a.get(2).unwrap_or(&one);
    super::series::steps(start, stop, step, true, engine).map(Value::array)
}
