//! What to do about an error of Azure, and whose move it is.
//!
//! One row a known error. Rows are numbered, so that documentation and tests can speak of them.

mod access;
mod load;
mod query;
mod state;

pub(crate) use state::operation_failed;

use std::time::Duration;

use super::Reason;
use super::cloud::Audience;

/// Who can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mover {
    /// Whoever made the call: it needs another argument, or a second look.
    Caller,
    /// Whoever gives roles, registers applications, sets locks and policies.
    Administrator,
    /// Whoever set this program up.
    Operator,
    /// Nobody: it passes with time.
    Time,
    /// Whoever wrote this program: it is a fault in it.
    Program,
}

/// What to do about an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The row of the table in `docs/azure.md`.
    pub row: u8,
    /// Whose move it is.
    pub mover: Mover,
    /// What to do, in full sentences.
    pub text: String,
    /// A command that does it, ready to run but for what is in angle brackets.
    pub command: Option<String>,
}

impl Advice {
    fn new(row: u8, mover: Mover, text: impl Into<String>) -> Option<Self> {
        Some(Self { row, mover, text: text.into(), command: None })
    }

    /// With the command that does it.
    fn with_command(self, command: Option<String>) -> Option<Self> {
        Some(Self { command, ..self })
    }

    /// As JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({ "row": self.row, "mover": self.mover, "text": self.text, "command": self.command })
    }
}

/// What is known about the request that failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation<'a> {
    /// HTTP status; 0 if there was no answer.
    pub status: u16,
    /// `GET`, `PUT`, ...
    pub method: &'a str,
    /// Path of the URL.
    pub path: &'a str,
    /// The service.
    pub audience: Audience,
    /// The scope of the token that was sent.
    pub scope: &'a str,
    /// How long Azure asked to wait.
    pub retry_after: Option<Duration>,
    /// How often it was tried.
    pub attempts: u32,
}

impl Situation<'_> {
    fn path_has(&self, part: &str) -> bool {
        self.path.to_ascii_lowercase().contains(&part.to_ascii_lowercase())
    }
}

/// What to do; `None` if the error is not a known one.
pub(crate) fn advise(situation: &Situation<'_>, reason: &Reason) -> Option<Advice> {
    access::advise(situation, reason)
        .or_else(|| query::advise(situation, reason))
        .or_else(|| load::advise(situation, reason))
        .or_else(|| state::advise(situation, reason))
}

/// Text between two marks.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let start = text.find(before)? + before.len();
    let length = text[start..].find(after)?;
    Some(&text[start..start + length]).filter(|found| !found.is_empty())
}

#[cfg(test)]
mod tests;
