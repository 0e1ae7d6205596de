//! Long-running operations. They go on when somebody asks for them, not as time passes, so that tests are quick; one that
//! nobody asks for ends by the clock.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::clock::stamp;
use super::exchange::{Answer, Object};
use super::state::{Resource, State};

/// After this time an operation has ended, asked for or not.
const LONGEST: SignedDuration = SignedDuration::from_secs(60);
/// Operations that have ended are kept for those who ask late, up to this number.
const KEPT: usize = 1_000;

/// An operation and what it will have done when it ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Operation {
    /// The resource it is about.
    pub target: String,
    pub work: Work,
    /// How often it still answers `InProgress`.
    pub polls_left: u32,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    /// The `error` object it will end with.
    pub failure: Option<Value>,
    /// Its id in the paths of its status, below the provider.
    pub path: String,
}

/// What happens at the end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Work {
    /// The resource is settled: its members of `properties` become these.
    Settle(Object),
    /// The resources come into being, the target is settled.
    Fill(Object, Vec<Resource>),
    /// The resource is removed.
    Remove,
}

/// Ends what is due by the clock.
pub(crate) fn settle_due(state: &mut State, now: Timestamp) {
    let due: Vec<String> = state
        .operations
        .iter()
        .filter(|(_, operation)| operation.ended.is_none() && now.duration_since(operation.started) > LONGEST)
        .map(|(id, _)| id.clone())
        .collect();
    for id in due {
        end(state, &id, now);
    }
}

/// Somebody asked for the resource: that counts as asking for what goes on with it.
pub(crate) fn touch(state: &mut State, target: &str, now: Timestamp) {
    let touched: Vec<String> = state
        .operations
        .iter()
        .filter(|(_, operation)| operation.ended.is_none() && operation.target.eq_ignore_ascii_case(target))
        .map(|(id, _)| id.clone())
        .collect();
    for id in touched {
        advance(state, &id, now);
    }
}

/// Begins an operation and gives its id.
pub(crate) fn begin(state: &mut State, operation: Operation) -> String {
    let id = state.new_id();
    let ended: Vec<String> = state
        .operations
        .iter()
        .filter(|(_, operation)| operation.ended.is_some())
        .map(|(id, _)| id.clone())
        .collect();
    if ended.len() > KEPT {
        state.operations.remove(&ended[0]);
    }
    let at_once = operation.polls_left == 0;
    let started = operation.started;
    state.operations.insert(id.clone(), operation);
    if at_once {
        end(state, &id, started);
    }
    id
}

fn advance(state: &mut State, id: &str, now: Timestamp) {
    let Some(operation) = state.operations.get_mut(id) else { return };
    if operation.ended.is_some() {
        return;
    }
    if operation.polls_left == 0 {
        end(state, id, now);
    } else {
        operation.polls_left -= 1;
    }
}

fn end(state: &mut State, id: &str, now: Timestamp) {
    let Some(operation) = state.operations.get_mut(id) else { return };
    operation.ended = Some(now);
    let operation = operation.clone();
    let settled = match (&operation.failure, operation.work) {
        (Some(_), Work::Remove | Work::Settle(_) | Work::Fill(..)) => {
            let mut failed = Object::new();
            failed.insert("provisioningState".to_owned(), json!("Failed"));
            failed
        }
        (None, Work::Settle(settled)) => settled,
        (None, Work::Fill(settled, resources)) => {
            for resource in resources {
                state.put(resource);
            }
            settled
        }
        (None, Work::Remove) => {
            state.remove(&operation.target);
            return;
        }
    };
    if let Some(resource) = state.get_mut(&operation.target) {
        resource.properties_mut().extend(settled);
    }
}

/// `operationStatuses/{id}`: always 200 and how far it is.
pub(crate) fn status(state: &mut State, id: &str, now: Timestamp) -> Option<Answer> {
    advance(state, id, now);
    let operation = state.operations.get(id)?;
    let mut body = json!({
        "id": operation.path,
        "name": id,
        "status": word(operation),
        "startTime": stamp(operation.started),
    });
    if let Some(ended) = operation.ended {
        body["endTime"] = json!(stamp(ended));
        if let Some(error) = &operation.failure {
            body["error"] = error.clone();
        }
    }
    let answer = Answer::ok(body);
    Some(if operation.ended.is_some() { answer } else { answer.with("retry-after", "1") })
}

fn word(operation: &Operation) -> &'static str {
    match (&operation.ended, &operation.failure) {
        (None, _) => "InProgress",
        (Some(_), None) => "Succeeded",
        (Some(_), Some(_)) => "Failed",
    }
}

/// `operationResults/{id}`: 202 until it has ended. Then the resource, if there is one, is for the caller to show.
pub(crate) fn result(state: &mut State, id: &str, now: Timestamp) -> Option<Result<Operation, Answer>> {
    advance(state, id, now);
    let operation = state.operations.get(id)?;
    Some(match (&operation.ended, &operation.failure) {
        (None, _) => Err(Answer::empty(202).with("retry-after", "1")),
        (Some(_), Some(error)) => Err(Answer::json(409, json!({"error": error}))),
        (Some(_), None) => Ok(operation.clone()),
    })
}
