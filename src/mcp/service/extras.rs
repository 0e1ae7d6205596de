//! Prompts, resources and completions in the protocol's terms.

use std::{collections::HashMap, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rmcp::model::{
    CompleteRequestParams, CompleteResult, CompletionInfo, ErrorData, GetPromptRequestParams,
    GetPromptResult, Prompt, PromptArgument, PromptMessage, ReadResourceResult, Reference, Resource,
    ResourceContents, ResourceTemplate, Role,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::mcp::{
    call::{Asking, Caller, ToolCall},
    client::Client,
    completions::{Completion, MOST, Subject, complete},
    dispatch::{Dispatcher, Outcome},
    prompts::{PromptFile, Prompts},
    resources::{self, Address, Content, Listed, Roots, Template},
};

/// What a server has beside its tools.
#[derive(Default)]
pub(crate) struct Extras {
    /// What models read of the server before its tools.
    pub(crate) instructions: String,
    pub(crate) prompts: Prompts,
    pub(crate) roots: Roots,
}

fn invalid(text: String) -> ErrorData {
    ErrorData::invalid_params(text, None)
}

pub(super) fn prompt(file: &PromptFile) -> Prompt {
    let argument = |argument: &crate::mcp::prompts::PromptArgument| {
        let mut described = PromptArgument::new(argument.name.clone()).with_required(argument.required);
        described.description.clone_from(&argument.description);
        described
    };
    let arguments: Vec<PromptArgument> = file.arguments.iter().map(argument).collect();
    let mut prompt = Prompt::new(
        file.name.clone(),
        file.description.clone(),
        (!arguments.is_empty()).then_some(arguments),
    );
    prompt.title.clone_from(&file.title);
    prompt
}

pub(super) fn get_prompt(
    prompts: &Prompts,
    request: GetPromptRequestParams,
) -> Result<GetPromptResult, ErrorData> {
    let text = |(name, value): (String, Value)| match value {
        Value::String(text) => (name, text),
        other => (name, other.to_string()),
    };
    let arguments: HashMap<String, String> =
        request.arguments.unwrap_or_default().into_iter().map(text).collect();
    let (file, text) = prompts.render(&request.name, &arguments).map_err(invalid)?;
    let mut result = GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]);
    result.description.clone_from(&file.description);
    Ok(result)
}

fn resource(listed: Listed) -> Resource {
    let mut resource = Resource::new(listed.uri, listed.name).with_mime_type(listed.mime);
    if !listed.description.is_empty() {
        resource = resource.with_description(listed.description);
    }
    resource.size = listed.bytes;
    resource
}

pub(super) fn list_resources(dispatcher: &Dispatcher, extras: &Extras, caller: &Caller) -> Vec<Resource> {
    let results = resources::results(dispatcher, caller).into_iter();
    results.chain(extras.roots.list()).map(resource).collect()
}

pub(super) fn templates(extras: &Extras) -> Vec<ResourceTemplate> {
    let template = |template: Template| {
        ResourceTemplate::new(template.uri, template.name)
            .with_description(template.description)
            .with_mime_type(template.mime)
    };
    resources::templates(&extras.roots).into_iter().map(template).collect()
}

pub(super) async fn read(
    dispatcher: &Arc<Dispatcher>,
    extras: &Arc<Extras>,
    client: Client,
    uri: String,
    stateless: bool,
    cancelled: CancellationToken,
) -> Result<ReadResourceResult, ErrorData> {
    // The revisions differ in the code.
    let not_found = |text: String| {
        let data = Some(json!({ "uri": uri }));
        if stateless {
            ErrorData::invalid_params(text, data)
        } else {
            ErrorData::resource_not_found(text, data)
        }
    };
    let content = match Address::parse(&uri).map_err(not_found)? {
        Address::Result(id) => resources::result(dispatcher, &client.caller, &id).map_err(not_found)?,
        Address::File(path) => {
            let extras = Arc::clone(extras);
            let read = tokio::task::spawn_blocking(move || extras.roots.read(&path));
            read.await.unwrap_or_else(|_| Err("the file was not read".to_owned())).map_err(not_found)?
        }
        Address::Command { tool, arguments } => {
            let catalog = dispatcher.listed().await.map_err(super::no_catalog)?;
            let reads = catalog.get(&tool).is_some_and(|tool| tool.annotations.read_only);
            if !reads {
                return Err(not_found(format!(
                    "there is no tool '{tool}' that only reads; call other tools with tools/call"
                )));
            }
            let call = ToolCall {
                tool,
                arguments,
                caller: client.caller.clone(),
                client,
                defer: None,
                progress: None,
                log: None,
                asking: Asking::Never,
                tasks: false,
                answers: None,
                cancelled,
            };
            match dispatcher.call(call).await {
                Outcome::Reply { reply, .. } if reply.is_error => return Err(invalid(reply.text)),
                Outcome::Reply { reply, .. } => {
                    let json = reply.structured.map_or_else(String::new, |content| content.to_string());
                    Content::Text { text: json, mime: "application/json" }
                }
                _ => return Err(ErrorData::internal_error("the command was not run", None)),
            }
        }
    };
    let contents = match content {
        Content::Text { text, mime } => ResourceContents::text(text, uri).with_mime_type(mime),
        Content::Bytes { bytes, mime } => {
            ResourceContents::blob(BASE64_STANDARD.encode(bytes), uri).with_mime_type(mime)
        }
    };
    Ok(ReadResourceResult::new(vec![contents]))
}

pub(super) async fn completions(
    dispatcher: &Dispatcher,
    extras: &Extras,
    caller: &Caller,
    request: CompleteRequestParams,
) -> Result<CompleteResult, ErrorData> {
    let subject = match &request.r#ref {
        Reference::Prompt(prompt) => Subject::Prompt(&prompt.name),
        Reference::Resource(template) => Subject::Template(&template.uri),
        _ => return Err(invalid("a completion is of a prompt or of a resource template".to_owned())),
    };
    let completion = Completion {
        of: subject,
        argument: &request.argument.name,
        begun: &request.argument.value,
        others: request.context.as_ref().and_then(|context| context.arguments.clone()).unwrap_or_default(),
    };
    let values =
        complete(dispatcher, &extras.prompts, &extras.roots, caller, completion).await.map_err(invalid)?;
    let more = values.len() >= MOST;
    let info = CompletionInfo::with_pagination(values, None, more).map_err(invalid)?;
    Ok(CompleteResult::new(info))
}
