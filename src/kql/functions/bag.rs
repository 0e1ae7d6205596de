//! Property bags.

use std::sync::Arc;

use super::{Function, MANY, Result, argument, of_type, text};
use crate::kql::evaluate::Engine;
use crate::kql::value::{Bag, Type, Value, json};

pub fn functions() -> Vec<Function> {
    let dynamic = Type::Dynamic;
    vec![
        of_type("bag_pack", (0, 2 * MANY), dynamic, pack),
        of_type("pack", (0, 2 * MANY), dynamic, pack),
        of_type("pack_dictionary", (0, 2 * MANY), dynamic, pack),
        of_type("bag_keys", (1, 1), dynamic, |a, _| {
            let keys = |bag: &Bag| bag.keys().map(|key| Value::String(Arc::clone(key))).collect();
            Ok(argument(a, 0).as_bag().map_or(Value::Null, |bag| Value::array(keys(bag))))
        }),
        of_type("bag_merge", (1, MANY), dynamic, |a, _| {
            let mut merged = Bag::new();
            for bag in a.iter().filter_map(Value::as_bag) {
                json::merge(&mut merged, bag);
            }
            Ok(Value::bag(merged))
        }),
        of_type("bag_has_key", (2, 2), Type::Bool, |a, _| {
            Ok(argument(a, 0).as_bag().map(|bag| bag.contains_key(&text(a, 1))).into())
        }),
        of_type("bag_remove_keys", (2, 2), dynamic, |a, _| {
            let Some(bag) = argument(a, 0).as_bag() else { return Ok(Value::Null) };
            let mut bag = bag.clone();
            for key in argument(a, 1).as_array().unwrap_or_default() {
                bag.shift_remove(&key.to_text());
            }
            Ok(Value::bag(bag))
        }),
        of_type("bag_set_key", (3, 3), dynamic, |a, _| {
            let mut bag = argument(a, 0).as_bag().cloned().unwrap_or_default();
            bag.insert(text(a, 1), argument(a, 2).clone());
            Ok(Value::bag(bag))
        }),
        of_type("bag_zip", (2, 2), dynamic, |a, _| {
            let keys = argument(a, 0).as_array().unwrap_or_default();
            let values = argument(a, 1).as_array().unwrap_or_default();
            let value = |at: usize| values.get(at).cloned().unwrap_or_default();
            Ok(Value::bag(keys.iter().enumerate().map(|(at, key)| (key.to_text(), value(at))).collect()))
        }),
        of_type("treepath", (1, 1), dynamic, |a, _| {
            let mut paths = Vec::new();
            collect_paths(argument(a, 0), "", &mut paths);
            Ok(Value::array(paths))
        }),
    ]
}

/// Names and values in turn.
fn pack(a: &[Value], _: &Engine<'_>) -> Result<Value> {
    Ok(Value::bag(a.chunks_exact(2).map(|pair| (pair[0].to_text(), pair[1].clone())).collect()))
}

fn collect_paths(value: &Value, base: &str, paths: &mut Vec<Value>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Bag(bag) => bag.iter().map(|(name, value)| (format!("{base}['{name}']"), value)).collect(),
        Value::Array(items) => items.first().map(|item| (format!("{base}[0]"), item)).into_iter().collect(),
        _ => Vec::new(),
    };
    for (path, child) in children {
        paths.push(path.as_str().into());
        collect_paths(child, &path, paths);
    }
}
