//! Calls of a process that is to be replaced.

use std::time::{Duration, Instant};

use super::{Dispatcher, Outcome, Request, work::Worked};
use crate::{Error, mcp::reply::Reply};

/// How often a server that is to be replaced looks whether its calls have ended.
const IDLE_POLL: Duration = Duration::from_millis(5);

/// How long a call waits for the replacement of the process to begin.
const UNDECIDED: Duration = Duration::from_secs(10);

impl Dispatcher {
    /// Waits until no call is under way but those that are left to the next process.
    pub(crate) async fn idle(&self) {
        while self.admission.under_way() > 0 {
            tokio::time::sleep(IDLE_POLL).await;
        }
    }

    /// True for errors of calls that were refused before they began, and that a fresh process would carry out.
    pub(super) fn needs_another_process(&self, error: &Error) -> bool {
        matches!(error, Error::PowerShellChanged { .. } | Error::Degraded { .. })
            && self.replaceable.is_some_and(|from| Instant::now() >= from)
    }

    /// A call that did not begin: the next process carries it out, and nobody notices. What cannot be left to it is refused.
    pub(super) async fn leave(&self, request: &mut Request, error: &Error) -> Worked {
        if request.defer.as_ref().is_some_and(|defer| defer()) {
            request.place = None;
            tokio::time::sleep(UNDECIDED).await;
            if self.shutdown.is_draining() {
                return std::future::pending().await;
            }
            // What was wrong with the engine has passed.
        }
        let text = format!(
            "{error} [{}]. This call did not begin; the server puts that right by itself, call again in a few seconds.",
            error.code()
        );
        let reply = Reply::failure(text);
        Worked::Ended(Outcome::Reply { call_id: request.call_id.clone(), reply }, error.code())
    }
}
