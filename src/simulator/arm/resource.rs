//! GET, PUT, PATCH, DELETE and list, for every kind: ids, cases, etags, pages, long-running operations.

use serde_json::{Value, json};

use super::kind::{Change, Etag, Home, Kind, Scene};
use crate::simulator::clock::stamp;
use crate::simulator::exchange::{Answer, Object, Reply, Surface};
use crate::simulator::identity::access;
use crate::simulator::lro::{self, Operation, Work};
use crate::simulator::paging;
use crate::simulator::refusal::Refusal;
use crate::simulator::state::Resource;

/// Does what the request asks of a kind.
pub(crate) fn answer(scene: &mut Scene<'_>, kind: &Kind) -> Result<Answer, Refusal> {
    let method = scene.request.method.as_str();
    let verbs = kind.verbs;
    match (method, scene.target.name.is_some()) {
        ("GET", false) if verbs.list => list(scene, kind),
        ("GET", true) if verbs.get => get(scene, kind),
        ("PUT", true) if verbs.put => put(scene, kind),
        ("PATCH", true) if verbs.patch => patch(scene, kind),
        ("DELETE", true) if verbs.delete => delete(scene, kind),
        _ => Err(Refusal::method_not_allowed(method)),
    }
}

/// The id of the target, in the case in which it is or would be stored.
fn id_of(scene: &Scene<'_>, kind: &Kind) -> String {
    let name = scene.target.name.as_deref().unwrap_or_default();
    let id = format!("{}/{name}", collection_of(scene, kind));
    scene.state.get(&id).map_or(id, |stored| stored.id.clone())
}

/// The path of the collection, with the stored case of everything above it.
fn collection_of(scene: &Scene<'_>, kind: &Kind) -> String {
    let stored = |id: &str| scene.state.get(id).map_or_else(|| id.to_owned(), |found| found.id.clone());
    let last = kind.resource_type.rsplit('/').next().unwrap_or_default();
    match (kind.home, scene.target.parent()) {
        (Home::Workspace | Home::Parent, Some(parent)) => format!("{}/{last}", stored(parent)),
        _ => format!("{}/providers/{}", stored(&scene.target.scope), kind.resource_type),
    }
}

fn missing(scene: &Scene<'_>, kind: &Kind) -> Refusal {
    let name = scene.target.name.as_deref().unwrap_or_default();
    match (kind.home, &scene.target.group) {
        (Home::Group | Home::Workspace, Some(group)) => Refusal::not_found(kind.resource_type, name, group),
        _ => Refusal::inner_not_found(kind.resource_type.rsplit('/').next().unwrap_or_default(), name),
    }
}

/// The resource as it is shown.
pub(crate) fn show(scene: &Scene<'_>, kind: &Kind, resource: &Resource) -> Value {
    let mut shown = Object::new();
    shown.insert("id".to_owned(), json!(resource.id));
    shown.insert("name".to_owned(), json!(resource.name()));
    shown.insert("type".to_owned(), json!(kind.resource_type));
    match kind.etag {
        Etag::Quoted | Etag::Required => {
            shown.insert("etag".to_owned(), json!(format!("\"{}\"", resource.etag)));
        }
        Etag::Plain | Etag::Dated => {
            shown.insert("etag".to_owned(), json!(resource.etag));
        }
        Etag::None => {}
    }
    shown.extend(resource.body.clone());
    kind.rules.show(scene, resource, &mut shown);
    Value::Object(shown)
}

fn get(scene: &mut Scene<'_>, kind: &Kind) -> Result<Answer, Refusal> {
    let id = id_of(scene, kind);
    lro::touch(scene.state, &id, scene.now);
    let resource = scene.state.get(&id).cloned().ok_or_else(|| missing(scene, kind))?;
    Ok(Answer::ok(show(scene, kind, &resource)))
}

fn list(scene: &Scene<'_>, kind: &Kind) -> Result<Answer, Refusal> {
    let whole_subscription = kind.home == Home::Group && scene.target.group.is_none();
    let found: Vec<&Resource> = if whole_subscription {
        let action = format!("{}/read", kind.resource_type);
        let may = |resource: &&Resource| access::may(scene.state, scene.claims, &action, &resource.id);
        scene.state.below(&scene.target.scope, kind.resource_type).filter(may).collect()
    } else {
        scene.state.collection(&collection_of(scene, kind)).collect()
    };
    let listing = kind.rules.list(scene, found)?;
    let show = |resource: &&Resource| show(scene, kind, resource);
    if !kind.paged {
        let shown: Vec<Value> = listing.keep.iter().map(show).collect();
        return Ok(Answer::ok(json!({"value": shown})));
    }
    let size = listing.page_size.unwrap_or(scene.world.settings.page_size);
    let name = format!("{}{}", scene.request.path, scene.request.parameter("$filter").unwrap_or_default());
    let page = paging::cut(listing.keep, &name, size, scene.request.parameter("$skipToken"))?;
    let page = paging::Page { items: page.items.iter().map(show).collect(), next: page.next };
    Ok(Answer::ok(paging::envelope(page, scene.request, scene.world.endpoints().of(Surface::Arm))))
}

/// Whether the etag of the body fits the stored one.
fn check_etag(kind: &Kind, id: &str, existing: Option<&Resource>, sent: &Object) -> Result<(), Refusal> {
    let Some(existing) = existing else { return Ok(()) };
    let given = sent.get("etag").and_then(Value::as_str).filter(|etag| !etag.is_empty());
    match (kind.etag, given) {
        (Etag::Plain | Etag::None, _) | (Etag::Quoted, None) => Ok(()),
        (Etag::Required, None) => Err(Refusal::setting_without_etag()),
        (Etag::Quoted | Etag::Required, Some(given)) => {
            if given == "*" || given.trim_matches('"') == existing.etag {
                Ok(())
            } else {
                Err(Refusal::newer_version(id))
            }
        }
        (Etag::Dated, given) => match given {
            Some(given) if given == "*" || given == existing.etag => Ok(()),
            _ => Err(Refusal::saved_search_exists(existing.name())),
        },
    }
}

fn put(scene: &mut Scene<'_>, kind: &Kind) -> Result<Answer, Refusal> {
    let sent = scene.request.object()?;
    let id = id_of(scene, kind);
    let existing = scene.state.get(&id).cloned();
    refuse_busy(scene, kind, &id)?;
    check_etag(kind, &id, existing.as_ref(), &sent)?;
    let change = Change { id: &id, existing: existing.as_ref(), sent: &sent };
    let body = kind.rules.put(scene, &change)?;
    store(scene, kind, &change, body)
}

fn patch(scene: &mut Scene<'_>, kind: &Kind) -> Result<Answer, Refusal> {
    let sent = scene.request.object()?;
    let id = id_of(scene, kind);
    let existing = scene.state.get(&id).cloned().ok_or_else(|| missing(scene, kind))?;
    refuse_busy(scene, kind, &id)?;
    let change = Change { id: &id, existing: Some(&existing), sent: &sent };
    let body = kind.rules.patch(scene, &change)?;
    store(scene, kind, &change, body)
}

fn refuse_busy(scene: &Scene<'_>, kind: &Kind, id: &str) -> Result<(), Refusal> {
    let removal = scene.state.operations.values().any(|operation| {
        operation.ended.is_none()
            && operation.target.eq_ignore_ascii_case(id)
            && matches!(operation.work, Work::Remove)
    });
    let last = kind.resource_type.rsplit('/').next().unwrap_or_default();
    if removal { Err(Refusal::deletion_in_progress(last, super::path::name_of(id))) } else { Ok(()) }
}

fn store(scene: &mut Scene<'_>, kind: &Kind, change: &Change<'_>, body: Object) -> Result<Answer, Refusal> {
    let etag = match kind.etag {
        Etag::Dated => {
            // Two writes in one second must differ.
            let fraction = scene.state.writes() % 10_000_000;
            let time = stamp(scene.now).replace('Z', &format!(".{fraction:07}Z"));
            format!("W/\"datetime'{}'\"", time.replace(':', "%3A"))
        }
        _ => scene.state.new_etag(scene.now),
    };
    let mut stored =
        Resource { id: change.id.to_owned(), resource_type: kind.resource_type.to_owned(), etag, body };
    let begun = kind.rules.goes_on(scene, change, &mut stored);
    scene.state.put(stored);
    let created = change.existing.is_none();
    let mut answer = Answer::empty(if created { 201 } else { 200 });
    if let Some(begun) = begun {
        let failure = scene.fault.and_then(|rule| rule.fail_operation.clone()).or(begun.failure);
        answer = begin(scene, kind, change.id, begun.work, failure);
        answer.status = begun.status;
    }
    let stored = scene.state.get(change.id).cloned().ok_or_else(|| missing(scene, kind))?;
    answer.body = Reply::Json(show(scene, kind, &stored));
    Ok(answer)
}

/// Begins an operation; the answer has its headers.
fn begin(scene: &mut Scene<'_>, kind: &Kind, id: &str, work: Work, failure: Option<Value>) -> Answer {
    let subscription = scene.target.subscription.clone().unwrap_or_default();
    let namespace = kind.resource_type.split('/').next().unwrap_or_default();
    let place = format!("/subscriptions/{subscription}/providers/{namespace}/locations/westeurope");
    let operation = Operation {
        target: id.to_owned(),
        work,
        polls_left: scene.world.settings.polls,
        started: scene.now,
        ended: None,
        failure,
        path: String::new(),
    };
    let operation_id = lro::begin(scene.state, operation);
    let path = format!("{place}/operationStatuses/{operation_id}");
    if let Some(operation) = scene.state.operations.get_mut(&operation_id) {
        operation.path = path.clone();
    }
    let (base, version) = (&scene.world.endpoints().arm, scene.version);
    Answer::empty(202)
        .with("azure-asyncoperation", format!("{base}{path}?api-version={version}"))
        .with("location", format!("{base}{place}/operationResults/{operation_id}?api-version={version}"))
        .with("retry-after", "1")
}

fn delete(scene: &mut Scene<'_>, kind: &Kind) -> Result<Answer, Refusal> {
    let id = id_of(scene, kind);
    let Some(resource) = scene.state.get(&id).cloned() else {
        return Ok(Answer::empty(204));
    };
    refuse_busy(scene, kind, &id)?;
    kind.rules.delete(scene, &resource)?;
    if kind.rules.removal_goes_on() {
        if let Some(stored) = scene.state.get_mut(&id) {
            stored.properties_mut().insert("provisioningState".to_owned(), json!("Deleting"));
        }
        let failure = scene.fault.and_then(|rule| rule.fail_operation.clone());
        return Ok(begin(scene, kind, &id, Work::Remove, failure));
    }
    scene.state.remove(&id);
    Ok(Answer::empty(200))
}
