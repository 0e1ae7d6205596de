//! The first moments of a server.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// The time in which a client waits for the list of tools. What the list does not need waits for its end: it would take the cores
/// from the answer. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Opening(CancellationToken);

impl Opening {
    /// A client that has not asked for the list by then does other things first.
    const LONGEST: Duration = Duration::from_millis(50);

    /// The client has its list, or wants something else.
    pub(crate) fn end(&self) {
        self.0.cancel();
    }

    /// Waits for the end. To be called in a tokio runtime with time.
    pub(crate) async fn ended(&self) {
        if tokio::time::timeout(Self::LONGEST, self.0.cancelled()).await.is_err() {
            self.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn opening_ends_when_it_is_ended_or_after_its_time() {
        let opening = Opening::default();
        let other = opening.clone();
        let begun = tokio::time::Instant::now();
        let waiting = tokio::spawn(async move { other.ended().await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        opening.end();
        waiting.await.expect("ended");
        assert_eq!(begun.elapsed(), Duration::ZERO);
        Opening::default().ended().await;
        assert_eq!(begun.elapsed(), Opening::LONGEST);
    }
}
