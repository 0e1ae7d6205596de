//! For how long tables keep their data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::azure::Surface;
use crate::sentinel::definition::{Read, Rows};
use crate::sentinel::read::rows_of;
use crate::sentinel::target::{Object, Target};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct View {
    /// Only tables whose names fit this pattern (* and ?)
    #[schemars(extend("x-aliases" = ["Name"]))]
    table_name: Option<String>,
    /// Only tables whose retention differs from the workspace's default
    non_default_only: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RetentionRow {
    /// The table's name
    table_name: String,
    /// Analytics, Basic or Auxiliary
    plan: Option<String>,
    /// Days that data can be queried
    retention: Option<i64>,
    /// Days that data is kept in all
    total_retention: Option<i64>,
    /// Days of them in the archive
    archive: i64,
    /// Whether both are the workspace's default
    is_default: bool,
    /// The workspace's default, days
    workspace_retention: Option<i64>,
    /// The resource id
    id: String,
}

impl Read for View {
    type Row = RetentionRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let workspace =
                Object::of(&target.read(&target.workspace.id, Surface::OperationalInsights).await?)?;
            let default = workspace.number("/properties/retentionInDays");
            let patterns: Vec<String> = self.table_name.clone().into_iter().collect();
            let mut rows = Vec::new();
            for (table, raw) in super::fitting(&target, &patterns).await? {
                let retention = table.number("/properties/retentionInDays");
                let total = table.number("/properties/totalRetentionInDays");
                // Where Azure does not say, the numbers do.
                let own = table.flag("/properties/retentionInDaysAsDefault").unwrap_or(retention == default);
                let all =
                    table.flag("/properties/totalRetentionInDaysAsDefault").unwrap_or(total == retention);
                let row = RetentionRow {
                    table_name: table.name(),
                    plan: table.text("/properties/plan"),
                    retention,
                    total_retention: total,
                    archive: table
                        .number("/properties/archiveRetentionInDays")
                        .unwrap_or_else(|| (total.unwrap_or(0) - retention.unwrap_or(0)).max(0)),
                    is_default: own && all,
                    workspace_retention: default,
                    id: table.id(),
                };
                if !(self.non_default_only && row.is_default) {
                    rows.push(target.row(row, &raw)?);
                }
            }
            Ok(rows)
        })
    }
}
