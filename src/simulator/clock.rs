//! The simulator's time: the machine's, moved by an offset that tests set, or one that stands still.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Tells the time to everything that is simulated.
#[derive(Debug)]
pub(crate) struct Clock {
    fixed: Option<Timestamp>,
    offset_ms: AtomicI64,
}

impl Clock {
    pub fn new(fixed: Option<Timestamp>) -> Self {
        Self { fixed, offset_ms: AtomicI64::new(0) }
    }

    pub fn now(&self) -> Timestamp {
        let base = self.fixed.unwrap_or_else(Timestamp::now);
        base.saturating_add(SignedDuration::from_millis(self.offset_ms.load(Ordering::Relaxed)))
            .unwrap_or(base)
    }

    /// Moves the clock so that it is `offset` away from the machine's.
    pub fn set_offset(&self, offset: SignedDuration) {
        let millis = i64::try_from(offset.as_millis()).unwrap_or(i64::MAX);
        self.offset_ms.store(millis, Ordering::Relaxed);
    }

    pub fn offset(&self) -> SignedDuration {
        SignedDuration::from_millis(self.offset_ms.load(Ordering::Relaxed))
    }
}

/// A time as Azure writes it: seconds, `Z`.
pub(crate) fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time with the seven digits that some answers have.
pub(crate) fn stamp_precise(time: Timestamp) -> String {
    let ticks = time.subsec_nanosecond() / 100;
    format!("{}.{ticks:07}Z", time.strftime("%Y-%m-%dT%H:%M:%S"))
}
