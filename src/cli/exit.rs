//! Exit codes. `docs/cli.md` has the table.

use runspaced::Error;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Exit(i32);

impl Exit {
    /// All went well.
    pub const OK: Self = Self(0);
    /// The script failed, or something else did.
    pub const FAILED: Self = Self(1);
    /// The command line, the configuration or the input is wrong.
    pub const USAGE: Self = Self(2);
    /// There is no PowerShell that can be hosted.
    pub const NO_POWERSHELL: Self = Self(69);
    /// It cannot go on; another process can.
    pub const DEGRADED: Self = Self(75);
    /// The deadline passed.
    pub const TIMEOUT: Self = Self(124);
    /// The terminal went away.
    pub const HUNG_UP: Self = Self(129);
    /// Ctrl-C.
    pub const INTERRUPTED: Self = Self(130);
    /// Whoever read the output has gone.
    pub const BROKEN_PIPE: Self = Self(141);
    /// SIGTERM.
    pub const TERMINATED: Self = Self(143);

    /// The code a script gave.
    pub const fn of_script(code: i32) -> Self {
        Self(code)
    }

    /// The number.
    pub const fn code(self) -> i32 {
        self.0
    }
}

impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        match error {
            Error::PowerShellNotFound { .. } | Error::StartFailed { .. } => Self::NO_POWERSHELL,
            Error::InvalidInvocation(_) | Error::Secret { .. } => Self::USAGE,
            Error::Degraded { .. }
            | Error::PowerShellChanged { .. }
            | Error::Overloaded { .. }
            | Error::AcquireTimeout { .. } => Self::DEGRADED,
            Error::Timeout { .. } => Self::TIMEOUT,
            Error::Cancelled { .. } => Self::INTERRUPTED,
            Error::ExitCalled { code } => Self(*code),
            _ => Self::FAILED,
        }
    }
}
