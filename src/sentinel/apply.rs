//! Carrying out a plan: each change once or not at all, and it is known which.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::journal::{Entry, Journal};
use super::plan::{Change, Ingest, Plan};
use super::target::Target;
use super::verify::{State, look};
use super::{Error, Result};
use crate::azure::{Happened, IngestTarget, Kind, Request, ResourceId, Scope};

/// Time for looking at what a write left behind, whatever the call's own time.
const LOOKING: Duration = Duration::from_secs(60);
/// Changes that are sent side by side, where they do not depend on one another.
const AT_ONCE: usize = 6;
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

impl Applied {
    /// What becomes of a plan without changes.
    pub(crate) fn nothing(plan: &Plan) -> Self {
        let unchanged = plan.unchanged.iter().map(|name| format!("{name} is as wanted already"));
        Self {
            journal: None,
            outcomes: Vec::new(),
            state: State::NotApplied,
            notices: [plan.notices.clone(), plan.left_out(), unchanged.collect()].concat(),
        }
    }
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
        return Ok(Applied::nothing(plan));
    }
    let entry = Entry::of(plan, target.scope.correlation_id());
    let notes = Notes { journal, entry: Mutex::new(entry) };
    notes.whole().await?;
    let mut outcomes = Vec::with_capacity(plan.changes.len());
    let mut stopped = false;
    let mut from = 0;
    while from < plan.changes.len() {
        // Changes that do not depend on one another go side by side, a stage after the other.
        let stage = plan.changes[from].stage;
        let alike =
            plan.changes[from..].iter().take_while(|change| plan.independent && change.stage == stage);
        let to = from + alike.count().max(1);
        let side_by_side = if plan.independent { AT_ONCE } else { 1 };
        let made: Vec<Outcome> = stream::iter(from..to)
            .map(|index| carry_out_one(target, &notes, plan, index, stopped))
            .buffered(side_by_side)
            .collect()
            .await;
        stopped |= !plan.independent && made.iter().any(|outcome| outcome.state != State::Applied);
        outcomes.extend(made);
        from = to;
    }
    // The writes have taken place: a journal that fails now is reported and does not hide it.
    if let Err(error) = notes.whole().await {
        tracing::error!(%error, "the outcome of a write could not be written down");
    }
    let entry = notes.entry.into_inner();
    Ok(Applied {
        journal: Some(entry.id.clone()),
        state: entry.state(),
        outcomes,
        notices: [plan.notices.clone(), plan.left_out()].concat(),
    })
}

/// An entry of the journal in the making.
struct Notes<'a> {
    journal: &'a Journal,
    entry: Mutex<Entry>,
}

impl Notes<'_> {
    /// Writes all of it.
    async fn whole(&self) -> Result<()> {
        let (journal, entry) = (self.journal.clone(), self.entry.lock().clone());
        tokio::task::spawn_blocking(move || journal.write(&entry))
            .await
            .unwrap_or_else(|error| Err(Error::Journal(error.to_string())))
    }

    /// Notes what became of a change. Of one among many a line is enough.
    async fn outcome(
        &self,
        index: usize,
        state: State,
        error: Option<Value>,
        etag: Option<String>,
    ) -> Result<()> {
        let (id, outcome) = {
            let mut entry = self.entry.lock();
            let recorded = &mut entry.changes[index];
            recorded.state = state;
            recorded.error = error;
            recorded.etag = etag;
            let outcome = super::journal::Step {
                index,
                state,
                error: recorded.error.clone(),
                etag: recorded.etag.clone(),
            };
            if entry.changes.len() == 1 {
                return Ok(());
            }
            (entry.id.clone(), outcome)
        };
        let journal = self.journal.clone();
        tokio::task::spawn_blocking(move || journal.step(&id, &outcome))
            .await
            .unwrap_or_else(|error| Err(Error::Journal(error.to_string())))
    }
}

/// Carries out one change of a plan and notes what became of it.
async fn carry_out_one(
    target: &Target,
    notes: &Notes<'_>,
    plan: &Plan,
    index: usize,
    stopped: bool,
) -> Outcome {
    let change = &plan.changes[index];
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
    target.cache.forget(&change.id);
    let etag = object["etag"].as_str().map(str::to_owned);
    let journal = notes.entry.lock().id.clone();
    if let Err(error) = notes.outcome(index, state, error.clone(), etag).await {
        tracing::error!(entry = %journal, %error, "the outcome of a write could not be written down");
    }
    tracing::info!(operation = plan.operation, change = %change.title, id = %change.id, ?state, %journal, "write");
    Outcome {
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
        journal,
        object,
        error: error.unwrap_or(Value::Null),
    }
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
    let scope = match change.patience.map(Duration::from_secs) {
        Some(patience) => {
            Scope::with_correlation(target.scope.correlation_id(), patience.min(target.scope.remaining()))
        }
        None => target.scope.clone(),
    };
    let error = match target.client.write(&scope, &request, change.waiting()).await {
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
    // Azure says itself that it failed: what it left behind is no success, whatever it looks like.
    if error.kind() == Kind::OperationFailed && state != State::NotApplied {
        return (State::Unknown, Value::Null, Some(error.json()));
    }
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
