//! What belongs to an incident: comments, tasks, relations, bookmarks, alerts, entities, playbooks.

use serde_json::{Value, json};

use super::incidents::select;
use crate::simulator::arm::fields::Fields;
use crate::simulator::arm::kind::{Change, Listing, Rules, Scene};
use crate::simulator::clock::stamp;
use crate::simulator::exchange::{Answer, Object};
use crate::simulator::refusal::Refusal;
use crate::simulator::state::Resource;

/// Comments of one incident.
const MOST_COMMENTS: usize = 100;
/// Tasks of one incident.
const MOST_TASKS: usize = 40;

pub(super) struct Comments;
pub(super) struct Relations;
pub(super) struct Tasks;
pub(super) struct Bookmarks;

fn with_properties(properties: Object) -> Object {
    let mut body = Object::new();
    body.insert("properties".to_owned(), Value::Object(properties));
    body
}

fn times(scene: &Scene<'_>, change: &Change<'_>, made: &mut Object) {
    let now = json!(stamp(scene.now));
    made.insert(
        "createdTimeUtc".to_owned(),
        change.before("createdTimeUtc").cloned().unwrap_or_else(|| now.clone()),
    );
    made.insert("lastModifiedTimeUtc".to_owned(), now);
}

fn check_number(scene: &Scene<'_>, change: &Change<'_>, most: usize, what: &str) -> Result<(), Refusal> {
    let collection = change.id.rsplit_once('/').map_or("", |(collection, _)| collection);
    if change.existing.is_none() && scene.state.collection(collection).count() >= most {
        return Err(Refusal::bad_request(format!(
            "The maximum number of {what} ({most}) of an incident has been reached."
        )));
    }
    Ok(())
}

impl Rules for Comments {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let fields = Fields::properties(change.sent)?;
        let message = fields.required_text("message")?;
        fields.short_text("message", 30_000)?;
        check_number(scene, change, MOST_COMMENTS, "comments")?;
        let mut made = Object::new();
        made.insert("message".to_owned(), json!(message));
        times(scene, change, &mut made);
        made.insert("author".to_owned(), change.before("author").cloned().unwrap_or_else(|| scene.caller()));
        Ok(with_properties(made))
    }

    fn list<'a>(&self, scene: &'a Scene<'_>, found: Vec<&'a Resource>) -> Result<Listing<'a>, Refusal> {
        select(scene, found, Some("properties/createdTimeUtc desc"))
    }
}

impl Rules for Tasks {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let fields = Fields::properties(change.sent)?;
        check_number(scene, change, MOST_TASKS, "tasks")?;
        let mut made = Object::new();
        made.insert("title".to_owned(), json!(fields.required_text("title")?));
        made.insert("description".to_owned(), json!(fields.text("description")?));
        made.insert("status".to_owned(), json!(fields.required_one_of("status", &["New", "Completed"])?));
        times(scene, change, &mut made);
        let author = change.before("createdBy").cloned().unwrap_or_else(|| scene.caller());
        made.insert("createdBy".to_owned(), author);
        made.insert("lastModifiedBy".to_owned(), scene.caller());
        Ok(with_properties(made))
    }
}

impl Rules for Relations {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let related = Fields::properties(change.sent)?.required_text("relatedResourceId")?;
        let found = scene.state.get(related).cloned();
        let found = found.ok_or_else(|| {
            Refusal::bad_request(format!("The related resource '{related}' was not found."))
        })?;
        let mut made = Object::new();
        made.insert("relatedResourceId".to_owned(), json!(found.id));
        made.insert("relatedResourceName".to_owned(), json!(found.name()));
        made.insert("relatedResourceType".to_owned(), json!(found.resource_type));
        made.insert(
            "relatedResourceKind".to_owned(),
            found.body.get("kind").cloned().unwrap_or_else(|| json!("")),
        );
        Ok(with_properties(made))
    }
}

impl Rules for Bookmarks {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let fields = Fields::properties(change.sent)?;
        let mut made = Object::new();
        made.insert("displayName".to_owned(), json!(fields.required_text("displayName")?));
        made.insert("query".to_owned(), json!(fields.required_text("query")?));
        for name in
            ["queryResult", "notes", "eventTime", "queryStartTime", "queryEndTime", "labels", "incidentInfo"]
        {
            if let Some(value) = fields.get(name) {
                made.insert(name.to_owned(), value.clone());
            }
        }
        let now = json!(stamp(scene.now));
        made.insert("created".to_owned(), change.before("created").cloned().unwrap_or_else(|| now.clone()));
        made.insert(
            "createdBy".to_owned(),
            change.before("createdBy").cloned().unwrap_or_else(|| scene.caller()),
        );
        made.insert("updated".to_owned(), now);
        made.insert("updatedBy".to_owned(), scene.caller());
        Ok(with_properties(made))
    }
}

fn incident(scene: &Scene<'_>) -> String {
    scene.target.parent().unwrap_or_default().to_owned()
}

fn entry(resource: &Resource) -> Value {
    let mut shown = Object::new();
    let kind = resource.body.get("kind").and_then(Value::as_str).unwrap_or_default();
    let workspace =
        resource.id.to_ascii_lowercase().find("/incidents/").map_or("", |end| &resource.id[..end]);
    shown.insert("id".to_owned(), json!(format!("{workspace}/Entities/{}", resource.name())));
    shown.insert("name".to_owned(), json!(resource.name()));
    shown.insert("type".to_owned(), json!("Microsoft.SecurityInsights/Entities"));
    shown.insert("kind".to_owned(), json!(kind));
    shown.extend(resource.body.clone());
    Value::Object(shown)
}

/// The alerts of an incident.
pub(super) fn alerts(scene: &mut Scene<'_>) -> Result<Answer, Refusal> {
    let all: Vec<Value> = scene.state.collection(&format!("{}/alerts", incident(scene))).map(entry).collect();
    Ok(Answer::ok(json!({"value": all})))
}

/// The entities of an incident, and how many there are of each kind.
pub(super) fn entities(scene: &mut Scene<'_>) -> Result<Answer, Refusal> {
    let all: Vec<Value> =
        scene.state.collection(&format!("{}/entities", incident(scene))).map(entry).collect();
    let mut counts: std::collections::BTreeMap<&str, u32> = std::collections::BTreeMap::new();
    for entity in &all {
        *counts.entry(entity["kind"].as_str().unwrap_or_default()).or_default() += 1;
    }
    let counts: Vec<Value> =
        counts.iter().map(|(kind, count)| json!({"entityKind": kind, "count": count})).collect();
    Ok(Answer::ok(json!({"entities": all, "metaData": counts})))
}

/// The bookmarks that an incident is related to.
pub(super) fn bookmarks(scene: &mut Scene<'_>) -> Result<Answer, Refusal> {
    let ids: Vec<String> = scene
        .state
        .collection(&format!("{}/relations", incident(scene)))
        .filter_map(|relation| relation.text("relatedResourceId").map(str::to_owned))
        .collect();
    let found = ids
        .iter()
        .filter_map(|id| scene.state.get(id))
        .filter(|found| found.is("Microsoft.SecurityInsights/bookmarks"));
    let shown: Vec<Value> = found
        .map(|bookmark| {
            let mut shown = json!({"id": bookmark.id, "name": bookmark.name(), "type": "Microsoft.SecurityInsights/Entities", "kind": "Bookmark"});
            shown["properties"] = bookmark.body.get("properties").cloned().unwrap_or_default();
            shown
        })
        .collect();
    Ok(Answer::ok(json!({"value": shown})))
}

/// Runs a playbook on an incident: nothing happens but the answer.
pub(super) fn run_playbook(scene: &mut Scene<'_>) -> Result<Answer, Refusal> {
    let sent = scene.request.object()?;
    let app = Fields::new(&sent, "").required_text("logicAppsResourceId")?;
    if scene.state.get(app).is_none() {
        return Err(Refusal::bad_request(format!("The playbook '{app}' was not found.")));
    }
    Ok(Answer::empty(204))
}
