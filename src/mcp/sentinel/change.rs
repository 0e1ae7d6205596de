//! Writes: a plan first, and what became of it once it was applied with its digest.

use serde_json::{Value, json};

use super::{
    call,
    rows::Rows,
    through::{Came, Through},
};
use crate::{
    Error, Output, Record,
    mcp::{
        call::{Done, Job},
        remark::Remark,
    },
    sentinel::{self, Applied, Operation, Plan, Sentinel, Stage, State, Undo},
};

/// The argument that applies a plan.
pub(super) const DIGEST: &str = "plan_digest";
/// The argument that confirms what cannot be undone.
pub(super) const CONFIRM: &str = "confirm";

/// What a call agrees to.
pub(super) struct Consent {
    digest: Option<String>,
    confirm: Option<String>,
}

impl Consent {
    /// Takes it out of the arguments.
    pub(super) fn take(job: &mut Job) -> Self {
        let mut text = |name| match job.arguments.shift_remove(name) {
            Some(Value::String(text)) if !text.trim().is_empty() => Some(text),
            _ => None,
        };
        Self { digest: text(DIGEST), confirm: text(CONFIRM) }
    }
}

/// What is to be changed.
enum Change<'a> {
    Operation(&'static Operation),
    /// By the operation's function.
    Function(&'static Operation, &'a Through),
    /// An entry of the journal is to be taken back.
    Undo(String),
}

impl Change<'_> {
    /// The tool that plans and does it.
    fn tool(&self) -> &'static str {
        match self {
            Self::Operation(operation) | Self::Function(operation, _) => operation.tool,
            Self::Undo(_) => super::tool::UNDO,
        }
    }

    async fn plan(&self, sentinel: &Sentinel, job: &Job) -> Result<Came<Plan>, Error> {
        let call = call(job);
        let plan = match self {
            Self::Operation(operation) => sentinel.plan(operation, job.arguments.clone(), &call).await,
            Self::Function(operation, through) => return through.plan(operation, job, call).await,
            Self::Undo(entry) => sentinel.plan_undo(entry, &call).await,
        };
        Ok(Came::To(plan?, Vec::new()))
    }

    async fn apply(
        &self,
        sentinel: &Sentinel,
        job: &Job,
        digest: &str,
        confirm: Option<&str>,
        call: sentinel::Call,
    ) -> Result<Came<Applied>, Error> {
        let applied = match self {
            Self::Operation(operation) => {
                sentinel.apply(operation, job.arguments.clone(), digest, confirm, &call).await
            }
            Self::Function(operation, through) => {
                return through.apply(operation, job, digest, confirm, call).await;
            }
            Self::Undo(entry) => sentinel.undo(entry, digest, &call).await,
        };
        Ok(Came::To(applied?, Vec::new()))
    }
}

/// Plans an operation, or applies its plan.
pub(super) async fn of_operation(
    sentinel: &Sentinel,
    through: Option<&Through>,
    operation: &'static Operation,
    job: Job,
    consent: Consent,
) -> Result<Done, Error> {
    let what = match through {
        Some(through) => Change::Function(operation, through),
        None => Change::Operation(operation),
    };
    change(sentinel, &what, &job, consent).await
}

/// Plans to take an entry of the journal back, or does it.
pub(super) async fn undo(sentinel: &Sentinel, job: Job, consent: Consent) -> Result<Done, Error> {
    let entry = job.arguments.get(super::tool::ENTRY).and_then(Value::as_str).unwrap_or_default();
    change(sentinel, &Change::Undo(entry.to_owned()), &job, consent).await
}

async fn change(
    sentinel: &Sentinel,
    change: &Change<'_>,
    job: &Job,
    consent: Consent,
) -> Result<Done, Error> {
    match consent.digest {
        Some(digest) if job.may_write => {
            applied(sentinel, change, job, &digest, consent.confirm.as_deref()).await
        }
        given => {
            let came = tokio::select! {
                came = change.plan(sentinel, job) => came?,
                () = job.stop.cancelled() => return Err(super::stopped(Rows::default())),
            };
            let mut done = match came {
                Came::To(plan, beside) => planned(&plan, change, job.may_write, beside),
                Came::Nothing(output) => nothing(output, "planned"),
                Came::Broken(error) => return Err(error),
            };
            if given.is_some()
                && let Some(remark) = &mut done.remark
            {
                remark.failed = Some("refused");
                remark.before = format!("Not applied: the server is in plan mode.\n\n{}", remark.before);
            }
            Ok(done)
        }
    }
}

/// A function that somebody replaced did not do what its tool is for.
fn nothing(output: Output, what: &str) -> Done {
    let before = format!("The function of this tool was replaced, and {what} nothing in Microsoft Sentinel.");
    Done { output, remark: Some(Box::new(Remark { before, ..Remark::default() })) }
}

async fn applied(
    sentinel: &Sentinel,
    change: &Change<'_>,
    job: &Job,
    digest: &str,
    confirm: Option<&str>,
) -> Result<Done, Error> {
    let mut call = call(job);
    let (writing, mut begun) = tokio::sync::watch::channel(false);
    call.listener = call.listener.and(move |stage| {
        if matches!(stage, Stage::Writing) {
            writing.send_replace(true);
        }
    });
    let outcome = tokio::select! {
        outcome = change.apply(sentinel, job, digest, confirm, call) => outcome,
        () = job.stop.cancelled() => {
            return if *begun.borrow_and_update() { Ok(goes_on(job)) } else { Err(super::stopped(Rows::default())) };
        }
    };
    match outcome {
        Ok(Came::To(applied, beside)) => Ok(became(&applied, beside)),
        Ok(Came::Nothing(output)) => Ok(nothing(output, "applied")),
        // The write goes on without its function.
        Ok(Came::Broken(_)) if *begun.borrow_and_update() => Ok(goes_on(job)),
        Ok(Came::Broken(error)) => Err(error),
        Err(Error::Sentinel(ref error)) if let sentinel::Error::Stale { given, plan, .. } = &**error => {
            let mut done = planned(plan, change, true, Vec::new());
            if let Some(remark) = &mut done.remark {
                remark.failed = Some("E724");
                remark.before = format!(
                    "Nothing was done: {given} is not the digest of the plan as it is now. An object changed since, or the \
                     arguments differ [E724]. The plan as it is now:\n\n{}",
                    remark.before
                );
            }
            Ok(done)
        }
        Err(error) => Err(error),
    }
}

/// A plan as an answer: a row for each difference, and how it is applied.
fn planned(plan: &Plan, change: &Change<'_>, may_write: bool, beside: Vec<Record>) -> Done {
    let mut content = json!({
        "applied": false,
        "operation": plan.operation,
        "tenant": plan.tenant_name,
        "workspace": plan.workspace_name,
        "changes": plan.changes.len(),
        "unchanged": plan.unchanged,
        "notices": plan.notices,
        "leftOut": plan.left_out(),
    });
    let mut after: Vec<String> =
        plan.unchanged.iter().map(|name| format!("{name} is as wanted already.")).collect();
    let notes = plan.notices.iter().cloned().chain(plan.left_out());
    after.extend(notes.map(|note| format!("Note: {note}.")));
    let before = if plan.changes.is_empty() {
        format!("Nothing to do in {} ({}).", plan.workspace_name, plan.tenant_name)
    } else {
        content["undo"] = json!(plan.undo);
        content["digest"] = json!(plan.digest);
        after.push(match plan.undo {
            Undo::Exact => "It can be undone exactly.".to_owned(),
            Undo::Compensating => "It can be undone, with traces.".to_owned(),
            Undo::None => "It CANNOT be undone.".to_owned(),
        });
        let mut agreed = json!({ DIGEST: plan.digest });
        if let (Some(name), Change::Operation(_) | Change::Function(..)) = (&plan.confirm, change) {
            content["confirm"] = json!(name);
            agreed[CONFIRM] = json!(name);
        }
        if may_write {
            content["apply"] = json!({ "tool": change.tool(), "with": agreed });
            after.push(format!(
                "To apply it, call {} again with the same arguments and {agreed}.",
                change.tool()
            ));
        } else {
            const HOW: &str =
                "The server is in plan mode: whoever runs it can allow writes (--allow-writes).";
            content["note"] = json!(HOW);
            after.push(HOW.to_owned());
        }
        let many =
            if plan.changes.len() == 1 { "1 change" } else { &format!("{} changes", plan.changes.len()) };
        format!(
            "Plan of {} in {} ({}): {many}. Nothing was done.",
            plan.operation, plan.workspace_name, plan.tenant_name
        )
    };
    done(with(differences(plan), beside), before, after, json!({ "plan": content }), None)
}

/// A row for each difference; one for a change without any.
fn differences(plan: &Plan) -> Rows {
    let rows = plan.changes.iter().flat_map(|change| {
        let row = move |path: Value, before: Value, after: Value| {
            json!({
                "Change": change.title, "Name": change.name, "Id": change.id.as_str(), "Undo": change.undo,
                "Path": path, "Before": before, "After": after,
            })
        };
        let differ: Vec<Value> = change
            .differences
            .iter()
            .map(|one| row(json!(one.path), one.before.clone(), one.after.clone()))
            .collect();
        if differ.is_empty() { vec![row(Value::Null, Value::Null, Value::Null)] } else { differ }
    });
    Rows::of(rows)
}

/// Rows with what was written beside them.
fn with(mut rows: Rows, beside: Vec<Record>) -> Output {
    for record in beside {
        rows.note(record);
    }
    rows.into_output()
}

/// What became of a plan.
fn became(applied: &Applied, beside: Vec<Record>) -> Done {
    let mut after: Vec<String> = applied.notices.iter().map(|notice| format!("Note: {notice}.")).collect();
    let whole = applied.outcomes.iter().all(|outcome| outcome.state == State::Applied);
    let before = match (applied.outcomes.len(), whole) {
        (0, _) => "Nothing was to be done.".to_owned(),
        (_, true) => "Applied.".to_owned(),
        _ => "Not everything took place; State says what did.".to_owned(),
    };
    if let Some(entry) = &applied.journal {
        let undoable = applied.outcomes.iter().any(|one| one.state == State::Applied && one.undo != "none");
        after.push(match undoable {
            true => format!("Recorded as {entry}; {} plans to take it back.", super::tool::UNDO),
            false => format!("Recorded as {entry}."),
        });
    }
    let rows = applied.outcomes.iter().filter_map(|outcome| {
        let mut row = serde_json::to_value(outcome).ok()?;
        // A resource is read by its id; anything else is said nowhere else.
        if row["Object"].get("properties").is_some() {
            row.as_object_mut()?.shift_remove("Object");
        }
        Some(row)
    });
    let content = json!({ "plan": { "applied": whole, "state": applied.state, "journal": applied.journal, "notices": applied.notices } });
    done(with(Rows::of(rows), beside), before, after, content, (!whole).then_some("not_applied"))
}

/// The answer of a write that is under way when the time is up.
fn goes_on(job: &Job) -> Done {
    let text = format!(
        "The time of this call is up while the change is being written. It is not broken off: {} shows what became of it, as the \
         entry with correlation id {}. Do not repeat it before that [E501].",
        super::tool::JOURNAL,
        job.call_id
    );
    let content = json!({ "error": { "code": "E501", "message": text, "correlationId": job.call_id } });
    done(Output::default(), text, Vec::new(), content, Some("E501"))
}

fn done(
    output: Output,
    before: String,
    after: Vec<String>,
    content: Value,
    failed: Option<&'static str>,
) -> Done {
    let content = match content {
        Value::Object(content) => content,
        _ => serde_json::Map::new(),
    };
    Done { output, remark: Some(Box::new(Remark { before, after, content, failed })) }
}
