//! Error records: what a model can use of them.

use serde_json::{Value, json};

use crate::ErrorRecord;

/// Longest message of one error that is repeated, characters.
const MAX_MESSAGE_CHARS: usize = 2_000;
/// Most records of one kind that are repeated.
pub(super) const MAX_RECORDS: usize = 20;

/// `Get-Item: Cannot find path '…' (ObjectNotFound)`
pub(super) fn error_text(record: &ErrorRecord) -> String {
    let mut text = String::new();
    if let Some(command) = record.command_name.as_deref().filter(|command| !command.is_empty()) {
        text.push_str(command);
        text.push_str(": ");
    }
    text.push_str(&clipped(record.message.trim()));
    if !record.category.is_empty() && record.category != "NotSpecified" {
        text.push_str(&format!(" ({})", record.category));
    }
    if let Some(advice) = record.recommended_action.as_deref().filter(|advice| !advice.is_empty()) {
        text.push_str(&format!(" {}", clipped(advice)));
    }
    text
}

/// What a model can use of an error; no stacks.
pub(super) fn error_json(record: &ErrorRecord) -> Value {
    let mut json = json!({ "message": clipped(&record.message) });
    let optional = [
        ("category", Some(record.category.as_str())),
        ("id", Some(record.fully_qualified_error_id.as_str())),
        ("target", record.target.as_deref()),
        ("command", record.command_name.as_deref()),
    ];
    for (name, value) in optional {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            json[name] = json!(clipped(value));
        }
    }
    if let Some(position) =
        record.position.as_ref().filter(|position| position.line > 0 && position.file.is_some())
    {
        json["at"] = json!(format!("{}:{}", position.file.as_deref().unwrap_or_default(), position.line));
    }
    json
}

/// The beginning of a message.
pub(super) fn clipped(text: &str) -> String {
    match text.char_indices().nth(MAX_MESSAGE_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
