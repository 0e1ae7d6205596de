//! What to measure, and how long.

use std::path::PathBuf;

use runspaced::locate::LocateOptions;

/// Fewest pairs whose median is a figure.
pub(crate) const LEAST_ROUNDS: usize = 11;

/// Settings of a run.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Shorter series: for a first look, growth is estimated from less.
    pub(crate) quick: bool,
    /// Pairs of value and floor.
    pub(crate) rounds: usize,
    /// Parts of the names of the scenarios to run; empty: all.
    pub(crate) filter: Vec<String>,
    /// The PowerShell to measure; `None`: the one that is found.
    pub(crate) powershell: Option<PathBuf>,
}

impl Options {
    pub(super) fn locate(&self) -> LocateOptions {
        let options = LocateOptions::from_environment();
        match &self.powershell {
            Some(home) => options.explicit(home),
            None => options,
        }
    }

    /// The long number, or with `--quick` the short one.
    pub(super) fn pick(&self, long: usize, short: usize) -> usize {
        if self.quick { short } else { long }
    }
}
