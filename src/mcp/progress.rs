//! `Write-Progress` records become progress notifications: few, and always rising.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::call::Sent;

/// Least time between two notifications of one call.
const INTERVAL: Duration = Duration::from_millis(100);
/// What a record adds whose percentage did not rise.
const STEP: f64 = 0.01;

/// One progress record of a script.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ProgressRecord {
    /// 0 to 100, if the script gave it.
    pub(crate) percent: Option<f64>,
    /// What is being done.
    pub(crate) text: String,
}

/// What a client is told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ProgressUpdate {
    /// Rises from update to update.
    pub(crate) progress: f64,
    /// What `progress` will be at the end, if that is known.
    pub(crate) total: Option<f64>,
    pub(crate) message: String,
}

/// Takes updates to the client, and is done when they are on their way.
pub(crate) type ProgressSink = Box<dyn Fn(ProgressUpdate) -> Sent + Send + Sync>;

impl ProgressRecord {
    /// From a progress record's JSON.
    pub(crate) fn from_json(record: &Value) -> Self {
        let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default().trim();
        let parts = [text("activity"), text("status"), text("currentOperation")];
        let percent =
            record.get("percent").and_then(Value::as_f64).filter(|percent| (0.0..=100.0).contains(percent));
        Self {
            percent,
            text: parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": "),
        }
    }
}

/// Turns records into updates.
#[derive(Debug)]
pub(crate) struct Meter {
    last: f64,
    percent_seen: bool,
    pending: Option<ProgressRecord>,
    next_at: Instant,
}

impl Meter {
    pub(crate) fn new() -> Self {
        Self { last: 0.0, percent_seen: false, pending: None, next_at: Instant::now() }
    }

    /// Takes a record; it replaces one that still waits.
    pub(crate) fn record(&mut self, record: ProgressRecord) {
        self.pending = Some(record);
    }

    /// The record that waits.
    pub(crate) fn waiting(&self) -> Option<&ProgressRecord> {
        self.pending.as_ref()
    }

    /// When the next update is due; `None` while no record waits.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.pending.as_ref().map(|_| self.next_at)
    }

    /// The update of the record that waits. `None` if there is none, or nothing that rises is left to say.
    pub(crate) fn update(&mut self) -> Option<ProgressUpdate> {
        let record = self.pending.take()?;
        self.next_at = Instant::now() + INTERVAL;
        self.percent_seen |= record.percent.is_some();
        let progress = match record.percent {
            Some(percent) if percent > self.last => percent,
            _ if self.percent_seen => self.last + STEP,
            _ => self.last + 1.0,
        };
        if self.percent_seen && progress > 100.0 {
            // Activities without percentages counted beyond the end, or the script went on after 100.
            self.percent_seen = self.last < 100.0;
            if self.percent_seen {
                return None;
            }
        }
        self.last = progress;
        Some(ProgressUpdate { progress, total: self.percent_seen.then_some(100.0), message: record.text })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn record(percent: Option<f64>) -> ProgressRecord {
        ProgressRecord { percent, text: "x".to_owned() }
    }

    #[test]
    fn record_joins_what_the_script_says() {
        let json = json!({"activity": "Copy", "status": "a.txt", "currentOperation": null, "percent": 40});
        assert_eq!(
            ProgressRecord::from_json(&json),
            ProgressRecord { percent: Some(40.0), text: "Copy: a.txt".to_owned() }
        );
        assert_eq!(ProgressRecord::from_json(&json!({"activity": "Copy", "percent": -1})).percent, None);
    }

    #[test]
    fn meter_follows_percentages_and_never_falls() {
        let mut meter = Meter::new();
        let mut values = Vec::new();
        for percent in [Some(10.0), Some(5.0), Some(50.0), None, Some(50.0), Some(100.0)] {
            meter.record(record(percent));
            let update = meter.update().expect("an update");
            assert_eq!(update.total, Some(100.0));
            values.push(update.progress);
        }
        assert_eq!(values[0], 10.0);
        assert_eq!(values[2], 50.0);
        assert_eq!(values[5], 100.0);
        assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{values:?}");
    }

    #[test]
    fn meter_without_percentages_counts() {
        let mut meter = Meter::new();
        for expected in 1..=3 {
            meter.record(record(None));
            let update = meter.update().expect("an update");
            assert_eq!((update.progress, update.total), (f64::from(expected), None));
        }
        assert_eq!(meter.update(), None);
    }

    #[test]
    fn meter_keeps_the_latest_until_it_is_due() {
        let mut meter = Meter::new();
        assert_eq!(meter.due(), None);
        meter.record(record(Some(1.0)));
        assert!(meter.due().is_some_and(|due| due <= Instant::now()));
        let before = Instant::now();
        meter.update();
        meter.record(record(Some(2.0)));
        meter.record(record(Some(3.0)));
        assert!(meter.due().is_some_and(|due| due >= before + INTERVAL));
        assert_eq!(meter.update().map(|update| update.progress), Some(3.0));
    }

    proptest! {
        #[test]
        fn meter_rises_whatever_scripts_say(percents in proptest::collection::vec(proptest::option::of(0.0f64..=100.0), 0..500)) {
            let mut meter = Meter::new();
            let mut last = 0.0;
            for percent in percents {
                meter.record(record(percent));
                if let Some(update) = meter.update() {
                    prop_assert!(update.progress > last);
                    prop_assert!(update.total.is_none_or(|total| update.progress <= total));
                    last = update.progress;
                }
            }
        }
    }
}
