//! One line of the report: a value, what it is compared with, and whether that is good enough.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    load::Load,
    samples::{Percentiles, Samples, quantile},
};

/// A spread of the ratios above this is noise: the figure proves nothing good.
pub(crate) const NOISE: f64 = 0.20;

/// Unit of a figure's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Unit {
    #[serde(rename = "ns")]
    Nanoseconds,
    #[serde(rename = "us")]
    Microseconds,
    #[serde(rename = "ms")]
    Milliseconds,
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "MB")]
    Megabytes,
    #[serde(rename = "calls/s")]
    CallsPerSecond,
    #[serde(rename = "count")]
    Count,
}

impl Unit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Microseconds => "us",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Megabytes => "MB",
            Self::CallsPerSecond => "calls/s",
            Self::Count => "count",
        }
    }

    /// Nanoseconds of a unit of time; 1 of others.
    pub(crate) fn nanos(self) -> f64 {
        match self {
            Self::Microseconds => 1e3,
            Self::Milliseconds => 1e6,
            Self::Seconds => 1e9,
            _ => 1.0,
        }
    }
}

/// One measurement of the value, and of its floor right before or after it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Round {
    pub(crate) value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<f64>,
}

/// What is wanted of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Target {
    /// The value itself, in the figure's unit.
    AtMost { limit: f64 },
    /// The value, less an allowance in the figure's unit, over the floor.
    RatioAtMost { limit: f64, allowance: f64 },
    /// The value over the floor.
    RatioAtLeast { limit: f64 },
    /// The floor over the value: how many times faster than a rival.
    FasterAtLeast { limit: f64 },
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Pass,
    Miss,
    /// The rounds differ too much to say.
    Noisy,
    /// There is no target; the figure explains others.
    Info,
}

/// A measured figure.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    /// Stable name, e.g. `warm.get_date`.
    pub(crate) id: String,
    pub(crate) title: String,
    /// Isolation level of the calls; `-` where no call is measured.
    pub(crate) isolation: &'static str,
    pub(crate) unit: Unit,
    /// Median over the rounds.
    pub(crate) value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) percentiles: Option<Percentiles>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<Floor>,
    /// Median over the rounds of what the target is about: value over floor, floor over value, or the value itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ratio: Option<f64>,
    /// Distance of the quartiles of the ratios (without a floor: of the values) over their median.
    pub(crate) spread: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<Target>,
    pub(crate) verdict: Verdict,
    pub(crate) load: Load,
    pub(crate) rounds: Vec<Round>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) details: Map<String, Value>,
}

/// What a value is compared with.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Floor {
    /// What it is.
    pub(crate) what: &'static str,
    /// Median over the rounds, in the figure's unit.
    pub(crate) value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) percentiles: Option<Percentiles>,
}

impl Figure {
    /// A figure of rounds, without a floor or target yet.
    pub(crate) fn new(
        id: impl Into<String>,
        title: impl Into<String>,
        unit: Unit,
        rounds: Vec<Round>,
    ) -> Self {
        let mut figure = Self {
            id: id.into(),
            title: title.into(),
            isolation: "scoped",
            unit,
            value: 0.0,
            percentiles: None,
            floor: None,
            ratio: None,
            spread: 0.0,
            target: None,
            verdict: Verdict::Info,
            load: Load::default(),
            rounds,
            details: Map::new(),
        };
        figure.judge();
        figure
    }

    /// Rounds without a floor.
    pub(crate) fn alone(values: impl IntoIterator<Item = f64>) -> Vec<Round> {
        values.into_iter().map(|value| Round { value, floor: None }).collect()
    }

    /// Rounds of values and their floors.
    pub(crate) fn pairs(pairs: impl IntoIterator<Item = (f64, f64)>) -> Vec<Round> {
        pairs.into_iter().map(|(value, floor)| Round { value, floor: Some(floor) }).collect()
    }

    pub(crate) fn isolation(mut self, isolation: &'static str) -> Self {
        self.isolation = isolation;
        self
    }

    /// Names what the rounds were compared with.
    pub(crate) fn against(mut self, what: &'static str, percentiles: Option<Percentiles>) -> Self {
        let floors: Vec<f64> = self.rounds.iter().filter_map(|round| round.floor).collect();
        self.floor = Some(Floor { what, value: quantile(&floors, 0.5), percentiles });
        self.judge();
        self
    }

    /// All single times behind the rounds.
    pub(crate) fn samples(mut self, samples: &Samples) -> Self {
        self.percentiles = Some(samples.percentiles(self.unit.nanos()));
        self
    }

    pub(crate) fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self.judge();
        self
    }

    /// What else the machine did meanwhile.
    pub(crate) fn load(mut self, load: Load) -> Self {
        self.load = load;
        self
    }

    pub(crate) fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// What the target is about, for each round.
    fn scores(&self) -> Vec<f64> {
        self.rounds
            .iter()
            .map(|round| match (self.target, round.floor) {
                (Some(Target::RatioAtMost { allowance, .. }), Some(floor)) => {
                    (round.value - allowance) / floor
                }
                (Some(Target::FasterAtLeast { .. }), Some(floor)) => floor / round.value,
                (Some(Target::AtMost { .. }), _) | (_, None) => round.value,
                (_, Some(floor)) => round.value / floor,
            })
            .filter(|score| score.is_finite())
            .collect()
    }

    fn judge(&mut self) {
        let values: Vec<f64> = self.rounds.iter().map(|round| round.value).collect();
        self.value = quantile(&values, 0.5);
        let ratios: Vec<f64> = self
            .rounds
            .iter()
            .filter_map(|round| round.floor.map(|floor| round.value / floor))
            .filter(|ratio| ratio.is_finite())
            .collect();
        let scores = self.scores();
        let faster = matches!(self.target, Some(Target::FasterAtLeast { .. }));
        self.ratio = (!ratios.is_empty()).then(|| quantile(if faster { &scores } else { &ratios }, 0.5));
        let (low, middle, high) = (quantile(&scores, 0.25), quantile(&scores, 0.5), quantile(&scores, 0.75));
        self.spread = if middle.abs() > f64::EPSILON { ((high - low) / middle).abs() } else { 0.0 };
        self.verdict = match self.target {
            None => Verdict::Info,
            Some(_) if scores.is_empty() => Verdict::Noisy,
            Some(Target::AtMost { limit } | Target::RatioAtMost { limit, .. }) => {
                verdict(middle <= limit, low <= limit, self.spread)
            }
            Some(Target::RatioAtLeast { limit } | Target::FasterAtLeast { limit }) => {
                verdict(middle >= limit, high >= limit, self.spread)
            }
        };
    }
}

/// `met`: by the median; `met_at_best`: by the better quartile. Noise excuses a miss only if the better rounds were good enough.
fn verdict(met: bool, met_at_best: bool, spread: f64) -> Verdict {
    match (met, spread > NOISE) {
        (true, false) => Verdict::Pass,
        (true, true) => Verdict::Noisy,
        (false, true) if met_at_best => Verdict::Noisy,
        (false, _) => Verdict::Miss,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(pairs: &[(f64, f64)], target: Target) -> Figure {
        Figure::new("x", "x", Unit::Microseconds, Figure::pairs(pairs.iter().copied()))
            .against("floor", None)
            .target(target)
    }

    #[test]
    fn ratio_is_the_median_of_pairs_not_the_ratio_of_medians() {
        // The machine got twice as slow half-way: pairs do not care.
        let figure = figure(
            &[(11.0, 10.0), (11.0, 10.0), (22.0, 20.0), (22.0, 20.0)],
            Target::RatioAtMost { limit: 1.15, allowance: 0.0 },
        );
        assert!((figure.ratio.unwrap_or_default() - 1.1).abs() < 1e-9);
        assert_eq!(figure.spread, 0.0);
        assert_eq!(figure.verdict, Verdict::Pass);
    }

    #[test]
    fn noise_is_never_a_pass() {
        let noisy = [(10.0, 10.0), (5.0, 10.0), (14.0, 10.0), (10.0, 10.0), (6.0, 10.0)];
        let target = Target::RatioAtMost { limit: 1.2, allowance: 0.0 };
        assert_eq!(figure(&noisy, target).verdict, Verdict::Noisy);
    }

    #[test]
    fn noise_does_not_excuse_what_misses_at_its_best() {
        let target = Target::RatioAtMost { limit: 0.1, allowance: 0.0 };
        let noisy = [(10.0, 10.0), (5.0, 10.0), (14.0, 10.0), (10.0, 10.0), (6.0, 10.0)];
        assert_eq!(figure(&noisy, target).verdict, Verdict::Miss);
    }

    #[test]
    fn an_allowance_is_taken_off_before_the_ratio() {
        let target = |allowance| Target::RatioAtMost { limit: 1.15, allowance };
        let pairs = [(55.0, 40.0), (55.0, 40.0)];
        assert_eq!(figure(&pairs, target(10.0)).verdict, Verdict::Pass);
        assert_eq!(figure(&pairs, target(0.0)).verdict, Verdict::Miss);
        // What is printed as the ratio is the plain one.
        assert_eq!(figure(&pairs, target(10.0)).ratio, Some(1.375));
    }

    #[test]
    fn faster_than_a_rival_is_rival_over_value() {
        let figure =
            figure(&[(50.0, 150_000.0), (60.0, 150_000.0)], Target::FasterAtLeast { limit: 2_000.0 });
        assert!(figure.ratio.is_some_and(|ratio| ratio > 2_500.0));
        assert_eq!(figure.verdict, Verdict::Pass);
    }

    #[test]
    fn a_figure_without_a_target_is_information() {
        let figure = Figure::new("x", "x", Unit::Megabytes, Figure::alone([1.0, 2.0, 3.0]));
        assert_eq!((figure.value, figure.verdict), (2.0, Verdict::Info));
        assert_eq!(figure.ratio, None);
    }
}
