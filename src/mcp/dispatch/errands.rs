//! Calls that may outlive their request: questions in rounds, tasks.

use std::sync::Arc;

use tracing::Instrument as _;

use super::{Dispatcher, Outcome, Request};
use crate::{
    mcp::{
        call::{Asking, ToolCall, Wants},
        errand::{Errand, Follower, Listener, Standing},
        reply::Reply,
    },
    observe::Entry,
};

impl Dispatcher {
    /// Begins a call that may outlive its request.
    pub(super) async fn begin_errand(
        &self,
        request: Request,
        entry: Entry,
        digest: String,
        call: &mut ToolCall,
    ) -> Outcome {
        let call_id = request.call_id.clone();
        let wants = Wants {
            progress: call.progress.is_some(),
            log: call.log.as_ref().map(|log| log.level),
            questions: matches!(call.asking, Asking::Rounds),
        };
        let begun = self.errands.begin(call.caller.clone(), digest, Listener::of(call));
        let (errand, this) = match (begun, self.this.upgrade()) {
            (Ok(errand), Some(this)) => (errand, this),
            (Err(text), _) => {
                entry.close("busy").await;
                return Outcome::Reply { call_id, reply: Reply::failure(text) };
            }
            (Ok(_), None) => return Outcome::Cancelled,
        };
        let follower = Follower { errand: Arc::clone(&errand), wants };
        let work = async move {
            let outcome = tokio::select! {
                biased;
                () = follower.errand.cancel.cancelled() => Outcome::Cancelled,
                outcome = this.guarded(request, entry, &follower) => outcome,
            };
            follower.errand.end(outcome);
        };
        tokio::spawn(work.in_current_span());
        self.attend(errand, call_id, call).await
    }

    /// Waits with a request until its errand asks or ends, or becomes a task.
    pub(super) async fn attend(&self, errand: Arc<Errand>, call_id: String, call: &ToolCall) -> Outcome {
        let patience = async {
            match call.tasks {
                true => tokio::time::sleep(self.limits.task_after).await,
                false => std::future::pending().await,
            }
        };
        let standing = tokio::select! {
            biased;
            standing = errand.settled() => standing,
            () = call.cancelled.cancelled() => {
                errand.cancel.cancel();
                self.errands.remove(&errand);
                return Outcome::Cancelled;
            }
            () = patience => Standing::Working,
        };
        errand.listen(Listener::default());
        match standing {
            Standing::Ended(outcome) => {
                self.errands.remove(&errand);
                outcome
            }
            Standing::Asking { form, state } => Outcome::Asked { call_id, form, state },
            Standing::Working => Outcome::Task { call_id, errand },
        }
    }
}
