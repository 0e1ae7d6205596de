//! What can go wrong with an operation.

use serde_json::{Value, json};

use crate::azure;

/// An error of an operation.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// E701 to E712: of the Azure client.
    #[error(transparent)]
    Azure(#[from] azure::Error),
    /// E721: no workspace is meant, or more than one.
    #[error("{what}. {}", hint(candidates))]
    Workspace {
        /// What was given, and what is wrong with it.
        what: String,
        /// Workspaces that may be meant.
        candidates: Vec<String>,
    },
    /// E722: the arguments are wrong.
    #[error("{operation}: {}", problems.join("; "))]
    Arguments {
        /// The operation.
        operation: String,
        /// Every mistake.
        problems: Vec<String>,
    },
    /// E723: no object is meant, or more than one.
    #[error("{what}. {}", hint(candidates))]
    Object {
        /// What was given, and what is wrong with it.
        what: String,
        /// Objects that may be meant.
        candidates: Vec<String>,
    },
    /// E724: the plan is no longer what it was.
    #[error(
        "the plan with digest {given} is not the one that would be carried out now ({now}): an object changed since, or the \
         arguments differ. Nothing was done. Look at the new plan and apply its digest"
    )]
    Stale {
        /// The digest given.
        given: String,
        /// The digest of the plan as it is now.
        now: String,
        /// The plan as it is now.
        plan: Box<super::Plan>,
    },
    /// E725: what cannot be undone wants its name typed back.
    #[error(
        "this cannot be undone, so the name of what it ends is wanted in 'confirm': {name:?}. Nothing was done"
    )]
    NotConfirmed {
        /// The name.
        name: String,
    },
    /// E726: the journal cannot be written, so nothing is.
    #[error(
        "the journal cannot be used: {0}. Nothing was done: a write is only begun when its intent is on disk"
    )]
    Journal(String),
    /// E727: it cannot be undone.
    #[error("{0}")]
    Undo(String),
    /// E728: a file or folder.
    #[error("{0}")]
    File(String),
    /// E729: it is not done, for a reason of our own.
    #[error("{what}. {remedy}")]
    Declined {
        /// What is not done, and why.
        what: String,
        /// What would work.
        remedy: String,
    },
}

impl Error {
    /// The stable code, such as `E721`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Azure(error) => error.code(),
            Self::Workspace { .. } => "E721",
            Self::Arguments { .. } => "E722",
            Self::Object { .. } => "E723",
            Self::Stale { .. } => "E724",
            Self::NotConfirmed { .. } => "E725",
            Self::Journal(_) => "E726",
            Self::Undo(_) => "E727",
            Self::File(_) => "E728",
            Self::Declined { .. } => "E729",
        }
    }

    /// As a JSON object.
    pub fn json(&self) -> Value {
        match self {
            Self::Azure(error) => error.json(),
            Self::Workspace { candidates, .. } | Self::Object { candidates, .. } => {
                json!({ "code": self.code(), "message": self.to_string(), "candidates": candidates })
            }
            Self::Arguments { problems, .. } => {
                json!({ "code": self.code(), "message": self.to_string(), "problems": problems })
            }
            Self::Stale { plan, .. } => {
                json!({ "code": self.code(), "message": self.to_string(), "plan": plan })
            }
            other => json!({ "code": other.code(), "message": other.to_string() }),
        }
    }

    pub(crate) fn arguments(operation: &str, problem: impl Into<String>) -> Self {
        Self::Arguments { operation: operation.to_owned(), problems: vec![problem.into()] }
    }

    pub(crate) fn declined(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Declined { what: what.into(), remedy: remedy.into() }
    }

    pub(crate) fn file(what: &str, path: &std::path::Path, error: impl std::fmt::Display) -> Self {
        Self::File(format!("{what} {}: {error}", path.display()))
    }
}

fn hint(candidates: &[String]) -> String {
    match candidates {
        [] => "'list_workspaces' and the Get functions show what there is".to_owned(),
        [one] => format!("Did you mean {one}?"),
        many => format!("Candidates: {}", many.join(", ")),
    }
}
