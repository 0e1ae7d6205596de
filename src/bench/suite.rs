//! A suite: scenarios by name, and a run through those that were asked for.

use super::{BenchError, Report, figure::Figure, report::Failure};

/// One group of figures, which are measured together.
pub(crate) trait Scenario: Copy {
    /// What filters are held against.
    fn name(self) -> &'static str;
    /// One line on what it measures.
    fn describe(self) -> &'static str;
}

/// Those whose names have one of these parts; without any, all.
///
/// # Errors
/// If there is none: what there is.
pub(super) fn selected<S: Scenario>(all: &[S], filter: &[String]) -> Result<Vec<S>, BenchError> {
    let wanted =
        |scenario: &S| filter.is_empty() || filter.iter().any(|part| scenario.name().contains(part.as_str()));
    let selected: Vec<S> = all.iter().copied().filter(wanted).collect();
    if selected.is_empty() {
        return Err(BenchError::NothingSelected {
            given: filter.join(", "),
            known: all.iter().map(|scenario| scenario.name()).collect::<Vec<_>>().join(", "),
        });
    }
    Ok(selected)
}

/// Measures one scenario after the other. One that fails is in the report with its reason.
pub(super) fn run<S: Scenario>(
    selected: Vec<S>,
    mut report: Report,
    progress: &mut dyn FnMut(&str),
    mut measure: impl FnMut(S) -> Result<Vec<Figure>, BenchError>,
) -> Report {
    for scenario in selected {
        progress(&format!("{}: {}", scenario.name(), scenario.describe()));
        match measure(scenario) {
            Ok(figures) => report.figures.extend(figures),
            Err(error) => {
                progress(&format!("{} failed: {error}", scenario.name()));
                report.failures.push(Failure::new(scenario.name(), &error));
            }
        }
    }
    report.end();
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Named(&'static str);

    impl Scenario for Named {
        fn name(self) -> &'static str {
            self.0
        }

        fn describe(self) -> &'static str {
            ""
        }
    }

    const ALL: [Named; 3] = [Named("warm"), Named("throughput"), Named("cancel")];

    #[test]
    fn filters_pick_by_part_of_the_name() {
        let names = |filter: &[&str]| {
            let filter: Vec<String> = filter.iter().map(|part| (*part).to_owned()).collect();
            selected(&ALL, &filter).unwrap_or_default()
        };
        assert_eq!(names(&["warm", "canc"]), [Named("warm"), Named("cancel")]);
        assert_eq!(names(&[]), ALL);
    }

    #[test]
    fn a_filter_that_fits_nothing_names_what_there_is() {
        let error = selected(&ALL, &["warp".to_owned()]).expect_err("there is no such scenario").to_string();
        assert!(error.contains("warp") && error.contains("throughput"), "{error}");
    }
}
