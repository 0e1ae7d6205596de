//! The request that follows a call while it is open.

use std::sync::Arc;

use super::{
    call::{Asking as Way, LogLevel, LogSink, Sent, ToolCall, Wants},
    conduct::{Asking, Audience},
    errand::Listener,
    progress::{ProgressSink, ProgressUpdate},
    question::{AskSink, Form, Response},
};

impl Listener {
    /// Takes the sinks of a request.
    pub(super) fn of(call: &mut ToolCall) -> Self {
        Self { progress: call.progress.take().map(Arc::new), log: call.log.take().map(Arc::new) }
    }
}

/// The audience of a call that lives as long as its request.
pub(super) struct Direct {
    progress: Option<ProgressSink>,
    log: Option<LogSink>,
    ask: Option<AskSink>,
}

impl Direct {
    /// Takes the sinks of a request.
    pub(super) fn of(call: &mut ToolCall) -> Self {
        let ask = match std::mem::replace(&mut call.asking, Way::Never) {
            Way::Live(ask) => Some(ask),
            Way::Never | Way::Rounds => None,
        };
        Self { progress: call.progress.take(), log: call.log.take(), ask }
    }
}

impl Audience for Direct {
    fn wants(&self) -> Wants {
        Wants {
            progress: self.progress.is_some(),
            log: self.log.as_ref().map(|log| log.level),
            questions: self.ask.is_some(),
        }
    }

    fn progress(&self, update: ProgressUpdate) -> Sent {
        match &self.progress {
            Some(sink) => sink(update),
            None => Box::pin(std::future::ready(())),
        }
    }

    fn log(&self, level: LogLevel, text: String) -> Sent {
        match &self.log {
            Some(sink) => (sink.send)(level, text),
            None => Box::pin(std::future::ready(())),
        }
    }

    fn ask(&self, form: Form) -> Asking<'_> {
        match &self.ask {
            Some(ask) => ask(form),
            None => Box::pin(std::future::ready(Response::Failed("nobody can be asked".to_owned()))),
        }
    }
}
