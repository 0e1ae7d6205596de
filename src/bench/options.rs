//! What to measure, and how long.

use std::path::PathBuf;

use runspaced::locate::LocateOptions;

use super::{BenchError, scenario::Scenario};

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
    /// The scenarios that were asked for.
    pub(super) fn selected(&self) -> Result<Vec<Scenario>, BenchError> {
        let wanted = |scenario: &Scenario| {
            self.filter.is_empty() || self.filter.iter().any(|part| scenario.name().contains(part.as_str()))
        };
        let selected: Vec<Scenario> = Scenario::ALL.into_iter().filter(wanted).collect();
        if selected.is_empty() {
            return Err(BenchError::NothingSelected {
                given: self.filter.join(", "),
                known: Scenario::ALL.map(Scenario::name).join(", "),
            });
        }
        Ok(selected)
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn options(filter: &[&str]) -> Options {
        let filter = filter.iter().map(|part| (*part).to_owned()).collect();
        Options { quick: true, rounds: LEAST_ROUNDS, filter, powershell: None }
    }

    #[test]
    fn filters_pick_by_part_of_the_name() {
        let names = |filter: &[&str]| -> Vec<&str> {
            options(filter)
                .selected()
                .map(|all| all.into_iter().map(Scenario::name).collect())
                .unwrap_or_default()
        };
        assert_eq!(names(&["warm", "canc"]), ["warm", "cancel"]);
        assert_eq!(names(&[]).len(), Scenario::ALL.len());
    }

    #[test]
    fn a_filter_that_fits_nothing_names_what_there_is() {
        let error = options(&["warp"]).selected().expect_err("there is no such scenario").to_string();
        assert!(error.contains("warp") && error.contains("throughput"), "{error}");
    }
}
