//! What a caller of the module's functions may have done, and what was done for it.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use super::failure;
use crate::FunctionError;
use crate::sentinel::{Applied, Call, Error, Plan, WorkspaceFailure};

/// What may be applied.
#[derive(Debug)]
pub(crate) enum Consent {
    /// What the function's own caller agreed to, by its `-Confirm` and `-WhatIf`.
    Asked,
    /// Nothing, and why.
    Nothing(String),
    /// The plan with this digest, once; and the name that confirms what cannot be undone. What the function says does not
    /// count.
    Plan { digest: String, confirm: Option<String> },
}

/// The terms of one caller: they bind every step that its script takes, whatever the script says.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(super) call: Call,
    consent: Consent,
    /// The plan was applied, or the caller is gone.
    spent: AtomicBool,
    heard: Mutex<Heard>,
}

/// What became of the steps.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) plan: Option<Plan>,
    pub(crate) applied: Option<Applied>,
    /// What ended the last step that failed.
    pub(crate) error: Option<Error>,
    /// Workspaces that could not be read.
    pub(crate) failures: Vec<WorkspaceFailure>,
    /// What the steps wrote as warnings and errors, and what `-WhatIf` says of them.
    pub(crate) told: Vec<String>,
}

impl Terms {
    pub(crate) fn new(call: Call, consent: Consent) -> Self {
        Self { call, consent, spent: AtomicBool::new(false), heard: Mutex::default() }
    }

    /// Those of somebody who calls the functions himself.
    pub(crate) fn own() -> Self {
        Self::new(Call::default(), Consent::Asked)
    }

    /// Nothing is applied from now on.
    pub(crate) fn end(&self) {
        self.spent.store(true, Ordering::SeqCst);
    }

    /// Takes what was heard.
    pub(crate) fn take_heard(&self) -> Heard {
        std::mem::take(&mut *self.heard.lock())
    }

    /// The function's caller is somebody else than who agreed: nothing is asked in the script.
    pub(super) fn agreed_elsewhere(&self) -> bool {
        !matches!(self.consent, Consent::Asked)
    }

    /// Digest and confirmation with which something is applied now.
    ///
    /// # Errors
    /// It must not be.
    pub(super) fn apply(
        &self,
        digest: Option<String>,
        confirm: Option<String>,
    ) -> Result<(String, Option<String>), FunctionError> {
        match &self.consent {
            Consent::Asked if self.spent.load(Ordering::SeqCst) => {
                Err(declined("Nothing was applied: the call is over"))
            }
            Consent::Asked => Ok((digest.unwrap_or_default(), confirm)),
            Consent::Nothing(reason) => Err(declined(&format!("Nothing was applied: {reason}"))),
            Consent::Plan { .. } if self.spent.swap(true, Ordering::SeqCst) => {
                Err(declined("Nothing more was applied: one plan was agreed to, and it was begun already"))
            }
            Consent::Plan { digest, confirm } => Ok((digest.clone(), confirm.clone())),
        }
    }

    /// Keeps the plan.
    ///
    /// # Errors
    /// There is one already, and nobody could agree to both.
    pub(super) fn planned(&self, plan: &Plan, summary: &str) -> Result<(), FunctionError> {
        let mut heard = self.heard.lock();
        if self.agreed_elsewhere() && heard.plan.is_some() {
            return Err(declined(
                "A second change was not planned: a call of a tool plans one, so that its digest says everything that is done",
            ));
        }
        heard.told.extend(plan.notices.iter().cloned());
        heard.told.extend(plan.left_out());
        heard.told.push(summary.to_owned());
        heard.plan = Some(plan.clone());
        Ok(())
    }

    pub(super) fn applied(&self, applied: &Applied) {
        self.heard.lock().applied = Some(applied.clone());
    }

    pub(super) fn tell(&self, text: &str) {
        self.heard.lock().told.push(text.to_owned());
    }

    /// Keeps what ended a step; the same as PowerShell's.
    pub(super) fn failed(&self, error: Error) -> FunctionError {
        let shown = failure::of(&error);
        self.heard.lock().error = Some(error);
        shown
    }

    /// Keeps a workspace that could not be read; the same as PowerShell's error.
    pub(super) fn workspace_failed(&self, failed: WorkspaceFailure) -> FunctionError {
        let shown = failure::of_workspace(&failed);
        self.heard.lock().failures.push(failed);
        shown
    }
}

fn declined(what: &str) -> FunctionError {
    FunctionError::new(format!("{what}.")).id("E729").category("InvalidOperation")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_applied_once_with_the_digest_that_was_agreed_to() {
        let consent = Consent::Plan { digest: "agreed".to_owned(), confirm: Some("name".to_owned()) };
        let terms = Terms::new(Call::default(), consent);
        let first = terms.apply(Some("another".to_owned()), Some("another".to_owned()));
        assert_eq!(first.expect("is applied"), ("agreed".to_owned(), Some("name".to_owned())));
        assert!(terms.apply(Some("agreed".to_owned()), None).is_err(), "once");
    }

    #[test]
    fn nothing_is_applied_where_nothing_is_agreed_to_or_nobody_waits() {
        let terms = Terms::new(Call::default(), Consent::Nothing("the server is in plan mode".to_owned()));
        assert!(terms.apply(Some("digest".to_owned()), None).is_err());
        let terms = Terms::new(Call::default(), Consent::Plan { digest: "agreed".to_owned(), confirm: None });
        terms.end();
        assert!(terms.apply(None, None).is_err());
        let own = Terms::own();
        assert!(own.apply(Some("digest".to_owned()), None).is_ok());
        own.end();
        assert!(own.apply(Some("digest".to_owned()), None).is_err());
    }
}
