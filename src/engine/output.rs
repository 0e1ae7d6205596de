//! What a call gives back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
