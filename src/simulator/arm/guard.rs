//! What stands before every change and every look: limits, tenants, roles, locks, policies, registrations.

use axum::http::Method;
use serde_json::Value;

use super::kind::{Home, Kind, Scene};
use super::path::{Target, name_of};
use crate::simulator::identity::access;
use crate::simulator::refusal::Refusal;
use crate::simulator::state::State;
use crate::simulator::throttle::Class;

/// Type of a lock.
pub(crate) const LOCK: &str = "Microsoft.Authorization/locks";
/// Type of a policy assignment.
pub(crate) const POLICY: &str = "Microsoft.Authorization/policyAssignments";
/// Type of a provider's registration, kept per subscription.
pub(crate) const PROVIDER: &str = "Microsoft.Resources/providers";

/// Class of a method.
pub(crate) fn class_of(method: &Method) -> Class {
    match *method {
        Method::GET | Method::HEAD => Class::Reads,
        Method::DELETE => Class::Deletes,
        _ => Class::Writes,
    }
}

/// The action that a request is, as roles name it.
pub(crate) fn action_of(method: &Method, full_type: &str) -> String {
    let part = full_type.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let verb = match *method {
        Method::GET | Method::HEAD => "read",
        // These are POSTs that look.
        Method::POST if ["alerts", "entities", "bookmarks"].contains(&part.as_str()) => "read",
        Method::DELETE => "delete",
        Method::POST => "action",
        _ => "write",
    };
    format!("{full_type}/{verb}")
}

/// Whether the subscription exists for this token.
pub(crate) fn subscription(scene: &Scene<'_>, subscription: &str) -> Result<(), Refusal> {
    let Some(tenant) = access::tenant_of(scene.state, subscription) else {
        return Err(Refusal::subscription_not_found(subscription));
    };
    if !access::tenant_fits(scene.state, scene.claims, subscription) {
        return Err(Refusal::wrong_tenant(&scene.claims.tid, tenant));
    }
    Ok(())
}

/// Whether the principal may do what it asks.
pub(crate) fn allowed(scene: &Scene<'_>, action: &str, id: &str) -> Result<(), Refusal> {
    if access::may(scene.state, scene.claims, action, id) {
        return Ok(());
    }
    Err(Refusal::not_authorized(&scene.claims.appid, &scene.claims.oid, action, id))
}

/// Whether everything the path goes through exists.
pub(crate) fn owners_exist(state: &State, target: &Target) -> Result<(), Refusal> {
    if let (Some(subscription), Some(group)) = (&target.subscription, &target.group)
        && state.get(&format!("/subscriptions/{subscription}/resourceGroups/{group}")).is_none()
    {
        return Err(Refusal::group_not_found(group));
    }
    let group = target.group.as_deref().unwrap_or_default();
    for owner in &target.owners {
        if state.get(owner).is_none() {
            let parts: Vec<&str> = owner.split('/').collect();
            let kind = parts.len().checked_sub(2).map_or("", |at| parts[at]);
            return Err(if kind.eq_ignore_ascii_case("workspaces") {
                Refusal::not_found("Microsoft.OperationalInsights/workspaces", name_of(owner), group)
            } else {
                Refusal::inner_not_found(kind, name_of(owner))
            });
        }
    }
    Ok(())
}

/// Whether the workspace is onboarded to Sentinel.
pub(crate) fn onboarded(state: &State, workspace: &str) -> bool {
    state.get(&format!("{workspace}/providers/Microsoft.SecurityInsights/onboardingStates/default")).is_some()
}

/// What holds a resource of a kind back from being there.
pub(crate) fn home(scene: &Scene<'_>, kind: &Kind) -> Result<(), Refusal> {
    let workspace = scene.target.workspace();
    let onboarding = kind.resource_type.eq_ignore_ascii_case("Microsoft.SecurityInsights/onboardingStates");
    match (kind.home, workspace) {
        (Home::Workspace | Home::Sentinel, None) => Err(Refusal::path_not_found(&scene.request.path)),
        (Home::Sentinel, Some(workspace)) if !onboarding => needs_onboarding(scene.state, workspace),
        (Home::Group, _) if scene.target.group.is_none() && scene.target.name.is_some() => {
            Err(Refusal::path_not_found(&scene.request.path))
        }
        _ => Ok(()),
    }
}

/// Refuses what only an onboarded workspace has.
pub(crate) fn needs_onboarding(state: &State, workspace: &str) -> Result<(), Refusal> {
    if onboarded(state, workspace) { Ok(()) } else { Err(Refusal::not_onboarded(name_of(workspace))) }
}

/// Locks, policies and registrations: they hold back writes and deletes only.
pub(crate) fn change(scene: &Scene<'_>, full_type: &str, id: &str) -> Result<(), Refusal> {
    let method = &scene.request.method;
    if *method == Method::GET {
        return Ok(());
    }
    locks(scene, id)?;
    if matches!(*method, Method::PUT | Method::PATCH) {
        registration(scene, full_type)?;
        policies(scene, full_type, id)?;
    }
    Ok(())
}

fn locks(scene: &Scene<'_>, id: &str) -> Result<(), Refusal> {
    let Some(subscription) = access::subscription_of(id) else { return Ok(()) };
    for lock in scene.state.below(&format!("/subscriptions/{subscription}"), LOCK) {
        let scope = access::scope_of(lock);
        let above = access::at_or_above(scope, id);
        let stops = match lock.text("level") {
            Some("ReadOnly") => true,
            _ => scene.request.method == Method::DELETE,
        };
        if above && stops && !lock.id.eq_ignore_ascii_case(id) {
            return Err(Refusal::locked(id, scope));
        }
    }
    Ok(())
}

fn registration(scene: &Scene<'_>, full_type: &str) -> Result<(), Refusal> {
    let namespace = full_type.split('/').next().unwrap_or_default();
    let Some(subscription) = &scene.target.subscription else { return Ok(()) };
    let registered = scene
        .state
        .get(&format!("/subscriptions/{subscription}/providers/{namespace}"))
        .is_none_or(|provider| provider.body.get("registrationState") == Some(&Value::from("Registered")));
    if registered { Ok(()) } else { Err(Refusal::not_registered(subscription, namespace)) }
}

/// Policies deny a type where a property has a value: `properties.parameters` has `type`, `property` and `value`.
fn policies(scene: &Scene<'_>, full_type: &str, id: &str) -> Result<(), Refusal> {
    let Some(subscription) = access::subscription_of(id) else { return Ok(()) };
    let sent = scene.request.object().map(Value::Object).unwrap_or_default();
    for policy in scene.state.below(&format!("/subscriptions/{subscription}"), POLICY) {
        let parameter = |name: &str| policy.property("parameters")?.get(name)?.get("value");
        let about = parameter("type")
            .and_then(Value::as_str)
            .is_some_and(|known| known.eq_ignore_ascii_case(full_type));
        if !about || !access::at_or_above(access::scope_of(policy), id) {
            continue;
        }
        let pointer = parameter("property").and_then(Value::as_str).unwrap_or_default();
        if sent.pointer(pointer).is_some_and(|value| Some(value) == parameter("value")) {
            let name = policy.text("displayName").unwrap_or(policy.name());
            return Err(Refusal::disallowed_by_policy(name_of(id), &policy.id, name));
        }
    }
    Ok(())
}
