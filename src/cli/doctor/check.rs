//! One thing that was looked at.

use serde::Serialize;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Fine.
    Ok,
    /// Works, but somebody may want to know.
    Warning,
    /// Does not work.
    Failed,
}

/// One thing that was looked at, what was seen, and what to do.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Stable name.
    pub id: &'static str,
    /// How it stands.
    pub state: State,
    /// What was seen.
    pub evidence: String,
    /// What to do, if something is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    /// It is fine.
    pub fn ok(id: &'static str, evidence: impl Into<String>) -> Self {
        Self { id, state: State::Ok, evidence: evidence.into(), remedy: None }
    }

    /// It works, but.
    pub fn warning(id: &'static str, evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { id, state: State::Warning, evidence: evidence.into(), remedy: Some(remedy.into()) }
    }

    /// It does not work.
    pub fn failed(id: &'static str, evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { id, state: State::Failed, evidence: evidence.into(), remedy: Some(remedy.into()) }
    }
}
