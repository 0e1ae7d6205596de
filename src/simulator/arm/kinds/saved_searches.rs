//! Saved searches: saved queries, hunting queries, functions.

use serde_json::{Value, json};

use crate::simulator::arm::fields::Fields;
use crate::simulator::arm::kind::{Change, Rules, Scene};
use crate::simulator::exchange::Object;
use crate::simulator::refusal::Refusal;

pub(super) struct SavedSearches;

impl Rules for SavedSearches {
    fn put(&self, _scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let fields = Fields::properties(change.sent)?;
        let mut made = Object::new();
        for name in ["category", "displayName", "query"] {
            made.insert(name.to_owned(), json!(fields.required_text(name)?));
        }
        for name in ["functionAlias", "functionParameters"] {
            if let Some(text) = fields.text(name)? {
                made.insert(name.to_owned(), json!(text));
            }
        }
        made.insert("version".to_owned(), json!(fields.integer("version", 1, 2)?.unwrap_or(2)));
        if let Some(tags) = fields.list("tags")? {
            let empty = Object::new();
            for tag in tags {
                let tag = Fields::new(tag.as_object().unwrap_or(&empty), "properties.tags");
                tag.required_text("name")?;
                tag.text("value")?;
            }
            made.insert("tags".to_owned(), json!(tags));
        }
        let mut body = Object::new();
        body.insert("properties".to_owned(), Value::Object(made));
        Ok(body)
    }
}
