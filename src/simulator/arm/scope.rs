//! Tenants, subscriptions, resource groups, providers, and what asks about a scope as a whole: permissions, roles,
//! long-running operations.

use axum::http::Method;
use serde_json::{Value, json};

use super::guard::{self, PROVIDER};
use super::kind::Scene;
use super::{kinds, paging_of, versions};
use crate::simulator::exchange::{Answer, Object};
use crate::simulator::identity::access::{self, ROLES};
use crate::simulator::lro::{self, Work};
use crate::simulator::refusal::Refusal;
use crate::simulator::state::{GROUP, Resource, SUBSCRIPTION};

const NAMESPACES: &[&str] = &[
    "Microsoft.OperationalInsights",
    "Microsoft.SecurityInsights",
    "Microsoft.Insights",
    "Microsoft.OperationsManagement",
    "Microsoft.ManagedServices",
    "Microsoft.Authorization",
    "Microsoft.Logic",
    "Microsoft.Compute",
];

/// Answers what is no resource id: tenants, subscriptions, groups.
pub(crate) fn answer(scene: &mut Scene<'_>, segments: &[String]) -> Result<Answer, Refusal> {
    let lower: Vec<String> = segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
    let parts: Vec<&str> = lower.iter().map(String::as_str).collect();
    let known = match parts.as_slice() {
        ["tenants"] | ["subscriptions"] | ["subscriptions", _] => true,
        ["subscriptions", _, "resourcegroups"] | ["subscriptions", _, "resourcegroups", _] => true,
        ["subscriptions", _, "providers"] | ["subscriptions", _, "providers", _] => true,
        _ => false,
    };
    if !known {
        return Err(Refusal::path_not_found(&scene.request.path));
    }
    versions::check(scene.request, "Microsoft.Resources/subscriptions")?;
    let get = scene.request.method == Method::GET;
    match parts.as_slice() {
        ["tenants"] if get => tenants(scene),
        ["subscriptions"] if get => subscriptions(scene),
        ["subscriptions", id] if get => {
            visible(scene, id)?;
            let found = scene.state.get(&format!("/subscriptions/{id}")).cloned();
            let found = found.ok_or_else(|| Refusal::subscription_not_found(id))?;
            Ok(Answer::ok(subscription(scene, &found)))
        }
        ["subscriptions", id, "providers"] if get => {
            visible(scene, id)?;
            let all: Vec<Value> = NAMESPACES.iter().map(|namespace| provider(scene, id, namespace)).collect();
            Ok(Answer::ok(json!({"value": all})))
        }
        ["subscriptions", id, "providers", _] if get => registration(scene, id, &segments[3]),
        ["subscriptions", id, "resourcegroups"] if get => groups(scene, id),
        ["subscriptions", id, "resourcegroups", _] => group(scene, id, &segments[3]),
        _ => Err(Refusal::method_not_allowed(scene.request.method.as_str())),
    }
}

fn tenants(scene: &mut Scene<'_>) -> Result<Answer, Refusal> {
    // An application is a member of its own tenant only; those it manages are not listed.
    let own: Vec<Value> = scene
        .world
        .directory
        .tenants
        .iter()
        .filter(|tenant| tenant.id == scene.claims.tid)
        .map(|tenant| {
            json!({"id": format!("/tenants/{}", tenant.id), "tenantId": tenant.id, "countryCode": "DE", "displayName": tenant.name,
                "domains": [tenant.domain], "defaultDomain": tenant.domain, "tenantCategory": "Home", "tenantType": "AAD"})
        })
        .collect();
    Ok(Answer::ok(json!({"value": own})))
}

fn subscriptions(scene: &mut Scene<'_>) -> Result<Answer, Refusal> {
    let all: Vec<Resource> =
        scene.state.collection("/subscriptions").filter(|found| found.is(SUBSCRIPTION)).cloned().collect();
    let seen: Vec<Value> = all
        .iter()
        .filter(|found| access::sees_subscription(scene.state, scene.claims, found.name()))
        .map(|found| subscription(scene, found))
        .collect();
    let total = seen.len();
    let mut body = paging_of(scene, seen)?;
    if let Value::Object(body) = &mut body {
        body.insert("count".to_owned(), json!({"type": "Total", "value": total}));
    }
    Ok(Answer::ok(body))
}

fn subscription(scene: &Scene<'_>, found: &Resource) -> Value {
    let managed: Vec<Value> = access::managing_tenants(scene.state, found.name())
        .into_iter()
        .map(|tenant| json!({"tenantId": tenant}))
        .collect();
    let mut shown = Object::new();
    shown.insert("id".to_owned(), json!(found.id));
    shown.insert("authorizationSource".to_owned(), json!("RoleBased"));
    shown.insert("managedByTenants".to_owned(), json!(managed));
    shown.insert("subscriptionId".to_owned(), json!(found.name()));
    shown.extend(found.body.clone());
    Value::Object(shown)
}

fn visible(scene: &Scene<'_>, id: &str) -> Result<(), Refusal> {
    guard::subscription(scene, id)?;
    if access::sees_subscription(scene.state, scene.claims, id) {
        Ok(())
    } else {
        Err(Refusal::subscription_not_found(id))
    }
}

fn groups(scene: &mut Scene<'_>, id: &str) -> Result<Answer, Refusal> {
    visible(scene, id)?;
    let scope = format!("/subscriptions/{id}");
    let shown: Vec<Value> = scene
        .state
        .below(&scope, GROUP)
        .filter(|group| {
            access::may(
                scene.state,
                scene.claims,
                "Microsoft.Resources/subscriptions/resourceGroups/read",
                &group.id,
            )
        })
        .map(show_group)
        .collect();
    Ok(Answer::ok(paging_of(scene, shown)?))
}

fn show_group(group: &Resource) -> Value {
    let mut shown = Object::new();
    shown.insert("id".to_owned(), json!(group.id));
    shown.insert("name".to_owned(), json!(group.name()));
    shown.insert("type".to_owned(), json!(GROUP));
    shown.extend(group.body.clone());
    Value::Object(shown)
}

fn group(scene: &mut Scene<'_>, id: &str, name: &str) -> Result<Answer, Refusal> {
    guard::subscription(scene, id)?;
    let path = format!("/subscriptions/{id}/resourceGroups/{name}");
    let action = guard::action_of(&scene.request.method, "Microsoft.Resources/subscriptions/resourceGroups");
    guard::allowed(scene, &action, &path)?;
    let existing = scene.state.get(&path).cloned();
    match (scene.request.method.as_str(), existing) {
        ("GET", Some(group)) => Ok(Answer::ok(show_group(&group))),
        ("GET", None) => Err(Refusal::group_not_found(name)),
        ("PUT", existing) => {
            let sent = scene.request.object()?;
            let location = sent.get("location").cloned().ok_or_else(|| {
                Refusal::new(
                    400,
                    "LocationRequired",
                    "The location property is required for this definition.",
                )
            })?;
            let status = if existing.is_some() { 200 } else { 201 };
            let id = existing.map_or(path, |group| group.id);
            let mut body = Object::new();
            body.insert("location".to_owned(), location);
            body.insert("tags".to_owned(), sent.get("tags").cloned().unwrap_or_else(|| json!({})));
            body.insert("properties".to_owned(), json!({"provisioningState": "Succeeded"}));
            let group = Resource { id, resource_type: GROUP.to_owned(), etag: String::new(), body };
            let shown = show_group(&group);
            scene.state.put(group);
            Ok(Answer::json(status, shown))
        }
        (method, _) => Err(Refusal::method_not_allowed(method)),
    }
}

fn provider(scene: &Scene<'_>, subscription: &str, namespace: &str) -> Value {
    let path = format!("/subscriptions/{subscription}/providers/{namespace}");
    let state = scene.state.get(&path).and_then(|found| found.body.get("registrationState").cloned());
    json!({"id": path, "namespace": namespace, "registrationPolicy": "RegistrationRequired",
        "registrationState": state.unwrap_or_else(|| json!("Registered")), "resourceTypes": []})
}

/// Answers what has the form of a resource id and is none: permissions, roles, operations, registrations.
pub(crate) fn provider_answer(scene: &mut Scene<'_>) -> Result<Option<Answer>, Refusal> {
    let target = scene.target;
    let lower = target.full_type.to_ascii_lowercase();
    let get = scene.request.method == Method::GET;
    match lower.as_str() {
        "microsoft.authorization/permissions" if get => {
            versions::check(scene.request, &target.full_type)?;
            if let Some(subscription) = &target.subscription {
                guard::subscription(scene, subscription)?;
            }
            guard::owners_exist(scene.state, target)?;
            let list = access::permissions(scene.state, scene.claims, &target.scope);
            Ok(Some(Answer::ok(json!({"value": list}))))
        }
        "microsoft.authorization/roledefinitions" if get => {
            versions::check(scene.request, &target.full_type)?;
            let shown = |role: &&access::Role| role.definition(&target.scope);
            Ok(Some(match &target.name {
                None => {
                    Answer::ok(json!({"value": ROLES.iter().map(|role| shown(&role)).collect::<Vec<_>>()}))
                }
                Some(name) => ROLES.iter().find(|role| role.id.eq_ignore_ascii_case(name)).map_or_else(
                    || Refusal::inner_not_found("roleDefinitions", name).into_answer(),
                    |role| Answer::ok(shown(&role)),
                ),
            }))
        }
        _ if lower.ends_with("/locations/operationstatuses") => operation(scene, true).map(Some),
        _ if lower.ends_with("/locations/operationresults") => operation(scene, false).map(Some),
        _ if lower.ends_with("/register") && scene.request.method == Method::POST => {
            register(scene).map(Some)
        }
        _ => Ok(None),
    }
}

fn operation(scene: &mut Scene<'_>, status: bool) -> Result<Answer, Refusal> {
    versions::check(scene.request, "Microsoft.OperationalInsights/workspaces")
        .or_else(|_| versions::check(scene.request, "Microsoft.SecurityInsights/watchlists"))?;
    let id = scene.target.name.clone().unwrap_or_default().to_ascii_lowercase();
    let unknown = || Refusal::inner_not_found("Operation", &id);
    if status {
        return lro::status(scene.state, &id, scene.now).ok_or_else(unknown);
    }
    let ended = match lro::result(scene.state, &id, scene.now).ok_or_else(unknown)? {
        Ok(ended) => ended,
        Err(answer) => return Ok(answer),
    };
    if matches!(ended.work, Work::Remove) {
        return Ok(Answer::empty(204));
    }
    let resource = scene.state.get(&ended.target).cloned().ok_or_else(unknown)?;
    let kind = kinds::find(&resource.resource_type).ok_or_else(unknown)?;
    Ok(Answer::ok(super::resource::show(scene, kind, &resource)))
}

fn registration(scene: &mut Scene<'_>, subscription: &str, given: &str) -> Result<Answer, Refusal> {
    visible(scene, subscription)?;
    let known = NAMESPACES.iter().find(|known| known.eq_ignore_ascii_case(given));
    let namespace = known.ok_or_else(|| {
        Refusal::new(404, "InvalidResourceNamespace", format!("The resource namespace '{given}' is invalid."))
    })?;
    Ok(Answer::ok(provider(scene, subscription, namespace)))
}

fn register(scene: &mut Scene<'_>) -> Result<Answer, Refusal> {
    let subscription = scene.target.subscription.clone().unwrap_or_default();
    versions::check(scene.request, "Microsoft.Resources/providers")?;
    visible(scene, &subscription)?;
    let namespace = scene.target.namespace().to_owned();
    let id = format!("/subscriptions/{subscription}/providers/{namespace}");
    guard::allowed(
        scene,
        &format!("{namespace}/register/action"),
        &format!("/subscriptions/{subscription}"),
    )?;
    let mut body = Object::new();
    body.insert("registrationState".to_owned(), json!("Registered"));
    scene.state.put(Resource { id, resource_type: PROVIDER.to_owned(), etag: String::new(), body });
    Ok(Answer::ok(provider(scene, &subscription, &namespace)))
}
