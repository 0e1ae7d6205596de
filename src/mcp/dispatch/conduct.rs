//! A call from its admission to its outcome: the clock, a panic, the record.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Dispatcher, Outcome, Request, work::Worked};
use crate::{
    Error,
    mcp::{
        call::Done,
        conduct::{Audience, Clock, Conducted, Unanswered, conduct},
        finder::meant,
        options::{CallOptions, requested_timeout},
        reply::{Reply, View},
        results::{self, Budget, GET_RESULT},
    },
    observe::Entry,
};

/// Events of a job that may wait for those who follow it.
const EVENTS: usize = 256;

impl Dispatcher {
    /// Answers even if the work panics, and records how it went.
    pub(super) async fn guarded(&self, request: Request, entry: Entry, audience: &dyn Audience) -> Outcome {
        let call_id = request.call_id.clone();
        let mut entry = entry;
        let work = AssertUnwindSafe(async {
            tokio::select! {
                biased;
                () = self.shutdown.calls_cancelled() => {
                    (Outcome::Reply { call_id: call_id.clone(), reply: Reply::failure(self.stopped()) }, "shut_down")
                }
                ended = self.carry_out(request, &mut entry, audience) => ended,
            }
        });
        let (outcome, word) = work.catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!("a tool call panicked");
            let text = format!(
                "Internal failure in this call (id {call_id}); the server goes on. Its log has the details."
            );
            (Outcome::Reply { call_id: call_id.clone(), reply: Reply::failure(text) }, "panic")
        });
        entry.close(word).await;
        outcome
    }

    async fn carry_out(
        &self,
        mut request: Request,
        entry: &mut Entry,
        audience: &dyn Audience,
    ) -> (Outcome, &'static str) {
        let call_id = request.call_id.clone();
        let reply = |reply| Outcome::Reply { call_id: call_id.clone(), reply };
        if request.tool == GET_RESULT {
            let answer = self.get_result(&request).await.unwrap_or_else(Reply::failure);
            let word = if answer.is_error { "refused" } else { "ok" };
            return (reply(answer), word);
        }
        let most = if request.long { self.limits.long_deadline } else { self.limits.deadline };
        let asked = meant(&request.tool, &request.arguments).and_then(requested_timeout);
        let deadline = asked.map_or(most, |timeout| timeout.min(most));
        let (sender, events) = mpsc::channel(EVENTS);
        let clock = Clock { deadline, stop: CancellationToken::new() };
        let work = self.work(&mut request, entry, audience.wants(), sender, &clock);
        let Conducted { result, unanswered } = conduct(work, events, audience, clock.clone()).await;
        match result {
            Worked::Ended(outcome, word) => (outcome, word),
            Worked::Ran { result, options, planned } => {
                let result = result.map_err(|error| timed_out(error, &clock));
                let (answer, word) = self.render(&request, result, &options, unanswered.as_ref());
                (reply(if planned { answer.of_plan() } else { answer }), word)
            }
        }
    }

    /// What a call is told that was stopped because the server ends.
    fn stopped(&self) -> String {
        match self.shutdown.draining() {
            None => format!("{} [{}]", Error::ShutDown, Error::ShutDown.code()),
            Some(reason) => format!(
                "This call was stopped: the server replaces itself, because {reason}. What the call did until then stays \
                 done; the server answers again in a moment."
            ),
        }
    }

    /// What the client gets of a job's end, and the word for it.
    fn render(
        &self,
        request: &Request,
        result: Result<Done, Error>,
        options: &CallOptions,
        unanswered: Option<&Unanswered>,
    ) -> (Reply, &'static str) {
        let view = View {
            fields: &options.fields,
            first: options.first,
            budget: Budget::default(),
            keep: &|output| self.results.keep(&request.caller, &request.tool, output.clone()),
            unanswered,
            confirmable: options.confirmable,
        };
        match result {
            Ok(Done { output, remark }) => {
                let reply = Reply::of_output(&output, &view);
                let word = if reply.is_error { "error" } else { "ok" };
                match remark {
                    Some(remark) => remark.on(reply),
                    None => (reply, word),
                }
            }
            Err(error) => {
                tracing::info!(code = error.code(), "a tool call failed");
                (Reply::of_error(&error, &view), error.code())
            }
        }
    }

    async fn get_result(&self, request: &Request) -> Result<Reply, String> {
        let arguments = request.arguments.clone();
        let id = arguments.get("result").and_then(Value::as_str).unwrap_or_default();
        let kept = self.results.find(&request.caller, id)?;
        // A long result takes a while to read.
        let answer =
            tokio::task::spawn_blocking(move || results::answer(&kept, arguments, Budget::default()));
        answer.await.map_err(|_| "Internal failure while the result was read; the server goes on.".to_owned())
    }
}

/// A job that the clock stopped was not cancelled by anybody.
fn timed_out(error: Error, clock: &Clock) -> Error {
    match error {
        Error::Cancelled { abandoned, output } if clock.stop.is_cancelled() => {
            Error::Timeout { deadline: clock.deadline, abandoned, output }
        }
        other => other,
    }
}
