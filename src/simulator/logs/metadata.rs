//! `metadata`: tables, columns and functions of a workspace.

use serde_json::{Value, json};

use super::schema;
use super::view::View;
use crate::kql::Tables as _;

/// What the workspace has.
pub(super) fn of(view: &View<'_>) -> Value {
    let tables: Vec<Value> = view
        .names()
        .into_iter()
        .map(|name| {
            let columns: Vec<Value> = view
                .schema(&name)
                .unwrap_or_default()
                .into_iter()
                .map(|column| json!({"name": column.name, "type": column.ty.word()}))
                .collect();
            json!({
                "id": format!("t/{name}"), "name": name, "description": "", "timespanColumn": "TimeGenerated",
                "tableType": if schema::of_microsoft(&name).is_some() { "Microsoft" } else { "CustomLog" },
                "columns": columns, "properties": {"plan": view.plan(&name)},
            })
        })
        .collect();
    let searches = view.below("Microsoft.OperationalInsights/workspaces/savedSearches");
    let functions: Vec<Value> = searches
        .filter_map(|search| {
            let alias = search.text("functionAlias")?;
            Some(json!({"id": format!("f/{alias}"), "name": alias, "body": search.text("query"),
                "parameters": search.text("functionParameters").unwrap_or_default(), "displayName": search.text("displayName")}))
        })
        .collect();
    let id = view.customer_id();
    let workspace = json!({"id": id, "resourceId": view.workspace.id, "name": view.workspace.name(),
        "region": view.workspace.body.get("location"), "related": {"tables": tables.iter().map(|table| &table["id"]).collect::<Vec<_>>()}});
    json!({"tables": tables, "functions": functions, "workspaces": [workspace], "tableGroups": [], "categories": [], "solutions": [], "resourceTypes": [], "queries": [], "permissions": []})
}
