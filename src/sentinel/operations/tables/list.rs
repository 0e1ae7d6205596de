//! Listing tables.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::TablePlan;
use crate::sentinel::Result;
use crate::sentinel::definition::{Read, Rows};
use crate::sentinel::parameter::word;
use crate::sentinel::read::rows_of;
use crate::sentinel::target::{Object, Target};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
enum TableType {
    All,
    #[default]
    Custom,
    Microsoft,
    SearchResults,
    RestoredLogs,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct List {
    /// Only tables whose names fit this pattern (* and ?)
    #[schemars(extend("x-aliases" = ["Name"]))]
    table_name: Option<String>,
    /// Only tables of this type
    table_type: TableType,
    /// Only tables of this plan
    plan: Option<TablePlan>,
    /// Adds the columns
    include_schema: bool,
    /// Adds the volume of the last day and when data came last
    include_usage: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TableRow {
    /// The table's name
    table_name: String,
    /// Custom, Microsoft, SearchResults or RestoredLogs
    table_type: String,
    /// Analytics, Basic or Auxiliary
    plan: Option<String>,
    /// Days that data can be queried
    retention_in_days: Option<i64>,
    /// Days that data is kept in all
    total_retention_in_days: Option<i64>,
    /// Number of its own columns
    column_count: usize,
    /// What it holds
    description: Option<String>,
    /// Its columns; only with IncludeSchema
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Value>,
    /// Volume of the last day, GB of 1000 MB; only with IncludeUsage
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_gb: Option<f64>,
    /// When data came last, within the last week; only with IncludeUsage
    #[serde(skip_serializing_if = "Option::is_none")]
    last_data: Option<Value>,
    /// The state of its last change
    provisioning_state: Option<String>,
    /// The resource id
    id: String,
}

impl Read for List {
    type Row = TableRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let patterns: Vec<String> = self.table_name.clone().into_iter().collect();
            let usage = match self.include_usage {
                true => Some(usage(&target).await?),
                false => None,
            };
            let mut rows = Vec::new();
            for (table, raw) in super::fitting(&target, &patterns).await? {
                if self.takes(&table) {
                    rows.push(target.row(self.row(&table, usage.as_ref()), &raw)?);
                }
            }
            Ok(rows)
        })
    }
}

/// `CustomLog` is what people call custom.
pub(super) fn table_type(table: &Object) -> String {
    match table.text("/properties/schema/tableType").as_deref() {
        Some("CustomLog") => "Custom".to_owned(),
        Some(other) => other.to_owned(),
        None if table.name().ends_with("_CL") => "Custom".to_owned(),
        None => "Microsoft".to_owned(),
    }
}

impl List {
    fn takes(&self, table: &Object) -> bool {
        let own = table_type(table);
        let wanted = match self.table_type {
            TableType::All => None,
            TableType::Custom => Some("Custom"),
            TableType::Microsoft => Some("Microsoft"),
            TableType::SearchResults => Some("SearchResults"),
            TableType::RestoredLogs => Some("RestoredLogs"),
        };
        wanted.is_none_or(|wanted| wanted == own)
            && self
                .plan
                .is_none_or(|plan| table.text("/properties/plan").is_some_and(|own| own == word(&plan)))
    }

    fn row(&self, table: &Object, usage: Option<&HashMap<String, (f64, Value)>>) -> TableRow {
        let columns = table.at("/properties/schema/columns");
        let used = usage.map(|usage| {
            usage.get(&table.name().to_ascii_lowercase()).cloned().unwrap_or((0.0, Value::Null))
        });
        TableRow {
            table_name: table.name(),
            table_type: table_type(table),
            plan: table.text("/properties/plan"),
            retention_in_days: table.number("/properties/retentionInDays"),
            total_retention_in_days: table.number("/properties/totalRetentionInDays"),
            column_count: columns.as_array().map_or(0, Vec::len),
            description: table.text("/properties/schema/description"),
            columns: self.include_schema.then(|| columns.clone()),
            usage_gb: used.as_ref().map(|(gb, _)| *gb),
            last_data: used.map(|(_, last)| last),
            provisioning_state: table.text("/properties/provisioningState"),
            id: table.id(),
        }
    }
}

/// Volume of the last day and last arrival, by table in lower case.
async fn usage(target: &Target) -> Result<HashMap<String, (f64, Value)>> {
    let text = "Usage | summarize GB = sumif(Quantity, TimeGenerated > ago(1d)) / 1000.0, Last = max(TimeGenerated) by DataType";
    let answer = target.query(text, Some("P7D".to_owned())).await?;
    Ok(answer
        .table
        .objects()
        .filter_map(|row| {
            let name = row.get("DataType")?.as_str()?.to_ascii_lowercase();
            Some((
                name,
                (
                    row.get("GB").and_then(Value::as_f64).unwrap_or(0.0),
                    row.get("Last").cloned().unwrap_or_default(),
                ),
            ))
        })
        .collect())
}
