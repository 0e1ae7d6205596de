//! What Azure said: its several shapes of error bodies as one.

use serde_json::Value;

/// How deep messages are unwrapped.
const DEPTH: usize = 8;
/// Text of a body that is no JSON, characters.
const TEXT: usize = 300;

/// What Azure said, unwrapped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// The outermost code, such as `AuthorizationFailed`; empty if there was none.
    pub code: String,
    /// The message that says most: the deepest of inner errors, JSON inside of messages taken apart.
    pub message: String,
    /// Every code on the way down, the outermost first.
    pub codes: Vec<String>,
    /// Every message on the way down, the outermost first.
    pub messages: Vec<String>,
    /// Single faults, as `code: message (target)`.
    pub details: Vec<String>,
    /// Names of policies that refused.
    pub policies: Vec<String>,
    /// Place in a query: line and position, from 1 as Azure counts.
    pub position: Option<(u64, u64)>,
}

impl Reason {
    /// Reads the body of an answer.
    pub fn read(body: &[u8]) -> Self {
        let mut reason = Self::default();
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => reason.take(&value, 0),
            Err(_) => {
                let text = String::from_utf8_lossy(body);
                let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
                if !text.is_empty() {
                    reason.messages.push(text.chars().take(TEXT).collect());
                }
            }
        }
        reason.finish()
    }

    /// Reads an error object that came inside of something else.
    pub fn of(error: &Value) -> Self {
        let mut reason = Self::default();
        reason.take(error, 0);
        reason.finish()
    }

    /// True if one of the codes is this one, whatever the case.
    pub fn has(&self, code: &str) -> bool {
        self.codes.iter().any(|own| own.eq_ignore_ascii_case(code))
    }

    /// True if a code, message or detail contains this text, whatever the case.
    pub fn says(&self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        self.codes
            .iter()
            .chain(&self.messages)
            .chain(&self.details)
            .any(|own| own.to_ascii_lowercase().contains(&text))
    }

    fn finish(mut self) -> Self {
        self.code = self.codes.first().cloned().unwrap_or_default();
        self.message = self.messages.last().cloned().unwrap_or_default();
        self
    }

    fn take(&mut self, value: &Value, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match value {
            Value::String(text) => self.take_message(text, depth),
            Value::Object(fields) => {
                let field = |name: &str| {
                    fields.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
                };
                // Entra: a word, and the description beside it.
                if let (Some(Value::String(code)), Some(Value::String(text))) =
                    (field("error"), field("error_description"))
                {
                    self.codes.push(code.clone());
                    if let Some(Value::Array(numbers)) = field("error_codes") {
                        self.codes.extend(numbers.iter().map(|number| format!("AADSTS{number}")));
                    }
                    self.messages.push(text.lines().next().unwrap_or_default().to_owned());
                    return;
                }
                if let Some(error) = field("error") {
                    return self.take(error, depth + 1);
                }
                match field("code") {
                    Some(Value::String(code)) if !code.is_empty() => self.codes.push(code.clone()),
                    Some(Value::Number(code)) => self.codes.push(code.to_string()),
                    _ => {}
                }
                match field("message") {
                    Some(Value::String(text)) => self.take_message(text, depth),
                    Some(inner @ Value::Object(_)) => self.take(inner, depth + 1),
                    _ => {}
                }
                if let (Some(line), Some(position)) =
                    (field("line").and_then(Value::as_u64), field("pos").and_then(Value::as_u64))
                {
                    self.position = Some((line, position));
                }
                for detail in field("details").and_then(Value::as_array).into_iter().flatten() {
                    self.take_detail(detail, depth);
                }
                for extra in field("additionalInfo").and_then(Value::as_array).into_iter().flatten() {
                    let info = &extra["info"];
                    let name =
                        ["policyDefinitionDisplayName", "policyDefinitionName", "policyAssignmentName"]
                            .into_iter()
                            .find_map(|name| info[name].as_str());
                    self.policies.extend(name.map(str::to_owned));
                }
                if let Some(inner) = field("innererror") {
                    self.take(inner, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// SecurityInsights puts whole documents into messages, alone or behind a few words.
    fn take_message(&mut self, text: &str, depth: usize) {
        let inner = text
            .find('{')
            .zip(text.rfind('}'))
            .filter(|(from, to)| from < to)
            .and_then(|(from, to)| Some((from, serde_json::from_str::<Value>(&text[from..=to]).ok()?)))
            .filter(|(_, value)| value.as_object().is_some_and(|fields| !fields.is_empty()));
        match inner {
            Some((from, value)) => {
                let before = text[..from].trim().trim_end_matches(':').trim_end_matches("Message").trim();
                let before = before.trim_end_matches(';');
                if !before.is_empty() {
                    self.messages.push(before.to_owned());
                }
                self.take(&value, depth + 1);
            }
            None if text.trim().is_empty() => {}
            None => self.messages.push(text.trim().to_owned()),
        }
    }

    fn take_detail(&mut self, detail: &Value, depth: usize) {
        let code = detail["code"].as_str().unwrap_or_default();
        let message = detail["message"].as_str().unwrap_or_default();
        let mut text = match (code, message) {
            ("", message) => message.to_owned(),
            (code, "") => code.to_owned(),
            (code, message) => format!("{code}: {message}"),
        };
        if let Some(target) = detail["target"].as_str().filter(|target| !target.is_empty()) {
            text.push_str(&format!(" ({target})"));
        }
        if !text.is_empty() {
            self.details.push(text);
        }
        if let Some(inner) = detail.get("innererror").filter(|inner| inner.is_object()) {
            self.codes.extend((!code.is_empty()).then(|| code.to_owned()));
            self.take(inner, depth + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deepest_message_of_a_query_error_comes_first() {
        let reason = Reason::read(
            br#"{"error":{"message":"The request had some invalid properties","code":"BadArgumentError","correlationId":"c",
            "innererror":{"code":"SemanticError","message":"A semantic error occurred.","innererror":{"code":"SEM0100","line":2,"pos":7,
            "message":"'where' operator: Failed to resolve table or column expression named 'Foo_CL'"}}}}"#,
        );
        assert_eq!(reason.code, "BadArgumentError");
        assert!(reason.message.contains("Foo_CL"));
        assert_eq!(reason.codes, ["BadArgumentError", "SemanticError", "SEM0100"]);
        assert_eq!(reason.position, Some((2, 7)));
    }

    #[test]
    fn documents_inside_of_messages_are_taken_apart() {
        let nested = serde_json::json!({"error": {"code": "BadRequest", "message":
            format!("FailedToResolveScalarExpression; Message: {}",
                serde_json::json!({"error": {"code": "SEM0100", "message": "no column X"}}))}});
        let reason = Reason::of(&nested);
        assert_eq!(reason.message, "no column X");
        assert_eq!(reason.messages[0], "FailedToResolveScalarExpression");
        assert!(reason.has("sem0100"));
    }

    #[test]
    fn entra_details_and_policies() {
        let entra = Reason::read(br#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret.\r\nTrace ID: x","error_codes":[7000215]}"#);
        assert!(entra.has("AADSTS7000215"));
        assert_eq!(entra.message, "AADSTS7000215: Invalid client secret.");
        let dcr = Reason::read(br#"{"error":{"code":"InvalidPayload","message":"Data collection rule is invalid","details":[{"code":"InvalidOutputTable","message":"Table X","target":"properties.dataFlows[0]"}]}}"#);
        assert_eq!(dcr.details, ["InvalidOutputTable: Table X (properties.dataFlows[0])"]);
        let policy = Reason::read(br#"{"error":{"code":"RequestDisallowedByPolicy","message":"m","additionalInfo":[{"type":"PolicyViolation","info":{"policyDefinitionDisplayName":"Allowed locations"}}]}}"#);
        assert_eq!(policy.policies, ["Allowed locations"]);
    }

    #[test]
    fn any_bytes_are_read_without_harm() {
        for body in
            [&b""[..], b"null", b"<html> 502 </html>", b"{\"error\":null}", b"[1]", &[0xff, 0xfe], b"{{{"]
        {
            let _ = Reason::read(body);
        }
        let mut deep = "\"end\"".to_owned();
        for _ in 0..60 {
            deep = format!("{{\"error\":{{\"message\":{}}}}}", serde_json::json!(deep));
            if deep.len() > 1 << 20 {
                break;
            }
        }
        let _ = Reason::read(deep.as_bytes());
        assert_eq!(Reason::read(b"<html>\n 502\n</html>").message, "<html> 502 </html>");
    }
}
