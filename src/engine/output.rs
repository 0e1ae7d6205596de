//! What a call gives back.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use crate::{
    error::{Error, Result},
    host::{
        RawAnswer,
        message::{AnswerMeta, RawRecord},
    },
};

/// The result of a call: its output, the records of every other stream, and how it went.
///
/// The output stays the bytes that PowerShell's side wrote; it is parsed when asked for.
#[derive(Clone, Default)]
pub struct Output {
    answer: RawAnswer,
    meta: Option<Box<AnswerMeta>>,
    timings: Timings,
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Output may be confidential, and large: its size is shown.
        f.debug_struct("Output")
            .field("bytes", &self.answer.output_end)
            .field("count", &self.count())
            .field("had_errors", &self.had_errors())
            .field("exit_code", &self.exit_code())
            .field("timings", &self.timings)
            .finish_non_exhaustive()
    }
}

impl Output {
    pub(crate) fn new(answer: RawAnswer, meta: AnswerMeta, timings: Timings) -> Self {
        Self { answer, meta: Some(Box::new(meta)), timings }
    }

    /// The same output with other records.
    pub(crate) fn with_records(mut self, records: &[Record]) -> Self {
        let records = serde_json::to_vec(records).unwrap_or_else(|_| b"[]".to_vec());
        let answer = &mut self.answer;
        answer.buffer.truncate(answer.output_end);
        answer.buffer.extend(records);
        answer.records_end = answer.buffer.len();
        self
    }

    /// The output document as it was written: a JSON array of values, or one JSON string in text format. Always valid
    /// JSON, also when it was cut.
    pub fn json(&self) -> &str {
        match std::str::from_utf8(&self.answer.buffer[..self.answer.output_end]) {
            Ok("") | Err(_) => "[]",
            Ok(json) => json,
        }
    }

    /// The output values as rows of a type of yours.
    ///
    /// # Errors
    /// [`Error::OutputType`] if a value does not fit, or if the output is text.
    pub fn rows<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        serde_json::from_str(self.json()).map_err(Error::OutputType)
    }

    /// The output values. Numbers that neither an `i64`, a `u64` nor an `f64` holds exactly lose digits here, not in
    /// [`json`](Self::json).
    ///
    /// # Errors
    /// [`Error::OutputType`] if the output is text, or has a number that is out of the range of an `f64`
    /// ([`raw_values`](Self::raw_values) reads those too).
    pub fn values(&self) -> Result<Vec<Value>> {
        self.rows()
    }

    /// The output values, each as the JSON text that was written.
    ///
    /// # Errors
    /// [`Error::OutputType`] if the output is text.
    pub fn raw_values(&self) -> Result<Vec<&RawValue>> {
        serde_json::from_str(self.json()).map_err(Error::OutputType)
    }

    /// The text of a call in text format; `None` in JSON format.
    pub fn text(&self) -> Option<String> {
        self.json().starts_with('"').then(|| serde_json::from_str(self.json()).unwrap_or_default())
    }

    /// How many values were written.
    pub fn count(&self) -> u64 {
        self.meta.as_ref().map_or(0, |meta| meta.count)
    }

    /// The records document as it was written: a JSON array.
    pub fn records_json(&self) -> &str {
        match std::str::from_utf8(&self.answer.buffer[self.answer.output_end..self.answer.records_end]) {
            Ok("") | Err(_) => "[]",
            Ok(json) => json,
        }
    }

    /// Records of all streams but output, in the order in which they were written.
    pub fn records(&self) -> Vec<Record> {
        let raw: Vec<RawRecord> = serde_json::from_str(self.records_json()).unwrap_or_default();
        raw.iter().map(Record::from_raw).collect()
    }

    /// The errors among the records. A terminating error is not among them: it is the call's [`Error`].
    pub fn errors(&self) -> Vec<ErrorRecord> {
        self.records()
            .into_iter()
            .filter_map(|record| match record.data {
                RecordData::Error(error) => Some(*error),
                _ => None,
            })
            .collect()
    }

    /// The texts of a stream: of warnings, verbose and debug records, of `Write-Host` and information records.
    pub fn messages(&self, stream: Stream) -> Vec<String> {
        self.records()
            .into_iter()
            .filter(|record| record.stream == stream)
            .map(|record| record.text())
            .collect()
    }

    /// True if something was written to the error stream, or a terminating error ended the call.
    pub fn had_errors(&self) -> bool {
        self.meta.as_ref().is_some_and(|meta| meta.had_errors)
    }

    /// The number given to `exit`, if the script called it.
    pub fn exit_code(&self) -> Option<i32> {
        self.meta.as_ref().and_then(|meta| meta.exit_code)
    }

    /// `$LASTEXITCODE`, if the call ran a native command.
    pub fn native_exit_code(&self) -> Option<i32> {
        self.meta.as_ref().and_then(|meta| meta.native_exit_code)
    }

    /// `$?` after the last statement, of a call made with [`judge`](crate::Invocation::judge): whether it succeeded.
    pub fn succeeded(&self) -> Option<bool> {
        self.meta.as_ref().and_then(|meta| meta.succeeded)
    }

    /// Where the output was cut, and why (at most 100 places). Empty: it is whole.
    pub fn truncation(&self) -> &[Truncation] {
        self.meta.as_ref().map_or(&[], |meta| &meta.truncated)
    }

    /// Records left out because a budget was used up.
    pub fn dropped(&self) -> Dropped {
        self.meta.as_ref().map_or_else(Dropped::default, |meta| meta.dropped)
    }

    /// JSON pointers of NaN and infinities, which are written as strings (at most 100).
    pub fn non_finite(&self) -> &[String] {
        self.meta.as_ref().map_or(&[], |meta| &meta.non_finite)
    }

    /// Where the time went.
    pub fn timings(&self) -> Timings {
        self.timings
    }
}

impl Record {
    /// What it says: the message of an error, the text of every other stream.
    pub fn text(&self) -> String {
        match &self.data {
            RecordData::Text(text) => text.clone(),
            RecordData::Error(error) => error.message.clone(),
            RecordData::Value(value) => match value.get("message") {
                Some(Value::String(message)) => message.clone(),
                _ => value.to_string(),
            },
        }
    }

    pub(crate) fn from_raw(raw: &RawRecord) -> Self {
        let json = raw.data.get();
        let data = match raw.stream {
            Stream::Error => serde_json::from_str(json).map(|error| RecordData::Error(Box::new(error))),
            Stream::Warning | Stream::Verbose | Stream::Debug => {
                serde_json::from_str(json).map(RecordData::Text)
            }
            _ => serde_json::from_str(json).map(RecordData::Value),
        };
        Self {
            stream: raw.stream,
            at: raw.at,
            data: data.unwrap_or_else(|_| RecordData::Text(json.to_owned())),
        }
    }
}

/// A stream of PowerShell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stream {
    /// Output values (stream 1).
    Output,
    /// Errors (2).
    Error,
    /// Warnings (3).
    Warning,
    /// Verbose (4).
    Verbose,
    /// Debug (5).
    Debug,
    /// Information (6), `Write-Host` included.
    Information,
    /// Progress.
    Progress,
}

/// One record of a stream, in the order in which the script wrote them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Where it was written.
    pub stream: Stream,
    /// How many output values were written before it.
    pub at: u64,
    /// What was written.
    pub data: RecordData,
}

/// Content of a [`Record`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum RecordData {
    /// Text of a warning, verbose or debug record.
    Text(String),
    /// An error.
    Error(Box<ErrorRecord>),
    /// An output value (streaming calls), an information or a progress record.
    Value(Value),
}

/// PowerShell's `ErrorRecord`, whole.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ErrorRecord {
    /// The message.
    pub message: String,
    /// `ErrorCategory`, e.g. `ObjectNotFound`.
    pub category: String,
    /// `FullyQualifiedErrorId`.
    pub fully_qualified_error_id: String,
    /// `TargetObject` as text.
    pub target: Option<String>,
    /// Full name of the exception's type.
    pub exception_type: String,
    /// Where in the script.
    pub position: Option<Position>,
    /// `ScriptStackTrace`.
    pub script_stack_trace: Option<String>,
    /// Inner exceptions, outermost first.
    pub inner: Vec<ErrorInner>,
    /// The command that wrote it.
    pub command_name: Option<String>,
    /// `ErrorDetails.RecommendedAction`.
    pub recommended_action: Option<String>,
}

/// An inner exception.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorInner {
    /// Full name of its type.
    #[serde(rename = "type")]
    pub exception_type: String,
    /// Its message.
    pub message: String,
}

/// A place in a script.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Position {
    /// Path of the script file, if it has one.
    pub file: Option<String>,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// The line's text.
    pub text: String,
}

/// A place where the output was cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truncation {
    /// Why.
    pub reason: TruncationReason,
    /// JSON pointer into the output array; empty for the array itself.
    #[serde(default)]
    pub pointer: String,
    /// How much was left out (items, bytes or UTF-16 units, as the reason says), if known.
    #[serde(default)]
    pub omitted: Option<u64>,
}

/// Which budget was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TruncationReason {
    /// [`crate::Limits::depth`].
    Depth,
    /// [`crate::Limits::items`].
    Items,
    /// [`crate::Limits::output_bytes`].
    Bytes,
    /// [`crate::Limits::string_chars`].
    String,
    /// An object that contains itself.
    Cycle,
    /// [`crate::Limits::getter_ms`].
    Getter,
}

/// How many records of each stream were left out because a budget was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names of the streams")]
pub struct Dropped {
    pub error: u64,
    pub warning: u64,
    pub verbose: u64,
    pub debug: u64,
    pub information: u64,
    pub progress: u64,
}

impl Dropped {
    /// All streams together.
    pub fn total(&self) -> u64 {
        self.error + self.warning + self.verbose + self.debug + self.information + self.progress
    }
}

/// Where the time of a call went, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Timings {
    /// Waiting for a slot.
    pub queue_us: u64,
    /// Reading the request and binding it.
    pub bind_us: u64,
    /// Running the pipeline (values that are written while it runs included).
    pub run_us: u64,
    /// Writing what was left to write.
    pub write_us: u64,
    /// From `invoke` to the answer.
    pub total_us: u64,
}
