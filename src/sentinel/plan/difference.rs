//! Where objects differ, and what of them may be sent.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::sentinel::content::server;
use crate::sentinel::target::Object;
use crate::sentinel::{Error, Result};

/// One field that a change would set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Path in the object, such as `properties.enabled`.
    pub path: String,
    /// What it is; `null` if it is not there.
    pub before: Value,
    /// What it would be; `null` if it would go.
    pub after: Value,
}

/// What may be sent of an object: without the fields that Azure sets.
pub(crate) fn writable(object: &Value) -> Value {
    fn strip(value: &Value, depth: usize) -> Value {
        match value {
            Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    .filter(|(name, _)| !server::is_of_every_kind(depth, name))
                    .map(|(name, value)| (name.clone(), strip(value, depth + 1)))
                    .collect::<Map<_, _>>(),
            ),
            other => other.clone(),
        }
    }
    strip(object, 0)
}

/// Where two objects differ, but for the fields that Azure sets.
pub(super) fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", &writable(before), &writable(after), true, &mut found);
    found
}

/// Where the fields of a patch differ from the object.
pub(super) fn differences_of_patch(before: &Value, fields: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", before, fields, false, &mut found);
    found
}

fn compare(path: &str, before: &Value, after: &Value, whole: bool, found: &mut Vec<Difference>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, after) in new {
                compare(&below(name), old.get(name).unwrap_or(&Value::Null), after, whole, found);
            }
            if whole {
                for (name, before) in
                    old.iter().filter(|(name, value)| !new.contains_key(*name) && !value.is_null())
                {
                    compare(&below(name), before, &Value::Null, whole, found);
                }
            }
        }
        (Value::Null, Value::Object(new)) if !new.is_empty() => {
            for (name, after) in new {
                compare(&below(name), &Value::Null, after, whole, found);
            }
        }
        (before, after) if before == after => {}
        (before, after) => {
            found.push(Difference { path: path.to_owned(), before: before.clone(), after: after.clone() })
        }
    }
}

/// A document as text that is sent as it is.
pub(crate) fn raw(value: &Value) -> Option<Box<RawValue>> {
    RawValue::from_string(value.to_string()).ok()
}

/// An object with other properties, ready to be sent back: what the caller does not touch stays as it is.
pub(crate) fn edited(before: &RawValue, edit: impl FnOnce(&mut Map<String, Value>)) -> Result<Value> {
    let object = Object::of(before)?;
    let Value::Object(mut fields) = object.0 else {
        return Err(Error::declined("Azure answered with something that is no object", "Please report it."));
    };
    // The etag guards the object against changes of others.
    fields.retain(|name, _| name == "etag" || !server::is_of_every_kind(0, name));
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties.retain(|name, _| !server::is_of_every_kind(1, name));
        edit(properties);
    }
    Ok(Value::Object(fields))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_name_the_fields_and_nothing_that_azure_sets() {
        let before = json!({"etag": "1", "id": "/x", "properties": {"enabled": true, "severity": "High", "lastModifiedUtc": "t",
            "deep": {"a": 1, "gone": 2}, "name": "n"}});
        let after = json!({"etag": "2", "properties": {"enabled": false, "severity": "High", "deep": {"a": 1}, "name": "m"}});
        let paths: Vec<_> =
            differences(&before, &after).into_iter().map(|d| (d.path, d.before, d.after)).collect();
        assert_eq!(
            paths,
            [
                ("properties.enabled".to_owned(), json!(true), json!(false)),
                ("properties.deep.gone".to_owned(), json!(2), Value::Null),
                ("properties.name".to_owned(), json!("n"), json!("m")),
            ]
        );
        let patch = differences_of_patch(&before, &json!({"properties": {"severity": "Low"}}));
        assert_eq!(patch.len(), 1);
        assert_eq!(patch[0].path, "properties.severity");
    }

    #[test]
    fn what_is_sent_back_keeps_all_but_what_azure_sets() {
        let before = json!({"id": "/x", "name": "g", "etag": "1", "kind": "Scheduled",
            "properties": {"lastModifiedUtc": "t", "entityMappings": [{"id": "stays", "name": "stays"}], "query": "T"}});
        assert_eq!(
            writable(&before),
            json!({"kind": "Scheduled", "properties": {"entityMappings": [{"id": "stays", "name": "stays"}], "query": "T"}})
        );
    }
}
