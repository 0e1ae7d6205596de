//! What was written.

use serde_json::{Map, Value, json};

use super::rows::Rows;
use crate::{
    Error,
    mcp::call::Done,
    sentinel::{Entry, Sentinel},
};

/// Entries that are listed if nobody says how many.
pub(super) const USUAL: usize = 50;
/// Most of them.
pub(super) const MOST: usize = 1_000;

/// Lists the latest entries, or the changes of one.
pub(super) fn list(sentinel: &Sentinel, arguments: &Map<String, Value>) -> Result<Done, Error> {
    let journal = sentinel.journal();
    if let Some(id) = arguments.get(super::tool::ENTRY).and_then(Value::as_str) {
        return Ok(Rows::of(changes(&journal.read(id)?)).into_output().into());
    }
    let first = arguments.get("first").and_then(Value::as_u64);
    let first = first.and_then(|first| usize::try_from(first).ok()).unwrap_or(USUAL).min(MOST);
    Ok(Rows::of(journal.latest(first)?.iter().map(line)).into_output().into())
}

fn line(entry: &Entry) -> Value {
    let titles: Vec<&str> = entry.changes.iter().map(|recorded| recorded.change.title.as_str()).collect();
    json!({
        "Entry": entry.id, "Time": entry.time, "Operation": entry.operation, "TenantName": entry.tenant_name,
        "WorkspaceName": entry.workspace_name, "State": entry.state(), "Changes": titles.join("; "), "Undoes": entry.undoes,
        "CorrelationId": entry.correlation_id,
    })
}

fn changes(entry: &Entry) -> Vec<Value> {
    let changes = entry.changes.iter().map(|recorded| {
        let change = &recorded.change;
        json!({
            "Entry": entry.id, "Time": entry.time, "Operation": entry.operation, "TenantName": entry.tenant_name,
            "WorkspaceName": entry.workspace_name, "Change": change.title, "Name": change.name, "Id": change.id.as_str(),
            "State": recorded.state, "Undo": change.undo, "Error": recorded.error,
            "Differences": change.differences, "Undoes": entry.undoes, "CorrelationId": entry.correlation_id,
        })
    });
    changes.collect()
}
