//! Plans: what a write would do, computed before anything is done.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::definition::Undo;
use super::target::{Object, Target};
use super::{Error, Result};
use crate::azure::{Method, ResourceId, Surface, Waiting};

/// Fields that Azure sets by itself. They are neither compared nor sent back.
pub(crate) const SERVER_FIELDS: &[&str] = &[
    "etag",
    "id",
    "type",
    "name",
    "systemData",
    "lastModifiedUtc",
    "lastModifiedTimeUtc",
    "createdTimeUtc",
    "timeModified",
    "provisioningState",
];

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

/// One request of a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// What it does, for people.
    pub title: String,
    /// The object's name, as people know it.
    pub name: String,
    /// The object.
    pub id: ResourceId,
    /// How.
    pub method: Method,
    #[serde(with = "surface")]
    pub(crate) surface: Surface,
    /// Further parameters of the address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) query: Vec<(String, String)>,
    /// The document that is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<RawValue>>,
    /// The object as it is; `None` if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<RawValue>>,
    /// What differs.
    pub differences: Vec<Difference>,
    /// How far it can be taken back.
    pub undo: Undo,
    /// The request that takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reverse: Option<Reverse>,
    /// Azure works at it after it has accepted it.
    pub(crate) long: bool,
    /// The file that what was there is written to first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) keep: Option<std::path::PathBuf>,
    /// The body is a record for this data collection rule, and goes to its endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ingest: Option<Ingest>,
}

/// Where a record goes, and how its arrival is seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ingest {
    pub(crate) endpoint: String,
    /// The rule's immutable id.
    pub(crate) rule: String,
    pub(crate) stream: String,
    /// A query that counts rows like the record, and for how many seconds it is asked; absent if nobody waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) arrival: Option<(String, u64)>,
}

/// The request that takes a change back.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reverse {
    pub(crate) method: Method,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) query: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<Box<RawValue>>,
}

/// What an operation wants to change in one workspace.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) changes: Vec<Change>,
    pub(crate) notices: Vec<String>,
    /// Objects that are as wanted already.
    pub(crate) unchanged: Vec<String>,
}

/// A plan: nothing is done until it is applied with its digest.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The operation.
    pub operation: &'static str,
    /// The workspace's name.
    pub workspace_name: String,
    /// The tenant's name.
    pub tenant_name: String,
    /// The workspace's id.
    pub workspace_id: ResourceId,
    /// What would be sent, in order.
    pub changes: Vec<Change>,
    /// Objects that are as wanted already.
    pub unchanged: Vec<String>,
    /// What should be known before.
    pub notices: Vec<String>,
    /// How far all of it can be taken back: the least of the changes'.
    pub undo: Undo,
    /// What has to be typed back to apply it, if it cannot be undone.
    pub confirm: Option<String>,
    /// What it is applied with. It is another one as soon as an object or an argument is another one.
    pub digest: String,
    #[serde(skip)]
    pub(crate) arguments: Value,
    #[serde(skip)]
    pub(crate) undoes: Option<String>,
}

impl Draft {
    pub(crate) fn of(change: Change) -> Self {
        Self { changes: vec![change], ..Self::default() }
    }

    pub(crate) fn notice(mut self, text: impl Into<String>) -> Self {
        self.notices.push(text.into());
        self
    }

    pub(crate) fn into_plan(self, target: &Target, arguments: Value, undoes: Option<String>) -> Plan {
        let undo = self.changes.iter().map(|change| change.undo).max().unwrap_or(Undo::Exact);
        let confirm = match (undo, self.changes.as_slice()) {
            (Undo::None, [only]) => Some(only.name.clone()),
            (Undo::None, many) => Some(format!("{} objects", many.len())),
            _ => None,
        };
        let digest = digest(target, &self.changes);
        Plan {
            operation: target.operation,
            workspace_name: target.workspace.name.clone(),
            tenant_name: target.workspace.tenant_name.clone(),
            workspace_id: target.workspace.id.clone(),
            changes: self.changes,
            unchanged: self.unchanged,
            notices: self.notices,
            undo,
            confirm,
            digest,
            arguments,
            undoes,
        }
    }
}

fn digest(target: &Target, changes: &[Change]) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &str| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    };
    add(target.operation);
    add(&target.workspace.id.as_str().to_ascii_lowercase());
    for change in changes {
        add(change.method.as_str());
        add(&change.id.as_str().to_ascii_lowercase());
        for (name, value) in &change.query {
            add(name);
            add(value);
        }
        add(change.body.as_deref().map_or("", RawValue::get));
        add(change.before.as_deref().map_or("", RawValue::get));
    }
    let mut digest = format!("{:x}", hash.finalize());
    digest.truncate(24);
    digest
}

impl Change {
    /// Makes an object that is not there.
    pub(crate) fn create(id: ResourceId, surface: Surface, name: impl Into<String>, body: &Value) -> Self {
        let name = name.into();
        Self {
            title: format!("create {name}"),
            differences: differences(&Value::Null, body),
            reverse: Some(Reverse { method: Method::Delete, query: Vec::new(), body: None }),
            body: raw(body),
            ..Self::bare(id, surface, name, Method::Put, Undo::Exact)
        }
    }

    /// Replaces an object. `after` is the whole object; its etag guards it.
    pub(crate) fn replace(
        id: ResourceId,
        surface: Surface,
        name: impl Into<String>,
        before: Box<RawValue>,
        after: &Value,
    ) -> Self {
        let name = name.into();
        let old: Value = serde_json::from_str(before.get()).unwrap_or(Value::Null);
        Self {
            title: format!("change {name}"),
            differences: differences(&old, after),
            reverse: Some(Reverse { method: Method::Put, query: Vec::new(), body: raw(&writable(&old)) }),
            body: raw(after),
            before: Some(before),
            ..Self::bare(id, surface, name, Method::Put, Undo::Exact)
        }
    }

    /// Changes fields of an object. `back` are the same fields as they were.
    pub(crate) fn patch(
        id: ResourceId,
        surface: Surface,
        name: impl Into<String>,
        before: Box<RawValue>,
        fields: &Value,
        back: &Value,
    ) -> Self {
        let name = name.into();
        let old: Value = serde_json::from_str(before.get()).unwrap_or(Value::Null);
        Self {
            title: format!("change {name}"),
            differences: differences_of_patch(&old, fields),
            reverse: Some(Reverse { method: Method::Patch, query: Vec::new(), body: raw(back) }),
            body: raw(fields),
            before: Some(before),
            ..Self::bare(id, surface, name, Method::Patch, Undo::Exact)
        }
    }

    /// Removes an object. It is made again from what it was, if `undo` says that this is possible.
    pub(crate) fn delete(
        id: ResourceId,
        surface: Surface,
        name: impl Into<String>,
        before: Box<RawValue>,
        undo: Undo,
    ) -> Self {
        let name = name.into();
        let old: Value = serde_json::from_str(before.get()).unwrap_or(Value::Null);
        let again = Reverse { method: Method::Put, query: Vec::new(), body: raw(&writable(&old)) };
        Self {
            title: format!("remove {name}"),
            reverse: (undo != Undo::None).then_some(again),
            before: Some(before),
            ..Self::bare(id, surface, name, Method::Delete, undo)
        }
    }

    fn bare(id: ResourceId, surface: Surface, name: String, method: Method, undo: Undo) -> Self {
        Self {
            title: String::new(),
            name,
            id,
            method,
            surface,
            query: Vec::new(),
            body: None,
            before: None,
            differences: Vec::new(),
            undo,
            reverse: None,
            long: false,
            keep: None,
            ingest: None,
        }
    }

    /// Sends a record to a data collection rule. It stays where it arrives.
    pub(crate) fn record(rule: ResourceId, name: impl Into<String>, record: &Value, ingest: Ingest) -> Self {
        let name = name.into();
        Self {
            title: format!("send a record to {name}"),
            differences: differences(&Value::Null, record),
            body: raw(record),
            ingest: Some(ingest),
            ..Self::bare(rule, Surface::DataCollection, name, Method::Post, Undo::None)
        }
    }

    pub(crate) fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    pub(crate) fn long(mut self) -> Self {
        self.long = true;
        self
    }

    pub(crate) fn parameter(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn undoable(mut self, undo: Undo) -> Self {
        self.undo = undo;
        if undo == Undo::None {
            self.reverse = None;
        }
        self
    }

    /// What was there is written to a file first.
    pub(crate) fn keeping(mut self, file: Option<std::path::PathBuf>) -> Self {
        self.keep = file;
        self
    }

    pub(crate) fn waiting(&self) -> Waiting {
        if self.long { Waiting::UntilDone } else { Waiting::No }
    }
}

/// The plan as text for people.
impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} in {} ({})", self.operation, self.workspace_name, self.tenant_name)?;
        for change in &self.changes {
            writeln!(f, "  {}", change.title)?;
            for difference in &change.differences {
                let (before, after) = (shown(&difference.before), shown(&difference.after));
                match (difference.before.is_null(), difference.after.is_null()) {
                    (true, _) => writeln!(f, "    + {}: {after}", difference.path)?,
                    (_, true) => writeln!(f, "    - {}: {before}", difference.path)?,
                    _ => writeln!(f, "    ~ {}: {before} -> {after}", difference.path)?,
                }
            }
        }
        for name in &self.unchanged {
            writeln!(f, "  {name} is as wanted already")?;
        }
        for notice in &self.notices {
            writeln!(f, "  note: {notice}")?;
        }
        if self.changes.is_empty() {
            return writeln!(f, "  nothing to do");
        }
        let undo = match self.undo {
            Undo::Exact => "can be undone exactly",
            Undo::Compensating => "can be undone, with traces",
            Undo::None => "CANNOT be undone",
        };
        writeln!(f, "  {undo}")?;
        writeln!(f, "  digest {}", self.digest)
    }
}

fn shown(value: &Value) -> String {
    const MOST: usize = 120;
    let text = value.to_string();
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST).chain("...".chars()).collect() }
}

/// What may be sent of an object: without the fields that Azure sets.
pub(crate) fn writable(object: &Value) -> Value {
    fn strip(value: &Value, depth: usize) -> Value {
        match value {
            Value::Object(fields) => Value::Object(
                fields
                    .iter()
                    // Names and ids further down are content.
                    .filter(|(name, _)| {
                        !(SERVER_FIELDS.contains(&name.as_str())
                            && (depth == 0 || depth == 1 && !["name", "id", "type"].contains(&name.as_str())))
                    })
                    .map(|(name, value)| (name.clone(), strip(value, depth + 1)))
                    .collect::<Map<_, _>>(),
            ),
            other => other.clone(),
        }
    }
    strip(object, 0)
}

/// Where two objects differ, but for the fields that Azure sets.
pub(crate) fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", &writable(before), &writable(after), true, &mut found);
    found
}

/// Where the fields of a patch differ from the object.
fn differences_of_patch(before: &Value, fields: &Value) -> Vec<Difference> {
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
    for name in ["id", "type", "name", "systemData"] {
        fields.remove(name);
    }
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        properties.retain(|name, _| name == "name" || !SERVER_FIELDS.contains(&name.as_str()));
        edit(properties);
    }
    Ok(Value::Object(fields))
}

/// Surfaces by their name in settings.
mod surface {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::azure::Surface;

    pub(super) fn serialize<S: Serializer>(surface: &Surface, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(surface.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Surface, D::Error> {
        let name = String::deserialize(deserializer)?;
        Surface::ALL
            .into_iter()
            .find(|surface| surface.name() == name)
            .ok_or_else(|| serde::de::Error::custom(format!("there is no interface {name}")))
    }
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
