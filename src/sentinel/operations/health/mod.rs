//! The health of workspaces: what was measured, against which threshold, and what to do.
//!
//! To be reachable is not to be healthy, and what cannot be measured is unknown, never healthy.

mod content;
mod flow;
mod judge;
mod measure;
#[cfg(test)]
mod tests;

use futures_util::{FutureExt, StreamExt, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sentinel::Error;
use crate::sentinel::definition::{Example, Items, Operation, Together};
use crate::sentinel::read::{Item, WorkspaceFailure};
use crate::sentinel::target::Target;
use judge::judge;
use measure::{Measured, measure};

/// Workspaces whose lists are read at once.
const AT_ONCE: usize = 32;

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::read_together::<Check>(
            "Test-SentinelHealth",
            "sentinel_health_check",
            "health",
            "Checks the health of workspaces: arriving data, silent tables, connectors, rules, capacity, retention.",
        )
        .alias(&["Get-SentinelHealth"])
        .details(
            "Without WorkspaceName, all workspaces are checked. State is the worst of the checks; Checks has each with what was measured, its \
             threshold and what to do. What cannot be measured is unknown, with the reason. Quick looks at one day of arriving data and at the settings \
             of the workspace; Standard at two days, rules, their runs and connectors as well; Deep at a week, and at single rows, tables and watchlists. \
             The runs of rules need the health monitoring of Sentinel. docs/sentinel.md lists the thresholds.",
        )
        .needs(&[
            "Microsoft.OperationalInsights/workspaces/read",
            "Microsoft.OperationalInsights/workspaces/query/read",
            "Microsoft.SecurityInsights/alertRules/read",
            "Microsoft.SecurityInsights/dataConnectors/read",
            "Microsoft.SecurityInsights/watchlists/read",
            "Microsoft.OperationalInsights/workspaces/tables/read",
            "Microsoft.OperationalInsights/workspaces/savedSearches/read",
        ])
        .view(&["TenantName", "WorkspaceName", "State", "IngestionGb", "SilentTables", "FailingRules", "Issues"])
        .examples(&[
            Example { about: "All workspaces of all customers", power_shell: "Test-SentinelHealth" },
            Example {
                about: "Everything that is wrong in one workspace",
                power_shell: "(Test-SentinelHealth -WorkspaceName law-contoso -CheckDepth Deep).Checks | Where-Object State -ne healthy",
            },
            Example {
                about: "Customers that need somebody now",
                power_shell: "Test-SentinelHealth -TenantFilter 'contoso|fabrikam' -State degraded",
            },
        ]),
    ]
}

/// How closely it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, Serialize, JsonSchema)]
pub(crate) enum Depth {
    // Arriving data of a day, capacity, retention.
    Quick,
    // Two days of it, and rules, their runs, connectors.
    #[default]
    Standard,
    // A week of it, and single rows, tables, watchlists.
    Deep,
}

impl Depth {
    /// Hours of arriving data that are looked at.
    fn window_hours(self) -> i64 {
        match self {
            Self::Quick => 24,
            Self::Standard => 48,
            Self::Deep => 168,
        }
    }
}

/// How well something is; the worse, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Health {
    Healthy,
    Unknown,
    Warning,
    Degraded,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Check {
    /// How closely it is looked at
    #[schemars(extend("x-words" = {"basic": "Quick", "detailed": "Deep"}))]
    check_depth: Depth,
    /// Only workspaces in one of these states
    state: Vec<Health>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Finding {
    /// What kind of check
    check: &'static str,
    /// The table, rule, connector or watchlist it is about; empty for the workspace as a whole
    subject: String,
    /// How well it is
    state: Health,
    /// What was measured
    measured: String,
    /// What it was held against; empty where nothing could be measured
    threshold: String,
    /// What to do; empty where nothing is to be done
    remedy: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct HealthRow {
    /// The tenant's name
    tenant_name: String,
    /// The workspace's name
    workspace_name: String,
    /// healthy, warning, degraded or unknown: the worst of the checks
    state: Health,
    /// What is not healthy, in words
    issues: Vec<String>,
    /// GB that came in within 24 hours; empty if it could not be measured
    ingestion_gb: Option<f64>,
    /// Tables that data came into
    active_tables: Option<usize>,
    /// Of them, those that have fallen silent
    silent_tables: Option<usize>,
    /// Analytics rules that are enabled; not with Quick
    enabled_rules: Option<usize>,
    /// Those that are disabled; not with Quick
    disabled_rules: Option<usize>,
    /// Rules whose last run failed; not with Quick
    failing_rules: Option<usize>,
    /// Data connectors that Sentinel lists; not with Quick
    connectors: Option<usize>,
    /// Default retention, days
    retention_in_days: Option<i64>,
    /// Each check: what was measured, its threshold, its state and what to do
    checks: Vec<Finding>,
    /// How closely it was looked at
    check_depth: Depth,
    /// When
    checked_at: String,
    /// The subscription's id
    subscription_id: String,
    /// The resource group
    resource_group: String,
    /// The GUID by which queries name it
    customer_id: String,
    /// The resource id
    id: String,
}

impl Together for Check {
    type Row = HealthRow;

    fn items(self, targets: Vec<Target>) -> Items {
        let work = async move {
            let measured = measure(&targets, self.check_depth).await;
            targets
                .iter()
                .zip(&measured)
                .filter_map(|(target, measured)| self.item(target, measured))
                .collect::<Vec<_>>()
        };
        work.into_stream().flat_map(stream::iter).boxed()
    }
}

impl Check {
    fn item(&self, target: &Target, measured: &Measured) -> Option<Item> {
        let row = self.row(target, measured);
        if !self.state.is_empty() && !self.state.contains(&row.state) {
            return None;
        }
        Some(match serde_json::to_value(row) {
            Ok(row) => Item::Row(row),
            Err(error) => Item::Failure(WorkspaceFailure {
                tenant_name: target.workspace.tenant_name.clone(),
                workspace_name: target.workspace.name.clone(),
                error: Error::declined(format!("the result cannot be written: {error}"), "Please report it."),
            }),
        })
    }

    fn row(&self, target: &Target, measured: &Measured) -> HealthRow {
        let workspace = &target.workspace;
        let checks = judge(workspace, measured, self.check_depth, target.now);
        let state = checks.iter().map(|finding| finding.state).max().unwrap_or(Health::Unknown);
        let flows = measured.flows.as_ref().ok();
        let rules = measured.rules.as_ref().and_then(|rules| rules.as_ref().ok());
        let count = |check: &str| {
            checks.iter().filter(|finding| finding.check == check && finding.state > Health::Unknown).count()
        };
        HealthRow {
            tenant_name: workspace.tenant_name.clone(),
            workspace_name: workspace.name.clone(),
            state,
            issues: checks
                .iter()
                .filter(|finding| finding.state != Health::Healthy)
                .map(Finding::issue)
                .collect(),
            ingestion_gb: flows.map(|flows| rounded(flows.iter().map(|flow| flow.recent_gb).sum())),
            active_tables: flows.map(Vec::len),
            silent_tables: flows.map(|_| count(flow::SILENCE)),
            enabled_rules: rules.map(|rules| rules.iter().filter(|rule| rule.enabled).count()),
            disabled_rules: rules.map(|rules| rules.iter().filter(|rule| !rule.enabled).count()),
            failing_rules: match &measured.runs {
                Some(Ok(runs)) if !runs.is_empty() => Some(count(content::RUNS)),
                _ => None,
            },
            connectors: measured
                .connectors
                .as_ref()
                .and_then(|connectors| connectors.as_ref().ok())
                .map(Vec::len),
            retention_in_days: workspace.retention_days,
            check_depth: self.check_depth,
            checked_at: crate::sentinel::times::odata(target.now),
            subscription_id: workspace.subscription_id.clone(),
            resource_group: workspace.resource_group.clone(),
            customer_id: workspace.customer_id.clone(),
            id: workspace.id.to_string(),
            checks,
        }
    }
}

impl Finding {
    /// In one sentence.
    fn issue(&self) -> String {
        let about = if self.subject.is_empty() { self.check } else { self.subject.as_str() };
        format!("{about}: {}", self.measured)
    }
}

/// Two digits behind the point; nothing at all is 0, and not -0.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0 + 0.0
}
