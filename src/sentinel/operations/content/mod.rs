//! Checks content before it is saved: nothing is changed.

mod attack;
mod entities;
mod others;
mod query;
mod rule;
mod schema;
mod source;
mod watchlist;
mod workbook;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::permissions::{Allowed, hold};
use crate::azure::smallest_role;
use crate::kql;
use crate::sentinel::Result;
use crate::sentinel::definition::{Example, Operation, Read, Rows};
use crate::sentinel::read::rows_of;
use crate::sentinel::target::Target;
use schema::Schema;
use source::{Content, Source};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::read::<Check>(
            "Test-SentinelContent",
            "test_sentinel_content",
            "content",
            "Checks a rule, hunting query, workbook, watchlist or automation rule against a workspace before it is saved there.",
        )
        .alias(&["Test-SentinelRule"])
        .details(
            "Nothing is changed. Checked are required fields and their bounds, the query with the tables, columns and functions of that workspace, entity \
             mappings, tactics and techniques, names and ids that are taken, the version of the template, limits, and whether this identity may save it. \
             Azure would refuse what has an error; a warning is worth a look; Info says what would happen. FromFile takes JSON, ARM templates and YAML as in \
             the repository Azure/Azure-Sentinel, below the folder of backups; the items of a watchlist are read from data.csv beside it.",
        )
        .needs(&[
            "Microsoft.OperationalInsights/workspaces/tables/read",
            "Microsoft.OperationalInsights/workspaces/savedSearches/read",
            "Microsoft.SecurityInsights/watchlists/read",
            "Microsoft.SecurityInsights/alertRules/read",
            "Microsoft.SecurityInsights/automationRules/read",
            "Microsoft.Insights/workbooks/read",
            "Microsoft.Authorization/permissions/read",
        ])
        .view(&["WorkspaceName", "Level", "Where", "What", "Remedy"])
        .examples(&[
            Example {
                about: "A rule of a repository, in all workspaces of a customer",
                power_shell: "Test-SentinelContent -WorkspaceName law-contoso* -FromFile rules/brute-force.yaml",
            },
            Example {
                about: "Only what Azure would refuse",
                power_shell: "Test-SentinelContent -WorkspaceName law-contoso -FromFile rules/brute-force.yaml | Where-Object Level -eq Error",
            },
        ]),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(super) enum ContentKind {
    AnalyticsRule,
    HuntingQuery,
    Workbook,
    Watchlist,
    AutomationRule,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Check {
    /// A file below the folder of backups: JSON, ARM template or YAML
    from_file: Option<String>,
    /// The content itself, as an object or as text in JSON or YAML, instead of FromFile
    content: Option<Value>,
    /// What it is; what it looks like, if it is not given
    content_kind: Option<ContentKind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
enum Level {
    Info,
    Warning,
    Error,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct ContentRow {
    /// Error: Azure would refuse it. Warning: worth a look. Info: what would happen
    #[schemars(with = "String")]
    level: Level,
    /// Where in the content
    #[serde(rename = "Where")]
    place: String,
    /// What is the matter there
    what: String,
    /// What to do
    remedy: String,
    /// AnalyticsRule, HuntingQuery, Workbook, Watchlist or AutomationRule
    content_kind: String,
    /// Its name
    name: String,
}

impl Read for Check {
    type Row = ContentRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let source = source::read(&target, self.from_file.as_deref(), self.content.as_ref())?;
            let report = self.report(&target, source).await?;
            Ok(report.rows.into_iter().filter_map(|row| serde_json::to_value(row).ok()).collect())
        })
    }
}

impl Check {
    async fn report(&self, target: &Target, source: Source) -> Result<Report> {
        let mut report = Report::default();
        let content = match source.content(self.content_kind) {
            Ok(content) => content,
            Err(problem) => {
                report.error("content", problem, "ContentKind says what it is, if it does not look like it.");
                return Ok(report);
            }
        };
        let kind = content.kind();
        (report.kind, report.name) = (crate::sentinel::parameter::word(&kind), content.name());
        let mut schema = Schema::read(target).await?;
        if let Some(query) = content.query().and_then(|text| kql::parse(text).ok()) {
            schema.read_others(target, &kql::analysis::references(&query).workspaces()).await;
        }
        match &content {
            Content::Rule(rule) => {
                rule::check(&mut report, target, &schema, &rule.body, rule.name.as_deref()).await?
            }
            Content::Hunting(query) => others::hunting(&mut report, target, &schema, query).await?,
            Content::Workbook { name, document } => {
                workbook::check(&mut report, target, &schema, name, document).await?
            }
            Content::Watchlist { alias, properties, items } => {
                watchlist::check(&mut report, &schema, alias, properties, items.as_deref());
            }
            Content::Automation { properties, id } => {
                others::automation(&mut report, target, properties, id.as_deref()).await?;
            }
        }
        role(&mut report, target, kind).await;
        // What matters most comes first; the rest stays in the order of the content.
        report.rows.sort_by_key(|row| std::cmp::Reverse(row.level));
        Ok(report)
    }
}

/// Whether this identity may save it.
async fn role(report: &mut Report, target: &Target, kind: ContentKind) {
    let action = match kind {
        ContentKind::AnalyticsRule => "Microsoft.SecurityInsights/alertRules/write",
        ContentKind::HuntingQuery => "Microsoft.OperationalInsights/workspaces/savedSearches/write",
        ContentKind::Workbook => "Microsoft.Insights/workbooks/write",
        ContentKind::Watchlist => "Microsoft.SecurityInsights/watchlists/write",
        ContentKind::AutomationRule => "Microsoft.SecurityInsights/automationRules/write",
    };
    let held = hold(target).await;
    match (held.allows(action), smallest_role(action)) {
        ((Allowed::Yes, _), _) => {}
        ((Allowed::No, _), Some(role)) => report.error(
            "role",
            format!("this identity may not save it: {action} is missing"),
            format!(
                "The role '{}': {}",
                role.name,
                role.command(held.principal.as_deref(), Some(target.workspace.id.as_str()))
            ),
        ),
        ((_, reason), _) => report.warning(
            "role",
            format!("it is not known whether this identity may save it: {}", reason.unwrap_or_default()),
            format!("It needs {action}."),
        ),
    }
}

impl Content {
    fn kind(&self) -> ContentKind {
        match self {
            Self::Rule(_) => ContentKind::AnalyticsRule,
            Self::Hunting(_) => ContentKind::HuntingQuery,
            Self::Workbook { .. } => ContentKind::Workbook,
            Self::Watchlist { .. } => ContentKind::Watchlist,
            Self::Automation { .. } => ContentKind::AutomationRule,
        }
    }

    /// Its query, if it is one.
    fn query(&self) -> Option<&str> {
        match self {
            Self::Rule(rule) => rule.body["properties"]["query"].as_str(),
            Self::Hunting(query) => query["query"].as_str(),
            Self::Workbook { .. } | Self::Watchlist { .. } | Self::Automation { .. } => None,
        }
    }

    fn name(&self) -> String {
        let name = match self {
            Self::Rule(rule) => &rule.body["properties"]["displayName"],
            Self::Hunting(query) => &query["displayName"],
            Self::Workbook { name, .. } => return name.clone(),
            Self::Watchlist { alias, .. } => return alias.clone(),
            Self::Automation { properties, .. } => &properties["displayName"],
        };
        name.as_str().unwrap_or_default().to_owned()
    }
}

/// What was found.
#[derive(Debug, Default)]
struct Report {
    kind: String,
    name: String,
    rows: Vec<ContentRow>,
}

impl Report {
    fn add(&mut self, level: Level, place: &str, what: impl Into<String>, remedy: impl Into<String>) {
        self.rows.push(ContentRow {
            level,
            place: place.to_owned(),
            what: what.into(),
            remedy: remedy.into(),
            content_kind: self.kind.clone(),
            name: self.name.clone(),
        });
    }

    fn error(&mut self, place: &str, what: impl Into<String>, remedy: impl Into<String>) {
        self.add(Level::Error, place, what, remedy);
    }

    fn warning(&mut self, place: &str, what: impl Into<String>, remedy: impl Into<String>) {
        self.add(Level::Warning, place, what, remedy);
    }

    fn info(&mut self, place: &str, what: impl Into<String>, remedy: impl Into<String>) {
        self.add(Level::Info, place, what, remedy);
    }

    /// A function that comes with Sentinel: what it gives is not known here.
    fn built_in(&mut self, place: &str, name: &str) {
        self.warning(
            place,
            format!("'{name}' comes with Sentinel: what it gives was not checked"),
            "It works where Sentinel is switched on and has a source that it reads.",
        );
    }
}
