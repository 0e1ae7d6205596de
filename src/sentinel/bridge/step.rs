//! One step of an operation: a read, a plan, an application.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Audience, Terms, piped};
use crate::FunctionError;
use crate::sentinel::{Call, Item, Operation, Plan, Sentinel, Stage, State, Undo, operation};

/// Time after which a read says how far it is, and between two times that it does.
const PROGRESS: Duration = Duration::from_millis(500);
/// Changes that a plan's summary names.
const SUMMARY: usize = 5;

/// What a function of the module wants done.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    /// Name of the operation.
    operation: String,
    #[serde(default)]
    step: Step,
    /// All bound parameters.
    #[serde(default)]
    arguments: Map<String, Value>,
    /// Those of the command line, if an object is in the pipeline.
    #[serde(default)]
    given: Option<Vec<String>>,
    /// Id of that object.
    #[serde(default)]
    origin: Option<String>,
    /// Of the plan that is applied.
    #[serde(default)]
    digest: Option<String>,
    /// What is typed back.
    #[serde(default)]
    confirm: Option<String>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Step {
    #[default]
    Read,
    Plan,
    Apply,
}

/// Does what a function of the module wants.
///
/// # Errors
/// What ends it. What goes wrong beside rows is told to the audience.
pub(crate) async fn carry_out(
    sentinel: &Sentinel,
    order: Order,
    audience: &impl Audience,
    terms: &Terms,
) -> Result<(), FunctionError> {
    let Some(operation) = operation(&order.operation) else {
        return Err(FunctionError::new(format!(
            "There is no operation {}: the module SentinelManager is of another version than this program ({}).",
            order.operation,
            env!("CARGO_PKG_VERSION")
        ))
        .id("E722")
        .category("InvalidArgument")
        .recommended_action("Install the module anew: runspaced module install"));
    };
    let arguments =
        piped::arguments(operation, order.arguments, order.given.as_deref(), order.origin.as_deref());
    match order.step {
        Step::Read => read(sentinel, operation, arguments, audience, terms).await,
        Step::Plan => {
            let plan = sentinel.plan(operation, arguments, &terms.call).await;
            let plan = plan.map_err(|error| terms.failed(error))?;
            let mut shown = shown(&plan);
            terms.planned(&plan, shown["Summary"].as_str().unwrap_or_default())?;
            if terms.agreed_elsewhere() {
                // Nobody is to be asked for it.
                shown["Confirm"] = Value::Null;
            }
            audience.value(&shown).await
        }
        Step::Apply => {
            let (digest, confirm) = terms.apply(order.digest, order.confirm)?;
            let applied =
                sentinel.apply(operation, arguments, &digest, confirm.as_deref(), &terms.call).await;
            let applied = applied.map_err(|error| terms.failed(error))?;
            terms.applied(&applied);
            for notice in &applied.notices {
                terms.tell(notice);
                audience.warning(notice).await?;
            }
            for outcome in &applied.outcomes {
                if outcome.state != State::Applied {
                    let error = not_applied(outcome);
                    terms.tell(error.message());
                    audience.error(&error).await?;
                }
                audience.value(&serde_json::to_value(outcome)?).await?;
            }
            Ok(())
        }
    }
}

async fn read(
    sentinel: &Sentinel,
    operation: &'static Operation,
    arguments: Map<String, Value>,
    audience: &impl Audience,
    terms: &Terms,
) -> Result<(), FunctionError> {
    let workspaces = Arc::new(Mutex::new((0, 0)));
    let counted = Arc::clone(&workspaces);
    let listener = terms.call.listener.clone().and(move |stage| {
        if let Stage::Workspace { done, total, .. } = stage {
            *counted.lock() = (done, total);
        }
    });
    let call = &Call { listener, ..terms.call.clone() };
    let mut reading = sentinel.read(operation, arguments, call).await.map_err(|error| terms.failed(error))?;
    let mut rows = 0_u64;
    let (mut told, mut said) = (Instant::now(), false);
    while let Some(item) = reading.next().await {
        match item {
            Item::Row(row) => {
                rows += 1;
                audience.value(&row).await?;
            }
            Item::Failure(failed) => audience.error(&terms.workspace_failed(failed)).await?,
        }
        // Whoever listens hears of the workspaces anyway.
        if told.elapsed() >= PROGRESS && !terms.agreed_elsewhere() {
            (told, said) = (Instant::now(), true);
            let (done, total) = *workspaces.lock();
            let status = match total {
                0 | 1 => format!("{rows} rows"),
                _ => format!("{rows} rows, {done} of {total} workspaces"),
            };
            audience.progress(operation.name, Some(&status)).await?;
        }
    }
    if said {
        audience.progress(operation.name, None).await?;
    }
    Ok(())
}

/// A plan as the module shows it.
fn shown(plan: &Plan) -> Value {
    let changes: Vec<Value> = plan
        .changes
        .iter()
        .map(|change| {
            let differences: Vec<Value> = change
                .differences
                .iter()
                .map(|one| json!({ "Path": one.path, "Before": one.before, "After": one.after }))
                .collect();
            json!({
                "Action": change.title, "Name": change.name, "Id": change.id, "Method": change.method.as_str(),
                "Undo": change.undo, "Differences": differences,
            })
        })
        .collect();
    json!({
        "TenantName": plan.tenant_name, "WorkspaceName": plan.workspace_name, "Operation": plan.operation,
        "Summary": summary(plan), "Undo": plan.undo, "Confirm": plan.confirm, "Digest": plan.digest,
        "Changes": changes, "Unchanged": plan.unchanged, "Notices": plan.notices,
        "Cannot": plan.left_out(),
    })
}

/// What a plan does, in one line.
fn summary(plan: &Plan) -> String {
    if plan.changes.is_empty() {
        return "nothing to do".to_owned();
    }
    let mut text: Vec<String> =
        plan.changes.iter().take(SUMMARY).map(|change| change.title.clone()).collect();
    if plan.changes.len() > SUMMARY {
        text.push(format!("and {} more", plan.changes.len() - SUMMARY));
    }
    let undo = match plan.undo {
        Undo::Exact => "",
        Undo::Compensating => " (can be undone, with traces)",
        Undo::None => " (CANNOT be undone)",
    };
    format!("{}{undo}", text.join("; "))
}

/// A change that did not take place, or of which nobody knows.
fn not_applied(outcome: &crate::sentinel::Outcome) -> FunctionError {
    let text = |key: &str| outcome.error[key].as_str().map(str::to_owned);
    let (id, category, what) = match outcome.state {
        State::NotApplied => ("E707", "WriteError", "was not done"),
        _ => ("E710", "WriteError", "may have been done or not"),
    };
    let mut error = FunctionError::new(format!(
        "{} ({}): {what}. {}",
        outcome.action,
        outcome.workspace_name,
        text("message").unwrap_or_default()
    ))
    .id(text("code").unwrap_or_else(|| id.to_owned()))
    .category(category)
    .target(outcome.id.as_str())
    .details(outcome.error.clone());
    if let Some(action) = outcome.error["advice"]["text"].as_str() {
        error = error.recommended_action(action);
    }
    error
}
