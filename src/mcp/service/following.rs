//! Progress and log lines to the client.

// Older revisions have a log; what replaces it is the server's own log on the error stream.
#![allow(deprecated, reason = "clients of the older revisions set a level and expect lines")]

use std::sync::atomic::{AtomicU8, Ordering};

use rmcp::{
    RoleServer,
    model::{
        LoggingLevel, LoggingMessageNotification, LoggingMessageNotificationParam, ProgressNotificationParam,
        ServerNotification,
    },
    service::{OriginatingRequestId, RequestContext},
};
use serde_json::Value;

use crate::mcp::{
    call::{LogLevel, LogSink},
    progress::{ProgressSink, ProgressUpdate},
};

/// The level that a client of an older revision has set for its connection.
#[derive(Debug, Default)]
pub(super) struct ConnectionLog(AtomicU8);

impl ConnectionLog {
    pub(super) fn set(&self, level: LoggingLevel) {
        let code = match least(level) {
            Some(LogLevel::Debug) => 1,
            Some(LogLevel::Info) => 2,
            Some(LogLevel::Warning) => 3,
            None => 0,
        };
        self.0.store(code, Ordering::Relaxed);
    }

    fn level(&self) -> Option<LogLevel> {
        match self.0.load(Ordering::Relaxed) {
            1 => Some(LogLevel::Debug),
            2 => Some(LogLevel::Info),
            3 => Some(LogLevel::Warning),
            _ => None,
        }
    }
}

/// The least of ours that such a client wants; `None` if it only wants what is not ours.
fn least(level: LoggingLevel) -> Option<LogLevel> {
    match level {
        LoggingLevel::Debug => Some(LogLevel::Debug),
        LoggingLevel::Info => Some(LogLevel::Info),
        LoggingLevel::Notice | LoggingLevel::Warning => Some(LogLevel::Warning),
        _ => None,
    }
}

/// Where log lines of a call go, if the request or its connection has set a level.
pub(super) fn log_sink(context: &RequestContext<RoleServer>, connection: &ConnectionLog) -> Option<LogSink> {
    let level = context.meta.log_level().map_or_else(|| connection.level(), least)?;
    let peer = context.peer.clone();
    let request = context.id.clone();
    Some(LogSink {
        level,
        send: Box::new(move |level, text| {
            let level = match level {
                LogLevel::Debug => LoggingLevel::Debug,
                LogLevel::Info => LoggingLevel::Info,
                LogLevel::Warning => LoggingLevel::Warning,
            };
            let params =
                LoggingMessageNotificationParam::new(level, Value::String(text)).with_logger("powershell");
            let mut line = LoggingMessageNotification::new(params);
            // So that over HTTP it comes before the answer, on the same stream.
            line.extensions.insert(OriginatingRequestId(request.clone()));
            let peer = peer.clone();
            Box::pin(async move {
                if let Err(error) =
                    peer.send_notification(ServerNotification::LoggingMessageNotification(line)).await
                {
                    tracing::debug!(%error, "a log line was not sent");
                }
            })
        }),
    })
}

/// Where progress goes, if the request has a token for it.
pub(super) fn progress_sink(context: &RequestContext<RoleServer>) -> Option<ProgressSink> {
    let token = context.meta.get_progress_token()?;
    let peer = context.peer.clone();
    Some(Box::new(move |update: ProgressUpdate| {
        let mut params = ProgressNotificationParam::new(token.clone(), update.progress);
        if let Some(total) = update.total {
            params = params.with_total(total);
        }
        if !update.message.is_empty() {
            params = params.with_message(update.message);
        }
        let peer = peer.clone();
        Box::pin(async move {
            if let Err(error) = peer.notify_progress(params).await {
                tracing::debug!(%error, "progress was not sent");
            }
        })
    }))
}
