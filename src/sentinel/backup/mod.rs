//! Backups: everything of a workspace as files, as Azure sent it, and a manifest that says what they are and their hashes.
//!
//! A backup is made in a hidden folder and gets its name at the end, so that what has a name is whole. One that was broken
//! off goes on with the kinds that it lacks.

mod compare;
mod manifest;
mod opened;
mod take;

pub(crate) use compare::compare;
pub(crate) use opened::{Backup, Problem, list};
pub(crate) use take::Taking;
