//! Tasks: calls that go on after their request, fetched by id.

use rmcp::model::{
    CreateTaskResult, DetailedTask, ErrorData, GetTaskResult, InputResponses, JsonObject, Task, TaskPayload,
    TaskStatus,
};
use serde_json::{Value, json};

use super::{asking, call_result, no_catalog};
use crate::mcp::{
    call::Caller,
    dispatch::{Dispatcher, Outcome},
    errand::{Errand, KEPT, QUESTION, Standing},
};

/// How often a client should ask.
const POLL_MS: u64 = 1_000;

/// The answer of a request whose call goes on.
pub(super) fn created(errand: &Errand) -> CreateTaskResult {
    CreateTaskResult::new(task(errand, TaskStatus::Working))
}

fn task(errand: &Errand, status: TaskStatus) -> Task {
    let kept = u64::try_from(KEPT.as_millis()).unwrap_or(u64::MAX);
    Task::new(errand.id.clone(), status, errand.begun.to_string(), errand.touched().to_string())
        .with_ttl_ms(kept)
        .with_poll_interval_ms(POLL_MS)
}

/// What a task has come to.
pub(super) fn get(dispatcher: &Dispatcher, caller: &Caller, id: &str) -> Result<GetTaskResult, ErrorData> {
    let errand = dispatcher.errands.find(caller, id).ok_or_else(|| unknown(id))?;
    let payload = match errand.standing() {
        Standing::Working => TaskPayload::Working,
        Standing::Asking { form, .. } => match asking::requests(&form) {
            Some(input_requests) => TaskPayload::InputRequired { input_requests },
            None => TaskPayload::Working,
        },
        Standing::Ended(outcome) => ended(outcome),
    };
    Ok(GetTaskResult::new(DetailedTask::new(task(&errand, payload.status()), payload)))
}

fn ended(outcome: Outcome) -> TaskPayload {
    let failed = |error: ErrorData| TaskPayload::Failed {
        error: object(serde_json::to_value(error).unwrap_or_default()),
    };
    match outcome {
        Outcome::Reply { call_id, reply } => TaskPayload::Completed {
            result: object(serde_json::to_value(call_result(&call_id, reply)).unwrap_or_default()),
        },
        Outcome::UnknownTool(text) => failed(ErrorData::invalid_params(text, None)),
        Outcome::NoCatalog(reason) => failed(no_catalog(reason)),
        // The others are no ends of an errand.
        Outcome::Cancelled | Outcome::Asked { .. } | Outcome::Task { .. } => TaskPayload::Cancelled,
    }
}

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        other => JsonObject::from_iter([("value".to_owned(), json!(other))]),
    }
}

/// Brings answers to the open question of a task.
pub(super) fn update(
    dispatcher: &Dispatcher,
    caller: &Caller,
    id: &str,
    mut responses: InputResponses,
) -> Result<(), ErrorData> {
    let errand = dispatcher.errands.find(caller, id).ok_or_else(|| unknown(id))?;
    if let Some(response) = responses.remove(QUESTION) {
        errand.answer(None, &response);
    }
    Ok(())
}

/// Stops a task.
pub(super) fn cancel(dispatcher: &Dispatcher, caller: &Caller, id: &str) -> Result<(), ErrorData> {
    dispatcher.errands.find(caller, id).ok_or_else(|| unknown(id))?.cancel.cancel();
    Ok(())
}

fn unknown(id: &str) -> ErrorData {
    let id: String = id.chars().take(80).collect();
    ErrorData::invalid_params(
        format!("there is no task '{id}': its result was fetched long ago, or the server was restarted"),
        None,
    )
}
