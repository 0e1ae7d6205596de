//! Why the runtime did not start.

use std::path::PathBuf;

use super::locate::Survey;

/// Why PowerShell's runtime did not start in this process.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    /// No suitable PowerShell; the survey says what was found where.
    #[error("no usable PowerShell: {}", .0.summary())]
    NotFound(Box<Survey>),
    /// `hostfxr`, the library that starts .NET, could not be loaded.
    #[error("{} cannot be loaded: {message}", path.display())]
    Hostfxr {
        /// Home of the PowerShell that was to be started.
        home: PathBuf,
        /// The library.
        path: PathBuf,
        /// What the loader said.
        message: String,
    },
    /// .NET refused to start with this PowerShell.
    #[error(".NET did not start while {step}: {message}")]
    Runtime {
        /// Home of the PowerShell that was to be started.
        home: PathBuf,
        /// What was being done.
        step: &'static str,
        /// What .NET printed, and its code.
        message: String,
    },
    /// A setting is out of its range.
    #[error("runtime setting {name} = {given}: {allowed}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// What was given.
        given: String,
        /// What would work.
        allowed: String,
    },
    /// The host assembly is not of one kind with this library, or failed to set itself up.
    #[error("the PowerShell host did not set itself up: {message}")]
    Bootstrap {
        /// Home of the PowerShell that was to be started.
        home: PathBuf,
        /// What it said.
        message: String,
    },
    /// The runtime of this process already runs another PowerShell or other settings.
    #[error("this process already runs {running}; {wanted} cannot be started beside it")]
    AlreadyRunning {
        /// What runs.
        running: String,
        /// What was wanted.
        wanted: String,
    },
    /// Somebody else started a .NET runtime in this process.
    #[error(
        "a .NET runtime that this library did not start already runs in this process; PowerShell needs its own"
    )]
    ForeignRuntime {
        /// Home of the PowerShell that was to be started.
        home: PathBuf,
    },
    /// An earlier start in this process failed after the runtime was up; .NET cannot be started twice.
    #[error("an earlier start failed in this process and .NET cannot be started again: {earlier}")]
    FailedBefore {
        /// Home of the PowerShell whose start failed.
        home: PathBuf,
        /// What the earlier start failed with.
        earlier: String,
    },
}

impl StartError {
    /// What to do, one sentence.
    fn remedy(&self) -> String {
        match self {
            Self::NotFound(survey) => survey.remedy(),
            Self::Hostfxr { .. } => {
                "Repair this PowerShell, or install the libraries that the loader misses.".to_owned()
            }
            Self::Runtime { message, .. } if message.contains("libicu") || message.contains("ICU") => {
                "Install the ICU library (libicu), or set DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1.".to_owned()
            }
            Self::Runtime { .. } | Self::Bootstrap { .. } => {
                "Check that `pwsh -NoProfile -Command 1` works with this installation; repair it if not."
                    .to_owned()
            }
            Self::Setting { .. } => "Change the setting.".to_owned(),
            Self::AlreadyRunning { .. } => "Use the running engine, or another process.".to_owned(),
            Self::ForeignRuntime { .. } => "Use a process of its own for PowerShell.".to_owned(),
            Self::FailedBefore { .. } => "Restart the process.".to_owned(),
        }
    }
}

impl From<StartError> for crate::Error {
    fn from(error: StartError) -> Self {
        let remedy = error.remedy();
        let reason = error.to_string();
        match error {
            StartError::NotFound(survey) => Self::PowerShellNotFound { reason: survey.summary(), remedy },
            StartError::AlreadyRunning { running, wanted } => Self::RuntimeConflict { running, wanted },
            StartError::ForeignRuntime { home } => Self::RuntimeConflict {
                running: "a .NET runtime that this library did not start".to_owned(),
                wanted: format!("PowerShell ({})", home.display()),
            },
            StartError::Setting { name, given, allowed } => {
                Self::InvalidInvocation(format!("runtime setting {name} = {given}: {allowed}"))
            }
            StartError::Hostfxr { home, .. }
            | StartError::Runtime { home, .. }
            | StartError::Bootstrap { home, .. } => {
                Self::StartFailed { home: home.display().to_string(), reason, remedy }
            }
            StartError::FailedBefore { home, .. } => {
                Self::StartFailed { home: home.display().to_string(), reason, remedy }
            }
        }
    }
}
