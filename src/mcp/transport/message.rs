//! From a line to a message, or to the answer that a line gets which is none.

use rmcp::model::{ClientJsonRpcMessage, ErrorCode};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::{json, value::RawValue};

use super::id_scan::id_in;

/// What a line turned out to be.
pub(in crate::mcp) enum Reading {
    Message(Box<ClientJsonRpcMessage>),
    /// No message; this goes back to the client.
    Answer(Vec<u8>),
    /// Nothing that has an answer: a notification that is not known, an answer to nothing.
    Nothing,
}

/// The parts of a message that decide what becomes of it. A member that is there counts, null or not.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    jsonrpc: Option<&'a RawValue>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Reads a line.
pub(in crate::mcp) fn read(line: &[u8]) -> Reading {
    match serde_json::from_slice(line) {
        // rmcp takes a request whose id is none for a notification, which nobody would answer.
        Ok(ClientJsonRpcMessage::Notification(_)) if has_id(line) => diagnose(line),
        Ok(message) => Reading::Message(Box::new(message)),
        Err(_) => diagnose(line),
    }
}

fn has_id(line: &[u8]) -> bool {
    serde_json::from_slice::<Envelope<'_>>(line).is_ok_and(|envelope| envelope.id.is_some())
}

fn diagnose(line: &[u8]) -> Reading {
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(line) {
        let id = id_in(line);
        return Reading::Answer(error_line(
            id.as_deref(),
            ErrorCode::PARSE_ERROR,
            &format!("not JSON: {error}"),
        ));
    }
    let invalid =
        |id: Option<&str>, text: &str| Reading::Answer(error_line(id, ErrorCode::INVALID_REQUEST, text));
    if line.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return invalid(None, "batches are not taken: send one message a line");
    }
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(line) else {
        return invalid(None, "a message is a JSON object with jsonrpc, method and, for a request, id");
    };
    if envelope.method.is_none() || envelope.id.is_none() {
        return match (envelope.method, envelope.jsonrpc) {
            (None, None) => invalid(id_in(line).as_deref(), "a message has the members jsonrpc and method"),
            (None, Some(_)) if envelope.id.is_none() => invalid(None, "a message has a method"),
            _ => Reading::Nothing,
        };
    }
    match id_in(line) {
        None => invalid(None, "the id of a request is a string or an integer of at most 256 characters"),
        Some(id) if envelope.jsonrpc.is_none() => {
            invalid(Some(&id), "the member jsonrpc is missing: it is \"2.0\"")
        }
        Some(id) => invalid(Some(&id), "the members of the request are not what its method takes"),
    }
}

/// An error answer as a line. `id` is JSON text; `None`: it is not known.
pub(in crate::mcp) fn error_line(id: Option<&str>, code: ErrorCode, message: &str) -> Vec<u8> {
    let error = json!({ "code": code.0, "message": message });
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"error\":{error}}}\n", id.unwrap_or("null")).into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn answer(line: &str) -> Option<(Value, i64)> {
        match read(line.as_bytes()) {
            Reading::Answer(answer) => {
                let answer: Value = serde_json::from_slice(&answer).expect("JSON");
                Some((answer["id"].clone(), answer["error"]["code"].as_i64().expect("a code")))
            }
            _ => None,
        }
    }

    #[test]
    fn read_answers_what_is_no_message() {
        for (line, id, code) in [
            ("not json", Value::Null, -32700),
            ("{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":", json!(4), -32700),
            ("{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"ping\"", json!(4), -32700),
            ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", Value::Null, -32600),
            ("42", Value::Null, -32600),
            ("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", Value::Null, -32600),
            ("{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", Value::Null, -32600),
            ("{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"ping\"}", Value::Null, -32600),
            ("{\"id\":9,\"method\":\"ping\"}", json!(9), -32600),
            ("{\"jsonrpc\":\"1.0\",\"id\":9,\"method\":\"ping\"}", json!(9), -32600),
            ("{\"jsonrpc\":\"2.0\"}", Value::Null, -32600),
            ("{}", Value::Null, -32600),
        ] {
            assert_eq!(answer(line), Some((id, code)), "{line}");
        }
    }

    #[test]
    fn read_takes_requests_and_passes_over_what_has_no_answer() {
        for line in [
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
            "{\"jsonrpc\":\"2.0\",\"id\":1.0,\"method\":\"ping\"}",
            "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"no/such\",\"params\":{\"a\":1}}",
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
        ] {
            assert!(matches!(read(line.as_bytes()), Reading::Message(_)), "{line}");
        }
        assert!(answer("{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":7}").is_none());
    }
}
