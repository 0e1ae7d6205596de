//! `pwsh` as a process: what a call costs those who spawn it.

use std::{path::PathBuf, process::Command};

use runspaced::locate::PowerShellHome;
use serde::Serialize;

use super::{
    BenchError,
    child::{Spoken, listen_to_success},
};

/// The `pwsh` program of the measured PowerShell.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Rival {
    pub(crate) program: PathBuf,
}

impl Rival {
    /// The program in the same folder, so that both run the same assemblies; else the one on the `PATH`.
    pub(crate) fn beside(home: Option<&PowerShellHome>) -> Self {
        let name = if cfg!(windows) { "pwsh.exe" } else { "pwsh" };
        let own = home.map(|home| home.path.join(name)).filter(|program| program.is_file());
        Self { program: own.unwrap_or_else(|| PathBuf::from(name)) }
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, script: &str) -> Result<Spoken, BenchError> {
        let mut command = Command::new(&self.program);
        command.args(["-NoProfile", "-NonInteractive", "-Command", script]);
        listen_to_success(command)
    }
}

/// No telemetry and no look for updates, for either side.
pub(crate) fn quiet(command: &mut Command) -> &mut Command {
    command.env("POWERSHELL_TELEMETRY_OPTOUT", "1").env("POWERSHELL_UPDATECHECK", "Off")
}
