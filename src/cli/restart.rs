//! Replacing the process by a fresh one of the same program: to get a clean environment at the start, and later to get rid
//! of threads that will not stop, or to use a PowerShell that was upgraded, while the client on the other end of the streams
//! goes on.

use super::identity::Secrets;

#[cfg(unix)]
pub use unix::{VARIABLE, become_clean, inherited, restart};

#[cfg(windows)]
pub fn inherited() -> (Secrets, Vec<u8>) {
    (Secrets::default(), Vec::new())
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsString;
    use std::io;

    use super::Secrets;
    use crate::stdio::{self, Replacement, Streams};

    /// Tells the new process which descriptor to read. It holds a number and nothing else.
    pub const VARIABLE: &str = "RUNSPACED_HANDOVER";

    /// What the process before this one handed over, if there was one.
    pub fn inherited() -> (Secrets, Vec<u8>) {
        let packed =
            std::env::var(VARIABLE).ok().and_then(|number| number.parse().ok()).and_then(stdio::receive);
        packed.and_then(|packed| Secrets::unpack(&packed)).unwrap_or_default()
    }

    /// Becomes the same process with this environment. Returns only if that failed.
    pub fn become_clean(secrets: &Secrets, note: &[u8], environment: Vec<(OsString, OsString)>) -> io::Error {
        let environment = environment.into_iter().filter(|(name, _)| name != VARIABLE).collect();
        match stdio::send(&secrets.pack(note)) {
            Ok(descriptor) => stdio::replace_process(Replacement {
                arguments: std::env::args_os().collect(),
                environment,
                handover: (VARIABLE, descriptor),
            }),
            Err(error) => error,
        }
    }

    /// Starts the program anew in this process's place, with the streams where it found them: a client notices nothing.
    /// `note` is what the new process finds in [`crate::cli::Process::resumed`]. Nothing else may still be reading from or
    /// writing to the streams. Returns only if it failed; descriptors 0 and 1 are then the original ones.
    pub fn restart(streams: &Streams, secrets: &Secrets, note: &[u8]) -> io::Error {
        if let Err(error) = streams.give_back() {
            return error;
        }
        become_clean(secrets, note, std::env::vars_os().collect())
    }
}
