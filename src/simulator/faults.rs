//! Faults by rule: which request meets what. `docs/simulator.md` has the format.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::exchange::{Answer, Reply, Request, Surface};

/// A rule: the requests it is about, and what happens to them. An empty condition holds for every request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct FaultRule {
    /// Shown in the journal beside the requests it met.
    pub name: String,
    /// Endpoint.
    pub surface: Option<Surface>,
    /// HTTP method.
    pub method: Option<String>,
    /// Path; `*` stands for any text; ignores case.
    pub path: Option<String>,
    /// Text that must be in the body.
    pub contains: Option<String>,
    /// Only these of the matching requests, counted from 1. Empty: every one.
    pub nth: Vec<u64>,
    /// Milliseconds to wait before the request is looked at.
    pub delay_ms: u64,
    /// Status of an answer in place of the real one; the request is not done.
    pub status: Option<u16>,
    /// Headers of that answer, or headers to add to the real one.
    pub headers: BTreeMap<String, String>,
    /// Body of that answer, as JSON.
    pub body: Option<Value>,
    /// When the connection breaks.
    pub drop: Option<Drop>,
    /// Milliseconds between the 16 pieces in which the answer comes.
    pub drip_ms: Option<u64>,
    /// The answer of a query gets this `PartialError` text beside its rows.
    pub partial: Option<String>,
    /// The long-running operation that the request begins will fail with this error object.
    pub fail_operation: Option<Value>,
}

/// When a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drop {
    /// The request arrived and is not done; there is no answer.
    Before,
    /// The request is done; its answer breaks off after the first byte of its body.
    FirstByte,
    /// The request is done; there is no answer.
    After,
}

/// A mistake in a rule.
#[derive(Debug, thiserror::Error)]
#[error("fault rule {index}: {why}")]
pub struct FaultRuleError {
    /// Its place, from 1.
    index: usize,
    why: String,
}

/// The rules of a running simulator.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Active>>,
}

#[derive(Debug)]
struct Active {
    rule: FaultRule,
    path: Option<Regex>,
    seen: u64,
    met: u64,
}

impl Faults {
    /// Replaces the rules.
    pub fn set(&self, rules: Vec<FaultRule>) -> Result<(), FaultRuleError> {
        let active = compile(rules)?;
        *self.rules.lock() = active;
        Ok(())
    }

    /// Adds rules behind those there are.
    pub fn add(&self, rules: Vec<FaultRule>) -> Result<(), FaultRuleError> {
        let active = compile(rules)?;
        self.rules.lock().extend(active);
        Ok(())
    }

    /// The rules and how many requests each has met.
    pub fn report(&self) -> Value {
        self.rules
            .lock()
            .iter()
            .map(|active| json!({"rule": active.rule, "seen": active.seen, "met": active.met}))
            .collect()
    }

    /// The first rule that is about this request. Every rule counts the requests that match it.
    pub fn meet(&self, request: &Request) -> Option<FaultRule> {
        let mut found = None;
        for active in self.rules.lock().iter_mut().filter(|active| active.matches(request)) {
            active.seen += 1;
            let due = active.rule.nth.is_empty() || active.rule.nth.contains(&active.seen);
            if due && found.is_none() {
                active.met += 1;
                found = Some(active.rule.clone());
            }
        }
        found
    }
}

/// Reads a file of rules: TOML with one `[[rule]]` each.
pub fn parse_rules(text: &str) -> Result<Vec<FaultRule>, toml::de::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        rule: Vec<FaultRule>,
    }
    Ok(toml::from_str::<File>(text)?.rule)
}

fn compile(rules: Vec<FaultRule>) -> Result<Vec<Active>, FaultRuleError> {
    let compile = |(index, rule): (usize, FaultRule)| {
        let wrong = |why: String| FaultRuleError { index: index + 1, why };
        if rule.status.is_some_and(|status| !(200..=599).contains(&status)) {
            return Err(wrong("a status is 200 to 599".to_owned()));
        }
        if rule.nth.contains(&0) {
            return Err(wrong("requests are counted from 1".to_owned()));
        }
        let path = rule.path.as_deref().map(glob).transpose().map_err(|error| wrong(error.to_string()))?;
        Ok(Active { rule, path, seen: 0, met: 0 })
    };
    rules.into_iter().enumerate().map(compile).collect()
}

fn glob(pattern: &str) -> Result<Regex, regex::Error> {
    let parts: Vec<String> = pattern.split('*').map(regex::escape).collect();
    Regex::new(&format!("(?is)^{}$", parts.join(".*")))
}

impl Active {
    fn matches(&self, request: &Request) -> bool {
        let rule = &self.rule;
        rule.surface.is_none_or(|surface| surface == request.surface)
            && rule.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(request.method.as_str()))
            && self.path.as_ref().is_none_or(|path| path.is_match(&request.path))
            && rule
                .contains
                .as_ref()
                .is_none_or(|text| String::from_utf8_lossy(&request.body).contains(text.as_str()))
    }
}

impl FaultRule {
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// The answer in place of the real one.
    pub(crate) fn answer(&self) -> Option<Answer> {
        let status = self.status?;
        let body = match &self.body {
            Some(body) => Reply::Json(body.clone()),
            None if status >= 400 => Reply::Json(json!({"error": {
                "code": word(status),
                "message": format!("A fault rule of the simulator answers with {status}."),
            }})),
            None => Reply::Empty,
        };
        Some(Answer { status, headers: Vec::new(), body })
    }

    /// Changes the real answer.
    pub(crate) fn change(&self, answer: &mut Answer) {
        if let (Some(message), Reply::Json(Value::Object(body))) = (&self.partial, &mut answer.body) {
            body.insert(
                "error".to_owned(),
                json!({"code": "PartialError", "message": "There were some errors when processing your query.",
                    "details": [{"code": "EngineError", "message": "Something went wrong processing your query on the server.",
                        "innererror": {"code": "-2133196797", "message": message, "severity": 2, "severityName": "Error"}}]}),
            );
        }
    }
}

fn word(status: u16) -> &'static str {
    match status {
        401 => "InvalidAuthenticationToken",
        403 => "AuthorizationFailed",
        404 => "NotFound",
        409 => "Conflict",
        429 => "TooManyRequests",
        500 => "InternalServerError",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        _ => "BadRequest",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use axum::http::{HeaderMap, Method};

    use super::*;

    fn request(method: Method, path: &str) -> Request {
        Request {
            surface: Surface::Arm,
            method,
            path: path.to_owned(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(b"{\"a\":1}"),
        }
    }

    #[test]
    fn the_nth_match_is_met_and_others_are_not() {
        let faults = Faults::default();
        let rules = parse_rules(
            "[[rule]]\nname = 'second put'\nmethod = 'put'\npath = '*/alertrules/*'\nnth = [2]\nstatus = 503\n[[rule]]\npath = '*'\ndelay_ms = 5",
        )
        .expect("is right");
        faults.set(rules).expect("are right");
        let put = request(Method::PUT, "/subscriptions/S/alertRules/1");
        assert_eq!(faults.meet(&put).map(|rule| rule.delay_ms), Some(5));
        assert_eq!(faults.meet(&put).and_then(|rule| rule.status), Some(503));
        assert_eq!(faults.meet(&request(Method::GET, "/x")).map(|rule| rule.delay_ms), Some(5));
        assert_eq!(faults.report()[0]["met"], json!(1));
        assert_eq!(faults.report()[1]["seen"], json!(3));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(parse_rules("[[rule]]\nstatsu = 1").is_err_and(|error| error.to_string().contains("statsu")));
        let wrong = FaultRule { status: Some(99), ..FaultRule::default() };
        assert_eq!(
            Faults::default().set(vec![wrong]).expect_err("is wrong").to_string(),
            "fault rule 1: a status is 200 to 599"
        );
    }
}
