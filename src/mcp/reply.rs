//! What a call gives back to the client.

use serde_json::{Map, Value, json};

use super::table;
use crate::{Error, ErrorRecord, Output, Stream, Timings};

/// Longest message of one error that is repeated, characters.
const MAX_MESSAGE_CHARS: usize = 2_000;
/// Most records of one kind that are repeated.
const MAX_RECORDS: usize = 20;

/// The answer of a call: text for the model, the same as structured content, and how it went.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) text: String,
    pub(crate) structured: Option<Value>,
    /// The call failed, or gave nothing but errors.
    pub(crate) is_error: bool,
    pub(crate) timings: Option<Timings>,
}

impl Reply {
    /// A refusal or failure that is only a text.
    pub(crate) fn failure(text: impl Into<String>) -> Self {
        Self { text: text.into(), structured: None, is_error: true, timings: None }
    }

    /// From a call that ran to its end.
    pub(crate) fn of_output(output: &Output) -> Self {
        let values = values(output);
        let nothing_but_errors = values.is_empty() && output.had_errors();
        let is_error = nothing_but_errors || output.exit_code().is_some_and(|code| code != 0);
        Self::new(values, output, None, is_error)
    }

    /// From a call that failed; what it had put out before is in the reply too.
    pub(crate) fn of_error(error: &Error) -> Self {
        let none = Output::default();
        let output = error.output().unwrap_or(&none);
        Self::new(values(output), output, Some(error), true)
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

    fn new(values: Vec<Value>, output: &Output, failure: Option<&Error>, is_error: bool) -> Self {
        let mut text = Text::default();
        let mut content = Map::new();
        text.section("", &table::text(&values));
        if let Some(failure) = failure {
            text.section("", &failure_text(failure));
            content.insert("error".to_owned(), failure_json(failure));
        }
        let errors = output.errors();
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
        content.insert("values".to_owned(), Value::Array(values));
        Self {
            text: text.0,
            structured: Some(Value::Object(content)),
            is_error,
            timings: Some(output.timings()).filter(|timings| timings.total_us > 0),
        }
    }
}

/// The output as values; a text output is one value.
fn values(output: &Output) -> Vec<Value> {
    output.values().unwrap_or_else(|_| output.text().map(Value::String).into_iter().collect())
}

fn failure_text(error: &Error) -> String {
    let mut text = match error {
        // PowerShell's own message, with where it came from.
        Error::Script(failure) | Error::Refused(failure) => error_text(&failure.record),
        Error::PromptBlocked { kind, fields, .. } if kind == "prompt" && !fields.is_empty() => {
            format!("These parameters are needed and were not given: {}.", fields.join(", "))
        }
        other => other.to_string(),
    };
    text.push_str(&format!(" [{}]", error.code()));
    text
}

fn failure_json(error: &Error) -> Value {
    let mut json = match error.record() {
        Some(record) => error_json(record),
        None => json!({ "message": clipped(&error.to_string()) }),
    };
    json["code"] = json!(error.code());
    if let Error::Overloaded { retry_after, .. } = error {
        json["retryAfterMs"] = json!(u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX));
    }
    json
}

/// `Get-Item: Cannot find path '…' (ObjectNotFound)`
fn error_text(record: &ErrorRecord) -> String {
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
fn error_json(record: &ErrorRecord) -> Value {
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

fn cut_text(output: &Output) -> String {
    let whole = output.truncation().iter().filter(|cut| cut.pointer.is_empty()).count();
    let inside = output.truncation().len() - whole;
    let mut parts = Vec::new();
    if whole > 0 {
        parts.push(format!("the output ends after {} values: it was too long", output.count()));
    }
    if inside > 0 {
        parts.push(format!("{inside} values are shortened where marked"));
    }
    format!("Truncated: {}. Ask for less.", parts.join("; "))
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(MAX_MESSAGE_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

fn put(content: &mut Map<String, Value>, name: &str, values: Vec<Value>) {
    if !values.is_empty() {
        content.insert(name.to_owned(), Value::Array(values));
    }
}

/// Sections with a blank line between them.
#[derive(Default)]
struct Text(String);

impl Text {
    fn section(&mut self, title: &str, body: &str) {
        if body.is_empty() {
            return;
        }
        if !self.0.is_empty() {
            self.0.push_str("\n\n");
        }
        if !title.is_empty() {
            self.0.push_str(title);
            self.0.push_str(":\n");
        }
        self.0.push_str(body);
    }

    fn list(&mut self, title: &str, lines: impl ExactSizeIterator<Item = String>) {
        let count = lines.len();
        let mut shown: Vec<String> = lines.take(MAX_RECORDS).map(|line| format!("- {line}")).collect();
        if count > MAX_RECORDS {
            shown.push(format!("… and {} more", count - MAX_RECORDS));
        }
        self.section(title, &shown.join("\n"));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        ScriptFailure,
        host::{RawAnswer, message::AnswerMeta},
    };

    /// An output as the host would have written it.
    pub(crate) fn output(values: &Value, records: &Value, meta: Value) -> Output {
        let mut buffer = values.to_string().into_bytes();
        let output_end = buffer.len();
        buffer.extend_from_slice(records.to_string().as_bytes());
        let records_end = buffer.len();
        let mut full = json!({ "status": "completed" });
        if let (Value::Object(full), Value::Object(meta)) = (&mut full, meta) {
            full.extend(meta);
        }
        let meta: AnswerMeta = serde_json::from_value(full).expect("meta");
        Output::new(
            RawAnswer { buffer, output_end, records_end },
            meta,
            Timings { total_us: 9, ..Timings::default() },
        )
    }

    fn not_found() -> Value {
        json!([{"stream": "error", "at": 1, "data": {"message": "Cannot find x", "category": "ObjectNotFound",
            "fullyQualifiedErrorId": "PathNotFound", "commandName": "Get-Item", "scriptStackTrace": "at secret"}}])
    }

    #[test]
    fn reply_has_errors_and_output_together() {
        let output = output(&json!([1, 2]), &not_found(), json!({"had_errors": true, "count": 2}));
        let reply = Reply::of_output(&output);
        assert!(!reply.is_error);
        assert_eq!(reply.text, "1\n2\n\nErrors:\n- Get-Item: Cannot find x (ObjectNotFound)");
        assert_eq!(
            reply.structured,
            Some(json!({
                "errors": [{"message": "Cannot find x", "category": "ObjectNotFound", "id": "PathNotFound",
                            "command": "Get-Item"}],
                "values": [1, 2],
            }))
        );
    }

    #[test]
    fn reply_with_nothing_but_errors_is_an_error() {
        let reply = Reply::of_output(&output(&json!([]), &not_found(), json!({"had_errors": true})));
        assert!(reply.is_error);
    }

    #[test]
    fn reply_of_exit_code_is_an_error_unless_zero() {
        let exited = |code| Reply::of_output(&output(&json!(["x"]), &json!([]), json!({"exit_code": code})));
        assert!(!exited(0).is_error);
        assert!(exited(5).is_error);
        assert_eq!(exited(5).text, "x\n\nExit code: 5");
    }

    #[test]
    fn reply_of_terminating_error_keeps_what_came_before() {
        let record = ErrorRecord { message: "boom".to_owned(), ..ErrorRecord::default() };
        let before = output(&json!(["first"]), &json!([]), json!({}));
        let error = Error::Script(Box::new(ScriptFailure { record, output: before }));
        let reply = Reply::of_error(&error);
        assert!(reply.is_error);
        assert_eq!(reply.text, "first\n\nboom [E401]");
        assert_eq!(
            reply.structured,
            Some(json!({"error": {"message": "boom", "code": "E401"}, "values": ["first"]}))
        );
    }

    #[test]
    fn reply_of_missing_parameters_names_them() {
        let error = Error::PromptBlocked {
            kind: "prompt".to_owned(),
            caption: "cmdlet Get-X".to_owned(),
            message: "Supply values".to_owned(),
            fields: vec!["Name".to_owned(), "Id".to_owned()],
            output: Box::default(),
        };
        let reply = Reply::of_error(&error);
        assert_eq!(reply.text, "These parameters are needed and were not given: Name, Id. [E402]");
    }

    #[test]
    fn reply_says_that_output_was_cut() {
        let meta = json!({"count": 3, "truncated": [{"reason": "bytes", "pointer": ""}, {"reason": "depth", "pointer": "/0/a"}]});
        let reply = Reply::of_output(&output(&json!([1, 2, 3]), &json!([]), meta));
        assert!(reply.text.ends_with(
            "Truncated: the output ends after 3 values: it was too long; 1 values are shortened where marked. Ask for less."
        ));
        assert_eq!(reply.structured.expect("content")["truncated"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn reply_without_anything_says_so() {
        let reply = Reply::of_output(&output(&json!([]), &json!([]), json!({})));
        assert_eq!((reply.text.as_str(), reply.is_error), ("(no output)", false));
    }

    #[test]
    fn reply_repeats_a_flood_of_warnings_in_part() {
        let warnings: Vec<Value> =
            (0..500).map(|n| json!({"stream": "warning", "at": 0, "data": format!("w{n}")})).collect();
        let reply = Reply::of_output(&output(&json!([]), &Value::Array(warnings), json!({})));
        assert!(reply.text.ends_with("- w19\n… and 480 more"), "{}", reply.text);
    }
}
