//! Taking back what an entry of the journal did.

use serde_json::Value;
use serde_json::value::RawValue;

use super::definition::Undo;
use super::journal::{Entry, Recorded};
use super::plan::{Change, Draft, Plan, Reverse};
use super::target::{Object, Target};
use super::verify::{State, current, look};
use super::{Error, Result};
use crate::azure::Method;

/// A plan that takes an entry of the journal back.
pub(crate) async fn plan_undo(target: &Target, entry: &Entry) -> Result<Plan> {
    let mut draft = Draft::default();
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
        let current = current(target, change).await?;
        draft.changes.extend(back(recorded, reverse, current, &mut draft.notices)?);
    }
    Ok(draft.into_plan(target, Value::Null, Some(entry.id.clone())))
}

/// The change that takes one change back, given what is there now.
fn back(
    recorded: &Recorded,
    reverse: &Reverse,
    current: Option<Box<RawValue>>,
    notices: &mut Vec<String>,
) -> Result<Option<Change>> {
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
        (Method::Delete, Some(current), _) => {
            Change::delete(change.id.clone(), change.surface, change.name.clone(), current, Undo::Exact)
        }
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
