//! What the health of a workspace is judged by. Whatever cannot be measured stays an error until it is judged.

use futures_util::StreamExt;
use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Depth;
use crate::azure::Surface;
use crate::sentinel::cache::Family;
use crate::sentinel::several::{MOST, Own, query};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

/// Workspaces of one query about single rows: it reads far more than one about what was counted already.
const TOGETHER: usize = 10;
/// Tables of one such query.
const TABLES: usize = 40;
/// Hours of runs of rules and connectors that are looked at.
const RUNS: i64 = 24;

/// What flows into a table, as the workspace has counted it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Flow {
    pub(super) table: String,
    /// GB of the last 24 hours.
    pub(super) recent_gb: f64,
    /// Of them, what is paid for.
    pub(super) billable_gb: f64,
    /// GB of the whole window.
    pub(super) gb: f64,
    /// Hours of the window in which anything came.
    pub(super) hours: i64,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

/// The newest row of a table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Newest {
    pub(super) table: String,
    pub(super) last: Timestamp,
    /// Rows of the last 24 hours.
    pub(super) rows: i64,
    /// Minutes from an event to its row; 95 of 100 take no longer.
    pub(super) delay_minutes: f64,
}

/// Runs of a rule, or fetches of a connector, of the last 24 hours.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Runs {
    pub(super) name: String,
    pub(super) id: String,
    /// A connector, not a rule.
    pub(super) connector: bool,
    pub(super) runs: i64,
    pub(super) failures: i64,
    /// `Success`, `Failure` or `Partial success`: how the last one ended.
    pub(super) status: String,
    pub(super) reason: String,
}

/// An analytics rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    pub(super) name: String,
    /// It runs a query: Scheduled or NRT.
    pub(super) queries: bool,
    pub(super) enabled: bool,
    pub(super) query: String,
}

/// A data connector.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Connector {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) enabled: bool,
    /// Tables it is known to fill.
    pub(super) tables: Vec<String>,
}

/// A table as it is set up.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TableSetup {
    pub(super) name: String,
    pub(super) plan: String,
}

/// A watchlist and the state it is in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Watchlist {
    pub(super) alias: String,
    pub(super) state: String,
}

/// Everything about one workspace. What its depth does not ask for is `None`.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) flows: Result<Vec<Flow>>,
    pub(super) runs: Option<Result<Vec<Runs>>>,
    pub(super) rules: Option<Result<Vec<Rule>>>,
    pub(super) connectors: Option<Result<Vec<Connector>>>,
    pub(super) newest: Option<Result<Vec<Newest>>>,
    pub(super) tables: Option<Result<Vec<TableSetup>>>,
    /// Names of the workspace's functions, which rules may use like tables.
    pub(super) functions: Option<Result<Vec<String>>>,
    pub(super) watchlists: Option<Result<Vec<Watchlist>>>,
}

/// Asks Azure: one query for a hundred workspaces, and the lists of each.
pub(super) async fn measure(targets: &[Target], depth: Depth) -> Vec<Measured> {
    let lists = futures_util::stream::iter(targets.iter().cloned())
        .map(|target| async move { lists(&target, depth).await })
        .buffered(super::AT_ONCE)
        .collect::<Vec<_>>();
    let (flows, runs, lists) = tokio::join!(flows(targets, depth), runs(targets, depth), lists);
    let mut measured: Vec<Measured> = flows
        .into_iter()
        .zip(runs)
        .zip(lists)
        .map(|((flows, runs), lists)| Measured {
            flows,
            runs: (depth >= Depth::Standard).then_some(runs),
            rules: lists.rules,
            connectors: lists.connectors,
            newest: None,
            tables: lists.tables,
            functions: lists.functions,
            watchlists: lists.watchlists,
        })
        .collect();
    if depth == Depth::Deep {
        newest(targets, &mut measured).await;
    }
    measured
}

async fn flows(targets: &[Target], depth: Depth) -> Vec<Result<Vec<Flow>>> {
    let hours = depth.window_hours();
    let text = format!(
        "Usage | where TimeGenerated > ago({hours}h) | summarize Megabytes = sum(Quantity), \
         Recent = sumif(Quantity, TimeGenerated > ago(24h)), Billable = sumif(Quantity, TimeGenerated > ago(24h) and IsBillable == true), \
         Hours = dcount(bin(TimeGenerated, 1h)), First = min(TimeGenerated), Last = max(TimeGenerated) by TenantId, DataType"
    );
    let most = if depth == Depth::Deep { TOGETHER } else { MOST };
    let answers = query(targets, &text, &format!("PT{hours}H"), most).await;
    each(answers, |row| {
        Some(Flow {
            table: text_of(row, "DataType"),
            recent_gb: number(row, "Recent") / 1_000.0,
            billable_gb: number(row, "Billable") / 1_000.0,
            gb: number(row, "Megabytes") / 1_000.0,
            hours: row.get("Hours")?.as_i64()?,
            first: time(row, "First")?,
            last: time(row, "Last")?,
        })
    })
}

async fn runs(targets: &[Target], depth: Depth) -> Vec<Result<Vec<Runs>>> {
    if depth < Depth::Standard {
        return targets.iter().map(|_| Ok(Vec::new())).collect();
    }
    let text = format!(
        "SentinelHealth | where TimeGenerated > ago({RUNS}h) | where OperationName in ('Scheduled analytics rule run', 'NRT analytics rule run', \
         'Data fetch status change', 'Data fetch failure summary') | summarize Runs = count(), Failures = countif(Status == 'Failure'), \
         arg_max(TimeGenerated, Status, Reason, Description) by TenantId, SentinelResourceType, SentinelResourceName, SentinelResourceId"
    );
    each(query(targets, &text, &format!("PT{RUNS}H"), MOST).await, |row| {
        Some(Runs {
            name: text_of(row, "SentinelResourceName"),
            id: text_of(row, "SentinelResourceId").to_ascii_lowercase(),
            connector: text_of(row, "SentinelResourceType").eq_ignore_ascii_case("Data connector"),
            runs: row.get("Runs")?.as_i64()?,
            failures: row.get("Failures")?.as_i64()?,
            status: text_of(row, "Status"),
            reason: Some(text_of(row, "Reason"))
                .filter(|reason| !reason.is_empty())
                .unwrap_or_else(|| text_of(row, "Description")),
        })
    })
}

/// Looks at the rows of the tables that have any. Tables of plan Basic and Auxiliary are left out: each takes a query of its own.
async fn newest(targets: &[Target], measured: &mut [Measured]) {
    for start in (0..targets.len()).step_by(TOGETHER) {
        let part = start..targets.len().min(start + TOGETHER);
        let mut names: Vec<&str> = Vec::new();
        let mut cheap: Vec<&str> = Vec::new();
        for one in &measured[part.clone()] {
            let tables = one.tables.iter().flatten().flatten();
            cheap.extend(tables.filter(|table| table.plan != "Analytics").map(|table| table.name.as_str()));
            names.extend(
                one.flows.iter().flatten().map(|flow| flow.table.as_str()).filter(|name| is_name(name)),
            );
        }
        names.retain(|name| !cheap.contains(name));
        names.sort_unstable();
        names.dedup();
        let mut found: Vec<Result<Vec<Newest>>> = part.clone().map(|_| Ok(Vec::new())).collect();
        for names in names.chunks(TABLES) {
            let text = format!(
                "union isfuzzy=true withsource=SourceTable {} | where TimeGenerated > ago(24h) | summarize Last = max(TimeGenerated), Rows = count(), \
                 Delay = percentile((ingestion_time() - TimeGenerated) / 1m, 95) by TenantId, SourceTable",
                names.join(", ")
            );
            let answers = query(&targets[part.clone()], &text, "PT24H", TOGETHER).await;
            let answers = each(answers, |row| {
                Some(Newest {
                    table: text_of(row, "SourceTable"),
                    last: time(row, "Last")?,
                    rows: row.get("Rows")?.as_i64()?,
                    delay_minutes: number(row, "Delay"),
                })
            });
            for (all, answer) in found.iter_mut().zip(answers) {
                match (all.as_mut(), answer) {
                    (Ok(all), Ok(answer)) => all.extend(answer),
                    (Ok(_), Err(error)) => *all = Err(error),
                    (Err(_), _) => {}
                }
            }
        }
        for (one, found) in measured[part].iter_mut().zip(found) {
            one.newest = Some(found);
        }
    }
}

/// Names go into a query as they are.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[derive(Default)]
struct Lists {
    rules: Option<Result<Vec<Rule>>>,
    connectors: Option<Result<Vec<Connector>>>,
    tables: Option<Result<Vec<TableSetup>>>,
    functions: Option<Result<Vec<String>>>,
    watchlists: Option<Result<Vec<Watchlist>>>,
}

async fn lists(target: &Target, depth: Depth) -> Lists {
    match depth {
        Depth::Quick => Lists::default(),
        Depth::Standard => {
            let (rules, connectors) = tokio::join!(rules(target), connectors(target));
            Lists { rules: Some(rules), connectors: Some(connectors), ..Lists::default() }
        }
        Depth::Deep => {
            let (rules, connectors, tables, functions, watchlists) = tokio::join!(
                rules(target),
                connectors(target),
                tables(target),
                functions(target),
                watchlists(target)
            );
            Lists {
                rules: Some(rules),
                connectors: Some(connectors),
                tables: Some(tables),
                functions: Some(functions),
                watchlists: Some(watchlists),
            }
        }
    }
}

async fn rules(target: &Target) -> Result<Vec<Rule>> {
    let rule = |raw: &RawValue| {
        let rule = Object::of(raw)?;
        let kind = rule.text("/kind").unwrap_or_default();
        Ok(Rule {
            name: rule.text("/properties/displayName").unwrap_or_default(),
            queries: ["Scheduled", "NRT"].contains(&kind.as_str()),
            enabled: rule.flag("/properties/enabled").unwrap_or_default(),
            query: rule.text("/properties/query").unwrap_or_default(),
        })
    };
    super::super::rules::all(target).await?.iter().map(|raw| rule(raw)).collect()
}

async fn connectors(target: &Target) -> Result<Vec<Connector>> {
    let request = target.get(&target.sentinel(&["dataConnectors"]), Surface::SecurityInsights);
    let connector = |raw: &RawValue| Object::of(raw).map(|object| connector(&object));
    target.client.list(&target.scope, request).await?.iter().map(|raw| connector(raw)).collect()
}

fn connector(object: &Object) -> Connector {
    let kind = object.text("/kind").unwrap_or_default();
    let types: Vec<(&str, bool)> = object
        .at("/properties/dataTypes")
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, of)| {
            (name.as_str(), of["state"].as_str().is_some_and(|state| state.eq_ignore_ascii_case("enabled")))
        })
        .collect();
    let active = object.flag("/properties/isActive");
    let mut tables: Vec<String> = types
        .iter()
        .filter(|(_, on)| *on)
        .filter_map(|(name, _)| table_of(&kind, name))
        .map(str::to_owned)
        .collect();
    tables.extend(object.text("/properties/dataType"));
    tables.sort();
    tables.dedup();
    Connector {
        id: object.id().to_ascii_lowercase(),
        name: object.text("/properties/connectorDefinitionName").unwrap_or(kind),
        enabled: active.unwrap_or(types.is_empty() || types.iter().any(|(_, on)| *on)),
        tables,
    }
}

/// The table that a connector of this kind fills with a type of data.
fn table_of(kind: &str, data: &str) -> Option<&'static str> {
    match (kind, data.to_ascii_lowercase().as_str()) {
        ("Office365", _) => Some("OfficeActivity"),
        ("MicrosoftThreatProtection", "incidents") => Some("SecurityIncident"),
        (
            "AzureActiveDirectory"
            | "AzureSecurityCenter"
            | "MicrosoftCloudAppSecurity"
            | "MicrosoftDefenderAdvancedThreatProtection"
            | "MicrosoftThreatProtection",
            "alerts",
        ) => Some("SecurityAlert"),
        ("MicrosoftThreatIntelligence" | "ThreatIntelligence" | "ThreatIntelligenceTaxii", _) => {
            Some("ThreatIntelIndicators")
        }
        _ => None,
    }
}

async fn tables(target: &Target) -> Result<Vec<TableSetup>> {
    let request = target.get(&target.workspace.id.child(&["tables"]), Surface::OperationalInsights);
    let table = |raw: &RawValue| {
        let table = Object::of(raw)?;
        let plan = table.text("/properties/plan").unwrap_or_else(|| "Analytics".to_owned());
        Ok(TableSetup { name: table.name(), plan })
    };
    target.list(Family::Tables, request).await?.iter().map(|raw| table(raw)).collect()
}

async fn functions(target: &Target) -> Result<Vec<String>> {
    let request = target.get(&target.workspace.id.child(&["savedSearches"]), Surface::OperationalInsights);
    let mut names = Vec::new();
    for raw in target.list(Family::SavedSearches, request).await?.iter() {
        let search = Object::of(raw)?;
        names.extend(search.property("functionAlias"));
    }
    Ok(names)
}

async fn watchlists(target: &Target) -> Result<Vec<Watchlist>> {
    let request = target.get(&target.sentinel(&["watchlists"]), Surface::SecurityInsights);
    let watchlist = |raw: &RawValue| {
        let watchlist = Object::of(raw)?;
        Ok(Watchlist {
            alias: watchlist.name(),
            state: watchlist.text("/properties/provisioningState").unwrap_or_default(),
        })
    };
    target.client.list(&target.scope, request).await?.iter().map(|raw| watchlist(raw)).collect()
}

/// The rows of each workspace, read.
fn each<T>(answers: Vec<Own>, read: impl Fn(&Map<String, Value>) -> Option<T>) -> Vec<Result<Vec<T>>> {
    let unreadable = || -> Error {
        crate::azure::Error::new(
            crate::azure::Kind::ServiceFailed,
            "a row of Log Analytics has not the columns that were asked for",
        )
        .into()
    };
    answers
        .into_iter()
        .map(|rows| rows?.iter().map(|row| read(row).ok_or_else(unreadable)).collect())
        .collect()
}

fn text_of(row: &Map<String, Value>, name: &str) -> String {
    row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(row: &Map<String, Value>, name: &str) -> f64 {
    row.get(name).and_then(Value::as_f64).unwrap_or_default()
}

fn time(row: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    row.get(name)?.as_str()?.parse().ok()
}
