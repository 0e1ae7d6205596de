//! The limits of Azure, counted as Azure counts them: token buckets of ARM by subscription, principal and class of
//! operation; windows of Resource Graph and of the query API by principal.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::refusal::Refusal;

/// Limits that the simulator enforces. The defaults are those Microsoft documents.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Whether anything is limited at all.
    pub enforced: bool,
    /// ARM reads: size of the bucket and what comes back a second.
    pub reads: (f64, f64),
    /// ARM writes, the same.
    pub writes: (f64, f64),
    /// ARM deletes, the same.
    pub deletes: (f64, f64),
    /// Resource Graph: number of queries in a time.
    pub graph: (usize, Duration),
    /// Log queries: number in a time.
    pub queries: (usize, Duration),
    /// Log queries of one principal that run side by side.
    pub queries_at_once: usize,
    /// Log queries that may wait for their turn.
    pub queries_waiting: usize,
    /// How long a log query waits for its turn.
    pub query_wait: Duration,
    /// Rows of one query result.
    pub query_rows: usize,
    /// Bytes of one query result.
    pub query_bytes: usize,
    /// Bytes of one ingestion request.
    pub ingest_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enforced: true,
            reads: (250.0, 25.0),
            writes: (200.0, 10.0),
            deletes: (200.0, 10.0),
            graph: (15, Duration::from_secs(5)),
            queries: (200, Duration::from_secs(30)),
            queries_at_once: 5,
            queries_waiting: 200,
            query_wait: Duration::from_secs(180),
            query_rows: 500_000,
            query_bytes: 64_000_000,
            ingest_bytes: 1024 * 1024,
        }
    }
}

/// Class of an ARM operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    Reads,
    Writes,
    Deletes,
}

impl Class {
    /// As in the names of headers.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Deletes => "deletes",
        }
    }
}

#[derive(Debug)]
struct Bucket {
    level: f64,
    since: Timestamp,
}

/// Counts.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    limits: Limits,
    buckets: Mutex<HashMap<(String, String, Class), Bucket>>,
    windows: Mutex<HashMap<(&'static str, String), VecDeque<Timestamp>>>,
    turns: Mutex<HashMap<String, Arc<Turns>>>,
}

#[derive(Debug)]
struct Turns {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// What is left of a window.
#[derive(Debug, PartialEq)]
pub(crate) struct Quota {
    pub remaining: usize,
    pub resets_after: Duration,
}

impl Throttle {
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Takes one operation out of a bucket and says how many are left.
    pub fn arm(&self, scope: &str, principal: &str, class: Class, now: Timestamp) -> Result<u64, Refusal> {
        let (size, refill) = match class {
            Class::Reads => self.limits.reads,
            Class::Writes => self.limits.writes,
            Class::Deletes => self.limits.deletes,
        };
        let mut buckets = self.buckets.lock();
        let bucket = buckets
            .entry((scope.to_ascii_lowercase(), principal.to_owned(), class))
            .or_insert(Bucket { level: size, since: now });
        let passed = now.duration_since(bucket.since).as_secs_f64().max(0.0);
        bucket.level = (bucket.level + passed * refill).min(size);
        bucket.since = now;
        if bucket.level < 1.0 && self.limits.enforced {
            let wait = ((1.0 - bucket.level) / refill.max(f64::EPSILON)).ceil().max(1.0);
            return Err(Refusal::throttled(whole(wait), class.word()));
        }
        bucket.level = (bucket.level - 1.0).max(0.0);
        Ok(whole(bucket.level))
    }

    /// Counts a Resource Graph query.
    pub fn graph(&self, principal: &str, now: Timestamp) -> Result<Quota, Refusal> {
        self.window("graph", principal, self.limits.graph, now).map_err(|quota| {
            Refusal::new(
                429,
                "RateLimiting",
                "Please provide below info when asking for support: client application has been throttled and should not attempt to repeat the request until an amount of time has elapsed.",
            )
            .with("retry-after", quota.resets_after.as_secs().max(1).to_string())
            .with("x-ms-user-quota-remaining", "0")
            .with("x-ms-user-quota-resets-after", hours(quota.resets_after))
        })
    }

    /// Counts a log query. The refusal is how long to wait.
    pub fn query(&self, principal: &str, now: Timestamp) -> Result<(), Duration> {
        match self.window("query", principal, self.limits.queries, now) {
            Ok(_) => Ok(()),
            Err(quota) => Err(quota.resets_after),
        }
    }

    fn window(
        &self,
        name: &'static str,
        principal: &str,
        limit: (usize, Duration),
        now: Timestamp,
    ) -> Result<Quota, Quota> {
        let (count, length) = limit;
        let span = SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX);
        let mut windows = self.windows.lock();
        let window = windows.entry((name, principal.to_owned())).or_default();
        while window.front().is_some_and(|first| now.duration_since(*first) >= span) {
            window.pop_front();
        }
        let resets_after = window.front().map_or(length, |first| {
            let passed = now.duration_since(*first).max(SignedDuration::ZERO);
            length.saturating_sub(passed.unsigned_abs())
        });
        if window.len() >= count && self.limits.enforced {
            return Err(Quota { remaining: 0, resets_after });
        }
        window.push_back(now);
        Ok(Quota { remaining: count.saturating_sub(window.len()), resets_after })
    }

    /// Waits until the principal may run one more log query; `None` if that takes too long or too many wait already.
    pub async fn turn(&self, principal: &str) -> Option<OwnedSemaphorePermit> {
        let limits = &self.limits;
        let turns = {
            let mut all = self.turns.lock();
            let turns = all.entry(principal.to_owned()).or_insert_with(|| {
                let (running, waiting) = if limits.enforced {
                    (limits.queries_at_once, limits.queries_waiting)
                } else {
                    (Semaphore::MAX_PERMITS, Semaphore::MAX_PERMITS)
                };
                Arc::new(Turns {
                    running: Arc::new(Semaphore::new(running)),
                    waiting: Arc::new(Semaphore::new(waiting)),
                })
            });
            Arc::clone(turns)
        };
        if let Ok(permit) = Arc::clone(&turns.running).try_acquire_owned() {
            return Some(permit);
        }
        let _place = turns.waiting.try_acquire().ok()?;
        tokio::time::timeout(limits.query_wait, Arc::clone(&turns.running).acquire_owned()).await.ok()?.ok()
    }
}

/// `hh:mm:ss`
pub(crate) fn hours(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "levels and waits are small and not negative"
)]
fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("is a time")
    }

    #[test]
    fn a_bucket_runs_dry_and_fills_again() {
        let throttle = Throttle::new(Limits { writes: (3.0, 1.0), ..Limits::default() });
        let write = |scope: &str, second| throttle.arm(scope, "p", Class::Writes, at(second));
        assert_eq!([write("s", 0), write("S", 0), write("s", 0)], [Ok(2), Ok(1), Ok(0)]);
        let refusal = write("s", 0).expect_err("it is dry");
        assert_eq!((refusal.status, refusal.headers[0].clone()), (429, ("retry-after", "1".to_owned())));
        assert_eq!(write("t", 0), Ok(2), "another subscription has its own");
        assert_eq!(throttle.arm("s", "q", Class::Writes, at(0)), Ok(2), "so has another principal");
        assert_eq!(write("s", 2), Ok(1));
    }

    #[test]
    fn a_window_counts_what_it_has_seen() {
        let throttle = Throttle::new(Limits { graph: (2, Duration::from_secs(5)), ..Limits::default() });
        assert_eq!(throttle.graph("p", at(0)).map(|quota| quota.remaining), Ok(1));
        assert_eq!(
            throttle.graph("p", at(1)),
            Ok(Quota { remaining: 0, resets_after: Duration::from_secs(4) })
        );
        assert_eq!(throttle.graph("p", at(2)).expect_err("it is full").status, 429);
        assert!(throttle.graph("p", at(5)).is_ok());
        assert_eq!(hours(Duration::from_secs(3_725)), "01:02:05");
    }

    #[tokio::test]
    async fn queries_wait_for_their_turn_and_the_queue_has_an_end() {
        let throttle = Throttle::new(Limits {
            queries_at_once: 1,
            queries_waiting: 1,
            query_wait: Duration::from_millis(20),
            ..Limits::default()
        });
        let first = throttle.turn("p").await.expect("a turn");
        assert!(throttle.turn("p").await.is_none(), "waited in vain");
        drop(first);
        assert!(throttle.turn("p").await.is_some());
    }
}
