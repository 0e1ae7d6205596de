//! The process's standard streams, its replacement by `exec`, and its end: what has to be right before the runtime starts
//! and after everything is over.
//!
//! PowerShell shares the process, so `[Console]::WriteLine` in a script writes to descriptor 1 and a native command reads
//! from descriptor 0. Both are therefore moved out of its reach before the runtime starts: what the program itself reads and
//! writes goes through [`Streams`], descriptor 0 is empty, and descriptor 1 leads where the error stream leads.
//!
//! Beside `runtime` and `ffi` this is the only place with `unsafe`.

#[cfg(unix)]
mod disposition;
#[cfg(unix)]
mod handover;
#[cfg(unix)]
mod replace;
#[cfg(unix)]
mod terminal;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::fs::File;
use std::io;

#[cfg(unix)]
pub use disposition::is_ignored;
#[cfg(unix)]
pub use handover::{adopt, bequeath, receive, send};
#[cfg(unix)]
pub use replace::{Replacement, replace_process};
#[cfg(unix)]
pub use terminal::{columns, read_hidden_line, read_line, show_input_again};
#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;
#[cfg(windows)]
pub use windows::{columns, read_hidden_line, read_line, show_input_again};

pub use system::{end_at_once, remove_variables};

/// What the process was started with as input and output, kept away from PowerShell.
#[derive(Debug)]
pub struct Streams {
    /// The original standard input.
    pub input: File,
    /// The original standard output.
    pub output: File,
}

impl Streams {
    /// Takes descriptors 0 and 1 away: 0 is empty from now on, 1 leads where 2 leads. Call it before any other thread runs.
    ///
    /// # Errors
    /// What the system says, for instance that there are no more descriptors.
    pub fn take() -> io::Result<Self> {
        system::take()
    }

    /// Puts the original streams back on descriptors 0 and 1, for the process that replaces this one.
    ///
    /// # Errors
    /// What the system says.
    #[cfg(unix)]
    pub fn give_back(&self) -> io::Result<()> {
        system::give_back(self)
    }
}

/// Leads descriptor 1, which scripts and native commands write to, into a file of the caller's.
///
/// # Errors
/// What the system says.
pub fn divert_output(to: &impl system::Descriptor) -> io::Result<()> {
    system::divert_output(to)
}
