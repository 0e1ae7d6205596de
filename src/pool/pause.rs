//! Ever longer pauses between two tries to open a slot in the background.

use std::time::Duration;

use backoff::{ExponentialBackoff, ExponentialBackoffBuilder, backoff::Backoff};

/// From 0.25 s, doubling, up to 30 s, each 25 % longer or shorter by chance.
pub(super) struct Pause(ExponentialBackoff);

const LONGEST: Duration = Duration::from_secs(30);

impl Default for Pause {
    fn default() -> Self {
        Self(
            ExponentialBackoffBuilder::new()
                .with_initial_interval(Duration::from_millis(250))
                .with_multiplier(2.0)
                .with_randomization_factor(0.25)
                .with_max_interval(LONGEST)
                .with_max_elapsed_time(None)
                .build(),
        )
    }
}

impl Pause {
    pub(super) fn next(&mut self) -> Duration {
        self.0.next_backoff().unwrap_or(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        let mut pause = Pause::default();
        let pauses: Vec<Duration> = (0..20).map(|_| pause.next()).collect();
        assert!(pauses[0] < Duration::from_millis(320), "{pauses:?}");
        assert!(pauses[19] >= Duration::from_secs(20), "{pauses:?}");
        assert!(pauses.iter().all(|pause| *pause < Duration::from_secs(38)), "{pauses:?}");
    }
}
