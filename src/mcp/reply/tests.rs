//! Replies of outputs and errors.

use super::*;
use crate::{
    ErrorRecord, ScriptFailure,
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
    let answer = Reply::of_output(&output, &View { fields: &fields, first: Some(3), keep: &keep, ..view() });
    let content = answer.structured.expect("content");
    assert_eq!(content["values"], json!([{"id": 0}, {"id": 1}, {"id": 2}]));
    let id = content["result"]["id"].as_str().expect("an id");
    assert_eq!(content["result"]["rows"], 40);
    assert!(answer.text.contains("Rows 1 to 3 of 40.") && answer.text.contains(id), "{}", answer.text);
    assert!(answer.text.contains("There is no field Nothing. There are: Id, Name, More"), "{}", answer.text);
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
