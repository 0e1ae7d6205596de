//! One request and its answer, as every surface sees them.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use serde_json::{Map, Value};

use super::refusal::Refusal;

/// A JSON object.
pub(crate) type Object = Map<String, Value>;

/// Which of Azure's endpoints was called. Each has a port of its own, as each has a host of its own in Azure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Surface {
    /// Azure Resource Manager.
    Arm,
    /// Log Analytics: queries.
    Query,
    /// Entra ID: tokens.
    Login,
    /// Logs ingestion.
    Ingest,
    /// Managed identity.
    Identity,
}

/// A request whose body has arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub surface: Surface,
    pub method: Method,
    /// As sent, percent-encoded.
    pub path: String,
    /// Decoded names and values, in their order.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    /// The value of a query parameter; names ignore case, as `$skiptoken` shows.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, value) = self.query.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// The text of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The bearer token.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// Decoded segments of the path, without empty ones.
    pub fn segments(&self) -> Vec<String> {
        self.path.split('/').filter(|segment| !segment.is_empty()).map(decode).collect()
    }

    /// The body as a JSON object.
    pub fn object(&self) -> Result<Object, Refusal> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(Refusal::invalid_content("the body is no JSON object")),
            Err(error) => Err(Refusal::invalid_content(&error.to_string())),
        }
    }

    /// The fields of a form.
    pub fn form(&self) -> Vec<(String, String)> {
        pairs(&String::from_utf8_lossy(&self.body))
    }
}

/// Splits a query or a form.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
    };
    text.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

/// Undoes percent-encoding.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = match (bytes[at], text.get(at + 1..at + 3).map(|hex| u8::from_str_radix(hex, 16))) {
            (b'%', Some(Ok(byte))) => {
                at += 2;
                byte
            }
            (byte, _) => byte,
        };
        decoded.push(byte);
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Percent-encodes what may not stand in the value of a query parameter.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'$' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// What goes back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Reply,
}

#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Empty,
    Json(Value),
}

impl Answer {
    pub fn json(status: u16, body: impl Into<Value>) -> Self {
        Self { status, headers: Vec::new(), body: Reply::Json(body.into()) }
    }

    pub fn ok(body: impl Into<Value>) -> Self {
        Self::json(200, body)
    }

    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Reply::Empty }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        refusal.into_answer()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_undone_and_done() {
        assert_eq!(decode("a%20b%2Fc%zz%"), "a b/c%zz%");
        assert_eq!(decode(&encode("properties/x eq 'ä'")), "properties/x eq 'ä'");
        assert_eq!(
            pairs("a=1&b=x+y%26&c"),
            [("a".into(), "1".into()), ("b".into(), "x y&".into()), ("c".into(), String::new())]
        );
    }
}
