//! Rows of many workspaces as one output, with what failed beside them.

use std::time::Instant;

use serde_json::Value;

use crate::{
    Dropped, ErrorRecord, Output, Record, RecordData, Stream, Timings, Truncation, TruncationReason,
    host::{
        RawAnswer,
        message::{AnswerMeta, AnswerStatus},
    },
    sentinel::WorkspaceFailure,
};

/// Bytes of rows that are kept. What a client gets at once is far less; the rest stays behind a handle.
const KEPT_BYTES: usize = 8 << 20;

/// Rows as they come.
pub(super) struct Rows {
    /// A JSON array without its end.
    json: Vec<u8>,
    count: u64,
    records: Vec<Record>,
    full: bool,
    begun: Instant,
}

impl Default for Rows {
    fn default() -> Self {
        Self { json: b"[".to_vec(), count: 0, records: Vec::new(), full: false, begun: Instant::now() }
    }
}

impl Rows {
    pub(super) fn of(rows: impl IntoIterator<Item = Value>) -> Self {
        let mut all = Self::default();
        for row in rows {
            all.push(&row);
        }
        all
    }

    /// Adds a row. False if there is no room for more.
    pub(super) fn push(&mut self, row: &Value) -> bool {
        let end = self.json.len();
        if self.count > 0 {
            self.json.push(b',');
        }
        // Writing to memory does not fail, and the keys are texts.
        let written = serde_json::to_writer(&mut self.json, row).is_ok();
        // One row is given, however long it is.
        if !written || (self.json.len() > KEPT_BYTES && self.count > 0) {
            self.json.truncate(end);
            self.full = true;
            return false;
        }
        self.count += 1;
        true
    }

    /// Adds a workspace that could not be read, or not to its end.
    pub(super) fn fail(&mut self, failure: &WorkspaceFailure) {
        let data = RecordData::Error(Box::new(error_of(failure)));
        self.note(Record { stream: Stream::Error, at: self.count, data });
    }

    /// Adds what was written beside the rows.
    pub(super) fn note(&mut self, record: Record) {
        self.records.push(record);
    }

    pub(super) fn into_output(self) -> Output {
        let mut buffer = self.json;
        buffer.push(b']');
        let output_end = buffer.len();
        buffer.extend(serde_json::to_vec(&self.records).unwrap_or_else(|_| b"[]".to_vec()));
        let records_end = buffer.len();
        let micros = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let meta = AnswerMeta {
            status: AnswerStatus::Completed,
            exit_code: None,
            native_exit_code: None,
            succeeded: None,
            had_errors: self.records.iter().any(|record| record.stream == Stream::Error),
            error: None,
            prompt: None,
            count: self.count,
            truncated: if self.full {
                vec![Truncation { reason: TruncationReason::Bytes, pointer: String::new(), omitted: None }]
            } else {
                Vec::new()
            },
            dropped: Dropped::default(),
            non_finite: Vec::new(),
            timings: Timings::default(),
            modules: None,
        };
        let timings = Timings { run_us: micros, total_us: micros, ..Timings::default() };
        Output::new(RawAnswer { buffer, output_end, records_end }, meta, timings)
    }
}

/// A workspace that could not be read, as an error record.
pub(super) fn error_of(failure: &WorkspaceFailure) -> ErrorRecord {
    let place = failure.place();
    ErrorRecord {
        message: format!("{place}: {}", failure.error),
        fully_qualified_error_id: failure.error.code().to_owned(),
        target: Some(place),
        ..ErrorRecord::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sentinel::Error;

    #[test]
    fn rows_and_failures_are_one_output() {
        let mut rows = Rows::of([json!({"a": 1}), json!({"a": "\u{2028}'; $(x)"})]);
        rows.fail(&WorkspaceFailure {
            tenant_name: "Contoso".to_owned(),
            workspace_name: "law".to_owned(),
            error: Error::File("no".to_owned()),
        });
        let output = rows.into_output();
        assert_eq!(output.values().expect("rows"), [json!({"a": 1}), json!({"a": "\u{2028}'; $(x)"})]);
        assert_eq!((output.count(), output.had_errors()), (2, true));
        let errors = output.errors();
        assert_eq!(errors[0].message, "law (Contoso): no");
        assert_eq!(errors[0].fully_qualified_error_id, "E728");
    }

    #[test]
    fn what_is_too_long_is_cut_between_rows_and_says_so() {
        let mut rows = Rows::default();
        let row = json!("x".repeat(KEPT_BYTES / 3));
        let kept = (0..5).take_while(|_| rows.push(&row)).count();
        let output = rows.into_output();
        assert_eq!((kept, output.count()), (2, 2));
        assert_eq!(output.values().map(|rows| rows.len()).ok(), Some(2));
        assert_eq!(output.truncation()[0].reason, TruncationReason::Bytes);
    }
}
