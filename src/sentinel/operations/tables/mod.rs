//! Tables of workspaces.

mod change;
mod create;
mod list;
mod retention;

use serde::{Deserialize, Serialize};

use schemars::JsonSchema;

use crate::azure::Surface;
use crate::sentinel::Result;
use crate::sentinel::cache::Family;
use crate::sentinel::definition::{Example, Kind, Operation, Undo};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::wildcard::Wildcard;

pub(super) fn operations() -> Vec<Operation> {
    const READ: &[&str] = &["Microsoft.OperationalInsights/workspaces/tables/read"];
    const WRITE: &[&str] = &[
        "Microsoft.OperationalInsights/workspaces/tables/read",
        "Microsoft.OperationalInsights/workspaces/tables/write",
    ];
    vec![
        Operation::write::<create::New>(
            "New-SentinelTable",
            "new_sentinel_table",
            "tables",
            "Creates a custom table.",
            Kind::Write,
            Undo::Compensating,
        )
        .alias(&["new_sentineltable"])
        .details("The name ends in _CL; it is added where it is missing. A column TimeGenerated is added where there is none.")
        .needs(WRITE)
        .examples(&[Example {
            about: "A table of two columns",
            power_shell: "New-SentinelTable -WorkspaceName law-contoso -TableName Firewall_CL -Schema @{ Action = 'string'; Bytes = 'long' } -RetentionInDays 90",
        }]),
        Operation::read::<list::List>(
            "Get-SentinelTables",
            "get_sentinel_tables",
            "tables",
            "Lists tables with plan and retention; custom ones unless TableType says otherwise.",
        )
        .alias(&["get_sentineltables"])
        .needs(READ)
        .view(&["WorkspaceName", "TableName", "TableType", "Plan", "RetentionInDays", "TotalRetentionInDays"])
        .examples(&[
            Example { about: "Custom tables", power_shell: "Get-SentinelTables -WorkspaceName law-contoso" },
            Example { about: "All with yesterday's volume", power_shell: "Get-SentinelTables -WorkspaceName law-contoso -TableType All -IncludeUsage" },
        ]),
        Operation::write::<change::Remove>(
            "Remove-SentinelTable",
            "remove_sentinel_table",
            "tables",
            "Removes a custom table and its data.",
            Kind::Destructive,
            Undo::None,
        )
        .alias(&["remove_sentineltable"])
        .costly()
        .details("Rules that read the table are named first. The data cannot be brought back by this program.")
        .needs(&["Microsoft.OperationalInsights/workspaces/tables/read", "Microsoft.OperationalInsights/workspaces/tables/delete"])
        .examples(&[Example { about: "One table", power_shell: "Remove-SentinelTable -WorkspaceName law-contoso -TableName Firewall_CL -WhatIf" }]),
        Operation::write::<change::Plan>(
            "Update-TablePlan",
            "update_table_plan",
            "tables",
            "Changes the plan of tables: Analytics, Basic or Auxiliary.",
            Kind::Idempotent,
            Undo::Compensating,
        )
        .alias(&["update_tableplan"])
        .costly()
        .details("Rules that read a table stop working when it leaves the plan Analytics; they are named first. A plan changes once a week at most, so that the way back may be closed for a week.")
        .needs(WRITE)
        .examples(&[Example { about: "A cheap table", power_shell: "Update-TablePlan -WorkspaceName law-contoso -TableName Firewall_CL -Plan Basic -WhatIf" }]),
        Operation::write::<change::Retention>(
            "Update-TableRetention",
            "update_table_retention",
            "tables",
            "Changes for how long tables keep their data.",
            Kind::Idempotent,
            Undo::Compensating,
        )
        .alias(&["update_tableretention"])
        .costly()
        .details("-1 is the workspace's default. Data older than a shorter total retention is deleted after 30 days: until then a longer retention brings it back.")
        .needs(WRITE)
        .examples(&[Example { about: "Two years in all", power_shell: "Update-TableRetention -WorkspaceName law-contoso -TableName SigninLogs -TotalRetentionInDays 730" }]),
        Operation::read::<retention::View>(
            "View-TableRetention",
            "view_table_retention",
            "tables",
            "Shows for how long tables keep their data, and where that differs from the workspace's default.",
        )
        .alias(&["Get-TableRetention", "view_tableretention"])
        .needs(&["Microsoft.OperationalInsights/workspaces/tables/read", "Microsoft.OperationalInsights/workspaces/read"])
        .view(&["WorkspaceName", "TableName", "Plan", "Retention", "TotalRetention", "Archive", "IsDefault"])
        .examples(&[Example { about: "What differs", power_shell: "View-TableRetention -WorkspaceName law-contoso -NonDefaultOnly" }]),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
pub(crate) enum TablePlan {
    #[default]
    Analytics,
    Basic,
    Auxiliary,
}

/// Tables whose names fit one of the patterns, as objects.
async fn fitting(
    target: &Target,
    patterns: &[String],
) -> Result<Vec<(Object, Box<serde_json::value::RawValue>)>> {
    let patterns: Vec<Wildcard> = patterns.iter().map(|pattern| Wildcard::new(pattern)).collect();
    let request = target.get(&target.workspace.id.child(&["tables"]), Surface::OperationalInsights);
    let mut found = Vec::new();
    for raw in target.list(Family::Tables, request).await?.iter() {
        let table = Object::of(raw)?;
        if patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(&table.name())) {
            found.push((table, raw.clone()));
        }
    }
    Ok(found)
}

/// Names of the tables that a write means: single names as they are, patterns as what they fit.
async fn named(target: &Target, given: &[String]) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for name in given {
        let found = if Wildcard::is_pattern(name) {
            fitting(target, std::slice::from_ref(name)).await?.iter().map(|(table, _)| table.name()).collect()
        } else {
            vec![name.clone()]
        };
        for name in found {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// A table as it is now, or the nearest name.
async fn read(target: &Target, name: &str) -> Result<Box<serde_json::value::RawValue>> {
    let place = target.workspace.id.child(&["tables", name]);
    match target.find(&place, Surface::OperationalInsights).await? {
        Some(raw) => Ok(raw),
        None => {
            let all: Vec<String> =
                fitting(target, &[]).await?.iter().map(|(table, _)| table.name()).collect();
            let nearest = crate::nearest::nearest(name, all.iter().map(String::as_str)).map(str::to_owned);
            Err(crate::sentinel::Error::Object {
                what: format!("there is no table {name:?} in {}", target.workspace.name),
                candidates: nearest.into_iter().collect(),
            })
        }
    }
}
