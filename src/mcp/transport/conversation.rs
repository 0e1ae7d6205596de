//! What of a conversation another process has to hear again so that it can take it up: the handshake, the log level, what the
//! client subscribed to. Everything else a request brings along itself.

use std::collections::{BTreeMap, HashSet, VecDeque};

use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, ClientRequest, NotificationMetaObject, RequestId,
    ServerJsonRpcMessage, ServerNotification,
};
use serde_json::Value;

/// Begins the ids under which messages are heard again. No client uses such.
const AGAIN: &str = "runspaced/again/";

/// The messages that made the state of a conversation, without those that later ones undid.
#[derive(Default)]
pub(in crate::mcp) struct Conversation {
    handshake: Vec<ClientJsonRpcMessage>,
    level: Option<ClientJsonRpcMessage>,
    subscribed: BTreeMap<String, ClientJsonRpcMessage>,
    standing: Vec<(RequestId, ClientJsonRpcMessage)>,
}

/// True for requests that are open until the client ends them.
pub(in crate::mcp) fn is_standing(request: &ClientRequest) -> bool {
    matches!(request, ClientRequest::SubscriptionsListenRequest(_))
}

impl Conversation {
    /// Takes note of a message that was let in.
    pub(in crate::mcp) fn heard(&mut self, message: &ClientJsonRpcMessage) {
        match message {
            ClientJsonRpcMessage::Request(request) => match &request.request {
                ClientRequest::InitializeRequest(_) => self.handshake = vec![message.clone()],
                ClientRequest::SetLevelRequest(_) => self.level = Some(message.clone()),
                ClientRequest::SubscribeRequest(subscribe) => {
                    self.subscribed.insert(subscribe.params.uri.clone(), message.clone());
                }
                ClientRequest::UnsubscribeRequest(unsubscribe) => {
                    self.subscribed.remove(&unsubscribe.params.uri);
                }
                request if is_standing(request) => self.standing.push((self_id(message), message.clone())),
                _ => {}
            },
            ClientJsonRpcMessage::Notification(notification) => match &notification.notification {
                ClientNotification::InitializedNotification(_) if self.handshake.len() == 1 => {
                    self.handshake.push(message.clone());
                }
                ClientNotification::CancelledNotification(cancelled) => {
                    if let Some(id) = &cancelled.params.request_id {
                        self.ended(id);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// A request was answered or cancelled: if it was a standing one, it is over.
    pub(in crate::mcp) fn ended(&mut self, id: &RequestId) {
        self.standing.retain(|(open, _)| open != id);
    }

    /// The messages, in the order in which they are to be heard again.
    pub(in crate::mcp) fn messages(&self) -> Vec<Value> {
        let standing = self.standing.iter().map(|(_, message)| message);
        self.handshake
            .iter()
            .chain(&self.level)
            .chain(self.subscribed.values())
            .chain(standing)
            .filter_map(|message| serde_json::to_value(message).ok())
            .collect()
    }
}

/// Messages that are heard again, and their answers, which the client already has.
#[derive(Default)]
pub(in crate::mcp) struct Replay {
    messages: VecDeque<ClientJsonRpcMessage>,
    answers: HashSet<RequestId>,
    acknowledgements: HashSet<RequestId>,
}

impl Replay {
    /// Of what [`Conversation::messages`] gave. What is not understood is left out.
    pub(in crate::mcp) fn new(messages: Vec<Value>) -> Self {
        let mut replay = Self::default();
        for (number, message) in messages.into_iter().enumerate() {
            let Ok(mut message) = serde_json::from_value(message) else { continue };
            if let ClientJsonRpcMessage::Request(request) = &mut message {
                if is_standing(&request.request) {
                    // Its notifications carry its id, and the client may still cancel it.
                    replay.acknowledgements.insert(request.id.clone());
                } else {
                    request.id = RequestId::String(format!("{AGAIN}{number}").into());
                    replay.answers.insert(request.id.clone());
                }
            }
            replay.messages.push_back(message);
        }
        replay
    }

    /// The next message to be heard.
    pub(in crate::mcp) fn next(&mut self) -> Option<ClientJsonRpcMessage> {
        self.messages.pop_front()
    }

    /// True if the client had this message from the process before, or its like.
    pub(in crate::mcp) fn swallows(&mut self, message: &ServerJsonRpcMessage) -> bool {
        if self.answers.is_empty() && self.acknowledgements.is_empty() {
            return false;
        }
        match message {
            ServerJsonRpcMessage::Response(response) => self.answers.remove(&response.id),
            ServerJsonRpcMessage::Error(error) => error.id.as_ref().is_some_and(|id| self.answers.remove(id)),
            ServerJsonRpcMessage::Notification(notification) => match &notification.notification {
                ServerNotification::SubscriptionsAcknowledgedNotification(acknowledged) => acknowledged
                    .extensions
                    .get::<NotificationMetaObject>()
                    .and_then(NotificationMetaObject::subscription_id)
                    .is_some_and(|id| self.acknowledgements.remove(&id)),
                _ => false,
            },
            ServerJsonRpcMessage::Request(_) => false,
        }
    }
}

fn self_id(message: &ClientJsonRpcMessage) -> RequestId {
    match message {
        ClientJsonRpcMessage::Request(request) => request.id.clone(),
        _ => RequestId::Number(0),
    }
}
