//! How large a pool is and how long things in it may take.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Size and patience of the pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PoolConfig {
    /// Slots kept open (default 1).
    pub min: usize,
    /// Most slots, sessions not counted (default max(16, 4 x cores)).
    pub max: usize,
    /// Slots whose call only waits for a function of the embedding program and that do not count against `max` (default 64): slow
    /// functions never starve quick calls.
    pub max_waiting: usize,
    /// Calls that may wait for a slot; one more is answered [`Error::Overloaded`] at once (default 256).
    pub queue: usize,
    /// How long a call may wait for a slot (default 15 s; never longer than its deadline).
    #[serde(with = "millis")]
    pub acquire_timeout: Duration,
    /// How long a slot may take to open, its modules included (default 60 s).
    #[serde(with = "millis")]
    pub create_timeout: Duration,
    /// How long a stopped call may take to end before its slot is given up (default 2 s).
    #[serde(with = "millis")]
    pub stop_grace: Duration,
    /// How long a slot may take to clean up after a call before it is given up (default 5 s).
    #[serde(with = "millis")]
    pub settle_timeout: Duration,
    /// How many given-up slots the engine bears before it refuses new work (default 4).
    pub abandon_budget: usize,
    /// Calls after which a slot is replaced, give or take 20 % (default 100,000: PowerShell does not give back all of a runspace that was closed, and one
    /// that serves does not grow; 0: never).
    pub max_uses: u64,
    /// Age at which an idle slot is replaced, give or take 10 % (default 30 min; 0: never).
    #[serde(with = "millis")]
    pub max_age: Duration,
    /// Time after which an idle slot beyond `min` is closed (default 10 min).
    #[serde(with = "millis")]
    pub idle_timeout: Duration,
    /// Unused slots kept ready for calls in a fresh runspace, from the first such call on (default 2).
    pub spares: usize,
    /// Most named sessions open at once (default 16).
    pub max_sessions: usize,
    /// Time after which an unused session ends, unless it was opened with another (default 10 min).
    #[serde(with = "millis")]
    pub session_ttl: Duration,
}

impl Default for PoolConfig {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            min: 1,
            max: (4 * cores).max(16),
            max_waiting: 64,
            queue: 256,
            acquire_timeout: Duration::from_secs(15),
            create_timeout: Duration::from_secs(60),
            stop_grace: Duration::from_secs(2),
            settle_timeout: Duration::from_secs(5),
            abandon_budget: 4,
            max_uses: 100_000,
            max_age: Duration::from_secs(30 * 60),
            idle_timeout: Duration::from_secs(10 * 60),
            spares: 2,
            max_sessions: 16,
            session_ttl: Duration::from_secs(10 * 60),
        }
    }
}

impl PoolConfig {
    /// Checks the values against each other.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |text: String| Err(Error::InvalidInvocation(format!("pool: {text}")));
        if self.max == 0 || self.max > 1024 {
            return wrong(format!("max is {}, it must be 1 to 1024", self.max));
        }
        if self.max_waiting > 1024 {
            return wrong(format!("max_waiting is {}, it must be 0 to 1024", self.max_waiting));
        }
        if self.min > self.max {
            return wrong(format!("min is {}, more than max ({})", self.min, self.max));
        }
        if self.stop_grace.is_zero() || self.settle_timeout.is_zero() || self.create_timeout.is_zero() {
            return wrong("stop_grace, settle_timeout and create_timeout must be more than 0".to_owned());
        }
        if self.abandon_budget == 0 {
            return wrong("abandon_budget must be at least 1".to_owned());
        }
        Ok(())
    }
}

/// Durations as milliseconds in configuration files.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
