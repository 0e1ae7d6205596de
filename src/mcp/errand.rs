//! Calls that outlive the request that began them: those that wait for a person whose client repeats the request with the
//! answer, and tasks. Each is known by an id that cannot be guessed, and only to the caller that began it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    call::{Caller, LogLevel, LogSink, Sent, Wants},
    conduct::{Asking, Audience},
    dispatch::Outcome,
    progress::{ProgressSink, ProgressUpdate},
    question::{Form, Response},
};

/// How long a question waits for its answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);
/// How long the outcome of a call waits for somebody to fetch it.
pub(crate) const KEPT: Duration = Duration::from_secs(300);
/// Most calls that may wait to be fetched or asked about.
const MOST: usize = 1_024;

/// The key of the one question of a request.
pub(crate) const QUESTION: &str = "question";

/// What a repeated request brings.
#[derive(Debug)]
pub(crate) struct Answers {
    /// The state that the first answer carried.
    pub(crate) state: String,
    /// The client's responses by key, each the JSON of an elicitation's result.
    pub(crate) responses: HashMap<String, Value>,
}

/// The calls of a server that outlive a request.
pub(crate) struct Errands {
    errands: Mutex<HashMap<String, Arc<Errand>>>,
    kept: Duration,
}

impl Default for Errands {
    fn default() -> Self {
        Self { errands: Mutex::default(), kept: KEPT }
    }
}

/// One such call.
pub(crate) struct Errand {
    pub(crate) id: String,
    caller: Caller,
    /// Digest of the tool and its arguments: the repeated request must be the same one.
    subject: String,
    pub(crate) begun: jiff::Timestamp,
    pub(crate) cancel: CancellationToken,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    listener: Listener,
    question: Option<Posted>,
    /// Questions so far; the current one's number is in its state.
    round: u32,
    outcome: Option<Outcome>,
    /// When it ended.
    ended: Option<Instant>,
    touched: Option<jiff::Timestamp>,
}

/// The sinks of the request that is open now, if there is one.
#[derive(Default)]
pub(crate) struct Listener {
    pub(crate) progress: Option<Arc<ProgressSink>>,
    pub(crate) log: Option<Arc<LogSink>>,
}

struct Posted {
    form: Form,
    answer: oneshot::Sender<Response>,
}

/// What an errand has come to.
#[derive(Debug)]
pub(crate) enum Standing {
    Working,
    /// A question, and the state a repeated request must bring.
    Asking {
        form: Form,
        state: String,
    },
    Ended(Outcome),
}

impl Errands {
    /// Begins one.
    ///
    /// # Errors
    /// If there are too many.
    pub(crate) fn begin(
        &self,
        caller: Caller,
        subject: String,
        listener: Listener,
    ) -> Result<Arc<Errand>, String> {
        let mut errands = self.lock();
        errands.retain(|_, errand| !errand.is_stale(self.kept));
        if errands.len() >= MOST {
            return Err(format!("Busy: {MOST} calls wait for an answer or to be fetched. Try again later."));
        }
        let errand = Arc::new(Errand {
            id: uuid::Uuid::new_v4().simple().to_string(),
            caller,
            subject,
            begun: jiff::Timestamp::now(),
            cancel: CancellationToken::new(),
            state: Mutex::new(State { listener, ..State::default() }),
            changed: Notify::new(),
        });
        errands.insert(errand.id.clone(), Arc::clone(&errand));
        Ok(errand)
    }

    /// The caller's errand of this id.
    pub(crate) fn find(&self, caller: &Caller, id: &str) -> Option<Arc<Errand>> {
        self.lock().get(id).filter(|errand| errand.caller == *caller && !errand.is_stale(self.kept)).cloned()
    }

    /// The errand that a repeated request goes on with.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn resume(
        &self,
        caller: &Caller,
        subject: &str,
        answers: &mut Answers,
    ) -> Result<Arc<Errand>, String> {
        let gone = "This call does not wait for an answer any more: it took too long, or the server was restarted. \
                    Call the tool again, without requestState.";
        let (id, round) = answers.state.split_once('.').ok_or(gone)?;
        let errand = self.find(caller, id).ok_or(gone)?;
        if errand.subject != subject {
            return Err(
                "The repeated call is not the one that asked: its tool and arguments must be the same."
                    .to_owned(),
            );
        }
        if let Ok(round) = round.parse::<u32>()
            && let Some(response) = answers.responses.remove(QUESTION)
        {
            errand.answer(Some(round), &response);
        }
        Ok(errand)
    }

    /// Forgets one.
    pub(crate) fn remove(&self, errand: &Errand) {
        self.lock().remove(&errand.id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Errand>>> {
        self.errands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Errand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Errand").field("begun", &self.begun).finish_non_exhaustive()
    }
}

impl Errand {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ended so long ago that nobody will ask.
    fn is_stale(&self, kept: Duration) -> bool {
        self.lock().ended.is_some_and(|ended| ended.elapsed() > kept)
    }

    /// When it last changed.
    pub(crate) fn touched(&self) -> jiff::Timestamp {
        self.lock().touched.unwrap_or(self.begun)
    }

    /// Sends progress and log to another request from now on, or to none.
    pub(crate) fn listen(&self, listener: Listener) {
        self.lock().listener = listener;
    }

    /// Ends it.
    pub(crate) fn end(&self, outcome: Outcome) {
        let mut state = self.lock();
        state.outcome = Some(outcome);
        state.ended = Some(Instant::now());
        state.question = None;
        state.touched = Some(jiff::Timestamp::now());
        drop(state);
        self.changed.notify_waiters();
    }

    /// Gives the client's response to the open question; to that of this round only, if one is named.
    pub(crate) fn answer(&self, round: Option<u32>, response: &Value) {
        let mut state = self.lock();
        if round.is_some_and(|round| round != state.round) {
            return;
        }
        if let Some(posted) = state.question.take() {
            state.touched = Some(jiff::Timestamp::now());
            let _ = posted.answer.send(Response::of_elicitation(response));
        }
    }

    /// What it has come to.
    pub(crate) fn standing(&self) -> Standing {
        let state = self.lock();
        match (&state.outcome, &state.question) {
            (Some(outcome), _) => Standing::Ended(outcome.clone()),
            (None, Some(posted)) => {
                Standing::Asking { form: posted.form.clone(), state: format!("{}.{}", self.id, state.round) }
            }
            (None, None) => Standing::Working,
        }
    }

    /// Waits until it asks or ends.
    pub(crate) async fn settled(&self) -> Standing {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            match self.standing() {
                Standing::Working => changed.await,
                standing => return standing,
            }
        }
    }
}

/// The audience of an errand: whoever listens at the time.
pub(crate) struct Follower {
    pub(crate) errand: Arc<Errand>,
    pub(crate) wants: Wants,
}

impl Audience for Follower {
    fn wants(&self) -> Wants {
        self.wants
    }

    fn progress(&self, update: ProgressUpdate) -> Sent {
        let sink = self.errand.lock().listener.progress.clone();
        Box::pin(async move {
            if let Some(sink) = sink {
                sink(update).await;
            }
        })
    }

    fn log(&self, level: LogLevel, text: String) -> Sent {
        let sink = self.errand.lock().listener.log.clone();
        Box::pin(async move {
            if let Some(sink) = sink {
                (sink.send)(level, text).await;
            }
        })
    }

    fn ask(&self, form: Form) -> Asking<'_> {
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.errand.lock();
            state.round += 1;
            state.question = Some(Posted { form, answer });
            state.touched = Some(jiff::Timestamp::now());
        }
        self.errand.changed.notify_waiters();
        Box::pin(async move {
            match tokio::time::timeout(PATIENCE, answered).await {
                Ok(Ok(response)) => response,
                Ok(Err(_)) => Response::Failed("the question was withdrawn".to_owned()),
                Err(_) => {
                    self.errand.lock().question = None;
                    Response::Failed(format!("nobody answered within {} s", PATIENCE.as_secs()))
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mcp::{question::tests::question, reply::Reply};

    fn caller(name: &str) -> Caller {
        Caller(name.into())
    }

    fn answers(state: &str, response: Value) -> Answers {
        Answers { state: state.to_owned(), responses: HashMap::from([(QUESTION.to_owned(), response)]) }
    }

    #[tokio::test]
    async fn question_is_answered_by_the_repeated_request_of_its_own_caller_only() {
        let errands = Errands::default();
        let errand = errands.begin(caller("a"), "tool".to_owned(), Listener::default()).expect("room");
        let follower = Follower { errand: Arc::clone(&errand), wants: Wants::default() };
        let asking = follower.ask(question("read_line", "Name", &[], &[]).form());
        let Standing::Asking { state, .. } = errand.settled().await else { panic!("it asks") };

        let accept = json!({"action": "accept", "content": {"answer": "x"}});
        let refused = |caller, subject, state: &str| {
            errands.resume(&caller, subject, &mut answers(state, accept.clone())).is_err()
        };
        assert!(refused(caller("b"), "tool", &state), "somebody else's");
        assert!(refused(caller("a"), "other", &state), "another call");
        assert!(refused(caller("a"), "tool", "0.1"), "no such errand");
        let stale = format!("{}.7", errand.id);
        errands.resume(&caller("a"), "tool", &mut answers(&stale, accept.clone())).expect("there");
        assert!(matches!(errand.standing(), Standing::Asking { .. }), "an answer to another question");
        errands.resume(&caller("a"), "tool", &mut answers(&state, accept)).expect("there");
        assert_eq!(asking.await, Response::Accepted(json!({"answer": "x"})));
    }

    #[test]
    fn outcome_is_kept_for_its_own_caller_and_not_for_ever() {
        let outcome = || Outcome::Reply { call_id: String::new(), reply: Reply::failure("x") };
        for (kept, there) in [(KEPT, true), (Duration::ZERO, false)] {
            let errands = Errands { kept, ..Errands::default() };
            let errand = errands.begin(caller("a"), "tool".to_owned(), Listener::default()).expect("room");
            errand.end(outcome());
            std::thread::sleep(Duration::from_millis(2));
            assert_eq!(errands.find(&caller("a"), &errand.id).is_some(), there);
            assert!(errands.find(&caller("b"), &errand.id).is_none());
        }
    }

    #[test]
    fn errands_are_bounded() {
        let errands = Errands::default();
        for _ in 0..MOST {
            errands.begin(caller("a"), String::new(), Listener::default()).expect("room");
        }
        assert!(errands.begin(caller("a"), String::new(), Listener::default()).is_err());
    }
}
