//! Systems whose processes this program does not know its way around: nothing is found, nothing is ended.

use std::time::Duration;

use super::{Slot, Turns};

#[derive(Debug)]
pub(super) enum Process {}

pub(super) fn now() -> u64 {
    1
}

pub(super) fn find(_: &Slot, _: &Turns) -> Vec<Process> {
    Vec::new()
}

impl Process {
    pub(super) fn is_same(&self, _: &Self) -> bool {
        match *self {}
    }

    pub(super) fn ask_to_end(&self) -> bool {
        match *self {}
    }

    pub(super) fn end_with_children(&self) {
        match *self {}
    }
}

pub(super) fn wait(_: &[Process], _: Duration) {}
