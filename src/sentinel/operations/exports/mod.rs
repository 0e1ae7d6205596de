//! Exports: content of a workspace as files.

mod automation;
mod data;
mod rules;
mod searches;
mod template;
mod watchlists;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::sentinel::definition::{Example, Operation};

/// Where an export goes.
#[derive(Debug, Deserialize, JsonSchema)]
struct Destination {
    /// Folder below that of backups
    backup_path: String,
    /// Replaces files that are there
    #[serde(default)]
    force: bool,
    /// Makes a folder named after the time
    #[serde(default)]
    timestamped: bool,
}

/// How objects are written that repositories keep as YAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
enum Format {
    #[default]
    Json,
    ArmTemplate,
    Yaml,
}

pub(super) fn operations() -> Vec<Operation> {
    const VIEW: &[&str] = &["WorkspaceName", "Name", "Kind", "File", "Bytes"];
    const SEARCHES: &[&str] = &["Microsoft.OperationalInsights/workspaces/savedSearches/read"];
    vec![
        Operation::read::<rules::Export>(
            "Export-AnalyticsRules",
            "export_analytics_rules",
            "exports",
            "Writes analytics rules to files, as JSON, YAML, or templates that can be deployed.",
        )
        .alias(&["export_analyticsrules"])
        .needs(&["Microsoft.SecurityInsights/alertRules/read"])
        .view(VIEW)
        .examples(&[Example { about: "One file a rule", power_shell: "Export-AnalyticsRules -WorkspaceName law-contoso -BackupPath rules -SplitFiles" }]),
        Operation::read::<automation::Export>(
            "Export-AutomationRules",
            "export_automation_rules",
            "exports",
            "Writes automation rules to a file, with the names of the analytics rules that they mention.",
        )
        .alias(&["export_automationrules"])
        .needs(&["Microsoft.SecurityInsights/automationRules/read", "Microsoft.SecurityInsights/alertRules/read"])
        .view(VIEW)
        .examples(&[Example { about: "All of them", power_shell: "Export-AutomationRules -WorkspaceName law-contoso -BackupPath automation" }]),
        Operation::read::<watchlists::Export>(
            "Export-Watchlists",
            "export_watchlists",
            "exports",
            "Writes watchlists with their items to files.",
        )
        .needs(&["Microsoft.SecurityInsights/watchlists/read"])
        .view(VIEW)
        .examples(&[Example { about: "All of them", power_shell: "Export-Watchlists -WorkspaceName law-contoso -BackupPath watchlists" }]),
        Operation::read::<searches::Functions>(
            "Export-Functions",
            "export_functions",
            "exports",
            "Writes the functions of a workspace to a file.",
        )
        .needs(SEARCHES)
        .view(VIEW)
        .examples(&[Example { about: "All of them", power_shell: "Export-Functions -WorkspaceName law-contoso -BackupPath functions" }]),
        Operation::read::<searches::Queries>(
            "Export-SavedQueries",
            "export_saved_queries",
            "exports",
            "Writes saved queries, hunting queries among them, to a file.",
        )
        .alias(&["export_savedqueries"])
        .needs(SEARCHES)
        .view(VIEW)
        .examples(&[Example { about: "Hunting queries", power_shell: "Export-SavedQueries -WorkspaceName law-contoso -BackupPath hunting -Category 'Hunting Queries'" }]),
        Operation::read::<data::Export>(
            "Export-TableData",
            "export_table_data",
            "exports",
            "Writes rows of a table or query to a file, slice by slice.",
        )
        .alias(&["export_tabledata"])
        .costly()
        .needs(&["Microsoft.OperationalInsights/workspaces/query/read"])
        .view(VIEW)
        .examples(&[Example { about: "A day of sign-ins", power_shell: "Export-TableData -WorkspaceName law-contoso -TableName SigninLogs -BackupPath data -TimeRange 24h -Format NdJson" }]),
    ]
}
