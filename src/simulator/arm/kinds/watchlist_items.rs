//! Items of a watchlist, one by one.

use serde_json::{Value, json};

use super::watchlists::item_body;
use crate::simulator::arm::fields::Fields;
use crate::simulator::arm::kind::{Change, Rules, Scene};
use crate::simulator::clock::stamp;
use crate::simulator::exchange::Object;
use crate::simulator::refusal::Refusal;

pub(super) struct WatchlistItems;

impl Rules for WatchlistItems {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let fields = Fields::properties(change.sent)?;
        let values = fields.object("itemsKeyValue")?;
        let values = values.ok_or_else(|| {
            Refusal::bad_request("Required property 'itemsKeyValue' not found in JSON. Path 'properties'.")
        })?;
        let key = scene.target.parent().and_then(|id| scene.state.get(id)?.text("itemsSearchKey"));
        if key.is_some_and(|key| !values.contains_key(key)) {
            return Err(Refusal::bad_request(format!(
                "The item has no value for the search key '{}'.",
                key.unwrap_or_default()
            )));
        }
        if serde_json::to_string(values).is_ok_and(|text| text.len() > 10_240) {
            return Err(Refusal::bad_request("The size of an item must not exceed 10 KB."));
        }
        let mut made = Object::new();
        made.insert("itemsKeyValue".to_owned(), Value::Object(values.clone()));
        if let Some(mapping) = fields.object("entityMapping")? {
            made.insert("entityMapping".to_owned(), json!(mapping));
        }
        let (now, caller) = (json!(stamp(scene.now)), scene.caller());
        let created = change.before("created").unwrap_or(&now);
        let creator = change.before("createdBy").unwrap_or(&caller);
        item_body(change.name(), &mut made, created, &now, creator, &caller);
        let mut body = Object::new();
        body.insert("properties".to_owned(), Value::Object(made));
        Ok(body)
    }
}
