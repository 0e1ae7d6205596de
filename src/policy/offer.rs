//! A catalogue under a policy: what is listed, and how.

use std::sync::Arc;

use super::{Explanation, Outcome, Policy, script};
use crate::catalog::{Annotations, Catalog, ToolSpec};

/// A catalogue under a policy.
#[derive(Debug)]
pub(crate) struct Offer {
    /// The catalogue that it was made of.
    pub(crate) source: Arc<Catalog>,
    /// All tools there are, those that are not offered too: a call of one is refused with the reason.
    pub(crate) all: Arc<Catalog>,
    /// What clients see.
    pub(crate) listed: Arc<Catalog>,
}

impl Policy {
    /// Applies this policy to a catalogue.
    ///
    /// # Errors
    /// If a command has the name of a tool that this policy adds.
    pub(crate) fn offer(&self, source: Arc<Catalog>) -> Result<Offer, String> {
        let mut all = Arc::clone(&source);
        if self.script {
            Arc::make_mut(&mut all).add(script::tool()?)?;
        }
        let listed = all.filter_map(|tool| {
            let explanation = self.explain(tool);
            (explanation.outcome != Outcome::NotOffered).then(|| self.shown(tool, &explanation))
        })?;
        for pattern in self.deny.iter().chain(&self.allow) {
            if !all.iter().any(|tool| pattern.names(super::names(tool))) {
                tracing::warn!("the pattern {} in policy.allow or policy.deny names no tool", pattern.text());
            }
        }
        Ok(Offer { source, all, listed: Arc::new(listed) })
    }

    /// The tool as clients see it.
    fn shown(&self, tool: &ToolSpec, explanation: &Explanation) -> ToolSpec {
        let mut shown = tool.clone();
        shown.annotations = hints(tool, explanation);
        let remark = self.remark(tool);
        if !remark.is_empty() {
            shown.description = format!("{}\n{remark}", tool.description);
        }
        shown
    }
}

/// Hints that agree with the policy: what is not known to read may be anything.
fn hints(tool: &ToolSpec, explanation: &Explanation) -> Annotations {
    let by_verb = tool.annotations;
    if tool.has_given_hints {
        return by_verb;
    }
    match (explanation.reads, by_verb.read_only) {
        (true, _) => Annotations { read_only: true, destructive: false, idempotent: true, ..by_verb },
        (false, true) => Annotations { read_only: false, destructive: true, idempotent: false, ..by_verb },
        (false, false) => by_verb,
    }
}
