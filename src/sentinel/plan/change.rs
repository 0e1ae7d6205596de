//! One request of a plan.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::difference::{differences, differences_of_patch, raw, writable};
use super::{Difference, Undo};
use crate::azure::{Method, ResourceId, Surface, Waiting};

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
    /// Seconds that this is waited for, if not as long as the call may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) patience: Option<u64>,
    /// Where changes do not depend on one another: those of a stage run side by side, one stage after the other.
    #[serde(default)]
    pub(crate) stage: u8,
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
            patience: None,
            stage: 0,
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

    /// Azure is waited for no longer than this many seconds.
    pub(crate) fn within(mut self, seconds: u64) -> Self {
        self.patience = Some(seconds);
        self
    }

    pub(crate) fn at_stage(mut self, stage: u8) -> Self {
        self.stage = stage;
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
