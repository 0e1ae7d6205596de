//! What a process leaves to the one that takes its place, so that its clients notice nothing.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::transport::Unread;

/// Everything a server leaves. Made and read by the same program, perhaps by two versions of it: what a version does not
/// know it leaves out.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Handover {
    pub(crate) stdio: Option<StdioState>,
    pub(crate) sessions: Vec<SessionState>,
}

impl Handover {
    pub(crate) fn pack(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Nothing, if the bytes are not of that kind.
    pub(crate) fn unpack(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }
}

/// A conversation over two streams.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct StdioState {
    /// Base64: whole messages, one a line, that nobody has answered yet.
    lines: String,
    /// Base64: what was read behind them, and is no whole line or was not looked at.
    unread: String,
    passing: Option<(u64, Option<String>)>,
    messages: Vec<Value>,
}

impl StdioState {
    pub(super) fn new(lines: &[u8], rest: &Unread, messages: Vec<Value>) -> Self {
        Self {
            lines: STANDARD.encode(lines),
            unread: STANDARD.encode(&rest.unread),
            passing: rest.passing.clone(),
            messages,
        }
    }

    /// The messages that are to be answered, one a line; the bytes behind them; the messages to be heard again.
    pub(super) fn into_parts(self) -> (Vec<u8>, Unread, Vec<Value>) {
        let decode = |text| STANDARD.decode(text).unwrap_or_default();
        let rest = Unread { unread: decode(self.unread), passing: self.passing };
        (decode(self.lines), rest, self.messages)
    }
}

/// A session over HTTP.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SessionState {
    pub(crate) id: String,
    pub(crate) owner: Option<String>,
    pub(crate) messages: Vec<Value>,
}
