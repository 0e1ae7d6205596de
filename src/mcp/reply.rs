//! What a call gives back to the client.

mod failure;
mod record;
mod rows;
#[cfg(test)]
pub(crate) mod tests;
mod text;

use serde_json::{Map, Value, json};

use self::{
    failure::{failure_json, failure_text},
    record::{MAX_RECORDS, clipped, error_json, error_text},
    rows::{missing_fields, rest, rows},
    text::Text,
};

use super::{
    conduct::Unanswered,
    results::{Budget, Kept},
};
use crate::{Error, Output, Stream, Timings};

/// The answer of a call: text for the model, the same as structured content, and how it went.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) text: String,
    pub(crate) structured: Option<Value>,
    /// The call failed, or gave nothing but errors.
    pub(crate) is_error: bool,
    pub(crate) timings: Option<Timings>,
}

/// How much of an output is shown, and who keeps the rest.
pub(crate) struct View<'a> {
    pub(crate) fields: &'a [String],
    pub(crate) first: Option<usize>,
    pub(crate) budget: Budget,
    /// Keeps an output of which not all is shown.
    pub(crate) keep: &'a dyn Fn(&Output) -> Option<std::sync::Arc<Kept>>,
    /// Why the last question of the script was not answered.
    pub(crate) unanswered: Option<&'a Unanswered>,
    /// The tool can be told not to ask.
    pub(crate) confirmable: bool,
}

impl Reply {
    /// A refusal or failure that is only a text.
    pub(crate) fn failure(text: impl Into<String>) -> Self {
        Self { text: text.into(), structured: None, is_error: true, timings: None }
    }

    /// What the server knows itself.
    pub(crate) fn of_value(text: String, value: Value) -> Self {
        Self { text, structured: Some(value), is_error: false, timings: None }
    }

    /// From a call that ran to its end.
    pub(crate) fn of_output(output: &Output, view: &View<'_>) -> Self {
        let nothing_but_errors = output.had_errors() && output.count() == 0;
        let is_error = nothing_but_errors || output.exit_code().is_some_and(|code| code != 0);
        Self::new(output, view, None, is_error)
    }

    /// From a call that failed; what it had put out before is in the reply too.
    pub(crate) fn of_error(error: &Error, view: &View<'_>) -> Self {
        let none = Output::default();
        Self::new(error.output().unwrap_or(&none), view, Some(error), true)
    }

    /// The answer of a call that ran as `-WhatIf`: says so, and how the change is allowed.
    pub(crate) fn of_plan(mut self) -> Self {
        const SAYS: &str = "This is a plan: the command ran with -WhatIf, and nothing was changed. Whoever runs the server \
                            can allow writes (--allow-writes).";
        const SILENT: &str = "The command ran with -WhatIf and did not say what it would do. Whether it respects -WhatIf \
                              cannot be told from here.";
        let Some(Value::Object(content)) = &mut self.structured else { return self };
        let said = content.contains_key("information");
        let note = if said || self.is_error { SAYS } else { SILENT };
        content.insert("plan".to_owned(), json!({ "applied": false, "note": note }));
        self.text = format!("{note}\n\n{}", self.text);
        self
    }

    fn new(output: &Output, view: &View<'_>, failure: Option<&Error>, is_error: bool) -> Self {
        let mut text = Text::default();
        let mut content = Map::new();
        let (shown, total) = rows(output, view);
        text.section("", &shown.text);
        if total > shown.rows.len() || shown.shortened {
            let kept = (view.keep)(output);
            text.section("", &rest(&shown, total, kept.as_deref()));
            let id = kept.map(|kept| kept.id.clone());
            content.insert(
                "result".to_owned(),
                json!({"id": id, "rows": total, "next": (shown.rows.len() < total).then_some(shown.rows.len())}),
            );
        }
        text.section("", &missing_fields(output, view));
        if let Some(failure) = failure {
            let said = failure_text(failure, view);
            content.insert("error".to_owned(), failure_json(failure, &said));
            text.section("", &format!("{said} [{}]", failure.code()));
        }
        let mut errors = output.errors();
        if matches!(failure, Some(Error::PromptBlocked { .. })) {
            // The refusal as PowerShell saw it; it is said already.
            errors.retain(|error| !error.fully_qualified_error_id.contains("PromptBlocked"));
        }
        text.list("Errors", errors.iter().map(error_text));
        put(&mut content, "errors", errors.iter().take(MAX_RECORDS).map(error_json).collect());
        for (stream, title, name) in
            [(Stream::Warning, "Warnings", "warnings"), (Stream::Information, "Information", "information")]
        {
            let messages = output.messages(stream);
            text.list(title, messages.iter().map(|message| clipped(message)));
            put(&mut content, name, messages.iter().take(MAX_RECORDS).map(|m| json!(clipped(m))).collect());
        }
        if let Some(code) = output.exit_code() {
            text.section("", &format!("Exit code: {code}"));
            content.insert("exitCode".to_owned(), json!(code));
        }
        if let Some(code) = output.native_exit_code() {
            content.insert("nativeExitCode".to_owned(), json!(code));
        }
        let cuts = output.truncation();
        if !cuts.is_empty() {
            text.section("", &cut_text(output));
            put(&mut content, "truncated", cuts.iter().take(MAX_RECORDS).map(|cut| json!(cut)).collect());
        }
        let dropped = output.dropped();
        if dropped.total() > 0 {
            content.insert("dropped".to_owned(), json!(dropped));
        }
        if text.0.is_empty() {
            text.section("", "(no output)");
        }
        content.insert("values".to_owned(), Value::Array(shown.rows));
        Self {
            text: text.0,
            structured: Some(Value::Object(content)),
            is_error,
            timings: Some(output.timings()).filter(|timings| timings.total_us > 0),
        }
    }
}

fn cut_text(output: &Output) -> String {
    let whole = output.truncation().iter().filter(|cut| cut.pointer.is_empty()).count();
    let inside = output.truncation().len() - whole;
    let mut parts = Vec::new();
    if whole > 0 {
        parts.push(format!(
            "the output ends after {} values: it was too long, and the command was stopped",
            output.count()
        ));
    }
    if inside > 0 {
        parts.push(format!("{inside} values are shortened where marked"));
    }
    format!("Truncated: {}. Ask for less.", parts.join("; "))
}

fn put(content: &mut Map<String, Value>, name: &str, values: Vec<Value>) {
    if !values.is_empty() {
        content.insert(name.to_owned(), Value::Array(values));
    }
}
