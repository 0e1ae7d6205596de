//! The list of tools, page by page.

use std::sync::Arc;

use rmcp::model::{ErrorData, PaginatedRequestParams, Tool, ToolAnnotations};

use super::page_start;
use crate::{
    catalog::{Catalog, Listing, ToolSpec},
    mcp::{client::Grants, options, results},
};

/// Tools on one page of the list.
const PAGE_TOOLS: usize = 200;

/// The page that is asked for, and where the next one begins.
pub(super) fn page(
    catalog: &Catalog,
    grants: &Grants,
    request: Option<PaginatedRequestParams>,
) -> Result<(Vec<Tool>, Option<usize>), ErrorData> {
    let mut listed: Vec<Option<&ToolSpec>> =
        catalog.listed().filter(|tool| grants.shows(&tool.name)).map(Some).collect();
    let place = listed.partition_point(|tool| tool.is_some_and(|tool| *tool.name < *results::GET_RESULT));
    listed.insert(place, None);
    let first = page_start(request, listed.len())?;
    let next = (first + PAGE_TOOLS).min(listed.len());
    let tools = listed[first..next].iter().map(|listed| listed.map_or_else(get_result, tool)).collect();
    Ok((tools, (next < listed.len()).then_some(next)))
}

/// The first page for a client that may call everything, as text.
///
/// # Errors
/// What cannot be written; there is nothing of that kind.
pub(in crate::mcp) fn first_page(catalog: &Catalog) -> Result<Listing, String> {
    let (tools, next) = page(catalog, &Grants::All, None).map_err(|error| error.to_string())?;
    let text = serde_json::to_string(&tools).map_err(|error| error.to_string())?;
    Ok(Listing::new(text, next))
}

fn tool(spec: &ToolSpec) -> Tool {
    let hints = &spec.annotations;
    let mut tool = Tool::new(spec.name.clone(), spec.description.clone(), Arc::new(options::schema(spec)))
        .with_title(spec.title.clone())
        .with_annotations(
            ToolAnnotations::with_title(spec.title.clone())
                .read_only(hints.read_only)
                .destructive(hints.destructive)
                .idempotent(hints.idempotent)
                .open_world(hints.open_world),
        );
    tool.output_schema.clone_from(&spec.output_schema);
    tool
}

fn get_result() -> Tool {
    const TITLE: &str = "Rest of a result";
    let description = "Pages, filters, sorts, groups and narrows a result that was too long for one answer. Example: \
        {\"result\": \"…\", \"where\": [{\"field\": \"Severity\", \"is\": \"in\", \"value\": [\"High\"]}], \
        \"sort_by\": [\"-Created\"], \"fields\": [\"Title\", \"Owner.Name\"], \"first\": 20}";
    Tool::new(results::GET_RESULT, description, Arc::new(results::schema()))
        .with_title(TITLE)
        .with_annotations(
            ToolAnnotations::with_title(TITLE)
                .read_only(true)
                .destructive(false)
                .idempotent(true)
                .open_world(false),
        )
}
