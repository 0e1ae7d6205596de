//! The wire: newline-delimited JSON-RPC over two files that are private to the server.
//!
//! rmcp's own transport drops broken and too long lines without an answer, takes requests without limit, keeps running
//! when the client is gone, and waits five seconds at the end of input. This one answers every line that can have an
//! answer, refuses an id that is in use, leaves requests unread while the client does not read, and begins the shutdown
//! at once when either end closes.

mod conversation;
#[cfg(unix)]
mod endpoint;
mod framing;
mod id_scan;
mod input;
mod ledger;
mod listed;
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
use tokio::sync::oneshot;

pub(super) use self::{
    conversation::{Conversation, Replay, is_standing},
    framing::Unread,
    ledger::{Handling, Ledger, Tools},
    message::{Reading, error_line, read as read_message},
};
use self::{
    framing::{Frame, Framing, MAX_LINE_BYTES},
    input::Input,
    ledger::Refused,
    outbox::Outbox,
};
use super::{
    handover::StdioState,
    shutdown::{Cause, Shutdown},
};

/// Requests that another process is to answer may wait for it in this many bytes; the rest is left unread.
const MAX_ASIDE_BYTES: usize = 16 << 20;

/// A server's two streams, as rmcp wants them.
pub(crate) struct StdioTransport {
    /// `None` once the rest of it is another process's.
    input: Option<Input>,
    /// Whole lines that the process before this one left.
    ahead: Framing,
    framing: Framing,
    outbox: Outbox,
    ledger: Ledger,
    shutdown: Shutdown,
    /// A request has begun the conversation. What comes before it and is no request would end rmcp's opening.
    opened: bool,
    conversation: Conversation,
    replay: Replay,
    /// What came while this process made ready to be replaced.
    aside: Vec<Aside>,
    handover: Option<oneshot::Sender<StdioState>>,
}

/// A message that another process is to take.
struct Aside {
    id: Option<RequestId>,
    line: Vec<u8>,
}

/// Waits for the last answers after the conversation has ended.
pub(crate) struct Rest {
    outbox: Outbox,
    ledger: Ledger,
    handover: oneshot::Receiver<StdioState>,
    state: Option<StdioState>,
}

impl StdioTransport {
    /// Takes over the two streams, and the conversation that another process left. To be called inside a runtime.
    ///
    /// # Errors
    /// What the system says of the files.
    pub(crate) fn new(
        input: File,
        output: File,
        shutdown: Shutdown,
        left: Option<StdioState>,
    ) -> io::Result<(Self, Rest)> {
        let (lines, rest, messages) = left.unwrap_or_default().into_parts();
        let mut ahead = Framing::new(MAX_LINE_BYTES);
        ahead.buffer().extend_from_slice(&lines);
        let (sender, handover) = oneshot::channel();
        let outbox = Outbox::new(output, shutdown.clone())?;
        let ledger = Ledger::taking_text();
        let transport = Self {
            input: Some(Input::new(input)?),
            ahead,
            framing: Framing::resume(MAX_LINE_BYTES, rest),
            outbox: outbox.clone(),
            ledger: ledger.clone(),
            shutdown,
            opened: false,
            conversation: Conversation::default(),
            replay: Replay::new(messages),
            aside: Vec::new(),
            handover: Some(sender),
        };
        Ok((transport, Rest { outbox, ledger, handover, state: None }))
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
            Reading::Message(message) if self.shutdown.is_draining() => self.put_aside(*message, line),
            Reading::Message(message) => self.admit(*message, Some(line)),
            Reading::Answer(answer) => {
                self.answer(answer);
                None
            }
            Reading::Nothing => None,
        }
    }

    fn admit(
        &mut self,
        mut message: ClientJsonRpcMessage,
        line: Option<Vec<u8>>,
    ) -> Option<ClientJsonRpcMessage> {
        match &mut message {
            ClientJsonRpcMessage::Request(request) => {
                // Only calls are ever left to another process.
                let line = line.filter(|_| matches!(request.request, ClientRequest::CallToolRequest(_)));
                match self.ledger.admit(&request.id, is_standing(&request.request), line) {
                    Ok(handling) => request.request.extensions_mut().insert(handling),
                    Err(refused) => {
                        self.answer(refusal(&request.id, &refused));
                        return None;
                    }
                };
                self.opened |= opens(&request.request);
            }
            ClientJsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    self.ledger.cancelled(id);
                }
                if !self.opened {
                    return None;
                }
            }
            _ if !self.opened => return None,
            _ => {}
        }
        self.conversation.heard(&message);
        Some(message)
    }

    /// While this process makes ready to be replaced: what concerns requests that are open goes on, the rest is the next
    /// process's.
    fn put_aside(&mut self, message: ClientJsonRpcMessage, line: Vec<u8>) -> Option<ClientJsonRpcMessage> {
        let id = match &message {
            ClientJsonRpcMessage::Request(request) => Some(request.id.clone()),
            ClientJsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    if self.ledger.is_open(id) {
                        return self.admit(message, None);
                    }
                    self.aside.retain(|aside| aside.id.as_ref() != Some(id));
                    return None;
                }
                None
            }
            _ => return self.admit(message, None),
        };
        self.aside.push(Aside { id, line });
        None
    }

    /// Gives everything that the next process needs to whoever waits for it. Without effect after the first time.
    fn hand_over(&mut self) {
        let (Some(handover), Some(input)) = (self.handover.take(), self.input.take()) else { return };
        input.stop(self.framing.buffer());
        let rest = std::mem::replace(&mut self.framing, Framing::new(MAX_LINE_BYTES)).rest();
        let aside = std::mem::take(&mut self.aside).into_iter().map(|aside| aside.line);
        let mut lines: Vec<u8> = self
            .ledger
            .take_deferred()
            .into_iter()
            .chain(aside)
            .flat_map(|line| [line, b"\n".to_vec()])
            .flatten()
            .collect();
        lines.append(self.ahead.buffer());
        let state = StdioState::new(&lines, &rest, self.conversation.messages());
        let _ = handover.send(state);
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
    let code = match refused {
        Refused::Duplicate => ErrorCode::INVALID_REQUEST,
        Refused::Full => ErrorCode::INTERNAL_ERROR,
    };
    let id = id.clone().into_json_value().to_string();
    error_line(Some(&id), code, refused.text())
}

impl Transport<RoleServer> for StdioTransport {
    type Error = io::Error;

    fn send(&mut self, item: ServerJsonRpcMessage) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let tools = answered(&item).and_then(|id| {
            self.conversation.ended(id);
            self.ledger.answered(id)
        });
        let known = self.replay.swallows(&item);
        let line = serde_json::to_vec(&item).map(|line| {
            let mut line = match &tools {
                Some(tools) => listed::with_tools(line, tools.listing.tools()),
                None => line,
            };
            line.push(b'\n');
            self.outbox.send(line)
        });
        async move {
            let sent = if known { Ok(()) } else { line?.await };
            if let Some(tools) = tools {
                tools.opening.end();
            }
            sent
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            // Requests that came in one piece must not keep those before them from being answered.
            tokio::task::coop::consume_budget().await;
            tokio::select! {
                biased;
                () = self.shutdown.begun() => return self.end(),
                () = self.outbox.room() => {}
            }
            if let Some(message) = self.replay.next() {
                match self.admit(message, None) {
                    Some(message) => return Some(message),
                    None => continue,
                }
            }
            if self.aside.iter().map(|aside| aside.line.len()).sum::<usize>() > MAX_ASIDE_BYTES {
                self.shutdown.begun().await;
                continue;
            }
            if let Some(frame) = self.ahead.next().or_else(|| self.framing.next()) {
                match self.take(frame) {
                    Some(message) => return Some(message),
                    None => continue,
                }
            }
            let Some(input) = &mut self.input else { return None };
            let cause = tokio::select! {
                biased;
                () = self.shutdown.begun() => return self.end(),
                read = input.read(self.framing.buffer()) => match read {
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

impl StdioTransport {
    fn end(&mut self) -> Option<ClientJsonRpcMessage> {
        if matches!(self.shutdown.cause(), Some(Cause::Replace(_))) {
            self.hand_over();
        }
        None
    }
}

/// The request that a message answers.
pub(super) fn answered(message: &ServerJsonRpcMessage) -> Option<&RequestId> {
    match message {
        ServerJsonRpcMessage::Response(response) => Some(&response.id),
        ServerJsonRpcMessage::Error(error) => error.id.as_ref(),
        _ => None,
    }
}

impl Rest {
    /// Waits until no request is open but those that the next process answers.
    pub(crate) async fn settled(&self) {
        self.ledger.settled().await;
    }

    /// Waits until all that was sent is written, but not for longer than `limit`. Then closes the output.
    pub(crate) async fn finish(self, limit: Duration) {
        let _ = tokio::time::timeout(limit, async {
            self.outbox.empty().await;
            self.outbox.close().await;
        })
        .await;
    }

    /// After a shutdown whose cause is a replacement: waits until the transport has given what the next process needs.
    pub(crate) async fn left(&mut self) {
        if self.state.is_none() {
            self.state = (&mut self.handover).await.ok();
        }
    }

    /// What the next process needs, once all answers are written. `None` if the client is gone.
    pub(crate) async fn hand_over(mut self) -> Option<StdioState> {
        self.left().await;
        // A client that does not read is given up by the outbox in its time.
        self.outbox.empty().await;
        if self.outbox.is_open().await { self.state } else { None }
    }
}
