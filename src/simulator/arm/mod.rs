//! Azure Resource Manager: from a request to the kind it is about.

mod fields;
mod graph;
mod guard;
mod kind;
mod kinds;
mod odata;
mod path;
mod resource;
mod scope;
mod versions;

use std::sync::Arc;

use axum::http::Method;

use super::exchange::{Answer, Request, Surface};
use super::faults::FaultRule;
use super::lro;
use super::refusal::Refusal;
use super::world::World;
pub(crate) use fields::{iso_duration, write_duration};
pub(crate) use guard::onboarded;
use kind::Scene;
pub(crate) use kinds::{RULE, completed_rule, read_csv, stream_columns, table_of};
use path::Target;
pub(crate) use path::name_of;

/// Answers a request to Azure Resource Manager.
pub(crate) async fn answer(world: &Arc<World>, request: &Request, fault: Option<&FaultRule>) -> Answer {
    let now = world.clock.now();
    let checked = world.keys.check(request.bearer(), &world.audiences(Surface::Arm), now);
    let claims = match checked {
        Ok(claims) => claims,
        Err(refusal) => return refusal.into_answer(),
    };
    let segments = request.segments();
    let target = Target::parse(&segments);
    if target.as_ref().is_some_and(|target| target.full_type.eq_ignore_ascii_case(graph::TYPE)) {
        return graph::answer(world, request, &claims).await;
    }
    let bucket = segments
        .first()
        .filter(|first| first.eq_ignore_ascii_case("subscriptions"))
        .and(segments.get(1))
        .map_or("tenant", String::as_str);
    let class = guard::class_of(&request.method);
    let left = match world.throttle.arm(bucket, &claims.oid, class, now) {
        Ok(left) => left,
        Err(refusal) => return refusal.into_answer(),
    };
    let mut state = world.state.write();
    lro::settle_due(&mut state, now);
    let empty = Target::default();
    let mut scene = Scene {
        world,
        state: &mut state,
        now,
        claims: &claims,
        request,
        target: target.as_ref().unwrap_or(&empty),
        version: request.parameter("api-version").unwrap_or_default(),
        fault,
    };
    let answer =
        if target.is_some() { resource_answer(&mut scene) } else { scope::answer(&mut scene, &segments) };
    let answer = answer.unwrap_or_else(Refusal::into_answer);
    let place = if bucket == "tenant" { "tenant" } else { "subscription" };
    let header = match (place, class.word()) {
        ("tenant", "reads") => "x-ms-ratelimit-remaining-tenant-reads",
        ("tenant", "deletes") => "x-ms-ratelimit-remaining-tenant-deletes",
        ("tenant", _) => "x-ms-ratelimit-remaining-tenant-writes",
        (_, "reads") => "x-ms-ratelimit-remaining-subscription-reads",
        (_, "deletes") => "x-ms-ratelimit-remaining-subscription-deletes",
        _ => "x-ms-ratelimit-remaining-subscription-writes",
    };
    answer.with(header, left.to_string())
}

fn resource_answer(scene: &mut Scene<'_>) -> Result<Answer, Refusal> {
    let target = scene.target;
    if let Some(answer) = scope::provider_answer(scene)? {
        return Ok(answer);
    }
    let kind = kinds::find(&target.full_type);
    let full_type = kind.map_or(target.full_type.as_str(), |kind| kind.resource_type);
    versions::check(scene.request, full_type)?;
    if let Some(subscription) = &target.subscription {
        guard::subscription(scene, subscription)?;
    }
    let id = scene.request.path.trim_end_matches('/').to_owned();
    let id = super::exchange::decode(&id);
    // A list over a whole subscription shows what the principal may read, be it nothing.
    let in_groups = kind.is_some_and(|kind| kind.home == kind::Home::Group);
    let filtered =
        in_groups && target.name.is_none() && target.group.is_none() && scene.request.method == Method::GET;
    if !filtered {
        guard::allowed(scene, &guard::action_of(&scene.request.method, full_type), &id)?;
    }
    guard::owners_exist(scene.state, target)?;
    if let Some(answer) = kinds::act(scene)? {
        return Ok(answer);
    }
    let Some(kind) = kind else {
        return Err(Refusal::invalid_resource_type(target.namespace(), target.kind(), scene.version));
    };
    guard::home(scene, kind)?;
    guard::change(scene, full_type, &id)?;
    resource::answer(scene, kind)
}

/// The envelope of a list that is no list of a kind.
fn paging_of(scene: &Scene<'_>, all: Vec<serde_json::Value>) -> Result<serde_json::Value, Refusal> {
    // These come in large pages.
    let size = scene.world.settings.page_size.max(100);
    let page = super::paging::cut(all, &scene.request.path, size, scene.request.parameter("$skipToken"))?;
    Ok(super::paging::envelope(page, scene.request, scene.world.endpoints().of(Surface::Arm)))
}
