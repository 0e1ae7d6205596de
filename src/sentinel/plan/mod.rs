//! Plans: what a write would do, computed before anything is done.

mod change;
mod difference;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::definition::Undo;
use super::target::Target;
use crate::azure::ResourceId;

pub use change::Change;
pub(crate) use change::{Ingest, Reverse};
pub use difference::Difference;
pub(crate) use difference::edited;
#[cfg(test)]
pub(crate) use difference::raw;

/// What an operation wants to change in one workspace.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) changes: Vec<Change>,
    pub(crate) notices: Vec<String>,
    /// Objects that are as wanted already.
    pub(crate) unchanged: Vec<String>,
    /// Objects that cannot be as wanted.
    pub(crate) cannot: Vec<Cannot>,
    /// A change that fails leaves the others alone; those of a stage run side by side.
    pub(crate) independent: bool,
}

/// An object that is left out of a plan, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cannot {
    /// What it is.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Why it cannot be done, and what would help.
    pub reason: String,
}

/// A plan: nothing is done until it is applied with its digest.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The operation.
    pub operation: &'static str,
    /// The workspace's name.
    pub workspace_name: String,
    /// The tenant's name.
    pub tenant_name: String,
    /// The workspace's id.
    pub workspace_id: ResourceId,
    /// What would be sent, in order.
    pub changes: Vec<Change>,
    /// Objects that are as wanted already.
    pub unchanged: Vec<String>,
    /// Objects that are left out, and why.
    pub cannot: Vec<Cannot>,
    /// What should be known before.
    pub notices: Vec<String>,
    /// How far all of it can be taken back: the least of the changes'.
    pub undo: Undo,
    /// What has to be typed back to apply it, if it cannot be undone.
    pub confirm: Option<String>,
    /// What it is applied with. It is another one as soon as an object or an argument is another one.
    pub digest: String,
    #[serde(skip)]
    pub(crate) arguments: Value,
    #[serde(skip)]
    pub(crate) undoes: Option<String>,
    /// A change that fails leaves the others alone.
    #[serde(skip)]
    pub(crate) independent: bool,
}

impl Draft {
    pub(crate) fn of(change: Change) -> Self {
        Self { changes: vec![change], ..Self::default() }
    }

    pub(crate) fn notice(mut self, text: impl Into<String>) -> Self {
        self.notices.push(text.into());
        self
    }

    pub(crate) fn into_plan(self, target: &Target, arguments: Value, undoes: Option<String>) -> Plan {
        let undo = self.changes.iter().map(|change| change.undo).max().unwrap_or(Undo::Exact);
        let confirm = match (undo, self.changes.as_slice()) {
            (Undo::None, [only]) => Some(only.name.clone()),
            (Undo::None, many) => Some(format!("{} objects", many.len())),
            _ => None,
        };
        let digest = digest(target, &self.changes);
        Plan {
            operation: target.operation,
            workspace_name: target.workspace.name.clone(),
            tenant_name: target.workspace.tenant_name.clone(),
            workspace_id: target.workspace.id.clone(),
            changes: self.changes,
            unchanged: self.unchanged,
            cannot: self.cannot,
            notices: self.notices,
            undo,
            confirm,
            digest,
            arguments,
            undoes,
            independent: self.independent,
        }
    }
}

impl Plan {
    /// What cannot be as wanted, each a sentence.
    pub(crate) fn left_out(&self) -> Vec<String> {
        let sentence = |left: &Cannot| format!("{} {} is left out: {}", left.kind, left.name, left.reason);
        self.cannot.iter().map(sentence).collect()
    }
}

fn digest(target: &Target, changes: &[Change]) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &str| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    };
    add(target.operation);
    add(&target.workspace.id.as_str().to_ascii_lowercase());
    for change in changes {
        add(change.method.as_str());
        add(&change.id.as_str().to_ascii_lowercase());
        for (name, value) in &change.query {
            add(name);
            add(value);
        }
        add(change.body.as_deref().map_or("", RawValue::get));
        add(change.before.as_deref().map_or("", RawValue::get));
    }
    let mut digest = format!("{:x}", hash.finalize());
    digest.truncate(24);
    digest
}

/// The plan as text for people.
impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} in {} ({})", self.operation, self.workspace_name, self.tenant_name)?;
        for change in &self.changes {
            writeln!(f, "  {}", change.title)?;
            for difference in &change.differences {
                let (before, after) = (shown(&difference.before), shown(&difference.after));
                match (difference.before.is_null(), difference.after.is_null()) {
                    (true, _) => writeln!(f, "    + {}: {after}", difference.path)?,
                    (_, true) => writeln!(f, "    - {}: {before}", difference.path)?,
                    _ => writeln!(f, "    ~ {}: {before} -> {after}", difference.path)?,
                }
            }
        }
        for name in &self.unchanged {
            writeln!(f, "  {name} is as wanted already")?;
        }
        for left in &self.cannot {
            writeln!(f, "  CANNOT: {} {}: {}", left.kind, left.name, left.reason)?;
        }
        for notice in &self.notices {
            writeln!(f, "  note: {notice}")?;
        }
        if self.changes.is_empty() {
            return writeln!(f, "  nothing to do");
        }
        let undo = match self.undo {
            Undo::Exact => "can be undone exactly",
            Undo::Compensating => "can be undone, with traces",
            Undo::None => "CANNOT be undone",
        };
        writeln!(f, "  {undo}")?;
        writeln!(f, "  digest {}", self.digest)
    }
}

fn shown(value: &Value) -> String {
    const MOST: usize = 120;
    let text = value.to_string();
    if text.chars().count() <= MOST { text } else { text.chars().take(MOST).chain("...".chars()).collect() }
}
