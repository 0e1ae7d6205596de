//! The simulator's own paths, `/_simulator/...`, on every endpoint: fault rules, journal, counters, clock, state, tokens.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::exchange::{Answer, Request};
use super::faults::FaultRule;
use super::state::Resource;
use super::world::World;
use super::{identity, logs, store};

const ROOT: &str = "/_simulator";

/// Whether a path is the simulator's own.
pub(crate) fn is_own(path: &str) -> bool {
    path == ROOT || path.starts_with("/_simulator/")
}

/// Answers a request to one of these paths. No token is needed.
pub(crate) fn answer(world: &World, request: &Request) -> Answer {
    let segments = request.segments();
    let rest: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
    match (request.method.as_str(), rest.as_slice()) {
        ("GET", []) => Answer::ok(overview(world)),
        ("GET", ["faults"]) => Answer::ok(world.faults.report()),
        ("PUT" | "POST", ["faults"]) => change_faults(world, request),
        ("DELETE", ["faults"]) => {
            let _ = world.faults.set(Vec::new());
            Answer::empty(204)
        }
        ("GET", ["journal"]) => Answer::ok(json!(world.journal.entries())),
        ("DELETE", ["journal"]) => {
            world.journal.clear();
            Answer::empty(204)
        }
        ("GET", ["counters"]) => Answer::ok(json!(world.journal.counters())),
        ("GET", ["clock"]) => Answer::ok(clock(world)),
        ("PUT", ["clock"]) => set_clock(world, request),
        ("GET", ["state"]) => Answer::ok(resources(world, request.parameter("prefix").unwrap_or("/"))),
        ("POST", ["save"]) => match store::save(world) {
            Ok(()) => Answer::empty(204),
            Err(error) => mistake(500, &error.to_string()),
        },
        ("GET", ["rows"]) => Answer::ok(logs::row_counts(world)),
        ("POST", ["token"]) => token(world, request),
        ("POST", ["federated-token"]) => {
            match field(request, "app").and_then(|app| world.federated_token(world.directory.app(&app)?)) {
                Some(token) => Answer::ok(json!({"token": token})),
                None => mistake(400, "give {\"app\": NAME}"),
            }
        }
        _ => {
            mistake(404, "paths: faults, journal, counters, clock, state, rows, save, token, federated-token")
        }
    }
}

fn mistake(status: u16, message: &str) -> Answer {
    Answer::json(status, json!({"error": {"code": "Simulator", "message": message}}))
}

fn overview(world: &World) -> Value {
    json!({
        "endpoints": world.endpoints(),
        "seed": world.settings.seed,
        "tenants": world.directory.tenants,
        "apps": world.directory.apps,
        "identity_header": identity::IDENTITY_HEADER,
    })
}

fn change_faults(world: &World, request: &Request) -> Answer {
    let rules: Vec<FaultRule> = match serde_json::from_slice(&request.body) {
        Ok(rules) => rules,
        Err(error) => return mistake(400, &format!("give an array of rules: {error}")),
    };
    let changed = if request.method == axum::http::Method::PUT {
        world.faults.set(rules)
    } else {
        world.faults.add(rules)
    };
    match changed {
        Ok(()) => Answer::ok(world.faults.report()),
        Err(error) => mistake(400, &error.to_string()),
    }
}

fn clock(world: &World) -> Value {
    json!({"now": world.clock.now().to_string(), "offset_s": world.clock.offset().as_secs()})
}

fn set_clock(world: &World, request: &Request) -> Answer {
    let offset = request.object().ok().and_then(|body| body.get("offset_s")?.as_i64());
    match offset {
        // A hundred years: beyond it times cannot be told any more.
        Some(seconds) if seconds.unsigned_abs() < 3_200_000_000 => {
            world.clock.set_offset(SignedDuration::from_secs(seconds));
            Answer::ok(clock(world))
        }
        _ => mistake(400, "give {\"offset_s\": SECONDS}, at most a hundred years"),
    }
}

fn field(request: &Request, name: &str) -> Option<String> {
    Some(request.object().ok()?.get(name)?.as_str()?.to_owned())
}

fn token(world: &World, request: &Request) -> Answer {
    let app = field(request, "app").and_then(|app| world.directory.app(&app));
    let (Some(app), Some(audience)) = (app, field(request, "audience")) else {
        return mistake(400, "give {\"app\": NAME, \"audience\": RESOURCE, \"seconds\": LIFETIME}");
    };
    let seconds = request.object().ok().and_then(|body| body.get("seconds")?.as_i64()).unwrap_or(3599);
    match world.keys.issue(app, &audience, world.clock.now(), seconds) {
        Some(token) => Answer::ok(json!({"access_token": token, "expires_in": seconds})),
        None => mistake(500, "the token cannot be signed"),
    }
}

/// The stored resources below a prefix.
pub(crate) fn resources(world: &World, prefix: &str) -> Vec<Value> {
    world.state.read().all(prefix).map(dump).collect()
}

fn dump(resource: &Resource) -> Value {
    let mut body = json!({"id": resource.id, "type": resource.resource_type, "etag": resource.etag});
    if let Value::Object(object) = &mut body {
        object.extend(resource.body.clone());
    }
    body
}
