//! Errors of operations as PowerShell's.

use crate::FunctionError;
use crate::azure::Kind;
use crate::sentinel::{Error, WorkspaceFailure};

/// An error of an operation: its code is the id.
pub(super) fn of(error: &Error) -> FunctionError {
    let mut failure = FunctionError::new(error.to_string())
        .id(error.code())
        .category(category(error))
        .details(error.json());
    if let Some(action) = action(error) {
        failure = failure.recommended_action(action);
    }
    failure
}

/// What is wrong with one workspace while others answer.
pub(super) fn of_workspace(failure: &WorkspaceFailure) -> FunctionError {
    let place = failure.place();
    let mut error = FunctionError::new(format!("{place}: {}", failure.error))
        .id(failure.error.code())
        .category(category(&failure.error))
        .target(place)
        .details(failure.json());
    if let Some(action) = action(&failure.error) {
        error = error.recommended_action(action);
    }
    error
}

fn category(error: &Error) -> &'static str {
    match error {
        Error::Azure(error) => match error.kind() {
            Kind::NotConfigured | Kind::SignIn => "AuthenticationError",
            Kind::Unreachable => "ConnectionError",
            Kind::Forbidden => "PermissionDenied",
            Kind::NotFound => "ObjectNotFound",
            Kind::Refused => "InvalidArgument",
            Kind::Conflict => "ResourceBusy",
            Kind::Throttled => "LimitsExceeded",
            Kind::ServiceFailed | Kind::OperationFailed => "InvalidResult",
            Kind::OutcomeUnknown => "WriteError",
            Kind::TooLate => "OperationTimeout",
        },
        Error::Workspace { .. } | Error::Object { .. } => "ObjectNotFound",
        Error::Arguments { .. } => "InvalidArgument",
        Error::Stale { .. } => "ResourceBusy",
        Error::NotConfirmed { .. } | Error::Undo(_) | Error::Declined { .. } => "InvalidOperation",
        Error::Journal(_) | Error::File(_) => "WriteError",
    }
}

fn action(error: &Error) -> Option<String> {
    match error {
        Error::Azure(error) => {
            let text = error.remedy_text()?;
            let command = error.advice().and_then(|advice| advice.command.as_deref());
            Some(command.map_or_else(|| text.to_owned(), |command| format!("{text} {command}")))
        }
        Error::Workspace { candidates, .. } if candidates.is_empty() => {
            Some("Get-SentinelWorkspaces shows the workspaces that there are.".to_owned())
        }
        Error::Workspace { candidates, .. } | Error::Object { candidates, .. } if !candidates.is_empty() => {
            Some(format!("Name one of: {}", candidates.join(", ")))
        }
        Error::Stale { .. } => {
            Some("Look at the new plan with -WhatIf and repeat with its digest.".to_owned())
        }
        Error::NotConfirmed { name } => {
            Some(format!("Repeat it with -ConfirmName '{}'.", name.replace('\'', "''")))
        }
        Error::Declined { remedy, .. } => Some(remedy.clone()),
        _ => None,
    }
}
