//! Null, emptiness, negation, and the smallest and greatest of several.

use super::{Function, MANY, Returns, argument, function, of_type};
use crate::kql::value::{Type, Value, compare};

pub fn functions() -> Vec<Function> {
    let one = (1, 1);
    vec![
        of_type("isnull", one, Type::Bool, |a, _| Ok(argument(a, 0).is_null().into())),
        of_type("isnotnull", one, Type::Bool, |a, _| Ok((!argument(a, 0).is_null()).into())),
        of_type("notnull", one, Type::Bool, |a, _| Ok((!argument(a, 0).is_null()).into())),
        of_type("isempty", one, Type::Bool, |a, _| Ok(is_empty(argument(a, 0)).into())),
        of_type("isnotempty", one, Type::Bool, |a, _| Ok((!is_empty(argument(a, 0))).into())),
        of_type("notempty", one, Type::Bool, |a, _| Ok((!is_empty(argument(a, 0))).into())),
        of_type("not", one, Type::Bool, |a, _| {
            Ok(match crate::kql::value::convert::cast(argument(a, 0), Type::Bool) {
                Value::Bool(value) => Value::Bool(!value),
                _ => Value::Null,
            })
        }),
        function("coalesce", (1, MANY), Returns::Common(0), |a, _| {
            Ok(a.iter().find(|value| !is_empty(value)).or(a.last()).cloned().unwrap_or_default())
        }),
        function("max_of", (1, MANY), Returns::Widest, |a, _| Ok(extreme(a, std::cmp::Ordering::is_gt))),
        function("min_of", (1, MANY), Returns::Widest, |a, _| Ok(extreme(a, std::cmp::Ordering::is_lt))),
    ]
}

pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn extreme(values: &[Value], better: fn(std::cmp::Ordering) -> bool) -> Value {
    let mut best = Value::Null;
    for value in values.iter().filter(|value| !value.is_null()) {
        if best.is_null() || compare::order(value, &best).is_some_and(better) {
            best = value.clone();
        }
    }
    best
}
