//! What a call gives back to the client.

use serde_json::{Map, Value, json, value::RawValue};

use super::{
    conduct::Unanswered,
    options::CONFIRMED,
    results::{Budget, FieldPath, GET_RESULT, Kept, Shown, fields_of, fit, select},
};
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

/// The rows that are shown, and how many there are. A text output is one row.
fn rows(output: &Output, view: &View<'_>) -> (Shown, usize) {
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
fn missing_fields(output: &Output, view: &View<'_>) -> String {
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
fn rest(shown: &Shown, total: usize, kept: Option<&Kept>) -> String {
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

fn failure_text(error: &Error, view: &View<'_>) -> String {
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

fn failure_json(error: &Error, said: &str) -> Value {
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

    /// Everything that fits, and nothing is kept.
    pub(crate) fn view() -> View<'static> {
        View {
            fields: &[],
            first: None,
            budget: Budget::default(),
            keep: &|_| None,
            unanswered: None,
            confirmable: true,
        }
    }

    fn reply(output: &Output) -> Reply {
        Reply::of_output(output, &view())
    }

    fn not_found() -> Value {
        json!([{"stream": "error", "at": 1, "data": {"message": "Cannot find x", "category": "ObjectNotFound",
            "fullyQualifiedErrorId": "PathNotFound", "commandName": "Get-Item", "scriptStackTrace": "at secret"}}])
    }

    #[test]
    fn reply_has_errors_and_output_together() {
        let output = output(&json!([1, 2]), &not_found(), json!({"had_errors": true, "count": 2}));
        let answer = reply(&output);
        assert!(!answer.is_error);
        assert_eq!(answer.text, "1\n2\n\nErrors:\n- Get-Item: Cannot find x (ObjectNotFound)");
        assert_eq!(
            answer.structured,
            Some(json!({
                "errors": [{"message": "Cannot find x", "category": "ObjectNotFound", "id": "PathNotFound",
                            "command": "Get-Item"}],
                "values": [1, 2],
            }))
        );
    }

    #[test]
    fn reply_with_nothing_but_errors_is_an_error() {
        let answer = reply(&output(&json!([]), &not_found(), json!({"had_errors": true})));
        assert!(answer.is_error);
    }

    #[test]
    fn reply_of_exit_code_is_an_error_unless_zero() {
        let exited = |code| reply(&output(&json!(["x"]), &json!([]), json!({"exit_code": code})));
        assert!(!exited(0).is_error);
        assert!(exited(5).is_error);
        assert_eq!(exited(5).text, "x\n\nExit code: 5");
    }

    #[test]
    fn reply_of_terminating_error_keeps_what_came_before() {
        let record = ErrorRecord { message: "boom".to_owned(), ..ErrorRecord::default() };
        let before = output(&json!(["first"]), &json!([]), json!({}));
        let error = Error::Script(Box::new(ScriptFailure { record, output: before }));
        let reply = Reply::of_error(&error, &view());
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
        let reply = Reply::of_error(&error, &view());
        assert_eq!(
            reply.text,
            "These parameters are needed and were not given: Name, Id. Nobody can be asked through this client. [E402]"
        );
    }

    #[test]
    fn reply_says_that_output_was_cut() {
        let meta = json!({"count": 3, "truncated": [{"reason": "bytes", "pointer": ""}, {"reason": "depth", "pointer": "/0/a"}]});
        let answer = reply(&output(&json!([1, 2, 3]), &json!([]), meta));
        assert!(answer.text.ends_with(
            "Truncated: the output ends after 3 values: it was too long, and the command was stopped; 1 values are shortened where marked. Ask for less."
        ));
        assert_eq!(answer.structured.expect("content")["truncated"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn reply_without_anything_says_so() {
        let answer = reply(&output(&json!([]), &json!([]), json!({})));
        assert_eq!((answer.text.as_str(), answer.is_error), ("(no output)", false));
    }

    #[test]
    fn reply_repeats_a_flood_of_warnings_in_part() {
        let warnings: Vec<Value> =
            (0..500).map(|n| json!({"stream": "warning", "at": 0, "data": format!("w{n}")})).collect();
        let answer = reply(&output(&json!([]), &Value::Array(warnings), json!({})));
        assert!(answer.text.ends_with("- w19\n… and 480 more"), "{}", answer.text);
    }

    #[test]
    fn reply_shows_the_first_rows_and_says_who_has_the_rest() {
        use crate::mcp::{
            call::Caller,
            results::{ResultStore, StoreLimits},
        };
        let values: Vec<Value> =
            (0..40).map(|n| json!({"Id": n, "Name": format!("n{n}"), "More": "x"})).collect();
        let output = output(&json!(values), &json!([]), json!({"count": 40}));
        let store = ResultStore::new(StoreLimits::default());
        let fields = ["id".to_owned(), "Nothing".to_owned()];
        let keep = |output: &Output| store.keep(&Caller::local(), "get_thing", output.clone());
        let answer =
            Reply::of_output(&output, &View { fields: &fields, first: Some(3), keep: &keep, ..view() });
        let content = answer.structured.expect("content");
        assert_eq!(content["values"], json!([{"id": 0}, {"id": 1}, {"id": 2}]));
        let id = content["result"]["id"].as_str().expect("an id");
        assert_eq!(content["result"]["rows"], 40);
        assert!(answer.text.contains("Rows 1 to 3 of 40.") && answer.text.contains(id), "{}", answer.text);
        assert!(
            answer.text.contains("There is no field Nothing. There are: Id, Name, More"),
            "{}",
            answer.text
        );
        assert_eq!(store.find(&Caller::local(), id).expect("kept").rows(), Ok(values));
    }

    #[test]
    fn refused_questions_say_why_and_what_to_pass() {
        let blocked = |kind: &str, message: &str, fields: &[&str]| Error::PromptBlocked {
            kind: kind.to_owned(),
            caption: String::new(),
            message: message.to_owned(),
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
            output: Box::default(),
        };
        let text = |error: &Error, unanswered| Reply::of_error(error, &View { unanswered, ..view() }).text;
        let confirm = blocked("choice", "Remove it?", &["&Yes", "&No"]);
        assert!(text(&confirm, None).contains("\"Remove it?\" [Yes, No]"), "{}", text(&confirm, None));
        assert!(text(&confirm, None).contains("_confirmed"));
        assert!(text(&confirm, Some(&Unanswered::Declined)).contains("declined"));
        let secret = text(&blocked("credential", "", &["UserName", "Password"]), None);
        assert!(secret.contains("Secrets are not taken") && !secret.contains("argument"), "{secret}");
    }
}
