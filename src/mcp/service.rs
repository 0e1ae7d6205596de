//! The protocol library's side: its requests become ours, our answers become its. Nothing else knows it, but for the
//! wire.

use std::sync::Arc;

use rmcp::{
    RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
        Implementation, ListToolsResult, MetaObject, PaginatedRequestParams, ProgressNotificationParam,
        ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
    },
    service::RequestContext,
};
use serde_json::{Value, json};

use super::{
    call::ToolCall,
    dispatch::{Dispatcher, Outcome},
    progress::{ProgressSink, ProgressUpdate},
    reply::Reply,
};
use crate::catalog::ToolSpec;

/// Tools on one page of the list.
const PAGE_TOOLS: usize = 200;
/// How long a client may take the list for current.
const LIST_TTL_MS: u64 = 300_000;

const INSTRUCTIONS: &str = "Each tool runs one PowerShell command in a runspace of its own: nothing is kept from one \
call to the next. Values come as text and, in full, as structuredContent.values; errors of the command are in \
structuredContent.errors, beside the values that came in spite of them.";

/// Answers rmcp's requests.
#[derive(Clone)]
pub(crate) struct Service {
    dispatcher: Arc<Dispatcher>,
}

impl Service {
    pub(crate) fn new(dispatcher: Arc<Dispatcher>) -> Self {
        Self { dispatcher }
    }
}

impl ServerHandler for Service {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(implementation())
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let catalog = tokio::select! {
            catalog = self.dispatcher.listed() => catalog,
            () = context.ct.cancelled() => Err("cancelled".to_owned()),
        };
        let catalog = catalog.map_err(no_catalog)?;
        let first = match request.and_then(|request| request.cursor) {
            None => 0,
            Some(cursor) => cursor.parse().ok().filter(|first| *first < catalog.len()).ok_or_else(|| {
                ErrorData::invalid_params(format!("the cursor '{cursor}' is not one of this list"), None)
            })?,
        };
        let page: Vec<Tool> = catalog.iter().skip(first).take(PAGE_TOOLS).map(tool).collect();
        let next = first + page.len();
        let mut result = ListToolsResult::with_all_items(page)
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(CacheScope::Private);
        result.next_cursor = (next < catalog.len()).then(|| next.to_string());
        Ok(result)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let outcome = self
            .dispatcher
            .call(ToolCall {
                tool: request.name.into_owned(),
                arguments: request.arguments.unwrap_or_default(),
                progress: progress_sink(&context),
                cancelled: context.ct.clone(),
            })
            .await;
        match outcome {
            Outcome::Reply { call_id, reply } => Ok(result(&call_id, reply).into()),
            Outcome::UnknownTool(text) => Err(ErrorData::invalid_params(text, None)),
            Outcome::NoCatalog(reason) => Err(no_catalog(reason)),
            // rmcp sends no answer to a cancelled request; this one is thrown away.
            Outcome::Cancelled => Ok(result("", Reply::failure("cancelled")).into()),
        }
    }
}

fn implementation() -> Implementation {
    Implementation::new("runspaced", env!("CARGO_PKG_VERSION"))
}

fn no_catalog(reason: String) -> ErrorData {
    ErrorData::internal_error(format!("the tools are not known: {reason}"), None)
}

fn tool(spec: &ToolSpec) -> Tool {
    let hints = &spec.annotations;
    Tool::new(spec.name.clone(), spec.description.clone(), Arc::new(spec.schema.clone()))
        .with_title(spec.title.clone())
        .with_annotations(
            ToolAnnotations::with_title(spec.title.clone())
                .read_only(hints.read_only)
                .destructive(hints.destructive)
                .idempotent(hints.idempotent)
                .open_world(hints.open_world),
        )
}

fn result(call_id: &str, reply: Reply) -> CallToolResult {
    let content = vec![ContentBlock::text(reply.text)];
    let mut result =
        if reply.is_error { CallToolResult::error(content) } else { CallToolResult::success(content) };
    result.structured_content = reply.structured;
    let mut meta = MetaObject::new();
    meta.0.insert("runspaced/callId".to_owned(), json!(call_id));
    if let Some(timings) = reply.timings {
        meta.0.insert("runspaced/timings".to_owned(), json!(timings));
    }
    meta.0.insert(
        "io.modelcontextprotocol/serverInfo".to_owned(),
        serde_json::to_value(implementation()).unwrap_or(Value::Null),
    );
    result.meta = Some(meta);
    result
}

/// Where progress goes, if the request has a token for it.
fn progress_sink(context: &RequestContext<RoleServer>) -> Option<ProgressSink> {
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
