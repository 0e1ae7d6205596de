//! Replacing the process by a new one of the same program: same process id, same parent, same standard streams.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::io::{FdFlags, fcntl_setfd};

/// The process to become.
#[derive(Debug)]
pub struct Replacement {
    /// Its command line, the program's name first.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// What it inherits beside the standard streams, and the variable that tells it the number.
    pub handover: (&'static str, OwnedFd),
}

/// Replaces this process. Returns only if that failed.
pub fn replace_process(replacement: Replacement) -> io::Error {
    let Replacement { arguments, mut environment, handover: (variable, descriptor) } = replacement;
    let program = match std::env::current_exe() {
        // Upgraded or removed meanwhile: the running program itself is still there.
        Ok(program) if cfg!(target_os = "linux") && !program.exists() => "/proc/self/exe".into(),
        Ok(program) => program,
        Err(error) => return error,
    };
    // From here to the exec nothing may start another process: it would inherit the descriptor.
    if let Err(error) = fcntl_setfd(&descriptor, FdFlags::empty()) {
        return error.into();
    }
    environment.push((variable.into(), descriptor.as_raw_fd().to_string().into()));
    let mut command = Command::new(program);
    if let Some((name, rest)) = arguments.split_first() {
        command.arg0(name).args(rest);
    }
    let error = command.env_clear().envs(environment).exec();
    // An error here would mean that the descriptor is closed, which is as good.
    let _ = fcntl_setfd(&descriptor, FdFlags::CLOEXEC);
    error
}
