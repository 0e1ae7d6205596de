//! Failures of a call, and questions that nobody answered, in words for the model.

use serde_json::{Value, json};

use super::{
    View,
    record::{clipped, error_json, error_text},
};
use crate::{
    Error,
    mcp::{conduct::Unanswered, options::CONFIRMED},
};

/// Why a call failed.
pub(super) fn failure_text(error: &Error, view: &View<'_>) -> String {
    match error {
        // PowerShell's own message, with where it came from.
        Error::Script(failure) | Error::Refused(failure) => error_text(&failure.record),
        Error::PromptBlocked { kind, caption, message, fields, .. } => {
            refusal(kind, &[caption, message], fields, view)
        }
        other => other.to_string(),
    }
}

/// A question that nobody answered: why, and what to pass instead.
fn refusal(kind: &str, asked: &[&str], fields: &[String], view: &View<'_>) -> String {
    let asked: Vec<&str> = asked.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
    let asked = if asked.is_empty() { String::new() } else { format!(": \"{}\"", clipped(&asked.join(" "))) };
    let why = match view.unanswered {
        Some(Unanswered::Declined) => "The person who was asked declined.".to_owned(),
        Some(Unanswered::Failed(reason)) => format!("It was not answered: {reason}."),
        Some(Unanswered::Secret(_)) => String::new(),
        None => "Nobody can be asked through this client.".to_owned(),
    };
    let text = match kind {
        "read_secure" | "credential" => format!(
            "The command asks for a secret{asked}. Secrets are not taken through this protocol; give it to the command \
             by its configuration, a secret store or the environment it runs in."
        ),
        "prompt" if matches!(view.unanswered, Some(Unanswered::Secret(_))) => format!(
            "The command asks for a secret ({}). Secrets are not taken through this protocol; give it to the command by \
             its configuration, a secret store or the environment it runs in.",
            fields.join(", ")
        ),
        "prompt" if !fields.is_empty() => {
            format!("These parameters are needed and were not given: {}. {why}", fields.join(", "))
        }
        "choice" => {
            let labels = fields.iter().map(|label| label.replace('&', "")).collect::<Vec<_>>().join(", ");
            let instead = match view.confirmable {
                true => format!(
                    "Pass \"{CONFIRMED}\": true to do it without its own question, or a parameter of the command that answers it, such as Force."
                ),
                false => "Pass a parameter of the command that answers it, if it has one.".to_owned(),
            };
            format!("The command asks{asked} [{labels}]. {why} {instead}")
        }
        _ => format!(
            "The command asks for a line of text{asked}. {why} Pass it as an argument if the command has a parameter for it."
        ),
    };
    text.trim_end().to_owned()
}

/// The same as structured content.
pub(super) fn failure_json(error: &Error, said: &str) -> Value {
    let mut json = match (error.record(), error) {
        (Some(record), _) => error_json(record),
        (None, Error::Azure(error)) => error.json(),
        (None, Error::Sentinel(error)) => error.json(),
        (None, _) => json!({ "message": clipped(said) }),
    };
    json["code"] = json!(error.code());
    if let Error::Overloaded { retry_after, .. } = error {
        json["retryAfterMs"] = json!(u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX));
    }
    json
}
