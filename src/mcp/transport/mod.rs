//! The wire: newline-delimited JSON-RPC over two files that are private to the server.
//!
//! rmcp's own transport drops broken and too long lines without an answer, takes requests without limit, keeps running
//! when the client is gone, and waits five seconds at the end of input. This one answers every line that can have an
//! answer, refuses an id that is in use, leaves requests unread while the client does not read, and begins the shutdown
//! at once when either end closes.

#[cfg(unix)]
mod endpoint;
mod framing;
mod id_scan;
mod input;
mod ledger;
mod message;
mod outbox;

use std::{fs::File, io, time::Duration};

use rmcp::{
    RoleServer,
    model::{
        ClientJsonRpcMessage, ClientNotification, ClientRequest, ErrorCode, GetExtensions, GetMeta,
        ProtocolVersion, RequestId, ServerJsonRpcMessage,
    },
    transport::Transport,
};

use self::{
    framing::{Frame, Framing, MAX_LINE_BYTES},
    input::Input,
    ledger::{Ledger, Refused},
    message::{Reading, error_line},
    outbox::Outbox,
};
use super::shutdown::{Cause, Shutdown};

/// A server's two streams, as rmcp wants them.
pub(crate) struct StdioTransport {
    input: Input,
    framing: Framing,
    outbox: Outbox,
    ledger: Ledger,
    shutdown: Shutdown,
    /// A request has begun the conversation. What comes before it and is no request would end rmcp's opening.
    opened: bool,
}

/// Waits for the last answers after the conversation has ended.
pub(crate) struct Rest(Outbox);

impl StdioTransport {
    /// Takes over the two streams. To be called inside a runtime.
    ///
    /// # Errors
    /// What the system says of the files.
    pub(crate) fn new(input: File, output: File, shutdown: Shutdown) -> io::Result<Self> {
        Ok(Self {
            input: Input::new(input)?,
            framing: Framing::new(MAX_LINE_BYTES),
            outbox: Outbox::new(output, shutdown.clone())?,
            ledger: Ledger::default(),
            shutdown,
            opened: false,
        })
    }

    /// For the time after the conversation.
    pub(crate) fn rest(&self) -> Rest {
        Rest(self.outbox.clone())
    }

    /// A message for the server, or `None` if the line is dealt with.
    fn take(&mut self, frame: Frame) -> Option<ClientJsonRpcMessage> {
        let line = match frame {
            Frame::Line(line) => line,
            Frame::TooLong { bytes, id } => {
                let text = format!("the message has {bytes} bytes, at most {MAX_LINE_BYTES} are taken");
                self.answer(error_line(id.as_deref(), ErrorCode::INVALID_REQUEST, &text));
                return None;
            }
        };
        match message::read(&line) {
            Reading::Message(message) => self.admit(*message),
            Reading::Answer(answer) => {
                self.answer(answer);
                None
            }
            Reading::Nothing => None,
        }
    }

    fn admit(&mut self, mut message: ClientJsonRpcMessage) -> Option<ClientJsonRpcMessage> {
        match &mut message {
            ClientJsonRpcMessage::Request(request) => {
                match self.ledger.admit(&request.id) {
                    Ok(handling) => request.request.extensions_mut().insert(handling),
                    Err(refused) => {
                        self.answer(refusal(&request.id, &refused));
                        return None;
                    }
                };
                self.opened |= opens(&request.request);
                Some(message)
            }
            ClientJsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    self.ledger.cancelled(id);
                }
                self.opened.then_some(message)
            }
            _ => self.opened.then_some(message),
        }
    }

    /// Sends an answer of the transport's own. It does not wait: reading must not be kept up by it.
    fn answer(&self, line: Vec<u8>) {
        tokio::spawn(self.outbox.send(line));
    }
}

/// True for the requests with which rmcp leaves its opening.
fn opens(request: &ClientRequest) -> bool {
    match request {
        ClientRequest::InitializeRequest(_) => true,
        ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_) => false,
        request => {
            let meta = request.get_meta();
            let known = |version| ProtocolVersion::KNOWN_VERSIONS.contains(&version);
            meta.missing_required_keys(&ProtocolVersion::V_2026_07_28).is_empty()
                && meta.protocol_version().is_some_and(known)
        }
    }
}

fn refusal(id: &RequestId, refused: &Refused) -> Vec<u8> {
    let (code, text) = match refused {
        Refused::Duplicate => {
            (ErrorCode::INVALID_REQUEST, "the id belongs to a request that is not answered yet")
        }
        Refused::Full => (ErrorCode::INTERNAL_ERROR, "too many requests are open; wait for answers"),
    };
    let id = id.clone().into_json_value().to_string();
    error_line(Some(&id), code, text)
}

impl Transport<RoleServer> for StdioTransport {
    type Error = io::Error;

    fn send(&mut self, item: ServerJsonRpcMessage) -> impl Future<Output = io::Result<()>> + Send + 'static {
        match &item {
            ServerJsonRpcMessage::Response(response) => self.ledger.answered(&response.id),
            ServerJsonRpcMessage::Error(error) => {
                if let Some(id) = &error.id {
                    self.ledger.answered(id);
                }
            }
            _ => {}
        }
        let line = serde_json::to_vec(&item).map(|mut line| {
            line.push(b'\n');
            self.outbox.send(line)
        });
        async move { line?.await }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            // Requests that came in one piece must not keep those before them from being answered.
            tokio::task::coop::consume_budget().await;
            tokio::select! {
                biased;
                () = self.shutdown.begun() => return None,
                () = self.outbox.room() => {}
            }
            if let Some(frame) = self.framing.next() {
                match self.take(frame) {
                    Some(message) => return Some(message),
                    None => continue,
                }
            }
            let cause = tokio::select! {
                biased;
                () = self.shutdown.begun() => return None,
                read = self.input.read(self.framing.buffer()) => match read {
                    Ok(0) => Cause::EndOfInput,
                    Ok(_) => continue,
                    Err(error) => Cause::InputFailed(error.kind()),
                },
            };
            self.shutdown.begin(cause);
            return None;
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        // The output stays open for answers of the transport's own; `Rest` closes it.
        Ok(())
    }
}

impl Rest {
    /// Waits until all that was sent is written, but not for longer than `limit`. Then closes the output.
    pub(crate) async fn finish(self, limit: Duration) {
        let _ = tokio::time::timeout(limit, async {
            self.0.empty().await;
            self.0.close().await;
        })
        .await;
    }
}
