//! Flags that several verbs share.

use std::path::PathBuf;

use super::screen::ColourChoice;
use crate::config::FlagValue;

/// Flags of every verb.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct GlobalFlags {
    /// Read this configuration file too; it counts more than the user's and the project's
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub config: Option<PathBuf>,
    /// What to log to the error stream: error, warn, info, debug, trace, or by part (runspaced=debug)
    #[arg(long, global = true, value_name = "FILTER", help_heading = "Everywhere")]
    pub log: Option<String>,
    /// How log lines look: text or json
    #[arg(long, global = true, value_name = "FORMAT", help_heading = "Everywhere")]
    pub log_format: Option<String>,
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        help_heading = "Everywhere"
    )]
    pub color: ColourChoice,
}

impl GlobalFlags {
    /// Those that are settings.
    pub fn settings(&self) -> Vec<FlagValue> {
        [
            FlagValue::of("log.filter", "--log", self.log.as_ref()),
            FlagValue::of("log.format", "--log-format", self.log_format.as_ref()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Flags of the verbs that host PowerShell.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct HostFlags {
    /// The PowerShell to host: the folder that holds pwsh.dll
    #[arg(long, value_name = "HOME", help_heading = "PowerShell")]
    pub powershell: Option<PathBuf>,
    /// Culture, the same on every machine [default: en-US]
    #[arg(long, value_name = "NAME", help_heading = "PowerShell")]
    pub culture: Option<String>,
    /// Location of the script; absent: the current folder
    #[arg(long, value_name = "FOLDER", help_heading = "PowerShell")]
    pub working_directory: Option<PathBuf>,
    /// Run the user's PowerShell profiles first
    #[arg(long, overrides_with = "no_profile", help_heading = "PowerShell")]
    pub load_profile: bool,
    /// Do not run them (the default)
    #[arg(long, help_heading = "PowerShell")]
    pub no_profile: bool,
}

impl HostFlags {
    /// Those that are settings.
    pub fn settings(&self) -> Vec<FlagValue> {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        let profile = match (self.load_profile, self.no_profile) {
            (true, _) => Some("true"),
            (false, true) => Some("false"),
            (false, false) => None,
        };
        [
            FlagValue::of("powershell.home", "--powershell", self.powershell.as_ref().map(path)),
            FlagValue::of("call.culture", "--culture", self.culture.as_ref()),
            FlagValue::of(
                "powershell.working_directory",
                "--working-directory",
                self.working_directory.as_ref().map(path),
            ),
            FlagValue::of("powershell.load_profile", "--load-profile", profile),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
