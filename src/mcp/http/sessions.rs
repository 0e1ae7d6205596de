//! Sessions of the older revisions: who has one, how many there may be, when one is over.

use std::{
    collections::HashMap,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::Stream;
use parking_lot::Mutex;
use rmcp::{
    ServiceExt as _,
    model::{ClientJsonRpcMessage, GetExtensions as _, ServerJsonRpcMessage},
    transport::streamable_http_server::session::{ServerSseMessage, SessionId, SessionManager},
};

use super::session::{Answers, Session, SessionTransport};
use crate::mcp::{client::Client, handover::SessionState, service::Service};

/// All sessions. rmcp asks it for what requests need.
pub(super) struct Sessions {
    table: Mutex<HashMap<SessionId, Arc<Session>>>,
    most: usize,
    idle: Duration,
}

/// Why there is no such session, or no new one.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    #[error("there is no such session")]
    None,
    #[error("there are {0} sessions, which is the limit")]
    Full(usize),
    #[error("the session ended")]
    Ended,
}

impl Sessions {
    pub(super) fn new(most: usize, idle: Duration) -> Self {
        Self { table: Mutex::default(), most, idle }
    }

    /// Takes up the sessions that another process left.
    pub(super) fn restore(self: &Arc<Self>, left: Vec<SessionState>, service: impl Fn() -> Service) {
        for state in left {
            let id: SessionId = state.id.as_str().into();
            let (session, transport) = Session::restored(state);
            self.table.lock().insert(Arc::clone(&id), session);
            let (sessions, service) = (Arc::clone(self), service());
            tokio::spawn(async move {
                if let Ok(running) = service.serve(transport).await {
                    let _ = running.waiting().await;
                }
                sessions.end(&id);
            });
        }
    }

    /// What another process needs to take them up.
    pub(super) fn leave(&self) -> Vec<SessionState> {
        self.table.lock().values().map(|session| session.state()).collect()
    }

    /// True if the session is there and belongs to that caller.
    pub(super) fn belongs(&self, id: &str, caller: &Client) -> bool {
        self.table.lock().get(id).is_some_and(|session| session.belongs_to(caller))
    }

    /// True if there is room for another one.
    pub(super) fn has_room(&self) -> bool {
        self.table.lock().len() < self.most
    }

    /// Ends those that nobody has used for long.
    pub(super) fn end_idle(&self, now: Instant) {
        let idle: Vec<SessionId> = {
            let table = self.table.lock();
            table
                .iter()
                .filter(|(_, session)| session.idle_since().is_some_and(|since| now - since >= self.idle))
                .map(|(id, _)| Arc::clone(id))
                .collect()
        };
        for id in idle {
            tracing::info!("a session ended: nobody used it");
            self.end(&id);
        }
    }

    /// Ends all of them, and with them the streams of their clients.
    pub(super) fn end_all(&self) {
        let all: Vec<_> = self.table.lock().drain().map(|(_, session)| session).collect();
        for session in all {
            session.end();
        }
    }

    fn end(&self, id: &SessionId) {
        let ended = self.table.lock().remove(id);
        if let Some(session) = ended {
            session.end();
        }
    }

    fn find(&self, id: &SessionId) -> Result<Arc<Session>, SessionError> {
        self.table.lock().get(id).cloned().ok_or(SessionError::None)
    }
}

impl SessionManager for Sessions {
    type Error = SessionError;
    type Transport = SessionTransport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        let id: SessionId = uuid::Uuid::new_v4().to_string().into();
        let (session, transport) = Session::new(Arc::clone(&id));
        let mut table = self.table.lock();
        if table.len() >= self.most {
            return Err(SessionError::Full(self.most));
        }
        table.insert(Arc::clone(&id), session);
        Ok((id, transport))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        let session = self.find(id)?;
        if let ClientJsonRpcMessage::Request(request) = &message
            && let Some(parts) = request.request.extensions().get::<axum::http::request::Parts>()
            && let Some(caller) = parts.extensions.get::<Client>()
        {
            session.give_to(caller);
        }
        let answer = session.ask(message).await?.first().await;
        answer.ok_or(SessionError::Ended)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        Ok(self.table.lock().contains_key(id))
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        self.end(id);
        Ok(())
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.find(id)?.ask(message).await
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), Self::Error> {
        self.find(id)?.tell(message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        Ok(self.find(id)?.listen())
    }

    /// Nothing is kept to be sent twice: a client whose stream broke asks again.
    async fn resume(
        &self,
        id: &SessionId,
        _last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        Ok(self.find(id)?.listen())
    }
}

impl From<SessionError> for io::Error {
    fn from(error: SessionError) -> Self {
        Self::other(error)
    }
}

/// What `ask` gives is what rmcp sends.
const _: fn(Answers) -> Box<dyn Stream<Item = ServerSseMessage> + Send + Sync> = |answers| Box::new(answers);
