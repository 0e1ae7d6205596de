//! One session: requests come in over many connections, and each answer goes out on the one that asked for it.

use std::{
    collections::{HashMap, VecDeque},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use futures_util::Stream;
use parking_lot::Mutex;
use rmcp::{
    RoleServer,
    model::{
        ClientJsonRpcMessage, ClientNotification, ErrorCode, ErrorData, GetExtensions as _, GetMeta as _,
        ProgressToken, RequestId, ServerJsonRpcMessage, ServerNotification,
    },
    service::OriginatingRequestId,
    transport::{
        Transport,
        streamable_http_server::session::{ServerSseMessage, SessionId},
    },
};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::sessions::SessionError;
use crate::mcp::{
    client::Client,
    handover::SessionState,
    transport::{Conversation, Ledger, Replay, answered, is_standing},
};

/// Messages of a client that may wait to be taken.
const INBOUND: usize = 64;
/// Messages that may wait on one stream.
const OUTBOUND: usize = 64;
/// Messages to nobody's request that are kept while the client does not listen; the oldest go first.
const BACKLOG: usize = 64;

/// One session.
pub(super) struct Session {
    id: SessionId,
    owner: Mutex<Option<Arc<str>>>,
    inbound: mpsc::Sender<ClientJsonRpcMessage>,
    ledger: Ledger,
    routes: Mutex<Routes>,
    conversation: Mutex<Conversation>,
    replay: Mutex<Replay>,
    ended: CancellationToken,
}

struct Routes {
    requests: HashMap<RequestId, mpsc::Sender<ServerSseMessage>>,
    progress: HashMap<ProgressToken, RequestId>,
    /// The stream for what belongs to no request.
    standalone: Option<mpsc::Sender<ServerSseMessage>>,
    backlog: VecDeque<ServerJsonRpcMessage>,
    used: Instant,
}

impl Session {
    pub(super) fn new(id: SessionId) -> (Arc<Self>, SessionTransport) {
        Self::with(id, None, Replay::default())
    }

    /// Goes on with what another process left.
    pub(super) fn restored(state: SessionState) -> (Arc<Self>, SessionTransport) {
        Self::with(state.id.into(), state.owner.map(Into::into), Replay::new(state.messages))
    }

    fn with(id: SessionId, owner: Option<Arc<str>>, replay: Replay) -> (Arc<Self>, SessionTransport) {
        let (inbound, messages) = mpsc::channel(INBOUND);
        let session = Arc::new(Self {
            id,
            owner: Mutex::new(owner),
            inbound,
            ledger: Ledger::default(),
            routes: Mutex::new(Routes {
                requests: HashMap::new(),
                progress: HashMap::new(),
                standalone: None,
                backlog: VecDeque::new(),
                used: Instant::now(),
            }),
            conversation: Mutex::default(),
            replay: Mutex::new(replay),
            ended: CancellationToken::new(),
        });
        let transport = SessionTransport { session: Arc::clone(&session), messages };
        (session, transport)
    }

    /// What another process needs to take it up.
    pub(super) fn state(&self) -> SessionState {
        SessionState {
            id: self.id.to_string(),
            owner: self.owner.lock().as_deref().map(str::to_owned),
            messages: self.conversation.lock().messages(),
        }
    }

    /// The one who began it has it.
    pub(super) fn give_to(&self, caller: &Client) {
        self.owner.lock().clone_from(&caller.affinity);
    }

    pub(super) fn belongs_to(&self, caller: &Client) -> bool {
        *self.owner.lock() == caller.affinity
    }

    /// Since when nobody has used it; `None` while somebody does.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let routes = self.routes.lock();
        let listens = routes.standalone.as_ref().is_some_and(|stream| !stream.is_closed());
        (routes.requests.is_empty() && !listens).then_some(routes.used)
    }

    /// Ends it: running requests are cancelled, streams close.
    pub(super) fn end(&self) {
        self.ended.cancel();
        let mut routes = self.routes.lock();
        routes.requests.clear();
        routes.standalone = None;
    }

    /// Takes a request; what belongs to it comes through the stream.
    pub(super) async fn ask(
        self: &Arc<Self>,
        message: ClientJsonRpcMessage,
    ) -> Result<Answers, SessionError> {
        let ClientJsonRpcMessage::Request(request) = &message else { return Err(SessionError::None) };
        let id = request.id.clone();
        let (stream, messages) = mpsc::channel(OUTBOUND);
        let handling = match self.ledger.admit(&id, is_standing(&request.request), None) {
            Ok(handling) => handling,
            Err(refused) => {
                let error = ErrorData::new(ErrorCode::INVALID_REQUEST, refused.text(), None);
                let error = ServerJsonRpcMessage::error(error, Some(id));
                let _ = stream.try_send(ServerSseMessage::from_message(error));
                return Ok(Answers { messages, asked: None });
            }
        };
        {
            let mut routes = self.routes.lock();
            routes.used = Instant::now();
            routes.requests.insert(id.clone(), stream);
            if let Some(token) = request.request.get_meta().get_progress_token() {
                routes.progress.insert(token, id.clone());
            }
        }
        let answers = Answers { messages, asked: Some((Arc::clone(self), id)) };
        let mut message = message;
        message.insert_extension(handling);
        self.pass_on(message).await?;
        Ok(answers)
    }

    /// Takes a message that has no answer.
    pub(super) async fn tell(&self, message: ClientJsonRpcMessage) -> Result<(), SessionError> {
        self.routes.lock().used = Instant::now();
        let cancelled = match &message {
            ClientJsonRpcMessage::Notification(notification) => match &notification.notification {
                ClientNotification::CancelledNotification(cancelled) => cancelled.params.request_id.clone(),
                _ => None,
            },
            _ => None,
        };
        if let Some(id) = &cancelled {
            self.ledger.cancelled(id);
        }
        self.pass_on(message).await?;
        if let Some(id) = &cancelled {
            // Nothing of it is sent any more.
            self.routes.lock().forget(id);
        }
        Ok(())
    }

    /// The stream for what belongs to no request. A newer one takes its place.
    pub(super) fn listen(&self) -> Answers {
        let (stream, messages) = mpsc::channel(OUTBOUND);
        let mut routes = self.routes.lock();
        routes.used = Instant::now();
        for message in std::mem::take(&mut routes.backlog) {
            let _ = stream.try_send(ServerSseMessage::from_message(message));
        }
        routes.standalone = Some(stream);
        Answers { messages, asked: None }
    }

    async fn pass_on(&self, message: ClientJsonRpcMessage) -> Result<(), SessionError> {
        self.conversation.lock().heard(&message);
        self.inbound.send(message).await.map_err(|_| SessionError::Ended)
    }

    /// The client closed the stream of a request: it does not want the answer, which could not reach it any more.
    fn abandoned(&self, id: &RequestId) {
        self.routes.lock().forget(id);
        if self.ledger.is_open(id) {
            self.ledger.cancelled(id);
            if let Some(message) = cancellation(id) {
                let inbound = self.inbound.clone();
                tokio::spawn(async move {
                    let _ = inbound.send(message).await;
                });
            }
        }
    }

    /// Where a message goes. `None`: it is kept for a stream to come.
    fn route(&self, message: &ServerJsonRpcMessage) -> Option<mpsc::Sender<ServerSseMessage>> {
        let mut routes = self.routes.lock();
        if let Some(id) = answered(message) {
            // With the last sender the stream ends, behind the answer. Without one, the client is gone.
            let stream = routes.requests.get(id).cloned();
            routes.forget(id);
            return stream.or_else(|| Some(mpsc::channel(1).0));
        }
        let asked = match message {
            ServerJsonRpcMessage::Request(request) => {
                request.request.extensions().get::<OriginatingRequestId>().map(|origin| origin.0.clone())
            }
            ServerJsonRpcMessage::Notification(notification) => match &notification.notification {
                ServerNotification::ProgressNotification(progress) => {
                    let asked = routes.progress.get(&progress.params.progress_token).cloned();
                    // Of a request that is over: it is nobody's.
                    return asked.map_or_else(
                        || Some(mpsc::channel(1).0),
                        |id| routes.requests.get(&id).cloned().or_else(|| Some(mpsc::channel(1).0)),
                    );
                }
                other => other.extensions().get::<OriginatingRequestId>().map(|origin| origin.0.clone()),
            },
            _ => None,
        };
        let stream = asked.and_then(|id| routes.requests.get(&id)).or(routes.standalone.as_ref());
        let stream = stream.filter(|stream| !stream.is_closed()).cloned();
        if stream.is_none() {
            if routes.backlog.len() == BACKLOG {
                routes.backlog.pop_front();
            }
            routes.backlog.push_back(message.clone());
        }
        stream
    }
}

impl Routes {
    fn forget(&mut self, id: &RequestId) {
        self.requests.remove(id);
        self.progress.retain(|_, asked| asked != id);
        self.used = Instant::now();
    }
}

fn cancellation(id: &RequestId) -> Option<ClientJsonRpcMessage> {
    let message = json!({
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": {"requestId": id, "reason": "the client closed the stream of its answer"},
    });
    serde_json::from_value(message).ok()
}

/// What a client gets on one connection.
pub(super) struct Answers {
    messages: mpsc::Receiver<ServerSseMessage>,
    /// The request that is answered here, until it is.
    asked: Option<(Arc<Session>, RequestId)>,
}

impl Answers {
    /// The first message.
    pub(super) async fn first(mut self) -> Option<ServerJsonRpcMessage> {
        let message = self.messages.recv().await?.message?;
        self.asked = None;
        Some(Arc::unwrap_or_clone(message))
    }
}

impl Stream for Answers {
    type Item = ServerSseMessage;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.messages.poll_recv(context);
        if matches!(next, Poll::Ready(None)) {
            self.asked = None;
        }
        next
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        if let Some((session, id)) = self.asked.take() {
            session.abandoned(&id);
        }
    }
}

/// A session as rmcp wants it.
pub(super) struct SessionTransport {
    session: Arc<Session>,
    messages: mpsc::Receiver<ClientJsonRpcMessage>,
}

impl Transport<RoleServer> for SessionTransport {
    type Error = SessionError;

    fn send(
        &mut self,
        item: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), SessionError>> + Send + 'static {
        if let Some(id) = answered(&item) {
            self.session.ledger.answered(id);
            self.session.conversation.lock().ended(id);
        }
        let known = self.session.replay.lock().swallows(&item);
        let stream = if known { None } else { self.session.route(&item) };
        async move {
            if let Some(stream) = stream {
                // Nobody reads it: then nobody wants it.
                let _ = stream.send(ServerSseMessage::from_message(item)).await;
            }
            Ok(())
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        let again = self.session.replay.lock().next();
        if let Some(mut message) = again {
            if let ClientJsonRpcMessage::Request(request) = &message {
                let handling =
                    self.session.ledger.admit(&request.id, is_standing(&request.request), None).ok()?;
                message.insert_extension(handling);
            }
            self.session.conversation.lock().heard(&message);
            return Some(message);
        }
        tokio::select! {
            biased;
            () = self.session.ended.cancelled() => {
                // rmcp lets running requests go on for seconds after the end of a conversation: they are cancelled first.
                let id = self.session.ledger.open().into_iter().next()?;
                self.session.ledger.answered(&id);
                cancellation(&id)
            }
            message = self.messages.recv() => message,
        }
    }

    async fn close(&mut self) -> Result<(), SessionError> {
        self.session.end();
        Ok(())
    }
}
