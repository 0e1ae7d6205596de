//! The rows of the leak matrix.

pub mod commands;
pub mod modules;
pub mod process;
pub mod runspace;
pub mod variables;

use runspaced::Invocation;

use crate::fixture::{Fixture, tell};
use crate::row::Row;

/// Name of the group that needs a module which an installation may lack.
pub const THREAD_JOB: &str = "The runspace, with the module ThreadJob";

/// Whether this installation has the module ThreadJob, under either of its names.
pub fn has_thread_job(fixture: &Fixture<'_>) -> bool {
    let engine = fixture.plain().pool(Fixture::pool(1)).build().expect("the settings are valid");
    tell(&engine, Invocation::script("[bool](Get-Command Start-ThreadJob -ErrorAction Ignore)")) == "true"
}

/// All rows, in the order of the documentation.
pub const GROUPS: &[(&str, &[Row])] = &[
    ("Variables", variables::ROWS),
    ("Commands", commands::ROWS),
    ("Modules", modules::ROWS),
    ("The runspace", runspace::ROWS),
    (THREAD_JOB, runspace::THREAD_JOB),
    ("The process", process::ROWS),
];
