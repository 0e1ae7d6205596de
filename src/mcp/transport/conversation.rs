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

#[cfg(test)]
mod tests {
    use rmcp::model::GetMeta as _;
    use serde_json::json;

    use super::*;

    fn heard(messages: &[Value]) -> Conversation {
        let mut conversation = Conversation::default();
        for message in messages {
            let mut message = message.clone();
            message["jsonrpc"] = json!("2.0");
            conversation.heard(&serde_json::from_value(message).expect("a message"));
        }
        conversation
    }

    fn methods(conversation: &Conversation) -> Vec<String> {
        let method = |message: &Value| message["method"].as_str().unwrap_or_default().to_owned();
        conversation.messages().iter().map(method).collect()
    }

    fn listen(id: i64) -> Value {
        json!({"id": id, "method": "subscriptions/listen", "params": {"notifications": {"toolsListChanged": true},
            "_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {}}}})
    }

    #[test]
    fn what_made_the_state_is_kept_and_what_was_undone_is_not() {
        let conversation = heard(&[
            json!({"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {},
                "clientInfo": {"name": "t", "version": "1"}}}),
            json!({"method": "notifications/initialized"}),
            json!({"id": 2, "method": "tools/list"}),
            json!({"id": 3, "method": "logging/setLevel", "params": {"level": "debug"}}),
            json!({"id": 4, "method": "logging/setLevel", "params": {"level": "error"}}),
            json!({"id": 5, "method": "resources/subscribe", "params": {"uri": "a:1"}}),
            json!({"id": 6, "method": "resources/subscribe", "params": {"uri": "a:2"}}),
            json!({"id": 7, "method": "resources/unsubscribe", "params": {"uri": "a:1"}}),
        ]);
        assert_eq!(
            methods(&conversation),
            ["initialize", "notifications/initialized", "logging/setLevel", "resources/subscribe"]
        );
        let messages = conversation.messages();
        assert_eq!(
            (&messages[2]["params"]["level"], &messages[3]["params"]["uri"]),
            (&json!("error"), &json!("a:2"))
        );
    }

    #[test]
    fn open_subscriptions_go_on_under_their_id_until_they_end() {
        let mut conversation = heard(&[listen(1), listen(2), listen(3)]);
        conversation.ended(&RequestId::Number(1));
        assert_eq!(methods(&conversation).len(), 2);
        let conversation = heard(&[
            listen(1),
            listen(2),
            json!({"method": "notifications/cancelled", "params": {"requestId": 1}}),
        ]);
        let mut replay = Replay::new(conversation.messages());
        let Some(ClientJsonRpcMessage::Request(again)) = replay.next() else { panic!("a request") };
        assert_eq!(again.id, RequestId::Number(2));
        assert!(again.request.get_meta().protocol_version().is_some(), "its revision goes with it");
        assert!(replay.next().is_none());
    }

    #[test]
    fn answers_to_what_is_heard_again_are_swallowed_once() {
        let conversation =
            heard(&[json!({"id": 9, "method": "logging/setLevel", "params": {"level": "debug"}})]);
        let mut replay = Replay::new(conversation.messages());
        let Some(ClientJsonRpcMessage::Request(again)) = replay.next() else { panic!("a request") };
        assert_ne!(again.id, RequestId::Number(9), "the client may use its id again");
        let answer = |id: &RequestId| -> ServerJsonRpcMessage {
            serde_json::from_value(json!({"jsonrpc": "2.0", "id": id, "result": {}})).expect("an answer")
        };
        assert!(!replay.swallows(&answer(&RequestId::Number(9))));
        assert!(replay.swallows(&answer(&again.id)));
        assert!(!replay.swallows(&answer(&again.id)));
    }
}
