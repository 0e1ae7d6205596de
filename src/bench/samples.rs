//! Series of measured times.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Times of single operations, nanoseconds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Samples(Vec<u64>);

/// What of a series goes into the report, in the unit of its figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) count: u64,
    pub(crate) mean: f64,
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    /// Of series that are known by their percentiles only: the largest 99th percentile.
    pub(crate) max: f64,
}

/// Longest time a histogram tells apart: 10 minutes.
const LONGEST_NS: u64 = 600_000_000_000;

impl Samples {
    #[cfg(test)]
    pub(crate) fn from_nanos(nanos: Vec<u64>) -> Self {
        Self(nanos)
    }

    pub(crate) fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// Measures one operation.
    pub(crate) fn time<T>(&mut self, operation: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = operation();
        self.push(start.elapsed());
        result
    }

    pub(crate) fn push(&mut self, duration: Duration) {
        self.0.push(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn nanos(&self) -> &[u64] {
        &self.0
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        self.0.extend_from_slice(&other.0);
    }

    /// The samples from `first` (counted from 0) to before `end`.
    pub(crate) fn slice(&self, first: usize, end: usize) -> Self {
        Self(self.0.get(first..end.min(self.0.len())).unwrap_or_default().to_vec())
    }

    /// The median, nanoseconds; 0 of an empty series.
    pub(crate) fn median(&self) -> f64 {
        let values: Vec<f64> = self.0.iter().map(|nanos| *nanos as f64).collect();
        quantile(&values, 0.5)
    }

    /// Percentiles in units of `unit_ns` nanoseconds.
    pub(crate) fn percentiles(&self, unit_ns: f64) -> Percentiles {
        let Ok(mut histogram) = Histogram::<u64>::new_with_bounds(1, LONGEST_NS, 3) else {
            return Percentiles { count: 0, mean: 0.0, p50: 0.0, p95: 0.0, p99: 0.0, max: 0.0 };
        };
        for nanos in &self.0 {
            histogram.saturating_record(*nanos);
        }
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / unit_ns;
        Percentiles {
            count: histogram.len(),
            mean: histogram.mean() / unit_ns,
            p50: at(0.50),
            p95: at(0.95),
            p99: at(0.99),
            max: histogram.max() as f64 / unit_ns,
        }
    }
}

/// The quantile (0 to 1) of values in any order, between neighbours by their distance; 0 of none.
pub(crate) fn quantile(values: &[f64], quantile: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = quantile.clamp(0.0, 1.0) * last as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * (at - low as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        let values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!(quantile(&values, 0.0), 1.0);
        assert_eq!(quantile(&values, 0.5), 2.5);
        assert_eq!(quantile(&values, 1.0), 4.0);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }

    #[test]
    fn percentiles_are_in_the_unit_asked_for() {
        let samples = Samples::from_nanos((1..=1_000).map(|n| n * 1_000).collect());
        let percentiles = samples.percentiles(1_000.0);
        assert_eq!(percentiles.count, 1_000);
        for (found, expected) in
            [(percentiles.p50, 500.0), (percentiles.p99, 990.0), (percentiles.max, 1_000.0)]
        {
            assert!((found / expected - 1.0).abs() < 0.01, "{found} is not {expected}");
        }
    }

    #[test]
    fn a_slice_beyond_the_end_is_what_there_is() {
        let samples = Samples::from_nanos(vec![1, 2, 3]);
        assert_eq!(samples.slice(1, 10).nanos(), [2, 3]);
        assert!(samples.slice(5, 10).nanos().is_empty());
    }
}
