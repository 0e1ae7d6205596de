//! Settings of slots and calls.

use serde::{Deserialize, Serialize};

/// How much of one call the next call on the same slot may see.
///
/// A runspace is not a security boundary; process-wide state (static fields, loaded assemblies) is shared at
/// every level. `docs/pool.md` has the matrix of what survives at which level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Isolation {
    /// None: whatever a call leaves in the runspace stays there for whoever comes next.
    Shared,
    /// The default: the call runs in a scope of its own, and detectors look for what it left outside of it. One
    /// that fires causes a reset; what a reset cannot undo retires the slot.
    #[default]
    Scoped,
    /// As `Scoped`, with a full reset after every call (about 1 ms of CPU after the answer).
    Reset,
    /// A runspace that was never used before and never will be again.
    Fresh,
    /// State is kept on purpose, for the owner of a named session. Set by [`crate::Invocation::session`].
    Session,
}

/// What the output document of a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// A JSON array of values.
    #[default]
    Json,
    /// One text, as `Out-String` prints it.
    Text,
}

/// How the output of native commands is decoded, and pipeline input to them encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8; bytes that are not UTF-8 become U+FFFD.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// What the system says (`LANG`, the console's code page).
    System,
}

/// Language mode of a runspace. A guard rail, not a sandbox: see `SECURITY.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LanguageMode {
    /// Everything.
    #[default]
    Full,
    /// `ConstrainedLanguage`.
    Constrained,
    /// `NoLanguage`: commands with bound parameters only.
    None,
}

/// What a runspace knows when it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InitialState {
    /// `InitialSessionState.CreateDefault`: built-in commands are there at once.
    #[default]
    Default,
    /// `CreateDefault2`: the core only, the rest is loaded when first used, as in pwsh.
    Default2,
}

/// Budgets of one call. Each cut leaves a mark in the output and an entry in [`crate::Output::truncation`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// Levels of nesting written (1 to 100, default 6).
    pub depth: u32,
    /// Entries written of one collection inside a value (default 1,000). The output array itself is bounded by
    /// `output_bytes` only.
    pub items: u32,
    /// UTF-16 units written of one string (default 65,536).
    pub string_chars: u32,
    /// Bytes of the output document (default 1 MiB; at most 64 MiB). The pipeline is stopped when they are used up.
    pub output_bytes: u32,
    /// Records kept of each stream other than output (default 1,000); the rest is counted.
    pub records: u32,
    /// Bytes kept of each stream other than output (default 256 KiB).
    pub record_bytes: u32,
    /// Milliseconds all property getters of one output value may take together before the rest of its
    /// properties is cut (default 5,000).
    pub getter_ms: u32,
}

impl Limits {
    /// Largest permitted `output_bytes`: 64 MiB.
    pub const MAX_OUTPUT_BYTES: u32 = 64 << 20;
    /// Largest permitted `depth`.
    pub const MAX_DEPTH: u32 = 100;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 6,
            items: 1_000,
            string_chars: 64 << 10,
            output_bytes: 1 << 20,
            records: 1_000,
            record_bytes: 256 << 10,
            getter_ms: 5_000,
        }
    }
}
