//! Forms to the person at the client: a request of ours in the older revisions, an answer that asks in the newer ones.

use std::collections::{BTreeMap, HashMap};

use rmcp::{
    Peer, RoleServer, ServiceError,
    model::{
        CallToolRequestParams, CancelledNotificationParam, ClientResult, ElicitRequest, ElicitRequestParams,
        InputRequest, InputRequiredResult, ProtocolVersion, RequestId, ServerRequest,
    },
    service::{PeerRequestOptions, RequestContext},
};
use serde_json::json;

use crate::mcp::{
    call::Asking,
    errand::{Answers, PATIENCE, QUESTION},
    question::{Form, Response},
};

/// How the client of a request can be asked.
pub(super) fn asking(context: &RequestContext<RoleServer>) -> Asking {
    let forms = context.client_capabilities().and_then(|capabilities| capabilities.elicitation).is_some_and(
        |elicitation| {
            // An empty capability means forms, as in the revisions that knew nothing else.
            elicitation.form.is_some() || elicitation.url.is_none()
        },
    );
    if !forms {
        return Asking::Never;
    }
    if is_stateless(context) {
        return Asking::Rounds;
    }
    let peer = context.peer.clone();
    Asking::Live(Box::new(move |form| {
        let peer = peer.clone();
        Box::pin(async move {
            let Some(params) = params(&form) else { return failed("the form cannot be written") };
            let request = ServerRequest::ElicitRequest(ElicitRequest::new(params));
            // The library itself withdraws a request that is not answered in time.
            let options = PeerRequestOptions::with_timeout(PATIENCE);
            let handle = match peer.send_cancellable_request(request, options).await {
                Ok(handle) => handle,
                Err(error) => return not_taken(&error),
            };
            let mut open = Withdrawal { peer, id: Some(handle.id.clone()) };
            let response = handle.await_response().await;
            open.id = None;
            match response {
                Ok(ClientResult::ElicitResult(result)) => {
                    Response::of_elicitation(&serde_json::to_value(result).unwrap_or_default())
                }
                Ok(_) => failed("the client's answer is not that of a form"),
                Err(ServiceError::Timeout { .. }) => {
                    Response::Failed(format!("nobody answered within {} s", PATIENCE.as_secs()))
                }
                Err(error) => not_taken(&error),
            }
        })
    }))
}

/// Takes a question back whose call has ended, so that nobody fills in its form.
struct Withdrawal {
    peer: Peer<RoleServer>,
    id: Option<RequestId>,
}

impl Drop for Withdrawal {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        let peer = self.peer.clone();
        let params = CancelledNotificationParam::new(Some(id), Some("the call has ended".to_owned()));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = peer.notify_cancelled(params).await;
            });
        }
    }
}

fn not_taken(error: &ServiceError) -> Response {
    tracing::warn!(%error, "the client did not take a question");
    failed("the client did not take the question")
}

/// True in the revisions without a handshake, in which a server cannot send requests.
pub(super) fn is_stateless(context: &RequestContext<RoleServer>) -> bool {
    context
        .protocol_version()
        .is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str())
}

/// What a repeated request brings.
pub(super) fn answers(request: &mut CallToolRequestParams) -> Option<Answers> {
    let responses: HashMap<_, _> = request.input_responses.take().unwrap_or_default().into_iter().collect();
    Some(Answers { state: request.request_state.take()?, responses })
}

/// The answer that asks.
pub(super) fn input_required(form: &Form, state: String) -> InputRequiredResult {
    InputRequiredResult::new(requests(form), Some(state))
}

/// The one question, by its key.
pub(super) fn requests(form: &Form) -> Option<BTreeMap<String, InputRequest>> {
    let request = InputRequest::Elicitation(ElicitRequest::new(params(form)?));
    Some(BTreeMap::from([(QUESTION.to_owned(), request)]))
}

fn params(form: &Form) -> Option<ElicitRequestParams> {
    serde_json::from_value(json!({ "mode": "form", "message": form.message, "requestedSchema": form.schema }))
        .inspect_err(|error| tracing::error!(%error, "a form was not understood by the protocol library"))
        .ok()
}

fn failed(reason: &str) -> Response {
    Response::Failed(reason.to_owned())
}
