//! The rows of an output: those that are shown, and how to get the rest.

use serde_json::{Value, json, value::RawValue};

use super::View;
use crate::{
    Output,
    mcp::results::{FieldPath, GET_RESULT, Kept, Shown, fields_of, fit, select},
};

/// The rows that are shown, and how many there are. A text output is one row.
pub(super) fn rows(output: &Output, view: &View<'_>) -> (Shown, usize) {
    let raw = match output.raw_values() {
        Ok(raw) => raw,
        Err(_) => {
            let text = output.text().map(Value::String);
            return (fit(text, view.budget), 1);
        }
    };
    let fields: Vec<FieldPath> = view.fields.iter().map(FieldPath::new).collect();
    let rows = raw.iter().take(view.first.unwrap_or(usize::MAX)).map(|raw| {
        let row = value(raw);
        // Scalars have no fields to choose from.
        if fields.is_empty() || !row.is_object() { row } else { select(&row, &fields) }
    });
    (fit(rows, view.budget), raw.len())
}

/// Numbers that JSON has and Rust has not stay as their text.
fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_else(|_| Value::String(raw.get().to_owned()))
}

/// Fields that were asked for and are nowhere.
pub(super) fn missing_fields(output: &Output, view: &View<'_>) -> String {
    if view.fields.is_empty() {
        return String::new();
    }
    let sample: Vec<Value> =
        output.raw_values().unwrap_or_default().iter().take(100).map(|raw| value(raw)).collect();
    let fields: Vec<FieldPath> = view.fields.iter().map(FieldPath::new).collect();
    match fields_of(&fields, &sample) {
        Some((unknown, known)) => format!("There is no field {unknown}. There are: {known}"),
        None => String::new(),
    }
}

/// What is not shown, and how to get it.
pub(super) fn rest(shown: &Shown, total: usize, kept: Option<&Kept>) -> String {
    let count = shown.rows.len();
    let mut text = String::new();
    if total > count {
        text.push_str(&format!("Rows 1 to {count} of {total}."));
    }
    if shown.shortened {
        text.push_str(if text.is_empty() {
            "Long values are shortened where marked."
        } else {
            " Long values are shortened."
        });
    }
    match kept {
        Some(kept) => text.push_str(&format!(
            " The whole result is kept: {GET_RESULT} {} goes on; it also filters, sorts, groups and selects fields.",
            json!({"result": kept.id, "skip": count.min(total.saturating_sub(1))})
        )),
        None => text.push_str(" The rest is too long to be kept; ask for less."),
    }
    text
}
