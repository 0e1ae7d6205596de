//! Content Hub: packages, templates, metadata.

use serde_json::Value;

use crate::simulator::arm::kind::{Listing, Rules, Scene};
use crate::simulator::arm::odata;
use crate::simulator::exchange::Object;
use crate::simulator::refusal::Refusal;
use crate::simulator::state::Resource;

pub(super) struct Content;

impl Rules for Content {
    fn list<'a>(&self, scene: &'a Scene<'_>, mut found: Vec<&'a Resource>) -> Result<Listing<'a>, Refusal> {
        if let Some(filter) = scene.request.parameter("$filter").map(odata::parse).transpose()? {
            found.retain(|resource| filter.passes(&resource.body));
        }
        Ok(Listing { keep: found, page_size: None })
    }

    /// The template itself comes only where it is asked for.
    fn show(&self, scene: &Scene<'_>, _resource: &Resource, body: &mut Object) {
        let expand = scene.request.parameter("$expand").unwrap_or_default();
        let expanded =
            expand.split(',').any(|part| part.trim().eq_ignore_ascii_case("properties/mainTemplate"));
        let listed = scene.target.name.is_none();
        if let Some(Value::Object(properties)) = body.get_mut("properties")
            && listed
            && !expanded
        {
            properties.remove("mainTemplate");
        }
    }
}
