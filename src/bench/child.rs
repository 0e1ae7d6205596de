//! Measuring processes: this binary once more, one probe each.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde::de::DeserializeOwned;

use super::{BenchError, options::Options, probe::Probe, rival::quiet};

/// Starts measuring processes.
pub(crate) struct Children {
    program: PathBuf,
    powershell: Option<PathBuf>,
}

/// What a process said, and when.
pub(crate) struct Spoken {
    /// From before its start to its first line.
    pub(crate) to_first_line: Duration,
    /// From before its start until it had ended.
    pub(crate) to_end: Duration,
    pub(crate) text: String,
}

impl Children {
    pub(super) fn new(options: &Options) -> Result<Self, BenchError> {
        let program =
            std::env::current_exe().map_err(BenchError::system("finding this program's own file"))?;
        Ok(Self { program, powershell: options.powershell.clone() })
    }

    /// Runs a verb of this program as its users do.
    pub(crate) fn verb(&self, arguments: &[&str]) -> Result<Spoken, BenchError> {
        let mut command = self.command();
        command.args(arguments);
        listen_to_success(command)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        if let Some(home) = &self.powershell {
            command.env("RUNSPACED_POWERSHELL_HOME", home);
        }
        command
    }

    /// Runs a probe and reads what it says last.
    pub(crate) fn ask<T: DeserializeOwned>(&self, probe: &Probe) -> Result<T, BenchError> {
        self.ask_timed(probe).map(|(answer, _)| answer)
    }

    /// The same, with the times of the process.
    pub(crate) fn ask_timed<T: DeserializeOwned>(&self, probe: &Probe) -> Result<(T, Spoken), BenchError> {
        let request = serde_json::to_string(probe)?;
        let mut command = self.command();
        command.args(["bench", "probe", &request]).stderr(Stdio::piped());
        let (spoken, status, stderr) = listen(command)?;
        if !status.success() {
            let stderr = stderr.trim();
            return Err(BenchError::Probe {
                probe: probe.name(),
                status: status.to_string(),
                stderr: if stderr.is_empty() { String::new() } else { format!(": {stderr}") },
            });
        }
        let last = spoken.text.lines().last().unwrap_or_default();
        Ok((serde_json::from_str(last)?, spoken))
    }
}

/// Runs a command to its end; one that does not end well is an error.
pub(crate) fn listen_to_success(mut command: Command) -> Result<Spoken, BenchError> {
    command.stderr(Stdio::null());
    let program = command.get_program().to_string_lossy().into_owned();
    let arguments: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    let arguments = arguments.join(" ");
    let (spoken, status, _) = listen(command)?;
    if status.success() {
        Ok(spoken)
    } else {
        Err(BenchError::Rival { program, arguments, status: status.to_string() })
    }
}

/// Starts a command and reads it to its end.
fn listen(mut command: Command) -> Result<(Spoken, std::process::ExitStatus, String), BenchError> {
    quiet(&mut command).stdin(Stdio::null()).stdout(Stdio::piped());
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |what: &str| BenchError::system(format!("{what} {program}"));
    let start = Instant::now();
    let mut child = command.spawn().map_err(failed("starting"))?;
    let complaints = drain(&mut child);
    let mut text = String::new();
    let mut to_first_line = Duration::ZERO;
    if let Some(stdout) = child.stdout.take() {
        let mut reader = BufReader::new(stdout);
        reader.read_line(&mut text).map_err(failed("reading from"))?;
        to_first_line = start.elapsed();
        reader.read_to_string(&mut text).map_err(failed("reading from"))?;
    }
    let status = child.wait().map_err(failed("waiting for"))?;
    let to_end = start.elapsed();
    let stderr = complaints.and_then(|thread| thread.join().ok()).unwrap_or_default();
    Ok((Spoken { to_first_line, to_end, text }, status, stderr))
}

/// Reads stderr beside stdout, so that neither pipe fills up.
fn drain(child: &mut Child) -> Option<std::thread::JoinHandle<String>> {
    let mut stderr = child.stderr.take()?;
    Some(std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stderr.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }))
}
