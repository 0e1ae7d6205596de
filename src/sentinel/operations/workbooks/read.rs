//! Listing workbooks, and one with what it contains.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sentinel::definition::{Read, Rows};
use crate::sentinel::read::rows_of;
use crate::sentinel::target::{Object, Target};
use crate::sentinel::wildcard::Wildcard;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct List {
    /// Only workbooks whose names fit this pattern (* and ?)
    #[schemars(extend("x-aliases" = ["Name"]))]
    display_name: Option<String>,
    /// Those of other workspaces in the same resource group too
    all_sources: bool,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Details {
    /// The workbook's id
    #[schemars(extend("x-aliases" = ["Id"]))]
    workbook_id: Option<String>,
    /// The workbook's name
    #[schemars(extend("x-aliases" = ["Name"]))]
    display_name: Option<String>,
    /// Adds its content
    include_content: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WorkbookRow {
    /// Its name
    display_name: String,
    /// What it is about
    description: Option<String>,
    /// The workspace it is saved for
    source_id: Option<String>,
    /// When it was last saved
    time_modified: Option<String>,
    /// The region
    location: Option<String>,
    /// Its id within the resource group
    workbook_id: String,
    /// Etag of this state of it
    etag: Option<String>,
    /// The resource id
    id: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DetailsRow {
    #[serde(flatten)]
    workbook: WorkbookRow,
    /// Version of its format
    version: Option<String>,
    /// Number of its parts
    item_count: usize,
    /// Tables that its queries begin with
    tables: Vec<String>,
    /// Resources that it names
    resource_ids: Vec<String>,
    /// Its content; only with IncludeContent
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Value>,
}

fn row(workbook: &Object) -> WorkbookRow {
    WorkbookRow {
        display_name: workbook.text("/properties/displayName").unwrap_or_default(),
        description: workbook.text("/properties/description"),
        source_id: workbook.text("/properties/sourceId"),
        time_modified: workbook.text("/properties/timeModified"),
        location: workbook.text("/location"),
        workbook_id: workbook.name(),
        etag: workbook.etag(),
        id: workbook.id(),
    }
}

impl Read for List {
    type Row = WorkbookRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let name = self.display_name.as_deref().map(Wildcard::new);
            let mut rows = Vec::new();
            for (workbook, raw) in super::listed(&target, self.all_sources).await? {
                let shown = workbook.text("/properties/displayName").unwrap_or_default();
                if name.as_ref().is_none_or(|name| name.matches(&shown)) {
                    rows.push(target.row(row(&workbook), &raw)?);
                }
            }
            Ok(rows)
        })
    }
}

impl Read for Details {
    type Row = DetailsRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let id = super::one(&target, self.workbook_id.as_ref(), self.display_name.as_ref()).await?;
            let raw = target.read_request(&super::with_content(&target, &id)).await?;
            let workbook = Object::of(&raw)?;
            let content = content(&workbook);
            let (mut tables, mut ids) = (BTreeSet::new(), BTreeSet::new());
            walk(&content, &mut tables, &mut ids);
            let details = DetailsRow {
                workbook: row(&workbook),
                version: workbook.text("/properties/version"),
                item_count: content["items"].as_array().map_or(0, Vec::len),
                tables: tables.into_iter().collect(),
                resource_ids: ids.into_iter().collect(),
                content: self.include_content.then_some(content),
            };
            Ok(vec![target.row(details, &raw)?])
        })
    }
}

/// The document inside of the workbook: a text in Azure, or nothing.
pub(super) fn content(workbook: &Object) -> Value {
    workbook
        .text("/properties/serializedData")
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

/// Gathers first words of queries, and ids of resources.
fn walk(value: &Value, tables: &mut BTreeSet<String>, ids: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(query) if name == "query" => tables.extend(first_table(query)),
                    value => walk(value, tables, ids),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, tables, ids)),
        Value::String(text) if text.to_ascii_lowercase().starts_with("/subscriptions/") => {
            ids.insert(text.clone());
        }
        _ => {}
    }
}

/// The table that a query begins with, behind comments and `let` statements.
fn first_table(query: &str) -> Option<String> {
    let last =
        query.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let statement = last.split(';').rfind(|part| !part.trim().is_empty())?;
    let word: String = statement.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let known = ["let", "union", "search", "print", "range", "datatable", "externaldata", "find"]
        .contains(&word.as_str());
    (!known && word.chars().next().is_some_and(char::is_alphabetic)).then_some(word)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_and_resources_are_found_anywhere_in_a_workbook() {
        let content = json!({"items": [{"type": 12, "content": {"items": [{"content": {"query": "// who\nlet x = 1;\nSigninLogs | take 1"}}]}},
            {"content": {"query": "union *"}}], "fallbackResourceIds": ["/subscriptions/S/x"]});
        let (mut tables, mut ids) = (BTreeSet::new(), BTreeSet::new());
        walk(&content, &mut tables, &mut ids);
        assert_eq!(tables.into_iter().collect::<Vec<_>>(), ["SigninLogs"]);
        assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["/subscriptions/S/x"]);
    }
}
