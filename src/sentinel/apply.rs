//! Carrying out a plan: each change once or not at all, and it is known which.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::journal::{Entry, Journal};
use super::plan::{Change, Ingest, Plan};
use super::target::{Object, Target};
use super::verify::{State, look};
use super::{Error, Result};
use crate::azure::{Happened, IngestTarget, Kind, Request, ResourceId, Scope};

/// Time for looking at what a write left behind, whatever the call's own time.
const LOOKING: Duration = Duration::from_secs(60);
/// Time between two looks for a record.
const ARRIVAL: Duration = Duration::from_secs(3);

/// What became of one change.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Outcome {
    /// The tenant's name
    pub tenant_name: String,
    /// The workspace's name
    pub workspace_name: String,
    /// What was to be done
    pub action: String,
    /// The object's name
    pub name: String,
    /// The object's id
    pub id: String,
    /// applied, not_applied or unknown
    #[schemars(with = "String")]
    pub state: State,
    /// exact, compensating or none
    pub undo: String,
    /// Entry of the journal, by which it can be undone
    pub journal: String,
    /// The object as Azure answered it
    pub object: Value,
    /// What went wrong
    pub error: Value,
}

/// What became of a plan.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Applied {
    /// Entry of the journal; `None` if there was nothing to do.
    pub journal: Option<String>,
    /// What became of each change.
    pub outcomes: Vec<Outcome>,
    /// What became of all of it.
    pub state: State,
    /// What should be known.
    pub notices: Vec<String>,
}

/// Carries out a plan. It goes on to the outcome even if nobody waits for it any more: a write that has begun is ended and
/// written down.
pub(crate) async fn apply(
    writes: &TaskTracker,
    target: Target,
    journal: Journal,
    plan: Plan,
) -> Result<Applied> {
    let work = writes.spawn(async move { carry_out(&target, &journal, &plan).await });
    work.await.unwrap_or_else(|error| Err(Error::Journal(format!("the write broke off: {error}"))))
}

async fn carry_out(target: &Target, journal: &Journal, plan: &Plan) -> Result<Applied> {
    if plan.changes.is_empty() {
        return Ok(Applied {
            journal: None,
            outcomes: Vec::new(),
            state: State::NotApplied,
            notices: [
                plan.notices.clone(),
                plan.unchanged.iter().map(|name| format!("{name} is as wanted already")).collect(),
            ]
            .concat(),
        });
    }
    let mut entry = Entry::of(plan, target.scope.correlation_id());
    record(journal, &entry).await?;
    let mut outcomes = Vec::with_capacity(plan.changes.len());
    let mut stopped = false;
    for (index, change) in plan.changes.iter().enumerate() {
        let (state, object, error) = if stopped {
            (
                State::NotApplied,
                Value::Null,
                Some(serde_json::json!({ "message": "not begun: a change before it failed" })),
            )
        } else {
            let _turn = turn(&change.id).await;
            one(target, change).await
        };
        stopped |= state != State::Applied;
        let recorded = &mut entry.changes[index];
        recorded.state = state;
        recorded.error.clone_from(&error);
        recorded.etag = object["etag"].as_str().map(str::to_owned);
        target.cache.forget(&change.id);
        // The write has taken place: a journal that fails now is reported and does not hide it.
        if let Err(error) = record(journal, &entry).await {
            tracing::error!(entry = %entry.id, %error, "the outcome of a write could not be written down");
        }
        tracing::info!(operation = plan.operation, change = %change.title, id = %change.id, ?state, journal = %entry.id, "write");
        outcomes.push(Outcome {
            tenant_name: plan.tenant_name.clone(),
            workspace_name: plan.workspace_name.clone(),
            action: change.title.clone(),
            name: change.name.clone(),
            id: change.id.to_string(),
            state,
            undo: serde_json::to_value(change.undo)
                .ok()
                .and_then(|value| value.as_str().map(str::to_owned))
                .unwrap_or_default(),
            journal: entry.id.clone(),
            object,
            error: error.unwrap_or(Value::Null),
        });
    }
    Ok(Applied {
        journal: Some(entry.id.clone()),
        state: entry.state(),
        outcomes,
        notices: plan.notices.clone(),
    })
}

async fn record(journal: &Journal, entry: &Entry) -> Result<()> {
    let (journal, entry) = (journal.clone(), entry.clone());
    tokio::task::spawn_blocking(move || journal.write(&entry))
        .await
        .unwrap_or_else(|error| Err(Error::Journal(error.to_string())))
}

/// Sends one change and finds out what became of it.
async fn one(target: &Target, change: &Change) -> (State, Value, Option<Value>) {
    if let (Some(file), Some(before)) = (&change.keep, &change.before)
        && let Err(error) = super::folder::save(file, before.get().as_bytes(), true)
    {
        return (State::NotApplied, Value::Null, Some(error.json()));
    }
    if let Some(ingest) = &change.ingest {
        return send_record(target, change, ingest).await;
    }
    let request = request(target, change);
    let error = match target.client.write(&target.scope, &request, change.waiting()).await {
        Ok(answer) => {
            let object = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
            return (State::Applied, object, None);
        }
        Err(error) => error,
    };
    let state = if error.happened() == Happened::No && error.kind() != Kind::OperationFailed {
        State::NotApplied
    } else {
        // The call's time may be up; what was sent has to be looked for all the same.
        let scope =
            Scope::with_correlation(target.scope.correlation_id(), LOOKING.max(target.scope.remaining()));
        look(&target.client, &scope, change).await
    };
    let error = match state {
        State::Unknown => unknown(target, change, &error),
        // It was carried out, only the answer got lost.
        State::Applied => return (state, Value::Null, None),
        _ => error.json(),
    };
    (state, Value::Null, Some(error))
}

/// What is said of a change of which nobody knows whether it took place.
fn unknown(target: &Target, change: &Change, error: &crate::azure::Error) -> Value {
    let what = format!("it is not known whether this took place: {} ({})", change.title, error.what());
    crate::azure::Error::new(Kind::OutcomeUnknown, what)
        .remedy("Look at the object; it was not sent twice. The journal has what it was before.")
        .during(format!("{} {}", change.method.as_str(), change.id), target.scope.correlation_id())
        .json()
}

/// Sends a record and, if somebody waits, looks until it can be queried.
async fn send_record(target: &Target, change: &Change, ingest: &Ingest) -> (State, Value, Option<Value>) {
    let record =
        change.body.as_deref().and_then(|body| serde_json::from_str(body.get()).ok()).unwrap_or_default();
    let to = IngestTarget {
        endpoint: ingest.endpoint.clone(),
        rule: ingest.rule.clone(),
        stream: ingest.stream.clone(),
    };
    // A record like it may be there already.
    let before = match &ingest.arrival {
        Some((query, _)) => count(target, query).await,
        None => Ok(0),
    };
    let before = match before {
        Ok(before) => before,
        Err(error) => return (State::NotApplied, Value::Null, Some(error.json())),
    };
    if let Err(error) = target.client.ingest(&target.scope, &to, &[record]).await {
        return match error.happened() {
            Happened::No => (State::NotApplied, Value::Null, Some(error.json())),
            Happened::Perhaps => (State::Unknown, Value::Null, Some(unknown(target, change, &error))),
        };
    }
    let Some((query, seconds)) = &ingest.arrival else {
        return (State::Applied, serde_json::json!({ "Sent": true }), None);
    };
    let end = Instant::now() + Duration::from_secs(*seconds).min(target.scope.remaining());
    loop {
        if count(target, query).await.is_ok_and(|now| now > before) {
            return (State::Applied, serde_json::json!({ "Sent": true, "Arrived": true }), None);
        }
        if Instant::now() + ARRIVAL >= end {
            let detail = "accepted, and not to be queried in time: a transformation may drop it, or a type does not fit";
            return (
                State::Applied,
                serde_json::json!({ "Sent": true, "Arrived": false, "Detail": detail }),
                None,
            );
        }
        tokio::time::sleep(ARRIVAL).await;
    }
}

async fn count(target: &Target, query: &str) -> Result<i64> {
    let answer = target.query(query, Some("P1D".to_owned())).await?;
    Ok(answer.table.rows.first().and_then(|row| row.first()?.as_i64()).unwrap_or(0))
}

fn request(target: &Target, change: &Change) -> Request {
    let mut request = target.client.request(change.method, &change.id, change.surface);
    for (name, value) in &change.query {
        request = request.query(name, value);
    }
    match &change.body {
        Some(body) => request.body(body.get().to_owned()),
        None => request,
    }
}

/// Writes to one object follow one another in this process: parallel updates of an incident collide.
async fn turn(id: &ResourceId) -> tokio::sync::OwnedMutexGuard<()> {
    type Turns = HashMap<String, Weak<tokio::sync::Mutex<()>>>;
    static TURNS: LazyLock<Mutex<Turns>> = LazyLock::new(Mutex::default);
    let key = id.as_str().to_ascii_lowercase();
    let turn = {
        let mut turns = TURNS.lock();
        turns.retain(|_, turn| turn.strong_count() > 0);
        match turns.get(&key).and_then(Weak::upgrade) {
            Some(turn) => turn,
            None => {
                let turn = Arc::new(tokio::sync::Mutex::new(()));
                turns.insert(key, Arc::downgrade(&turn));
                turn
            }
        }
    };
    turn.lock_owned().await
}

/// A plan that takes an entry of the journal back.
pub(crate) async fn plan_undo(target: &Target, entry: &Entry) -> Result<Plan> {
    let mut draft = super::plan::Draft::default();
    for recorded in entry.changes.iter().rev() {
        let change = &recorded.change;
        let state = match recorded.state {
            State::Intent | State::Unknown => look(&target.client, &target.scope, change).await,
            known => known,
        };
        match state {
            State::NotApplied => {
                draft.unchanged.push(format!("{} (it was not applied)", change.name));
                continue;
            }
            State::Applied => {}
            _ => {
                return Err(Error::Undo(format!(
                    "it is not known whether '{}' took place, so it is not taken back: compare the object with entry {} of the journal",
                    change.title, entry.id
                )));
            }
        }
        let Some(reverse) = &change.reverse else {
            return Err(Error::Undo(format!("'{}' cannot be undone", change.title)));
        };
        let current = super::verify::current(target, change).await?;
        draft.changes.extend(back(recorded, reverse, current, &mut draft.notices)?);
    }
    Ok(draft.into_plan(target, Value::Null, Some(entry.id.clone())))
}

/// The change that takes one change back, given what is there now.
fn back(
    recorded: &super::journal::Recorded,
    reverse: &super::plan::Reverse,
    current: Option<Box<serde_json::value::RawValue>>,
    notices: &mut Vec<String>,
) -> Result<Option<Change>> {
    use crate::azure::Method;
    let change = &recorded.change;
    let object = current.as_deref().map(Object::of).transpose()?;
    // Somebody may have worked on since; that shows in the etag, or in the content.
    if let (Some(object), Some(written)) = (&object, &recorded.etag)
        && change.method != Method::Delete
        && object.etag().as_ref() != Some(written)
    {
        notices.push(format!("{} was changed after this write; undoing it takes that back too", change.name));
    }
    let mut body: Option<Value> =
        reverse.body.as_deref().and_then(|body| serde_json::from_str(body.get()).ok());
    if let (Some(Value::Object(fields)), Some(etag)) = (&mut body, object.as_ref().and_then(Object::etag))
        && reverse.method == Method::Put
    {
        fields.insert("etag".to_owned(), etag.into());
    }
    let mut undone = match (reverse.method, current, body) {
        (Method::Delete, None, _) => {
            notices.push(format!("{} is gone already", change.name));
            return Ok(None);
        }
        (Method::Delete, Some(current), _) => Change::delete(
            change.id.clone(),
            change.surface,
            change.name.clone(),
            current,
            super::Undo::Exact,
        ),
        (Method::Put, Some(current), Some(body)) => {
            Change::replace(change.id.clone(), change.surface, change.name.clone(), current, &body)
        }
        (Method::Put, None, Some(body)) => {
            Change::create(change.id.clone(), change.surface, change.name.clone(), &body)
        }
        (Method::Patch, Some(current), Some(body)) => {
            let sent: Value = change
                .body
                .as_deref()
                .and_then(|body| serde_json::from_str(body.get()).ok())
                .unwrap_or_default();
            Change::patch(change.id.clone(), change.surface, change.name.clone(), current, &body, &sent)
        }
        _ => return Err(Error::Undo(format!("'{}' cannot be undone: the object is gone", change.title))),
    };
    undone.title = format!("undo: {}", change.title);
    undone.undo = change.undo;
    undone.long = change.long;
    undone.query.clone_from(&reverse.query);
    Ok(Some(undone))
}
