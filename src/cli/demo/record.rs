//! What is kept of a demo: the JSON that `--json` prints, and what transcript and page are made of. `docs/demo.md` has it.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::morning::{Asked, Finding};

/// Name of the JSON's schema; another number means that readers must be changed.
const SCHEMA: &str = "runspaced-demo/1";
/// Characters of an answer's text that are kept.
const TEXT: usize = 4_000;

/// A demo.
#[derive(Debug, Serialize)]
pub struct Record {
    schema: &'static str,
    /// Version of this program.
    pub version: &'static str,
    /// When it began, UTC.
    pub began: String,
    /// Milliseconds from the start of the process until there was a session: simulator, server, handshake.
    pub ready_ms: f64,
    /// Milliseconds from the start of the process to the end.
    pub total_ms: f64,
    pub server: Server,
    /// Requests that the simulated Azure answered.
    pub azure_requests: u64,
    pub steps: Vec<StepRecord>,
    /// Number of steps that failed.
    pub failed: usize,
}

/// The MCP server.
#[derive(Debug, Default, Serialize)]
pub struct Server {
    pub name: String,
    pub protocol: String,
    pub tools: usize,
}

/// A step.
#[derive(Debug, Serialize)]
pub struct StepRecord {
    pub question: &'static str,
    pub ok: bool,
    /// What was found, or what went wrong.
    pub said: String,
    pub took_ms: f64,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Value>,
    pub calls: Vec<CallRecord>,
}

/// A call of a tool.
#[derive(Debug, Serialize)]
pub struct CallRecord {
    pub tool: String,
    pub arguments: Value,
    pub took_ms: f64,
    pub failed: bool,
    /// Characters of the answer, as a model reads it.
    pub length: usize,
    /// The answer, cut where it is long.
    pub text: String,
}

/// Milliseconds, to a hundredth.
pub fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

impl Record {
    pub fn begin(server: Server, ready: Duration) -> Self {
        Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            began: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S").to_string(),
            ready_ms: milliseconds(ready),
            total_ms: 0.0,
            server,
            azure_requests: 0,
            steps: Vec::new(),
            failed: 0,
        }
    }

    /// Adds a step that has been taken.
    pub fn add(
        &mut self,
        question: &'static str,
        outcome: Result<Finding, String>,
        took: Duration,
        asked: Vec<Asked>,
    ) {
        let ok = outcome.is_ok();
        let Finding { said, columns, rows } =
            outcome.unwrap_or_else(|problem| Finding { said: problem, ..Finding::default() });
        self.failed += usize::from(!ok);
        let calls = asked.into_iter().map(CallRecord::of).collect();
        self.steps.push(StepRecord { question, ok, said, took_ms: milliseconds(took), columns, rows, calls });
    }

    /// Number of calls.
    pub fn calls(&self) -> usize {
        self.steps.iter().map(|step| step.calls.len()).sum()
    }
}

impl CallRecord {
    fn of(asked: Asked) -> Self {
        let Asked { tool, arguments, answer } = asked;
        let length = answer.text.chars().count();
        let mut text: String = answer.text.chars().take(TEXT).collect();
        if length > TEXT {
            text.push_str(&format!("\n... and {} characters more", length - TEXT));
        }
        Self { tool, arguments, took_ms: milliseconds(answer.took), failed: answer.failed, length, text }
    }
}

/// A cell, as people read it.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => match moment(text) {
            Some((day, time)) => format!("{day} {time}"),
            None => text.clone(),
        },
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Day and time of a moment in UTC, to the second.
pub fn moment(text: &str) -> Option<(&str, &str)> {
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    text.parse::<jiff::Timestamp>().ok()?;
    Some((day, time.split_once('.').map_or(time, |(seconds, _)| seconds)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::cell;

    #[test]
    fn moments_are_shown_to_the_second_and_nothing_else_is_touched() {
        assert_eq!(cell(&json!("2026-11-22T10:25:14.2490069Z")), "2026-11-22 10:25:14");
        assert_eq!(cell(&json!("T-Z")), "T-Z");
        assert_eq!(cell(&json!(["a", 1, null])), "a, 1, ");
    }
}
