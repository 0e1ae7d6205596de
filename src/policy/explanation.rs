//! Why a tool is offered or not, and what a call of it does.

use std::fmt;

use serde::Serialize;

use super::{Mode, Nature, Policy, Unplanned, command_of};
use crate::catalog::ToolSpec;

/// What a policy says about a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Explanation {
    /// What a call does.
    pub(crate) outcome: Outcome,
    /// Whether the tool is known to only read, in any mode.
    pub(crate) reads: bool,
    /// Why: ends the sentence "it ...".
    pub(crate) because: String,
}

/// What a call of a tool does under a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It runs.
    Runs,
    /// It says what would be done.
    Plans,
    /// The tool is listed, and a call is refused.
    Refused,
    /// The tool is not listed, and a call is refused.
    NotOffered,
}

impl Policy {
    /// What this policy says about a tool, whatever its arguments.
    pub(crate) fn explain(&self, tool: &ToolSpec) -> Explanation {
        let nature = self.nature(tool);
        let reads = matches!(nature, Nature::Reads(_) | Nature::SaidToRead | Nature::OwnReads);
        let (_, command) = command_of(tool);
        let does = match nature {
            Nature::Reads(_) => "reads: PowerShell's own, reviewed".to_owned(),
            Nature::SaidToRead => "reads: policy.reading names it".to_owned(),
            Nature::OwnReads => "reads: this program's own".to_owned(),
            Nature::OwnPlans => "writes: this program's own, which plans first".to_owned(),
            Nature::Plans => "writes, and says with -WhatIf what it would do".to_owned(),
            Nature::Acts(why) => why.says(command),
        };
        let (outcome, because) = match (self.not_offered(tool), self.mode, nature) {
            (Some(reason), ..) => {
                (Outcome::NotOffered, reason.strip_prefix("it ").unwrap_or(&reason).to_owned())
            }
            (None, Mode::Write, _) | (None, _, Nature::Reads(_) | Nature::SaidToRead | Nature::OwnReads) => {
                (Outcome::Runs, does)
            }
            (None, _, Nature::Plans | Nature::OwnPlans) => (Outcome::Plans, does),
            (None, _, Nature::Acts(_)) => (Outcome::Refused, does),
        };
        Explanation { outcome, reads, because }
    }

    /// What clients are told about a tool beside its own description; empty if a call simply runs.
    pub(super) fn remark(&self, tool: &ToolSpec) -> &'static str {
        match (self.explain(tool).outcome, self.nature(tool)) {
            (Outcome::Plans, _) => {
                "In this server's mode a call changes nothing: it answers what would be done."
            }
            (Outcome::Refused, Nature::Acts(Unplanned::Script)) => "In this server's mode a call is refused.",
            (Outcome::Refused, _) => "In this server's mode a call is refused: it may write.",
            _ => "",
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            Outcome::Runs => "runs",
            Outcome::Plans => "plans",
            Outcome::Refused => "refused",
            Outcome::NotOffered => "not offered",
        };
        write!(f, "{outcome}: {}", self.because)
    }
}
