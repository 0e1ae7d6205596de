//! Managed identity: the endpoint of a virtual machine, and that of App Service.

use serde_json::json;

use super::directory::names;
use crate::simulator::exchange::{Answer, Request};
use crate::simulator::world::World;

/// What `IDENTITY_HEADER` has to be with the App Service endpoint.
pub(crate) const HEADER: &str = "simulated-identity-header";

/// Answers a request for a token of the machine's identity.
pub(crate) fn answer(world: &World, request: &Request) -> Answer {
    let refuse = |status, error: &str, text: &str| {
        Answer::json(status, json!({"error": error, "error_description": text}))
    };
    let machine = match request.path.as_str() {
        "/metadata/identity/oauth2/token" => true,
        "/msi/token" => false,
        _ => return Answer::empty(404),
    };
    let proven = if machine {
        request.header("metadata") == Some("true")
    } else {
        request.header("x-identity-header") == Some(HEADER)
    };
    if !proven {
        return refuse(
            if machine { 400 } else { 401 },
            "invalid_request",
            "Required metadata header not specified",
        );
    }
    let Some(resource) = request.parameter("resource") else {
        return refuse(400, "invalid_request", "Required query variable 'resource' is missing");
    };
    let wanted = request.parameter("client_id");
    let app = world.directory.app(wanted.unwrap_or(names::MANAGED)).filter(|app| app.name == names::MANAGED);
    let Some(app) = app else {
        return refuse(400, "invalid_request", "Identity not found");
    };
    if !world.knows_audience(resource) {
        return refuse(
            400,
            "invalid_resource",
            &format!("AADSTS500011: The resource principal named {resource} was not found."),
        );
    }
    let now = world.clock.now();
    let seconds = i64::try_from(world.settings.token_lifetime.as_secs()).unwrap_or(3599);
    let Some(token) = world.keys.issue(app, resource, now, seconds) else { return Answer::empty(500) };
    Answer::ok(json!({
        "access_token": token,
        "client_id": app.client_id,
        "expires_in": seconds.to_string(),
        "expires_on": (now.as_second() + seconds).to_string(),
        "ext_expires_in": seconds.to_string(),
        "not_before": now.as_second().to_string(),
        "resource": resource,
        "token_type": "Bearer",
    }))
}
