//! Incidents with their alerts, entities and comments.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Seeding;
use super::places::{Condition, Place};
use crate::simulator::clock::{stamp, stamp_precise};
use crate::simulator::ids::Dice;

const ANALYSTS: &[(&str, &str)] = &[
    ("Mia Berger", "mia@northwind.example"),
    ("Noah Stein", "noah@northwind.example"),
    ("Lena Wolf", "lena@northwind.example"),
];
const USERS: &[&str] = &["adele", "bruno", "carla", "deniz", "emil", "farida", "greta", "henrik"];
const HOSTS: &[&str] = &["DC01", "SQL-PROD-01", "WEB-01", "FILE-01", "WS-1042"];

/// A rule that finds things.
struct Finder {
    id: String,
    name: String,
    severity: String,
    tactics: Value,
}

/// Adds incidents, the youngest some minutes old, the oldest some weeks.
pub(super) fn fill(seeding: &mut Seeding<'_>, place: &Place, count: usize) {
    let finders: Vec<Finder> = seeding
        .state
        .collection(&format!("{}/alertRules", place.sentinel()))
        .filter(|rule| rule.property("query").is_some())
        .map(|rule| Finder {
            id: rule.id.clone(),
            name: rule.text("displayName").unwrap_or_default().to_owned(),
            severity: rule.text("severity").unwrap_or("Medium").to_owned(),
            tactics: rule.property("tactics").cloned().unwrap_or_default(),
        })
        .collect();
    if finders.is_empty() {
        return;
    }
    let mut dice = Dice::new(seeding.seed, &format!("incidents/{}", place.workspace_id()));
    for number in 0..count {
        let back = i64::try_from(count - number).unwrap_or(1);
        let minutes = back * 97 + i64::try_from(dice.below(60)).unwrap_or(0);
        let created = seeding
            .now
            .saturating_sub(SignedDuration::from_mins(minutes.min(60 * 24 * 90)))
            .unwrap_or(seeding.now);
        let finder = &finders[dice.below(finders.len())];
        incident(seeding, place, finder, number + 1, created, &mut dice);
    }
}

fn owner(analyst: Option<(&str, &str)>, id: &str) -> Value {
    match analyst {
        None => json!({"objectId": null, "email": null, "assignedTo": null, "userPrincipalName": null}),
        Some((name, mail)) => {
            json!({"objectId": id, "email": mail, "assignedTo": name, "userPrincipalName": mail})
        }
    }
}

fn incident(
    seeding: &mut Seeding<'_>,
    place: &Place,
    finder: &Finder,
    number: usize,
    created: Timestamp,
    dice: &mut Dice,
) {
    let name = dice.uuid().to_string();
    let id = format!("{}/incidents/{name}", place.sentinel());
    let young = seeding.now.duration_since(created) < SignedDuration::from_hours(48);
    let status = match dice.below(10) {
        0..=5 if young => "New",
        6 | 7 if young => "Active",
        0 => "New",
        1 | 2 => "Active",
        _ => "Closed",
    };
    let analyst = (status != "New").then(|| *dice.pick(ANALYSTS));
    let analyst_id = analyst.map(|(_, mail)| seeding.id(&format!("user/{mail}"))).unwrap_or_default();
    let modified = created
        .checked_add(SignedDuration::from_mins(if status == "New" { 0 } else { 45 }))
        .unwrap_or(created);
    let modified = modified.min(seeding.now);
    let before =
        |minutes: i64| stamp(created.saturating_sub(SignedDuration::from_mins(minutes)).unwrap_or(created));
    let defender = place.state == Condition::Late;
    let mut properties = json!({
        "title": finder.name, "description": format!("Found by the rule '{}'.", finder.name), "severity": finder.severity, "status": status,
        "owner": owner(analyst, &analyst_id), "labels": if dice.chance(10) { json!([{"labelName": "vip", "labelType": "User"}]) } else { json!([]) },
        "firstActivityTimeUtc": before(15), "lastActivityTimeUtc": before(10), "lastModifiedTimeUtc": stamp_precise(modified),
        "createdTimeUtc": stamp_precise(created), "incidentNumber": number, "providerName": if defender { "Microsoft XDR" } else { "Azure Sentinel" },
        "providerIncidentId": number.to_string(), "relatedAnalyticRuleIds": [finder.id],
        "additionalData": {"alertProductNames": ["Azure Sentinel"], "tactics": finder.tactics},
    });
    if defender {
        properties["additionalData"]["providerIncidentUrl"] =
            json!(format!("https://security.microsoft.com/incidents/{number}"));
    }
    if status == "Closed" {
        let (kind, reason) = *dice.pick(&[
            ("TruePositive", "SuspiciousActivity"),
            ("BenignPositive", "SuspiciousButExpected"),
            ("FalsePositive", "IncorrectAlertLogic"),
        ]);
        properties["classification"] = json!(kind);
        properties["classificationReason"] = json!(reason);
        properties["classificationComment"] = json!("Checked with the owner.");
    }
    seeding.put(id.clone(), "Microsoft.SecurityInsights/incidents", json!({"properties": properties}));
    parts(seeding, place, finder, &id, created, dice);
    if let Some((person, mail)) = analyst
        && dice.chance(60)
    {
        let comment = dice.uuid().to_string();
        let body = json!({"properties": {"message": "Checked: a known scanner of the network team.", "createdTimeUtc": stamp(modified), "lastModifiedTimeUtc": stamp(modified),
            "author": {"objectId": analyst_id, "email": mail, "name": person, "userPrincipalName": mail}}});
        seeding.put(
            format!("{id}/comments/{comment}"),
            "Microsoft.SecurityInsights/incidents/comments",
            body,
        );
    }
}

fn parts(
    seeding: &mut Seeding<'_>,
    place: &Place,
    finder: &Finder,
    id: &str,
    created: Timestamp,
    dice: &mut Dice,
) {
    let alert = dice.uuid().to_string();
    let time = stamp(created);
    let body = json!({"kind": "SecurityAlert", "properties": {"systemAlertId": alert, "alertDisplayName": finder.name, "friendlyName": finder.name,
        "description": format!("The rule '{}' has found something.", finder.name), "severity": finder.severity, "vendorName": "Microsoft",
        "productName": "Azure Sentinel", "alertType": finder.id.rsplit('/').next(), "status": "New", "timeGenerated": time, "startTimeUtc": time,
        "endTimeUtc": time, "processingEndTime": time, "tactics": finder.tactics, "additionalData": {}}});
    seeding.put(format!("{id}/alerts/{alert}"), "Microsoft.SecurityInsights/incidents/alerts", body);
    let user = *dice.pick(USERS);
    let host = *dice.pick(HOSTS);
    let address = format!("203.0.113.{}", 1 + dice.below(250));
    for (kind, properties) in [
        ("Account", json!({"accountName": user, "upnSuffix": place.domain, "friendlyName": user})),
        ("Host", json!({"hostName": host, "dnsDomain": place.domain, "friendlyName": host})),
        ("Ip", json!({"address": address, "friendlyName": address})),
    ] {
        let entity = dice.uuid().to_string();
        seeding.put(
            format!("{id}/entities/{entity}"),
            "Microsoft.SecurityInsights/incidents/entities",
            json!({"kind": kind, "properties": properties}),
        );
    }
}
