//! How fast Azure is asked: below its own limits, so that it never has to refuse.
//!
//! Resource Manager counts by subscription, identity and kind of request, each in a bucket that refills; Resource Graph and
//! Log Analytics count by identity. A limit that Azure reports all the same slows everything that shares it.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// What a request counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Traffic {
    /// A read of Resource Manager.
    Read,
    /// A write of Resource Manager.
    Write,
    /// A delete of Resource Manager.
    Delete,
    /// A query of Resource Graph.
    Graph,
    /// A query of Log Analytics.
    Query,
    /// Records sent to a data collection rule.
    Ingest,
}

/// The limits of one identity. Clones share them.
#[derive(Clone)]
pub struct Limits(Arc<Inner>);

struct Inner {
    reads: DefaultKeyedRateLimiter<String>,
    writes: DefaultKeyedRateLimiter<String>,
    deletes: DefaultKeyedRateLimiter<String>,
    graph: DefaultDirectRateLimiter,
    queries: DefaultDirectRateLimiter,
    ingest: DefaultKeyedRateLimiter<String>,
    at_once: Arc<Semaphore>,
    slowed: Mutex<HashMap<(Traffic, String), Instant>>,
}

/// A place among the requests that run; it is given back when dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    _place: Option<OwnedSemaphorePermit>,
}

/// Queries that run at once.
const QUERIES_AT_ONCE: usize = 5;

impl Default for Limits {
    fn default() -> Self {
        Self(Arc::new(Inner {
            // 250 and 25 a second are Azure's; a little is left for other programs.
            reads: RateLimiter::keyed(per_second(24).allow_burst(count(240))),
            writes: RateLimiter::keyed(per_second(9).allow_burst(count(190))),
            deletes: RateLimiter::keyed(per_second(9).allow_burst(count(190))),
            // 15 in any 5 s: 5 at once and 2 a second.
            graph: RateLimiter::direct(per_second(2).allow_burst(count(5))),
            // 200 in any 30 s: 50 at once and 5 a second.
            queries: RateLimiter::direct(per_second(5).allow_burst(count(50))),
            // 12,000 a minute and rule.
            ingest: RateLimiter::keyed(per_second(150).allow_burst(count(1_000))),
            at_once: Arc::new(Semaphore::new(QUERIES_AT_ONCE)),
            slowed: Mutex::new(HashMap::new()),
        }))
    }
}

impl Limits {
    /// Waits until a request may go out. `shared` is what it is counted by: a subscription, or a rule.
    pub(crate) async fn admit(&self, traffic: Traffic, shared: &str) -> Admitted {
        let inner = &self.0;
        let key = shared.to_ascii_lowercase();
        let place = match traffic {
            Traffic::Query => inner.at_once.clone().acquire_owned().await.ok(),
            _ => None,
        };
        loop {
            match traffic {
                Traffic::Read => inner.reads.until_key_ready(&key).await,
                Traffic::Write => inner.writes.until_key_ready(&key).await,
                Traffic::Delete => inner.deletes.until_key_ready(&key).await,
                Traffic::Graph => inner.graph.until_ready().await,
                Traffic::Query => inner.queries.until_ready().await,
                Traffic::Ingest => inner.ingest.until_key_ready(&key).await,
            }
            let slowed = inner.slowed.lock().get(&(traffic, key.clone())).copied();
            match slowed {
                Some(until) if until > Instant::now() => tokio::time::sleep_until(until).await,
                _ => return Admitted { _place: place },
            }
        }
    }

    /// Azure asked to slow down: so does everything that shares the limit.
    pub(crate) fn slow(&self, traffic: Traffic, shared: &str, pause: Duration) {
        let until = Instant::now() + pause;
        let mut slowed = self.0.slowed.lock();
        slowed.retain(|_, until| *until > Instant::now());
        let entry = slowed.entry((traffic, shared.to_ascii_lowercase())).or_insert(until);
        *entry = (*entry).max(until);
    }
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limits")
            .field("free_queries", &self.0.at_once.available_permits())
            .finish_non_exhaustive()
    }
}

fn per_second(number: u32) -> Quota {
    Quota::per_second(count(number))
}

const fn count(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn five_queries_at_once_and_the_sixth_waits() {
        let limits = Limits::default();
        let mut running = Vec::new();
        for _ in 0..QUERIES_AT_ONCE {
            running.push(limits.admit(Traffic::Query, "").await);
        }
        let sixth = tokio::time::timeout(Duration::from_millis(50), limits.admit(Traffic::Query, "")).await;
        assert!(sixth.is_err(), "a sixth query was let through");
        running.pop();
        let sixth = tokio::time::timeout(Duration::from_secs(5), limits.admit(Traffic::Query, "")).await;
        assert!(sixth.is_ok(), "the free place was not given away");
    }

    #[tokio::test]
    async fn a_burst_of_one_subscription_leaves_the_others_alone() {
        let limits = Limits::default();
        for _ in 0..240 {
            limits.admit(Traffic::Read, "A").await;
        }
        let mut waiting = Box::pin(limits.admit(Traffic::Read, "a"));
        let other = limits.admit(Traffic::Read, "B");
        tokio::select! {
            biased;
            _ = &mut waiting => panic!("the 241st read did not wait"),
            _ = other => {}
        }
        waiting.await;
    }

    #[tokio::test]
    async fn what_azure_slows_is_slow_for_all_who_share_it() {
        let limits = Limits::default();
        limits.slow(Traffic::Write, "S", Duration::from_millis(80));
        let started = Instant::now();
        limits.admit(Traffic::Read, "S").await;
        limits.admit(Traffic::Write, "T").await;
        assert!(started.elapsed() < Duration::from_millis(80));
        limits.admit(Traffic::Write, "s").await;
        assert!(started.elapsed() >= Duration::from_millis(80));
    }
}
