//! The rows of the leak matrix.

pub mod commands;
pub mod modules;
pub mod process;
pub mod runspace;
pub mod variables;

use crate::row::Row;

/// All rows, in the order of the documentation.
pub const GROUPS: &[(&str, &[Row])] = &[
    ("Variables", variables::ROWS),
    ("Commands", commands::ROWS),
    ("Modules", modules::ROWS),
    ("The runspace", runspace::ROWS),
    ("The runspace, with the module ThreadJob", runspace::THREAD_JOB),
    ("The process", process::ROWS),
];
