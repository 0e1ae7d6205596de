//! Unix: descriptors.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use rustix::fs::{Mode, OFlags};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::stdio::{dup2_stdin, dup2_stdout, stderr, stdin, stdout};

use super::Streams;

pub use std::os::fd::AsFd as Descriptor;

/// Private descriptors start here, out of the way of shells and scripts that use single digits.
pub(super) const FIRST_PRIVATE: i32 = 10;

pub(super) fn take() -> io::Result<Streams> {
    // Rust opens the null device on 0, 1 and 2 where they are closed, so all three are there.
    let input = File::from(fcntl_dupfd_cloexec(stdin(), FIRST_PRIVATE)?);
    let output = File::from(fcntl_dupfd_cloexec(stdout(), FIRST_PRIVATE)?);
    let null = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    dup2_stdin(null)?;
    dup2_stdout(stderr())?;
    Ok(Streams { input, output })
}

pub(super) fn divert_output(to: &impl AsFd) -> io::Result<()> {
    Ok(dup2_stdout(to)?)
}

/// Removes variables from this process's environment. They stay in its own environment file until it is replaced.
pub fn remove_variables(names: &[String]) {
    for name in names {
        // SAFETY: called at the start of `main`, while this is the only thread.
        unsafe { std::env::remove_var(name) };
    }
}

/// Ends the process without any clean-up but that of .NET's files: no destructor, no exit handler, no waiting for managed threads.
pub fn end_at_once(code: i32) -> ! {
    runspaced::remove_leftovers();
    // SAFETY: `_exit` has no preconditions and does not return.
    unsafe { libc::_exit(code) }
}

/// Puts the original streams back where they were.
pub(super) fn give_back(streams: &Streams) -> io::Result<()> {
    dup2_stdin(&streams.input)?;
    Ok(dup2_stdout(&streams.output)?)
}
