//! Forms to the person at the client: a request of ours in the older revisions, an answer that asks in the newer ones.

use std::collections::{BTreeMap, HashMap};

use rmcp::{
    RoleServer,
    model::{
        CallToolRequestParams, ClientResult, ElicitRequest, ElicitRequestParams, InputRequest,
        InputRequiredResult, ProtocolVersion, ServerRequest,
    },
    service::RequestContext,
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
            match tokio::time::timeout(PATIENCE, peer.send_request(request)).await {
                Ok(Ok(ClientResult::ElicitResult(result))) => {
                    Response::of_elicitation(&serde_json::to_value(result).unwrap_or_default())
                }
                Ok(Ok(_)) => failed("the client's answer is not that of a form"),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the client did not take a question");
                    failed("the client did not take the question")
                }
                Err(_) => Response::Failed(format!("nobody answered within {} s", PATIENCE.as_secs())),
            }
        })
    }))
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
