//! When a request is sent again, and after what pause.

use std::time::Duration;

use backoff::backoff::Backoff;
use backoff::{ExponentialBackoff, ExponentialBackoffBuilder};

/// How patient the client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The first pause; each further one is twice as long, all of them up to 25 % longer or shorter by chance.
    pub first: Duration,
    /// How often a request is sent at most, when services fail or connections break.
    pub tries: u32,
    /// How often it is sent at most when Azure asks to slow down.
    pub throttled_tries: u32,
    /// All tries and pauses together.
    pub total: Duration,
    /// The longest pause, whatever Azure asks for.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            tries: 4,
            throttled_tries: 12,
            total: Duration::from_secs(300),
            longest: Duration::from_secs(60),
        }
    }
}

impl RetryPolicy {
    pub(crate) fn pauses(&self) -> Pauses {
        Pauses {
            own: ExponentialBackoffBuilder::new()
                .with_initial_interval(self.first)
                .with_multiplier(2.0)
                .with_randomization_factor(0.25)
                .with_max_interval(self.longest)
                .with_max_elapsed_time(None)
                .build(),
            longest: self.longest,
        }
    }
}

/// The pauses of one request.
pub(crate) struct Pauses {
    own: ExponentialBackoff,
    longest: Duration,
}

impl Pauses {
    /// The next pause: what Azure asks for, or the own one.
    pub(crate) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let own = self.own.next_backoff().unwrap_or(self.longest);
        asked.unwrap_or(own).min(self.longest)
    }
}

/// What `Retry-After` asks for: seconds or a date. `None` for anything else, and for times that have passed.
pub(crate) fn retry_after(value: &str, now: jiff::Timestamp) -> Option<Duration> {
    let value = value.trim();
    if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Duration::try_from(until.duration_since(now)).ok().filter(|pause| !pause.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_with_jitter_and_azure_goes_before() {
        let policy = RetryPolicy::default();
        let mut pauses = policy.pauses();
        for expected in [1.0, 2.0, 4.0] {
            let pause = pauses.next(None).as_secs_f64();
            assert!((expected * 0.74..=expected * 1.26).contains(&pause), "{pause}");
        }
        assert_eq!(pauses.next(Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(pauses.next(Some(Duration::from_secs(3_600))), Duration::from_secs(60));
    }

    #[test]
    fn retry_after_of_every_shape() {
        let now: jiff::Timestamp = "2026-03-01T12:00:00Z".parse().expect("is a time");
        let seconds = |text: &str| retry_after(text, now).map(|pause| pause.as_secs());
        assert_eq!(seconds("17"), Some(17));
        assert_eq!(seconds(" 0 "), Some(0));
        assert_eq!(seconds("99999999999999999999999"), Some(u64::MAX));
        assert_eq!(seconds("Sun, 01 Mar 2026 12:00:30 GMT"), Some(30));
        for nothing in ["Sun, 01 Mar 2026 11:59:30 GMT", "-5", "soon", "", "1.5"] {
            assert_eq!(seconds(nothing), None, "{nothing}");
        }
    }
}
