//! Rows that follow from the state: usage, health, incidents, alerts, watchlists.

use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::{Value, json};

use super::view::View;
use crate::simulator::arm::iso_duration;
use crate::simulator::clock::stamp;
use crate::simulator::exchange::Object;
use crate::simulator::ids::Dice;
use crate::simulator::state::Resource;

/// Runs of rules are told for this long: a month of them would be most of all rows.
const HEALTH: SignedDuration = SignedDuration::from_hours(48);
/// A rule whose display name ends so fails.
pub(crate) const FAILING: &str = "(query times out)";

/// The rows of a table that follows from the state, newest last. `None` if it does not.
pub(super) fn rows(view: &View<'_>, table: &str) -> Option<Vec<Object>> {
    Some(match table {
        "Usage" => usage(view),
        "SentinelHealth" => health(view),
        "SecurityIncident" => incidents(view),
        "SecurityAlert" => alerts(view),
        "Watchlist" => watchlists(view),
        _ => return None,
    })
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

fn usage(view: &View<'_>) -> Vec<Object> {
    let hour = SignedDuration::from_hours(1);
    let mut rows = Vec::new();
    let Ok(mut start) = view.from.round(Unit::Hour) else { return rows };
    while start <= view.to {
        let Ok(end) = start.checked_add(hour) else { break };
        for (table, feed) in view.feeds() {
            // The row of an hour comes when the hour has passed.
            if end > feed.last(view.now) {
                continue;
            }
            let mut dice = Dice::new(view.seed ^ start.as_second().unsigned_abs(), table);
            let share = 0.85 + f64::from(u32::try_from(dice.below(30)).unwrap_or(0)) / 100.0;
            rows.push(object(json!({
                "TimeGenerated": stamp(end), "StartTime": stamp(start), "EndTime": stamp(end), "DataType": table,
                "Solution": super::schema::solution_of(table), "Quantity": (feed.megabytes * share * 1000.0).round() / 1000.0,
                "QuantityUnit": "MBytes", "IsBillable": !["Usage", "Heartbeat", "AzureActivity", "SentinelHealth"].contains(&table),
                "ResourceUri": view.workspace.id, "SourceSystem": "OMS",
            })));
        }
        start = end;
    }
    rows
}

fn health(view: &View<'_>) -> Vec<Object> {
    let mut rows = Vec::new();
    let from = view.from.max(view.now.saturating_sub(HEALTH).unwrap_or(view.from));
    for rule in view.below("Microsoft.SecurityInsights/alertRules") {
        let kind = rule.body.get("kind").and_then(Value::as_str).unwrap_or_default();
        if rule.property("enabled") != Some(&json!(true)) || !["Scheduled", "NRT"].contains(&kind) {
            continue;
        }
        let step =
            rule.text("queryFrequency").and_then(iso_duration).unwrap_or(SignedDuration::from_hours(1));
        // More often than hourly would be most of all rows, less often than daily none at all.
        let step = step.as_secs().clamp(3_600, 86_400);
        for time in ticks(from, view.to.min(view.now), step) {
            rows.push(run(view, rule, kind, time));
        }
    }
    for connector in view.below("Microsoft.SecurityInsights/dataConnectors") {
        for time in ticks(from, view.to.min(view.now), 3_600) {
            rows.push(fetch(view, connector, time));
        }
    }
    rows.sort_by(|left, right| left["TimeGenerated"].as_str().cmp(&right["TimeGenerated"].as_str()));
    rows
}

fn ticks(from: Timestamp, to: Timestamp, step: i64) -> impl Iterator<Item = Timestamp> {
    let first = from.as_second().div_euclid(step) + 1;
    (first..=to.as_second().div_euclid(step)).filter_map(move |tick| Timestamp::from_second(tick * step).ok())
}

fn record(view: &View<'_>, resource: &Resource, time: Timestamp) -> Object {
    object(json!({
        "TimeGenerated": stamp(time), "SentinelResourceId": resource.id,
        "SentinelResourceKind": resource.body.get("kind"), "WorkspaceId": view.customer_id(),
        "RecordId": Dice::new(time.as_second().unsigned_abs(), &resource.id).uuid().to_string(),
    }))
}

fn run(view: &View<'_>, rule: &Resource, kind: &str, time: Timestamp) -> Object {
    let name = rule.text("displayName").unwrap_or_default();
    let failing = name.ends_with(FAILING);
    let mut row = record(view, rule, time);
    row.extend(object(json!({
        "OperationName": format!("{} analytics rule run", if kind == "NRT" { "NRT" } else { "Scheduled" }),
        "SentinelResourceName": name, "SentinelResourceType": "Analytic rule",
        "Status": if failing { "Failure" } else { "Success" },
        "Description": if failing { "Rule run failed: the query timed out" } else { "Rule executed successfully" },
        "Reason": if failing { "The query was blocked as it was consuming too many resources." } else { "" },
        "ExtendedProperties": {"RuleId": rule.name(), "QueryResultAmount": 0, "AlertsGeneratedAmount": 0},
    })));
    row
}

fn fetch(view: &View<'_>, connector: &Resource, time: Timestamp) -> Object {
    let table = connector.text("dataType").unwrap_or("SigninLogs");
    let silent =
        view.feeds().find(|(name, _)| *name == table).is_some_and(|(_, feed)| feed.last(view.now) < time);
    let mut row = record(view, connector, time);
    row.extend(object(json!({
        "OperationName": "Data fetch status change",
        "SentinelResourceName": connector.text("connectorDefinitionName").or(connector.body.get("kind").and_then(Value::as_str)),
        "SentinelResourceType": "Data connector", "Status": if silent { "Failure" } else { "Success" },
        "Description": if silent { "Failed to fetch data: access was denied by the source" } else { "Data was fetched" },
        "Reason": if silent { "Unauthorized" } else { "" },
        "ExtendedProperties": {"DestinationTable": table},
    })));
    row
}

fn times_in(view: &View<'_>, text: Option<&str>) -> bool {
    text.and_then(|text| text.parse::<Timestamp>().ok())
        .is_some_and(|time| time >= view.from && time <= view.to)
}

fn incidents(view: &View<'_>) -> Vec<Object> {
    let all = view.below("Microsoft.SecurityInsights/incidents");
    all.filter(|incident| times_in(view, incident.text("lastModifiedTimeUtc")))
        .map(|incident| {
            let get = |name: &str| incident.property(name).cloned().unwrap_or(Value::Null);
            object(json!({
                "TimeGenerated": get("lastModifiedTimeUtc"), "IncidentName": incident.name(), "Title": get("title"),
                "Description": get("description"), "Severity": get("severity"), "Status": get("status"),
                "Classification": get("classification"), "ClassificationReason": get("classificationReason"),
                "ClassificationComment": get("classificationComment"), "Owner": get("owner"), "Labels": get("labels"),
                "ProviderName": get("providerName"), "ProviderIncidentId": get("providerIncidentId"),
                "FirstActivityTime": get("firstActivityTimeUtc"), "LastActivityTime": get("lastActivityTimeUtc"),
                "CreatedTime": get("createdTimeUtc"), "LastModifiedTime": get("lastModifiedTimeUtc"),
                "IncidentNumber": get("incidentNumber"), "RelatedAnalyticRuleIds": get("relatedAnalyticRuleIds"),
                "AdditionalData": get("additionalData"),
            }))
        })
        .collect()
}

fn alerts(view: &View<'_>) -> Vec<Object> {
    let all = view.below("Microsoft.SecurityInsights/incidents/alerts");
    all.filter(|alert| times_in(view, alert.text("timeGenerated")))
        .map(|alert| {
            let get = |name: &str| alert.property(name).cloned().unwrap_or(Value::Null);
            object(json!({
                "TimeGenerated": get("timeGenerated"), "DisplayName": get("alertDisplayName"), "AlertName": get("alertDisplayName"),
                "AlertSeverity": get("severity"), "Description": get("description"), "ProviderName": "ASI Scheduled Alerts",
                "VendorName": "Microsoft", "ProductName": get("productName"), "SystemAlertId": get("systemAlertId"),
                "StartTime": get("startTimeUtc"), "EndTime": get("endTimeUtc"), "Status": get("status"),
                "Tactics": get("tactics").as_array().map(|all| all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")),
            }))
        })
        .collect()
}

fn watchlists(view: &View<'_>) -> Vec<Object> {
    let mut rows = Vec::new();
    for watchlist in view.below("Microsoft.SecurityInsights/watchlists") {
        for item in view.state.collection(&format!("{}/watchlistItems", watchlist.id)) {
            let get = |name: &str| item.property(name).cloned().unwrap_or(Value::Null);
            rows.push(object(json!({
                "TimeGenerated": get("updated"), "WatchlistId": watchlist.text("watchlistId"), "WatchlistItemId": item.name(),
                "WatchlistName": watchlist.text("displayName"), "WatchlistAlias": watchlist.name(),
                "Source": watchlist.text("source"), "Provider": watchlist.text("provider"),
                "SearchKey": watchlist.text("itemsSearchKey"), "WatchlistItem": get("itemsKeyValue"),
                "LastUpdatedTimeUTC": get("updated"), "CreatedTimeUTC": get("created"), "_DTItemType": "watchlist-item",
            })));
        }
    }
    rows
}
