//! Workbooks.

use serde_json::{Value, json};

use crate::simulator::arm::fields::Fields;
use crate::simulator::arm::kind::{Change, Listing, Rules, Scene};
use crate::simulator::clock::stamp;
use crate::simulator::exchange::{Answer, Object};
use crate::simulator::refusal::Refusal;
use crate::simulator::state::Resource;

pub(super) struct Workbooks;

fn refuse(message: impl Into<String>) -> Refusal {
    let mut refusal = Refusal::bad_request(message);
    refusal.extra =
        Some(("innererror", json!({"diagnosticcontext": "", "time": "", "trace": ["BadRequest"]})));
    refusal
}

fn wants_content(scene: &Scene<'_>) -> bool {
    scene.request.parameter("canFetchContent").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

impl Rules for Workbooks {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        if change.name().parse::<uuid::Uuid>().is_err() {
            return Err(refuse(format!(
                "The workbook name '{}' is invalid: it must be a GUID.",
                change.name()
            )));
        }
        let top = Fields::new(change.sent, "");
        let location = top.required_text("location")?;
        let kind = top.one_of("kind", &["shared", "user"])?.unwrap_or("shared");
        let fields = Fields::properties(change.sent)?;
        let (name, category) = (fields.required_text("displayName")?, fields.required_text("category")?);
        let content = fields.required_text("serializedData")?;
        if serde_json::from_str::<Value>(content).is_err() {
            return Err(refuse("The property 'serializedData' is invalid: it must be a JSON text."));
        }
        let source = scene.request.parameter("sourceId").or(fields.text("sourceId")?);
        let mut made = Object::new();
        made.insert("displayName".to_owned(), json!(name));
        made.insert("serializedData".to_owned(), json!(content));
        made.insert("version".to_owned(), json!(fields.text("version")?.unwrap_or("Notebook/1.0")));
        made.insert("category".to_owned(), json!(category));
        made.insert("sourceId".to_owned(), json!(source.map(str::to_ascii_lowercase)));
        made.insert("description".to_owned(), json!(fields.text("description")?));
        made.insert("tags".to_owned(), json!(fields.list("tags")?.unwrap_or_default()));
        made.insert("timeModified".to_owned(), json!(stamp(scene.now)));
        made.insert("userId".to_owned(), json!(scene.claims.oid));
        made.insert("revision".to_owned(), json!(scene.state.new_id().replace('-', "")));
        let mut body = Object::new();
        body.insert("location".to_owned(), json!(location));
        body.insert("kind".to_owned(), json!(kind));
        let mut tags = top.object("tags")?.cloned().unwrap_or_default();
        tags.insert("hidden-title".to_owned(), json!(name));
        body.insert("tags".to_owned(), Value::Object(tags));
        body.insert("properties".to_owned(), Value::Object(made));
        Ok(body)
    }

    fn patch(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        // A PATCH is a PUT of what there was with the given members in place.
        let mut merged = change.existing.map(|existing| existing.body.clone()).unwrap_or_default();
        for (name, value) in change.sent.iter().filter(|(name, _)| *name != "properties") {
            merged.insert(name.clone(), value.clone());
        }
        if let (Some(Value::Object(into)), Some(Value::Object(from))) =
            (merged.get_mut("properties"), change.sent.get("properties"))
        {
            into.extend(from.clone());
        }
        self.put(scene, &Change { id: change.id, existing: change.existing, sent: &merged })
    }

    fn show(&self, scene: &Scene<'_>, _resource: &Resource, body: &mut Object) {
        let looked = scene.request.method == axum::http::Method::GET;
        if let (Some(Value::Object(properties)), true, false) =
            (body.get_mut("properties"), looked, wants_content(scene))
        {
            properties.insert("serializedData".to_owned(), Value::Null);
        }
        body.insert("type".to_owned(), json!("microsoft.insights/workbooks"));
    }

    fn list<'a>(&self, scene: &'a Scene<'_>, mut found: Vec<&'a Resource>) -> Result<Listing<'a>, Refusal> {
        let category = scene.request.parameter("category");
        let category = category.ok_or_else(|| refuse("The query parameter 'category' is required."))?;
        found.retain(|workbook| {
            workbook.text("category").is_some_and(|known| known.eq_ignore_ascii_case(category))
        });
        if let Some(source) = scene.request.parameter("sourceId") {
            if scene.target.group.is_none() {
                return Err(refuse("The query parameter 'sourceId' is supported for resource groups only."));
            }
            found.retain(|workbook| {
                workbook.text("sourceId").is_some_and(|known| known.eq_ignore_ascii_case(source))
            });
        }
        Ok(Listing { keep: found, page_size: None })
    }
}

/// The revisions of a workbook: the one there is.
pub(super) fn revisions(scene: &mut Scene<'_>) -> Result<Answer, Refusal> {
    let id = scene.target.parent().unwrap_or_default();
    let workbook = scene.state.get(id).cloned().ok_or_else(|| Refusal::inner_not_found("workbooks", id))?;
    let kind =
        super::find(&workbook.resource_type).ok_or_else(|| Refusal::inner_not_found("workbooks", id))?;
    Ok(Answer::ok(json!({"value": [crate::simulator::arm::resource::show(scene, kind, &workbook)]})))
}
