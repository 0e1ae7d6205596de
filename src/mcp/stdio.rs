//! One client at the other end of two files, from its first request to the end.

use std::{fs::File, future::Future, io};

use rmcp::ServiceExt as _;

use super::{
    handover::{Handover, StdioState},
    parts::Parts,
    shutdown::{Cause, End, Patience},
    transport::StdioTransport,
};

/// Serves one client. See [`Server::serve`].
pub(crate) async fn serve(
    parts: &Parts,
    patience: Patience,
    (input, output): (File, File),
    left: Option<StdioState>,
    stop: impl Future<Output = ()>,
) -> io::Result<End> {
    let shutdown = &parts.shutdown;
    let (transport, mut rest) = StdioTransport::new(input, output, shutdown.clone(), left)?;
    let conversation = async {
        match parts.service().serve(transport).await {
            Ok(running) => {
                let quit = running.waiting().await;
                tracing::debug!(?quit, "the conversation is over");
            }
            Err(error) => tracing::debug!(%error, "there was no conversation"),
        }
    };
    let asked = async {
        stop.await;
        shutdown.begin(Cause::Asked);
        std::future::pending::<()>().await;
    };
    let replaced = async {
        let reason = parts.replacement_due().await;
        parts.drain(reason, &patience, rest.settled()).await;
        rest.left().await;
    };
    let end = async {
        shutdown.begun().await;
        let cause = shutdown.cause().unwrap_or(Cause::EndOfInput);
        if matches!(cause, Cause::Replace(_)) {
            // The transport still has to give what is left of the input.
            std::future::pending::<()>().await;
        }
        // The transport gives no more requests from here on; those that are there may be answered.
        tokio::time::sleep(patience.with_calls(cause)).await;
        shutdown.cancel_calls();
        tokio::time::sleep(patience.last_answers).await;
    };
    tokio::select! {
        () = conversation => {}
        () = end => {}
        () = asked => {}
        () = replaced => {}
    }
    // Whatever still runs must not outlive the conversation.
    shutdown.begin(Cause::EndOfInput);
    shutdown.cancel_calls();
    let cause = shutdown.cause().unwrap_or(Cause::EndOfInput);
    if matches!(cause, Cause::Replace(_)) {
        return Ok(match rest.hand_over().await {
            Some(state) => {
                let handover = Handover { stdio: Some(state), sessions: Vec::new() };
                End { cause, handover: handover.pack() }
            }
            None => End { cause: Cause::OutputClosed(io::ErrorKind::BrokenPipe), handover: Vec::new() },
        });
    }
    rest.finish(patience.last_answers).await;
    Ok(End { cause, handover: Vec::new() })
}
