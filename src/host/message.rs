//! The JSON documents that cross the [`super::Host`] seam. `docs/abi.md` describes them field by field; the C#
//! side (`dotnet-host/src`) reads and writes the same names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::engine::{
    Dropped, Encoding, ErrorRecord, Format, InitialState, Isolation, LanguageMode, Limits, Timings,
    Truncation,
};

/// How a slot is opened. The same for all slots of a pool, apart from the affinity key, which the host never
/// sees.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub(crate) struct SlotConfig {
    /// Stack of the slot's thread, bytes.
    pub(crate) stack_bytes: u32,
    /// Culture of the slot's thread, e.g. `en-US`.
    pub(crate) culture: String,
    pub(crate) language_mode: LanguageMode,
    pub(crate) initial_state: InitialState,
    /// Modules imported while the slot opens: names or paths.
    pub(crate) modules: Vec<String>,
    /// Folders in which modules are found by name, after PowerShell's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) module_folders: Vec<String>,
    /// Script run once in the global scope after the modules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) startup_script: Option<String>,
    /// Dot-source `$PROFILE` (all four) at opening.
    pub(crate) load_profile: bool,
    /// Location of the slot at the start of every call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) working_directory: Option<String>,
    /// Execution policy of the slot (Windows only; ignored elsewhere).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) execution_policy: Option<String>,
    /// Commands visible to callers; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) visible_commands: Vec<String>,
    /// How the output of native commands is decoded.
    pub(crate) native_encoding: Encoding,
    /// The embedding program has functions that scripts may call.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) host_functions: bool,
    /// Commands that stand for such functions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) host_commands: Vec<HostCommand>,
}

impl Default for SlotConfig {
    fn default() -> Self {
        Self {
            stack_bytes: 2 << 20,
            culture: "en-US".to_owned(),
            language_mode: LanguageMode::Full,
            initial_state: InitialState::Default,
            modules: Vec::new(),
            module_folders: Vec::new(),
            startup_script: None,
            load_profile: false,
            working_directory: None,
            execution_policy: None,
            visible_commands: Vec::new(),
            native_encoding: Encoding::Utf8,
            host_functions: false,
            host_commands: Vec::new(),
        }
    }
}

/// A PowerShell function that calls a host function.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub(crate) struct HostCommand {
    pub(crate) name: String,
    /// What stands between the braces of the function.
    pub(crate) definition: String,
}

/// What an open slot reports about itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SlotInfo {
    /// Time to open the runspace, microseconds.
    pub(crate) open_us: u64,
    /// Time to import the modules and run the startup script, microseconds.
    pub(crate) modules_us: u64,
    /// Operating-system id of the slot's thread, 0 if unknown.
    pub(crate) thread_id: u64,
    pub(crate) ps_version: String,
    pub(crate) ps_home: String,
    pub(crate) runtime_version: String,
    pub(crate) language_mode: String,
    pub(crate) execution_policy: String,
    pub(crate) culture: String,
    /// True if .NET runs without ICU.
    pub(crate) invariant_globalization: bool,
    /// Names of the loaded modules.
    pub(crate) modules: Vec<String>,
}

/// Why a slot did not open.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OpenFailure {
    /// What was being done: `runspace`, `module`, `startup_script`, `profile`.
    pub(crate) phase: String,
    /// The module or script concerned, if any.
    pub(crate) subject: Option<String>,
    pub(crate) message: String,
}

/// What is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallKind {
    /// One command by name, with bound parameters.
    Command,
    /// Script text with bound parameters.
    Script,
    /// A script file by path with bound parameters.
    File,
    /// Metadata of commands: `text` is a wildcard pattern; output is an array of command descriptions.
    Describe,
    /// The floor of the benchmark: `text` run `count` times in a plain C# loop in this slot.
    Measure,
}

/// One invocation, as the host sees it. What has its default is left out: writing and reading it costs more than a short
/// command.
#[derive(Debug, Serialize)]
pub(crate) struct CallRequest<'a> {
    pub(crate) kind: CallKind,
    pub(crate) text: &'a str,
    /// Named parameters: an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameters: Option<&'a RawValue>,
    /// Positional arguments: an array.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) arguments: Option<&'a RawValue>,
    /// Pipeline input: an array. Absent is not the same as empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<&'a RawValue>,
    /// Values of `{"$secret": name}` in parameters and arguments.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) secrets: BTreeMap<&'a str, SecretValue<'a>>,
    pub(crate) isolation: Isolation,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) format: Format,
    #[serde(skip_serializing_if = "are_default")]
    pub(crate) limits: &'a Limits,
    /// Send records other than output as they come (they are in the answer too).
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) live: bool,
    /// Send output values as records, with back-pressure; the answer's output is then empty.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) stream: bool,
    /// Say whether the last statement succeeded.
    pub(crate) judge: bool,
    /// Prompts go to the engine instead of being refused.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) interactive: bool,
    /// Modules to import first if the slot does not have them; they stay and become part of its baseline.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(crate) modules: &'a [String],
    /// Location for this call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) working_directory: Option<&'a str>,
    /// Text format only: width in columns.
    #[serde(skip_serializing_if = "is_default_width")]
    pub(crate) width: u32,
    /// `Measure` only: how many times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u64>,
    /// Correlation id, readable in the script as `$RunspacedCallId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) correlation_id: Option<&'a str>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn are_default(limits: &&Limits) -> bool {
    **limits == Limits::default()
}

/// Columns of text that names none.
pub(crate) const DEFAULT_WIDTH: u32 = 120;

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_default_width(width: &u32) -> bool {
    *width == DEFAULT_WIDTH
}

/// A secret on its way to a `SecureString` or `PSCredential` parameter.
#[derive(Serialize)]
pub(crate) struct SecretValue<'a> {
    /// Present: a `PSCredential` with this user name; absent: a `SecureString`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<&'a str>,
    pub(crate) value: &'a str,
}

impl std::fmt::Debug for SecretValue<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretValue").field("user", &self.user).field("value", &"***").finish()
    }
}

/// How a call ended in the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AnswerStatus {
    /// Ran to its end (non-terminating errors and `exit` included).
    Completed,
    /// A terminating error; `error` is set.
    Failed,
    /// Stopped by a cancel.
    Stopped,
    /// Stopped by ourselves because a budget was used up; output up to there is complete.
    Truncated,
    /// The request could not be bound (unknown command or parameter, unconvertible value); `error` is set,
    /// nothing ran.
    Refused,
    /// A prompt was needed and nobody can answer; `prompt` is set.
    PromptBlocked,
    /// The heap limit was hit; the slot is to be retired.
    OutOfMemory,
}

/// Third document of an answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AnswerMeta {
    pub(crate) status: AnswerStatus,
    /// `exit n` of a script, if it called it.
    #[serde(default)]
    pub(crate) exit_code: Option<i32>,
    /// `$LASTEXITCODE` if the call set it.
    #[serde(default)]
    pub(crate) native_exit_code: Option<i32>,
    /// `$?` after the last statement; only with `judge`.
    #[serde(default)]
    pub(crate) succeeded: Option<bool>,
    /// True if the error stream was written to, or a terminating error ended the call.
    #[serde(default)]
    pub(crate) had_errors: bool,
    #[serde(default)]
    pub(crate) error: Option<Box<ErrorRecord>>,
    #[serde(default)]
    pub(crate) prompt: Option<Prompt>,
    /// Output values written.
    #[serde(default)]
    pub(crate) count: u64,
    #[serde(default)]
    pub(crate) truncated: Vec<Truncation>,
    #[serde(default)]
    pub(crate) dropped: Dropped,
    /// JSON pointers (at most 100) of values that JSON has no number for: NaN and infinities.
    #[serde(default)]
    pub(crate) non_finite: Vec<String>,
    /// Microseconds: `bind`, `run`, `write`. The engine adds `queue` and `total`.
    #[serde(default)]
    pub(crate) timings: Timings,
    /// Modules loaded in the slot after the call, if that changed.
    #[serde(default)]
    pub(crate) modules: Option<Vec<String>>,
}

/// One record of a stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RawRecord {
    pub(crate) stream: crate::engine::Stream,
    /// How many output values came before it.
    pub(crate) at: u64,
    /// Output: the value. Error: an [`ErrorRecord`]. Progress and information: an object. Others: a string.
    pub(crate) data: Box<RawValue>,
}

/// A question of a script.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Prompt {
    /// `read_line`, `read_secure`, `prompt` (missing mandatory parameters), `credential`, `choice`.
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) caption: String,
    #[serde(default)]
    pub(crate) message: String,
    /// Field names of `prompt`, labels of `choice`.
    #[serde(default)]
    pub(crate) fields: Vec<String>,
    /// Full names of the .NET types of a `prompt`'s fields.
    #[serde(default)]
    pub(crate) types: Vec<String>,
    /// Default choice, -1 for none.
    #[serde(default)]
    pub(crate) default_choice: i32,
}

/// The engine's answer to a [`Prompt`].
#[derive(Serialize, Deserialize)]
pub(crate) struct PromptReply {
    /// False: the question is refused, as if nobody could answer.
    pub(crate) accepted: bool,
    /// One value for each field; a choice's index as text; user name and password for a credential.
    #[serde(default)]
    pub(crate) values: Vec<String>,
}

/// What is to become of a slot after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Nothing was left behind, or nothing is looked for at this isolation level.
    Clean,
    /// Something was left behind and was removed again.
    Restored,
    /// Something is left that cannot be removed: close the slot.
    Retire,
}

/// What the detectors found after a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Settlement {
    pub(crate) verdict: Verdict,
    /// What was found, as `kind:name`: `variable:x`, `function:f`, `env:PATH`, `assembly:Foo`, at most 50.
    #[serde(default)]
    pub(crate) changes: Vec<String>,
    /// The environment (or another process-wide setting) was changed while other calls ran.
    #[serde(default)]
    pub(crate) environment_overlap: bool,
    /// Process-wide changes could not be restored because other calls are running: let them finish before
    /// another call starts.
    #[serde(default)]
    pub(crate) environment_dirty: bool,
    #[serde(default)]
    pub(crate) settle_us: u64,
}

/// A host function is called.
#[derive(Deserialize)]
pub(crate) struct FunctionCalled<'a> {
    pub(crate) name: String,
    /// Whether input of the pipeline follows.
    pub(crate) input: bool,
    /// Names and values: an object.
    #[serde(borrow)]
    pub(crate) arguments: &'a RawValue,
}

/// How far a host function is.
#[derive(Serialize)]
pub(crate) struct FunctionProgress<'a> {
    pub(crate) activity: &'a str,
    pub(crate) status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) percent: Option<u8>,
    pub(crate) completed: bool,
}

/// An error of a host function, as PowerShell's ErrorRecord will show it.
#[derive(Serialize)]
pub(crate) struct FunctionFailure<'a> {
    pub(crate) message: &'a str,
    /// Fully qualified error id.
    pub(crate) id: &'a str,
    /// Name of a PowerShell `ErrorCategory`.
    pub(crate) category: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<&'a serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recommended_action: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) details: Option<&'a serde_json::Value>,
}

impl<'a> FunctionFailure<'a> {
    /// A failure of the machinery around a function, not of the function.
    pub(crate) fn internal(message: &'a str) -> Self {
        Self {
            message,
            id: "HostFunctionFailed",
            category: "InvalidOperation",
            target: None,
            recommended_action: None,
            details: None,
        }
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        // Texts and values that were JSON before are JSON again.
        serde_json::to_vec(self).unwrap_or_else(|_| b"{}".to_vec())
    }
}
