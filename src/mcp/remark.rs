//! What is said of a job's end beside its rows: that they are a plan, what to do next, what became of a change.

use serde_json::{Map, Value};

use super::reply::Reply;

/// Something to say around the rows of an answer.
#[derive(Debug, Default)]
pub(crate) struct Remark {
    /// Stands before the rows.
    pub(crate) before: String,
    /// Stands behind them.
    pub(crate) after: Vec<String>,
    /// Members of the structured content, beside `values`.
    pub(crate) content: Map<String, Value>,
    /// The call did not do what was asked: the word for the audit record.
    pub(crate) failed: Option<&'static str>,
}

impl Remark {
    /// Says it; and what the audit record says.
    pub(crate) fn on(self, mut reply: Reply) -> (Reply, &'static str) {
        let rows = if has_rows(&reply) { reply.text } else { String::new() };
        let parts = [self.before, rows, self.after.join("\n")];
        reply.text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
        if let Some(Value::Object(content)) = &mut reply.structured {
            content.extend(self.content);
        }
        reply.is_error |= self.failed.is_some();
        let word = self.failed.unwrap_or(if reply.is_error { "error" } else { "ok" });
        (reply, word)
    }
}

/// An answer without anything says so, which would be wrong beside a remark.
fn has_rows(reply: &Reply) -> bool {
    let content = reply.structured.as_ref().and_then(Value::as_object);
    content.is_none_or(|content| {
        content.len() > 1
            || content.get("values").and_then(Value::as_array).is_none_or(|rows| !rows.is_empty())
    })
}
