//! Why a host function failed.

use serde_json::Value;

use crate::host::message::FunctionFailure;

/// Why a host function failed. The script sees it as an `ErrorRecord`: the error that a function returns ends the pipeline
/// (`try`/`catch` works), one that it writes with [`FunctionContext::error`](super::FunctionContext::error) does not.
///
/// Every [`std::error::Error`] becomes one with `?`.
#[derive(Debug, Clone)]
pub struct FunctionError(Box<Content>);

#[derive(Debug, Clone)]
struct Content {
    message: String,
    id: String,
    category: String,
    target: Option<Value>,
    recommended_action: Option<String>,
    details: Option<Value>,
}

impl FunctionError {
    /// An error with the id `HostFunctionFailed` and the category `NotSpecified`.
    pub fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Content {
            message: message.into(),
            id: "HostFunctionFailed".to_owned(),
            category: "NotSpecified".to_owned(),
            target: None,
            recommended_action: None,
            details: None,
        }))
    }

    /// The first part of `FullyQualifiedErrorId`.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.0.id = id.into();
        self
    }

    /// Name of a PowerShell `ErrorCategory`, such as `ObjectNotFound`. A name that PowerShell does not know counts as
    /// `NotSpecified`.
    #[must_use]
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.0.category = category.into();
        self
    }

    /// What the error is about: `TargetObject`.
    #[must_use]
    pub fn target(mut self, target: impl Into<Value>) -> Self {
        self.0.target = Some(target.into());
        self
    }

    /// What the user can do: `ErrorDetails.RecommendedAction`.
    #[must_use]
    pub fn recommended_action(mut self, action: impl Into<String>) -> Self {
        self.0.recommended_action = Some(action.into());
        self
    }

    /// More for scripts to look at: `$_.Exception.Details`, if it is an object.
    #[must_use]
    pub fn details(mut self, details: impl Into<Value>) -> Self {
        self.0.details = Some(details.into());
        self
    }

    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        FunctionFailure {
            message: &self.0.message,
            id: &self.0.id,
            category: &self.0.category,
            target: self.0.target.as_ref(),
            recommended_action: self.0.recommended_action.as_deref(),
            details: self.0.details.as_ref(),
        }
        .to_json()
    }
}

impl<E: std::error::Error> From<E> for FunctionError {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            source = cause.source();
        }
        Self::new(message)
    }
}
