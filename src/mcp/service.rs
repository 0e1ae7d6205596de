//! The protocol library's side: its requests become ours, our answers become its. Nothing else knows it, but for the
//! wire.

mod asking;
mod extras;
mod following;
mod listing;
mod tasks;

use std::sync::Arc;

use rmcp::{
    RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, CancelTaskParams,
        CompleteRequestParams, CompleteResult, ContentBlock, ErrorData, GetPromptRequestParams,
        GetPromptResponse, GetTaskParams, GetTaskResult, Implementation, ListPromptsResult,
        ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, MetaObject,
        PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
        ServerConfig, SubscriptionFilter, Tool, UpdateTaskParams,
    },
    service::{NotificationContext, RequestContext, SubscriptionContext},
};
use serde_json::{Value, json};

pub(crate) use self::extras::Extras;
use self::following::ConnectionLog;
pub(super) use self::listing::first_page;
use super::{
    call::{Caller, Defer, ToolCall},
    client::Client,
    dispatch::{Dispatcher, Outcome},
    reply::Reply,
    transport::{Handling, Tools},
};

/// Resources on one page of their list.
const PAGE_RESOURCES: usize = 200;
/// How long a client may take the list for current.
const LIST_TTL_MS: u64 = 300_000;
/// The same while the list is that of the last server and PowerShell has not confirmed it.
const CACHED_TTL_MS: u64 = 2_000;

/// Answers rmcp's requests on one connection.
#[derive(Clone)]
pub(crate) struct Service {
    dispatcher: Arc<Dispatcher>,
    extras: Arc<Extras>,
    log: Arc<ConnectionLog>,
}

impl Service {
    pub(crate) fn new(dispatcher: Arc<Dispatcher>, extras: Arc<Extras>) -> Self {
        Self { dispatcher, extras, log: Arc::default() }
    }

    /// Whose request it is.
    fn caller(&self, context: &RequestContext<RoleServer>) -> Caller {
        client(context).caller
    }
}

impl ServerHandler for Service {
    fn get_info(&self) -> ServerConfig {
        #[allow(
            deprecated,
            reason = "clients of the older revisions only send a level to a server with a log"
        )]
        let mut capabilities = ServerCapabilities::builder()
            .enable_logging()
            .enable_completions()
            .enable_resources()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_tasks()
            .build();
        if !self.extras.prompts.is_empty() {
            capabilities.prompts = Some(Default::default());
        }
        ServerConfig::new(capabilities)
            .with_server_info(implementation())
            .with_instructions(self.extras.instructions.clone())
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let client = client(&context);
        let is_first = request.as_ref().is_none_or(|request| request.cursor.is_none());
        let handling = context.extensions.get::<Handling>().filter(|handling| handling.takes_text());
        if is_first
            && client.grants.shows_everything()
            && let Some(handling) = handling
            && let Some(listing) = self.dispatcher.listing().await
        {
            let answer = tools(Vec::new(), listing.next, listing.definite);
            handling.give(Tools { listing, opening: self.dispatcher.feed().opening() });
            return Ok(answer);
        }
        let catalog = tokio::select! {
            catalog = self.dispatcher.listed() => catalog,
            () = context.ct.cancelled() => Err("cancelled".to_owned()),
        };
        let catalog = catalog.map_err(no_catalog)?;
        let (page, next) = listing::page(&catalog, &client.grants, request)?;
        Ok(tools(page, next, self.dispatcher.feed().is_definite()))
    }

    /// Older clients are told of changes by themselves, from their handshake on.
    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let (dispatcher, peer) = (Arc::clone(&self.dispatcher), context.peer);
        let mut changes = dispatcher.feed().changes();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    changed = changes.changed() => if changed.is_err() { return },
                    () = dispatcher.ending() => return,
                }
                if peer.notify_tool_list_changed().await.is_err() {
                    return;
                }
            }
        });
    }

    /// Newer clients ask to be told.
    fn accepted_subscription_filter(&self, _: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(SubscriptionFilter::builder().tools_list_changed().build())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let mut changes = self.dispatcher.feed().changes();
        loop {
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return Ok(()) },
                () = context.cancelled() => return Ok(()),
                () = self.dispatcher.ending() => return Ok(()),
            }
            if context.sink().notify_tool_list_changed().await.is_err() {
                return Ok(());
            }
        }
    }

    async fn call_tool(
        &self,
        mut request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let call = ToolCall {
            answers: asking::answers(&mut request),
            tool: request.name.into_owned(),
            arguments: request.arguments.unwrap_or_default(),
            caller: self.caller(&context),
            client: client(&context),
            defer: context
                .extensions
                .get::<Handling>()
                .cloned()
                .map(|handling| -> Defer { Box::new(move || handling.defer()) }),
            progress: following::progress_sink(&context),
            log: following::log_sink(&context, &self.log),
            asking: asking::asking(&context),
            // The results of tasks are only told apart in the revisions without a handshake.
            tasks: asking::is_stateless(&context)
                && context.client_capabilities().is_some_and(|capabilities| capabilities.supports_tasks()),
            cancelled: context.ct.clone(),
        };
        match self.dispatcher.call(call).await {
            Outcome::Reply { call_id, reply } => Ok(call_result(&call_id, reply).into()),
            Outcome::Asked { call_id, form, state } => {
                Ok(asking::input_required(&form, state).with_meta(meta(&call_id)).into())
            }
            Outcome::Task { call_id, errand } => Ok(tasks::created(&errand).with_meta(meta(&call_id)).into()),
            Outcome::UnknownTool(text) => Err(ErrorData::invalid_params(text, None)),
            Outcome::NoCatalog(reason) => Err(no_catalog(reason)),
            // rmcp sends no answer to a cancelled request; this one is thrown away.
            Outcome::Cancelled => Ok(call_result("", Reply::failure("cancelled")).into()),
        }
    }

    #[allow(deprecated, reason = "clients of the older revisions send it")]
    async fn set_level(
        &self,
        request: rmcp::model::SetLevelRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.log.set(request.level);
        Ok(())
    }

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(self.extras.prompts.iter().map(extras::prompt).collect()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        extras::get_prompt(&self.extras.prompts, request).map(Into::into)
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let all = extras::list_resources(&self.dispatcher, &self.extras, &self.caller(&context));
        let first = page_start(request, all.len())?;
        let next = (first + PAGE_RESOURCES).min(all.len());
        let count = all.len();
        let page = all.into_iter().skip(first).take(PAGE_RESOURCES).collect();
        let mut result = ListResourcesResult::with_all_items(page);
        result.next_cursor = (next < count).then(|| next.to_string());
        Ok(result)
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(extras::templates(&self.extras)))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let client = client(&context);
        let stateless = asking::is_stateless(&context);
        extras::read(&self.dispatcher, &self.extras, client, request.uri, stateless, context.ct.clone())
            .await
            .map(Into::into)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        extras::completions(&self.dispatcher, &self.extras, &self.caller(&context), request).await
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        tasks::get(&self.dispatcher, &self.caller(&context), &request.task_id)
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        tasks::update(&self.dispatcher, &self.caller(&context), &request.task_id, request.input_responses)
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        tasks::cancel(&self.dispatcher, &self.caller(&context), &request.task_id)
    }
}

/// Where a request comes from: over HTTP it carries who sent it.
fn client(context: &RequestContext<RoleServer>) -> Client {
    let parts = context.extensions.get::<axum::http::request::Parts>();
    parts.and_then(|parts| parts.extensions.get::<Client>()).cloned().unwrap_or_default()
}

/// A page of the list of tools.
fn tools(page: Vec<Tool>, next: Option<usize>, definite: bool) -> ListToolsResult {
    let ttl = if definite { LIST_TTL_MS } else { CACHED_TTL_MS };
    let mut result =
        ListToolsResult::with_all_items(page).with_ttl_ms(ttl).with_cache_scope(CacheScope::Private);
    result.next_cursor = next.map(|next| next.to_string());
    result
}

/// Where a page begins.
fn page_start(request: Option<PaginatedRequestParams>, count: usize) -> Result<usize, ErrorData> {
    let Some(cursor) = request.and_then(|request| request.cursor) else { return Ok(0) };
    cursor.parse().ok().filter(|first| *first < count).ok_or_else(|| {
        ErrorData::invalid_params(format!("the cursor '{cursor}' is not one of this list"), None)
    })
}

fn implementation() -> Implementation {
    Implementation::new("runspaced", env!("CARGO_PKG_VERSION"))
}

fn no_catalog(reason: String) -> ErrorData {
    ErrorData::internal_error(format!("the tools are not known: {reason}"), None)
}

fn call_result(call_id: &str, reply: Reply) -> CallToolResult {
    let content = vec![ContentBlock::text(reply.text)];
    let mut result =
        if reply.is_error { CallToolResult::error(content) } else { CallToolResult::success(content) };
    result.structured_content = reply.structured;
    let mut meta = meta(call_id);
    if let Some(timings) = reply.timings {
        meta.0.insert("runspaced/timings".to_owned(), json!(timings));
    }
    result.meta = Some(meta);
    result
}

fn meta(call_id: &str) -> MetaObject {
    let mut meta = MetaObject::new();
    meta.0.insert("runspaced/callId".to_owned(), json!(call_id));
    meta.0.insert(
        "io.modelcontextprotocol/serverInfo".to_owned(),
        serde_json::to_value(implementation()).unwrap_or(Value::Null),
    );
    meta
}
