//! Errors of the library. Each has a stable code; `docs/troubleshooting.md` has a section for each code.

use std::time::Duration;

use crate::engine::{ErrorRecord, Output};

/// Result of the library's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong, said so that the reader knows what to do.
///
/// The codes are stable: E1xx start, E2xx capacity, E3xx request, E4xx script, E5xx limits, E6xx engine, E7xx Azure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// E101: no usable PowerShell was found.
    #[error("no usable PowerShell found: {reason}. {remedy}")]
    PowerShellNotFound {
        /// What was looked at and why it did not do.
        reason: String,
        /// What to do on this system.
        remedy: String,
    },
    /// E102: the runtime did not start.
    #[error("the PowerShell at {home} did not start: {reason}. {remedy}")]
    StartFailed {
        /// Home of the PowerShell that was tried.
        home: String,
        /// What happened, with the text the .NET host printed.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// E103: this process already hosts another PowerShell or other settings; only one runtime lives in a process.
    #[error(
        "this process already runs {running}; {wanted} cannot be started beside it. Use the running engine, or another process"
    )]
    RuntimeConflict {
        /// What runs.
        running: String,
        /// What was asked for.
        wanted: String,
    },
    /// E104: a runspace did not open.
    #[error("a runspace did not open ({phase}{}): {message}", subject.as_deref().map(|s| format!(" {s}")).unwrap_or_default())]
    OpenFailed {
        /// `runspace`, `module`, `startup_script` or `profile`.
        phase: String,
        /// The module or script concerned.
        subject: Option<String>,
        /// What happened.
        message: String,
    },
    /// E105: PowerShell was upgraded or removed under the running engine.
    #[error(
        "PowerShell at {home} changed while the engine was running ({change}); new calls are refused. Restart the process to use it"
    )]
    PowerShellChanged {
        /// Home of the PowerShell in use.
        home: String,
        /// What changed.
        change: String,
    },

    /// E201: the pool is full and so is its queue.
    #[error("overloaded: {running} calls run, {queued} wait (limit {limit}); try again in {} ms", retry_after.as_millis())]
    Overloaded {
        /// Calls that run.
        running: usize,
        /// Calls that wait.
        queued: usize,
        /// How many may wait.
        limit: usize,
        /// When another try makes sense.
        retry_after: Duration,
    },
    /// E202: no slot became free within the time a call may wait for one.
    #[error("no slot became free within {} ms ({running} calls run, at most {max} slots)", waited.as_millis())]
    AcquireTimeout {
        /// How long the call waited.
        waited: Duration,
        /// Calls that run.
        running: usize,
        /// Most slots the pool may have.
        max: usize,
    },
    /// E203: the engine has given up too many slots whose calls would not stop; it refuses new work.
    #[error(
        "degraded: {abandoned} calls could not be stopped and hold their threads (budget {budget}); restart the process"
    )]
    Degraded {
        /// Slots given up.
        abandoned: usize,
        /// How many may be.
        budget: usize,
    },

    /// E301: the invocation itself is not valid.
    #[error("invalid invocation: {0}")]
    InvalidInvocation(String),
    /// E302: PowerShell could not bind it: unknown command or parameter, a value that does not convert.
    #[error("{}", .0.record.message)]
    Refused(Box<ScriptFailure>),
    /// E303: no such session, or it has ended.
    #[error("no session named '{name}': {reason}")]
    NoSession {
        /// Its name.
        name: String,
        /// Why it is not there.
        reason: String,
    },
    /// E304: a secret could not be had from its provider.
    #[error("secret '{name}' is not available: {reason}")]
    Secret {
        /// The secret's name.
        name: String,
        /// What the provider said.
        reason: String,
    },
    /// E305: the output is not what the caller wanted to read it as.
    #[error("the output does not fit the type asked for: {0}")]
    OutputType(#[source] serde_json::Error),

    /// E401: the script ended with a terminating error.
    #[error("{}", .0.record.message)]
    Script(Box<ScriptFailure>),
    /// E402: the script asked a question that nobody can answer.
    #[error("the script asked for input ({kind}{}) and nobody can answer", prompt_text(caption, message))]
    PromptBlocked {
        /// `read_line`, `read_secure`, `prompt`, `credential` or `choice`.
        kind: String,
        /// Caption of the question.
        caption: String,
        /// Its text.
        message: String,
        /// Names of the fields (of missing mandatory parameters, for instance) or labels of the choices.
        fields: Vec<String>,
        /// What the call had put out before.
        output: Box<Output>,
    },
    /// E403: the script called `[Environment]::Exit`.
    #[error(
        "the script called [Environment]::Exit({code}), which would have ended the whole process; use exit {code} instead"
    )]
    ExitCalled {
        /// The code it gave.
        code: i32,
    },

    /// E501: the deadline passed.
    #[error("the call was stopped at its deadline of {} ms{}", deadline.as_millis(), if *abandoned { "; it did not stop, so its slot was given up" } else { "" })]
    Timeout {
        /// The deadline.
        deadline: Duration,
        /// True if the call would not stop within the grace period and still holds its thread.
        abandoned: bool,
        /// What the call had put out until then; empty if it was abandoned.
        output: Box<Output>,
    },
    /// E502: the call was cancelled.
    #[error("the call was cancelled{}", if *abandoned { "; it did not stop, so its slot was given up" } else { "" })]
    Cancelled {
        /// True if the call would not stop within the grace period and still holds its thread.
        abandoned: bool,
        /// What the call had put out until then.
        output: Box<Output>,
    },
    /// E503: the managed heap limit was hit.
    #[error("out of memory: the script used up the heap limit; its slot was replaced")]
    OutOfMemory,

    /// E601: the engine is shut down or shutting down.
    #[error("the engine is shut down")]
    ShutDown,
    /// E602: a slot died under a call, or broke the protocol.
    #[error("the slot of the call was lost: {0}")]
    SlotLost(String),
    /// E603: the operating system refused something the engine needs.
    #[error("{what}: {source}")]
    System {
        /// What was being done.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },

    /// E701 to E712: something between this program and Azure.
    #[error(transparent)]
    Azure(#[from] crate::azure::Error),
    /// E721 to E729: an operation on Microsoft Sentinel.
    #[error(transparent)]
    Sentinel(Box<crate::sentinel::Error>),
}

fn prompt_text(caption: &str, message: &str) -> String {
    let text = [caption, message].iter().filter(|t| !t.is_empty()).copied().collect::<Vec<_>>().join(": ");
    if text.is_empty() { text } else { format!(", \"{text}\"") }
}

/// A terminating error, with whatever the call had put out before.
#[derive(Debug)]
pub struct ScriptFailure {
    /// The error.
    pub record: ErrorRecord,
    /// Output and records up to the error.
    pub output: Output,
}

impl From<crate::sentinel::Error> for Error {
    fn from(error: crate::sentinel::Error) -> Self {
        match error {
            crate::sentinel::Error::Azure(error) => Self::Azure(error),
            other => Self::Sentinel(Box::new(other)),
        }
    }
}

impl Error {
    /// The stable code, e.g. `E401`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PowerShellNotFound { .. } => "E101",
            Self::StartFailed { .. } => "E102",
            Self::RuntimeConflict { .. } => "E103",
            Self::OpenFailed { .. } => "E104",
            Self::PowerShellChanged { .. } => "E105",
            Self::Overloaded { .. } => "E201",
            Self::AcquireTimeout { .. } => "E202",
            Self::Degraded { .. } => "E203",
            Self::InvalidInvocation(_) => "E301",
            Self::Refused(_) => "E302",
            Self::NoSession { .. } => "E303",
            Self::Secret { .. } => "E304",
            Self::OutputType(_) => "E305",
            Self::Script(_) => "E401",
            Self::PromptBlocked { .. } => "E402",
            Self::ExitCalled { .. } => "E403",
            Self::Timeout { .. } => "E501",
            Self::Cancelled { .. } => "E502",
            Self::OutOfMemory => "E503",
            Self::ShutDown => "E601",
            Self::SlotLost(_) => "E602",
            Self::System { .. } => "E603",
            Self::Azure(error) => error.code(),
            Self::Sentinel(error) => error.code(),
        }
    }

    /// The same error once more, for each call that waited for a start which failed.
    pub(crate) fn duplicate(&self) -> Self {
        match self {
            Self::PowerShellNotFound { reason, remedy } => {
                Self::PowerShellNotFound { reason: reason.clone(), remedy: remedy.clone() }
            }
            Self::StartFailed { home, reason, remedy } => {
                Self::StartFailed { home: home.clone(), reason: reason.clone(), remedy: remedy.clone() }
            }
            Self::RuntimeConflict { running, wanted } => {
                Self::RuntimeConflict { running: running.clone(), wanted: wanted.clone() }
            }
            Self::InvalidInvocation(text) => Self::InvalidInvocation(text.clone()),
            Self::OpenFailed { phase, subject, message } => {
                Self::OpenFailed { phase: phase.clone(), subject: subject.clone(), message: message.clone() }
            }
            Self::PowerShellChanged { home, change } => {
                Self::PowerShellChanged { home: home.clone(), change: change.clone() }
            }
            Self::ShutDown => Self::ShutDown,
            other => Self::SlotLost(other.to_string()),
        }
    }

    /// All codes, for the documentation's test.
    pub const CODES: &'static [&'static str] = &[
        "E101", "E102", "E103", "E104", "E105", "E201", "E202", "E203", "E301", "E302", "E303", "E304",
        "E305", "E401", "E402", "E403", "E501", "E502", "E503", "E601", "E602", "E603", "E701", "E702",
        "E703", "E704", "E705", "E706", "E707", "E708", "E709", "E710", "E711", "E712", "E721", "E722",
        "E723", "E724", "E725", "E726", "E727", "E728", "E729",
    ];

    /// Output the call had produced before it failed, if any.
    pub fn output(&self) -> Option<&Output> {
        match self {
            Self::Refused(failure) | Self::Script(failure) => Some(&failure.output),
            Self::PromptBlocked { output, .. }
            | Self::Timeout { output, .. }
            | Self::Cancelled { output, .. } => Some(output),
            _ => None,
        }
    }

    /// The PowerShell error behind it, if there is one.
    pub fn record(&self) -> Option<&ErrorRecord> {
        match self {
            Self::Refused(failure) | Self::Script(failure) => Some(&failure.record),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Error;

    const TROUBLESHOOTING: &str = include_str!("../docs/troubleshooting.md");

    #[test]
    fn every_code_has_a_section_that_says_what_to_do() {
        let mut sections: Vec<(&str, &str)> = TROUBLESHOOTING
            .split("\n## ")
            .skip(1)
            .filter_map(|section| section.split_once('\n'))
            .filter(|(title, _)| title.starts_with('E') && title.len() == 4)
            .collect();
        let titles: Vec<&str> = sections.iter().map(|(title, _)| *title).collect();
        assert_eq!(titles, Error::CODES, "one section a code, in their order");
        for (title, text) in sections.drain(..) {
            assert!(text.trim_start().starts_with("**"), "{title} begins with what happened");
            assert!(text.trim().len() > 150, "{title} says what to do");
        }
    }

    #[test]
    fn codes_are_listed_once_and_are_those_that_errors_have() {
        let listed: BTreeSet<&str> = Error::CODES.iter().copied().collect();
        assert_eq!(listed.len(), Error::CODES.len());
        // The codes that `code` can answer, read from the sources: the enums cannot be walked.
        let sources =
            [include_str!("error.rs"), include_str!("azure/error.rs"), include_str!("sentinel/error.rs")];
        let answered: BTreeSet<&str> = sources
            .into_iter()
            .flat_map(str::lines)
            .filter_map(|line| line.split_once("=> \"")?.1.split_once('"'))
            .map(|(code, _)| code)
            .filter(|code| code.len() == 4 && code.starts_with('E'))
            .collect();
        assert_eq!(answered, listed);
    }
}
