//! Tokens: each fetched once, renewed before it ends, and served as long as it is good.
//!
//! One fetch at a time for an identity and a service, however many ask. At half of its life a token is renewed in the
//! background; if that fails, the old one is served to its end. A failure is remembered for 5 s, then twice as long, up to
//! 30 s, so that a broken identity is not asked on every call.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::{Error, Kind, Result, Token};

/// The first pause after a failure.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Time that a fetch may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// Gets a token for a scope, from Entra and not from a cache.
pub(crate) type Fetch =
    dyn Fn(&'static str) -> Pin<Box<dyn Future<Output = Result<Token>> + Send>> + Send + Sync;

/// The tokens of one identity. Clones share them.
#[derive(Clone)]
pub struct TokenBroker(Arc<Inner>);

struct Inner {
    fetch: Box<Fetch>,
    scopes: Mutex<HashMap<&'static str, Arc<Entry>>>,
}

#[derive(Default)]
struct Entry {
    state: Mutex<State>,
    /// Held by whoever fetches.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    failure: Option<Failure>,
    renewing: bool,
}

struct Failure {
    error: Error,
    until: Instant,
    pause: Duration,
}

impl TokenBroker {
    /// A broker over something that fetches.
    pub(crate) fn new(fetch: Box<Fetch>) -> Self {
        Self(Arc::new(Inner { fetch, scopes: Mutex::default() }))
    }

    /// A broker whose token never changes, for services that are on this machine.
    pub fn fixed(text: &str) -> Self {
        let token = Token::new(text, Duration::from_secs(365 * 24 * 3600));
        Self::new(Box::new(move |_| {
            let token = token.clone();
            Box::pin(async move { Ok(token) })
        }))
    }

    /// A token for a scope.
    ///
    /// # Errors
    /// [`Kind::SignIn`] and those of the way to Entra; the same error for some seconds once there was one.
    pub async fn token(&self, scope: &'static str) -> Result<Token> {
        let entry = self.entry(scope);
        if let Some(answer) = self.at_hand(scope, &entry) {
            return answer;
        }
        let _turn = entry.fetching.lock().await;
        // Somebody else may have fetched meanwhile.
        if let Some(answer) = self.at_hand(scope, &entry) {
            return answer;
        }
        self.fetch(scope, &entry).await
    }

    /// Azure refused this token: the next call gets another one.
    pub fn reject(&self, scope: &'static str, token: &Token) {
        let mut scopes = self.entry(scope).state.lock().token.take_if(|own| own.is(token));
        // The token is erased outside of the lock.
        drop(scopes.take());
    }

    fn entry(&self, scope: &'static str) -> Arc<Entry> {
        self.0.scopes.lock().entry(scope).or_default().clone()
    }

    /// What can be answered without asking Entra.
    fn at_hand(&self, scope: &'static str, entry: &Arc<Entry>) -> Option<Result<Token>> {
        let mut state = entry.state.lock();
        if let Some(token) = state.token.clone().filter(Token::is_good) {
            let waits = state.failure.as_ref().is_some_and(|failure| failure.until > Instant::now());
            if token.is_half_spent() && !state.renewing && !waits {
                state.renewing = true;
                drop(state);
                self.renew(scope, entry.clone());
            }
            return Some(Ok(token));
        }
        let failure = state.failure.as_ref().filter(|failure| failure.until > Instant::now())?;
        Some(Err(failure.error.clone()))
    }

    fn renew(&self, scope: &'static str, entry: Arc<Entry>) {
        let broker = self.clone();
        tokio::spawn(async move {
            let turn = entry.fetching.lock().await;
            let outcome = broker.fetch(scope, &entry).await;
            drop(turn);
            entry.state.lock().renewing = false;
            if let Err(error) = outcome {
                tracing::warn!(code = error.code(), %error, scope, "a token could not be renewed; the old one is used to its end");
            }
        });
    }

    async fn fetch(&self, scope: &'static str, entry: &Entry) -> Result<Token> {
        let outcome = match tokio::time::timeout(DEADLINE, (self.0.fetch)(scope)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::new(Kind::SignIn, format!("no token came within {} s", DEADLINE.as_secs()))
                .remedy(
                    "Check that the authority, or the identity endpoint of this machine, can be reached.",
                )),
        };
        let mut state = entry.state.lock();
        match outcome {
            Ok(token) => {
                state.failure = None;
                state.token = Some(token.clone());
                Ok(token)
            }
            Err(error) => {
                let pause = state
                    .failure
                    .as_ref()
                    .map_or(FIRST_PAUSE, |failure| (failure.pause * 2).min(LONGEST_PAUSE));
                state.failure = Some(Failure { error: error.clone(), until: Instant::now() + pause, pause });
                Err(error)
            }
        }
    }
}

impl fmt::Debug for TokenBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scopes: Vec<&str> = self.0.scopes.lock().keys().copied().collect();
        f.debug_struct("TokenBroker").field("scopes", &scopes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use super::*;

    const SCOPE: &str = "https://x/.default";

    struct Entra {
        fetched: AtomicU32,
        broken: AtomicBool,
    }

    /// A broker over tokens named 1, 2, 3, ... that live for `seconds`; a fetch takes 100 ms.
    fn broker(seconds: u64) -> (TokenBroker, Arc<Entra>) {
        let entra = Arc::new(Entra { fetched: AtomicU32::new(0), broken: AtomicBool::new(false) });
        let own = entra.clone();
        let broker = TokenBroker::new(Box::new(move |_| {
            let entra = own.clone();
            Box::pin(async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                let number = entra.fetched.fetch_add(1, Ordering::Relaxed) + 1;
                if entra.broken.load(Ordering::Relaxed) {
                    return Err(Error::new(Kind::SignIn, format!("failure {number}")));
                }
                Ok(Token::new(number.to_string(), Duration::from_secs(seconds)))
            })
        }));
        (broker, entra)
    }

    async fn pass(seconds: f64) {
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_callers_fetch_one_token() {
        let (broker, entra) = broker(3_600);
        let calls = (0..100).map(|_| broker.token(SCOPE));
        for token in futures_util::future::join_all(calls).await {
            assert_eq!(token.expect("is there").expose(), "1");
        }
        assert_eq!(entra.fetched.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn at_half_life_the_old_token_is_served_while_the_next_is_fetched() {
        let (broker, entra) = broker(5);
        assert_eq!(broker.token(SCOPE).await.expect("is there").expose(), "1");
        pass(2.6).await;
        assert_eq!(broker.token(SCOPE).await.expect("is there").expose(), "1");
        pass(0.2).await;
        assert_eq!(broker.token(SCOPE).await.expect("is there").expose(), "2");
        assert_eq!(entra.fetched.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn while_entra_is_down_the_old_token_is_served_and_entra_is_asked_now_and_then() {
        let (broker, entra) = broker(600);
        broker.token(SCOPE).await.expect("is there");
        entra.broken.store(true, Ordering::Relaxed);
        pass(301.0).await;
        for _ in 0..250 {
            assert_eq!(broker.token(SCOPE).await.expect("is still good").expose(), "1");
            pass(1.0).await;
        }
        let asked = entra.fetched.load(Ordering::Relaxed) - 1;
        assert!((8..=12).contains(&asked), "asked {asked} times in 250 s");
        pass(60.0).await;
        let failed = broker.token(SCOPE).await.expect_err("it has ended");
        let before = entra.fetched.load(Ordering::Relaxed);
        for _ in 0..50 {
            assert_eq!(broker.token(SCOPE).await.expect_err("is remembered").what(), failed.what());
        }
        assert_eq!(entra.fetched.load(Ordering::Relaxed), before);
        entra.broken.store(false, Ordering::Relaxed);
        pass(31.0).await;
        broker.token(SCOPE).await.expect("works again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_rejected_token_is_replaced_once() {
        let (broker, entra) = broker(3_600);
        let first = broker.token(SCOPE).await.expect("is there");
        broker.reject(SCOPE, &first);
        let second = broker.token(SCOPE).await.expect("is there");
        broker.reject(SCOPE, &first);
        assert!(broker.token(SCOPE).await.expect("is there").is(&second));
        assert_eq!(entra.fetched.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn an_identity_that_does_not_answer_fails_after_ten_seconds() {
        let broker = TokenBroker::new(Box::new(|_| Box::pin(std::future::pending())));
        let started = Instant::now();
        let error = broker.token(SCOPE).await.expect_err("never comes");
        assert_eq!(error.kind(), Kind::SignIn);
        assert!(started.elapsed() >= DEADLINE && started.elapsed() < DEADLINE * 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_gives_up_leaves_the_fetch_to_the_next() {
        let (broker, _) = broker(3_600);
        let given_up = tokio::time::timeout(Duration::from_millis(10), broker.token(SCOPE)).await;
        assert!(given_up.is_err());
        assert!(broker.token(SCOPE).await.is_ok());
    }
}
