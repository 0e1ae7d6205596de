//! What flows into a workspace: how many rows an hour a table gets, how late they come, since when none come any more.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How far back there are rows.
pub(crate) const HISTORY: SignedDuration = SignedDuration::from_hours(14 * 24);

/// One table's feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Feed {
    /// Rows that are there to be queried, an hour; the volume is told by `megabytes`.
    pub rows_an_hour: u32,
    /// Megabytes an hour, as `Usage` tells.
    pub megabytes: f64,
    /// Minutes from an event to its row.
    pub lag_minutes: i64,
    /// No rows since then.
    pub silent_since: Option<Timestamp>,
}

impl Feed {
    /// A healthy feed.
    pub fn new(rows_an_hour: u32, megabytes: f64) -> Self {
        Self { rows_an_hour, megabytes, lag_minutes: 3, silent_since: None }
    }

    /// The youngest event that has a row now.
    pub fn last(&self, now: Timestamp) -> Timestamp {
        let arrived = now.saturating_sub(SignedDuration::from_mins(self.lag_minutes)).unwrap_or(now);
        self.silent_since.map_or(arrived, |since| since.min(arrived))
    }
}

/// Events of a feed in a time: their numbers, from which their content is made, and their times.
pub(crate) fn events(feed: &Feed, from: Timestamp, to: Timestamp, now: Timestamp) -> Vec<(u64, Timestamp)> {
    if feed.rows_an_hour == 0 {
        return Vec::new();
    }
    let interval = 3_600_000 / i64::from(feed.rows_an_hour.max(1));
    let end = to.min(feed.last(now)).as_millisecond();
    let first = from.as_millisecond().div_euclid(interval) + 1;
    (first..=end.div_euclid(interval))
        .filter_map(|number| {
            let time = Timestamp::from_millisecond(number * interval).ok()?;
            Some((number.unsigned_abs(), time))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("is a time")
    }

    #[test]
    fn the_same_time_has_the_same_events_whoever_asks() {
        let feed = Feed::new(6, 1.0);
        let (now, hour) = (at(1_000_000), 3_600);
        let day = events(&feed, at(1_000_000 - 24 * hour), now, now);
        assert_eq!(day.len(), 24 * 6);
        let part = events(&feed, at(1_000_000 - 12 * hour), at(1_000_000 - 6 * hour), now);
        assert!(part.iter().all(|event| day.contains(event)));
        assert_eq!(part.len(), 36);
    }

    #[test]
    fn late_rows_are_not_there_yet_and_silent_feeds_have_none() {
        let now = at(1_000_000);
        let late = Feed { lag_minutes: 120, ..Feed::new(60, 1.0) };
        assert!(events(&late, at(1_000_000 - 7_000), now, now).is_empty());
        let silent = Feed { silent_since: Some(at(1_000_000 - 30 * 3_600)), ..Feed::new(60, 1.0) };
        assert!(events(&silent, at(1_000_000 - 86_400), now, now).is_empty());
        assert!(!events(&silent, at(1_000_000 - 2 * 86_400), now, now).is_empty());
    }
}
