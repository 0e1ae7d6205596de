//! An object as a file has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ContentKind;
use crate::azure::ResourceId;

/// What becomes of an object that is there already and differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
pub(crate) enum Mode {
    // Not documentation: their schema is a plain list of words.
    // It becomes as the file has it.
    #[default]
    Update,
    // It stays as it is.
    Skip,
    // Nothing at all is done then.
    Fail,
}

/// An object as a file has it.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) kind: ContentKind,
    /// Its name in Azure, if the file has one.
    pub(crate) name: Option<String>,
    /// The name that people know it by.
    pub(crate) title: String,
    /// What it is: `kind`, `properties` and the like, without what Azure sets.
    pub(crate) body: Value,
    /// All of the object; otherwise only what the file names, and the rest stays as it is.
    pub(crate) whole: bool,
    /// Its id where it was.
    pub(crate) source: Option<ResourceId>,
    /// Of watchlists: the values of each item.
    pub(crate) items: Option<Vec<Map<String, Value>>>,
}

impl Piece {
    /// From an object of Azure; the name people know it by may be missing in it.
    pub(crate) fn of_object(kind: ContentKind, object: &Value) -> Self {
        let id = object["id"].as_str().filter(|id| id.starts_with("/subscriptions/")).map(ResourceId::new);
        let name =
            object["name"].as_str().map(str::to_owned).or_else(|| id.as_ref().map(|id| id.name().to_owned()));
        let title = object
            .pointer(kind.title_path())
            .and_then(Value::as_str)
            .map(str::to_owned)
            .or_else(|| name.clone())
            .unwrap_or_default();
        Self {
            kind,
            name,
            title,
            body: super::server::own(kind, object),
            whole: true,
            source: id,
            items: None,
        }
    }
}
