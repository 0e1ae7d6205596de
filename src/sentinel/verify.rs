//! Looking at what a write left behind, when its answer does not tell.

use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;

use super::Result;
use super::content::server;
use super::plan::Change;
use super::target::Target;
use crate::azure::{Client, Kind, Method, Request, Scope, Surface};

/// Time between two looks at an object that Azure is working at.
const BETWEEN: Duration = Duration::from_secs(1);

/// Time before what is not there is looked for once more.
const SETTLING: Duration = Duration::from_millis(500);

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Written down, not yet sent.
    Intent,
    /// It took place.
    Applied,
    /// It did not.
    NotApplied,
    /// That cannot be told.
    Unknown,
}

/// Looks whether a change took place. A look changes nothing, so it is repeated as reads are; while Azure is still working at
/// the object, it is looked at again.
pub(crate) async fn look(client: &Client, scope: &Scope, change: &Change) -> State {
    let mut settled = false;
    loop {
        let answer = client.send(scope, &request(client, change)).await;
        let current = match answer.and_then(|answer| answer.read::<Box<RawValue>>()) {
            Ok(current) => Some(current),
            Err(error) if error.kind() == Kind::NotFound => None,
            Err(_) => return State::Unknown,
        };
        let state = judge(change, current.as_deref());
        // The connection broke a moment ago: Azure may still have the request in its hands.
        if state == State::NotApplied && !settled {
            settled = true;
            tokio::time::sleep(SETTLING).await;
            continue;
        }
        if state != State::Unknown || !is_busy(current.as_deref()) || scope.remaining() < BETWEEN * 2 {
            return state;
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

/// True if Azure says that it is still working at the object.
fn is_busy(current: Option<&RawValue>) -> bool {
    provisioning(current)
        .is_some_and(|state| state != "Succeeded" && state != "Failed" && state != "Canceled")
}

fn provisioning(current: Option<&RawValue>) -> Option<String> {
    let object: Value = serde_json::from_str(current?.get()).ok()?;
    object["properties"]["provisioningState"].as_str().map(str::to_owned)
}

/// Compares what is there with what was and what was to be.
pub(crate) fn judge(change: &Change, current: Option<&RawValue>) -> State {
    let read = |raw: &RawValue| serde_json::from_str::<Value>(raw.get()).unwrap_or(Value::Null);
    match (change.method, current) {
        (Method::Delete, None) => State::Applied,
        // Accepted, and not yet carried out.
        (Method::Delete, Some(_)) if provisioning(current).as_deref() == Some("Deleting") => State::Applied,
        (Method::Delete, Some(_)) => State::NotApplied,
        (Method::Put, None) => State::NotApplied,
        (Method::Patch, None) | (Method::Post | Method::Get, _) => State::Unknown,
        (Method::Put | Method::Patch, Some(current)) => {
            let current = read(current);
            let before = change.before.as_deref().map(read);
            let after = change.body.as_deref().map_or(Value::Null, read);
            let uploading = after["properties"]["rawContent"].is_string()
                && current["properties"]["provisioningState"] != "Succeeded";
            let failed =
                matches!(current["properties"]["provisioningState"].as_str(), Some("Failed" | "Canceled"));
            if before.as_ref().is_some_and(|before| unchanged(before, &current)) {
                State::NotApplied
            } else if uploading || failed {
                // The watchlist is there, its items need not be; what Azure failed at is there in part.
                State::Unknown
            } else if contains(&current, &after, 0) {
                State::Applied
            } else {
                State::Unknown
            }
        }
    }
}

/// True if an object is still the one it was: by its etag, or by its content where it has none.
fn unchanged(before: &Value, current: &Value) -> bool {
    match (before["etag"].as_str(), current["etag"].as_str()) {
        (Some(before), Some(current)) => before == current,
        _ => before == current,
    }
}

/// True if everything of `wanted` is in `current`. Lists are compared in order; `null` and absent are the same.
pub(crate) fn contains(current: &Value, wanted: &Value, depth: usize) -> bool {
    match (current, wanted) {
        (Value::Object(current), Value::Object(wanted)) => wanted
            .iter()
            .filter(|(name, _)| {
                !server::is_of_every_kind(depth, name) && !server::is_never_shown(depth, name)
            })
            .all(|(name, wanted)| {
                let found = current.get(name).or_else(|| {
                    current.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
                });
                // -1 asks for a default, which is answered as a number of days.
                let default = *wanted == -1 && name.to_ascii_lowercase().ends_with("retentionindays");
                default || contains(found.unwrap_or(&Value::Null), wanted, depth + 1)
            }),
        (Value::Array(current), Value::Array(wanted)) => {
            current.len() == wanted.len()
                && current.iter().zip(wanted).all(|(current, wanted)| contains(current, wanted, depth + 1))
        }
        (Value::Null, Value::Array(wanted)) => wanted.is_empty(),
        (Value::Null, Value::Object(wanted)) => wanted.is_empty(),
        (current, wanted) => current == wanted,
    }
}

/// The object as it is now, for checks before an undo.
pub(crate) async fn current(target: &Target, change: &Change) -> Result<Option<Box<RawValue>>> {
    target.find_request(&request(&target.client, change)).await
}

fn request(client: &Client, change: &Change) -> Request {
    let request = client.request(Method::Get, &change.id, change.surface);
    // Workbooks come without their content otherwise.
    if change.surface == Surface::Workbooks { request.query("canFetchContent", "true") } else { request }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::azure::ResourceId;
    use crate::sentinel::plan::raw;

    fn state(change: &Change, current: Option<Value>) -> State {
        judge(change, current.and_then(|value| raw(&value)).as_deref())
    }

    #[test]
    fn what_is_there_tells_what_happened() {
        let id = || ResourceId::new("/subscriptions/S/x/alertRules/r");
        let before = json!({"etag": "1", "id": "/x", "properties": {"enabled": true, "tactics": ["A"]}});
        let after = json!({"etag": "1", "properties": {"enabled": false, "tactics": ["A"], "extra": null}});
        let replace = Change::replace(id(), Surface::AlertRules, "r", raw(&before).expect("json"), &after);
        assert_eq!(state(&replace, Some(before.clone())), State::NotApplied);
        let done = json!({"etag": "2", "id": "/x", "properties": {"enabled": false, "tactics": ["A"], "lastModifiedUtc": "t"}});
        assert_eq!(state(&replace, Some(done)), State::Applied);
        let other = json!({"etag": "3", "properties": {"enabled": true, "tactics": ["B"]}});
        assert_eq!(state(&replace, Some(other)), State::Unknown);
        assert_eq!(state(&replace, None), State::NotApplied);
        let create = Change::create(id(), Surface::AlertRules, "r", &after);
        assert_eq!(state(&create, None), State::NotApplied);
        assert_eq!(
            state(&create, Some(json!({"etag": "9", "properties": {"enabled": false, "tactics": ["A"]}}))),
            State::Applied
        );
        let delete = Change::delete(
            id(),
            Surface::AlertRules,
            "r",
            raw(&before).expect("json"),
            super::super::Undo::Exact,
        );
        assert_eq!(state(&delete, None), State::Applied);
        assert_eq!(state(&delete, Some(before)), State::NotApplied);
    }
}
