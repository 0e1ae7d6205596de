//! A token: used, never shown.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use zeroize::Zeroizing;

/// An access token. Clones share the text, which is overwritten when the last one goes.
#[derive(Clone)]
pub struct Token {
    text: Arc<Zeroizing<String>>,
    /// Of the process, not of the wall: a clock that is set changes nothing.
    obtained: Instant,
    lifetime: Duration,
}

impl Token {
    /// A token that is good for `lifetime` from now on.
    pub fn new(text: impl Into<String>, lifetime: Duration) -> Self {
        Self { text: Arc::new(Zeroizing::new(text.into())), obtained: Instant::now(), lifetime }
    }

    /// The text, for the `Authorization` header and nothing else.
    pub(crate) fn expose(&self) -> &str {
        &self.text
    }

    /// True if it can still be used. A small part of its life is left unused, for the way to Azure.
    pub fn is_good(&self) -> bool {
        let margin = (self.lifetime / 10).min(Duration::from_secs(30));
        self.obtained.elapsed() < self.lifetime.saturating_sub(margin)
    }

    /// True if it is time to get the next one.
    pub fn is_half_spent(&self) -> bool {
        self.obtained.elapsed() >= self.lifetime / 2
    }

    /// What is left of its life.
    pub fn remaining(&self) -> Duration {
        self.lifetime.saturating_sub(self.obtained.elapsed())
    }

    /// True if it is the same token.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.text, &other.text)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("remaining", &self.remaining()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn life_of_a_token() {
        let token = Token::new("canary", Duration::from_secs(5));
        assert!(token.is_good() && !token.is_half_spent());
        tokio::time::advance(Duration::from_millis(2_500)).await;
        assert!(token.is_good() && token.is_half_spent());
        tokio::time::advance(Duration::from_millis(2_100)).await;
        assert!(!token.is_good());
        assert!(!format!("{token:?}").contains("canary"));
    }
}
