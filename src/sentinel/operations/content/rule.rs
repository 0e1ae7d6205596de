//! Analytics rules.

use serde_json::Value;

use super::query::{self, Gives, Use};
use super::schema::Schema;
use super::{Report, attack, entities};
use crate::azure::Surface;
use crate::sentinel::Result;
use crate::sentinel::target::{Object, Target};
use crate::sentinel::times::seconds;

const KINDS: [&str; 6] = [
    "Scheduled",
    "NRT",
    "Fusion",
    "MicrosoftSecurityIncidentCreation",
    "ThreatIntelligence",
    "MLBehaviorAnalytics",
];
const SEVERITIES: [&str; 4] = ["High", "Medium", "Low", "Informational"];
const OPERATORS: [&str; 4] = ["GreaterThan", "LessThan", "Equal", "NotEqual"];
/// Enabled rules of a kind that a workspace may have.
const MOST: [(&str, usize); 2] = [("Scheduled", 512), ("NRT", 50)];
/// What of an alert columns may replace.
const OVERRIDES: [&str; 5] = [
    "alertDisplayNameFormat",
    "alertDescriptionFormat",
    "alertTacticsColumnName",
    "alertSeverityColumnName",
    "alertDynamicProperties",
];
const FORTNIGHT: i64 = 14 * 86_400;
const DETAILS: usize = 20;

/// Checks a rule as Azure would take it: `{kind, properties}`.
pub(super) async fn check(
    report: &mut Report,
    target: &Target,
    schema: &Schema,
    body: &Value,
    id: Option<&str>,
) -> Result<()> {
    let properties = &body["properties"];
    let kind = body["kind"].as_str().unwrap_or_default();
    if !KINDS.contains(&kind) {
        let near = crate::nearest::nearest(kind, KINDS.iter().copied());
        report.error(
            "kind",
            format!("'{kind}' is no kind of rule"),
            near.map_or_else(
                || format!("They are {}.", KINDS.join(", ")),
                |near| format!("Did you mean '{near}'?"),
            ),
        );
        return Ok(());
    }
    match kind {
        "Scheduled" | "NRT" => {
            text(report, properties, "displayName", 256, true);
            text(report, properties, "description", 5_000, false);
            among(report, properties, "severity", &SEVERITIES);
            let gives = query::check(
                report,
                "properties.query",
                properties["query"].as_str().unwrap_or_default(),
                schema,
                Use::Rule,
            );
            if kind == "Scheduled" {
                schedule(report, properties);
            }
            suppression(report, properties);
            classified(report, properties);
            alerts(report, properties, gives.as_ref());
            incidents(report, properties);
        }
        "MicrosoftSecurityIncidentCreation" => {
            text(report, properties, "displayName", 256, true);
            text(report, properties, "productFilter", 256, true);
        }
        _ => text(report, properties, "alertRuleTemplateName", 256, true),
    }
    in_workspace(report, target, kind, properties, id).await
}

fn text(report: &mut Report, properties: &Value, name: &str, most: usize, wanted: bool) {
    let place = format!("properties.{name}");
    match properties[name].as_str() {
        Some(text) if text.chars().count() > most => {
            report.error(
                &place,
                format!("it has {} characters, {most} at most", text.chars().count()),
                "Shorten it.",
            );
        }
        Some(text) if !text.trim().is_empty() => {}
        _ if wanted => report.error(&place, "it is missing", "The rule has to have it."),
        _ => {}
    }
}

fn among(report: &mut Report, properties: &Value, name: &str, allowed: &[&str]) {
    match properties[name].as_str() {
        Some(text) if allowed.contains(&text) => {}
        given => report.error(
            &format!("properties.{name}"),
            given.map_or_else(|| "it is missing".to_owned(), |text| format!("'{text}' is none")),
            format!("One of {}.", allowed.join(", ")),
        ),
    }
}

fn schedule(report: &mut Report, properties: &Value) {
    let mut duration = |name: &str| {
        let place = format!("properties.{name}");
        let Some(text) = properties[name].as_str() else {
            report.error(&place, "it is missing", "A duration such as PT1H.");
            return None;
        };
        match seconds(text) {
            Ok(length) if (300..=FORTNIGHT).contains(&length) => Some(length),
            Ok(_) => {
                report.error(&place, format!("{text} is out of bounds"), "5 minutes to 14 days.");
                None
            }
            Err(problem) => {
                report.error(&place, problem, "A duration such as PT1H.");
                None
            }
        }
    };
    let (every, back) = (duration("queryFrequency"), duration("queryPeriod"));
    if let (Some(every), Some(back)) = (every, back) {
        if back < every {
            report.error(
                "properties.queryPeriod",
                "it is shorter than queryFrequency: events in between would be missed",
                "Make it at least as long.",
            );
        }
        if back > 2 * 86_400 && every < 3_600 {
            report.error(
                "properties.queryFrequency",
                "a rule that looks back more than two days cannot run more often than once an hour",
                "Run it once an hour, or look back two days at most.",
            );
        }
    }
    among(report, properties, "triggerOperator", &OPERATORS);
    match properties["triggerThreshold"].as_i64() {
        Some(0..=10_000) => {}
        _ => report.error("properties.triggerThreshold", "it is no number from 0 to 10000", "Write one."),
    }
}

fn suppression(report: &mut Report, properties: &Value) {
    if !properties["suppressionEnabled"].is_boolean() {
        report.error("properties.suppressionEnabled", "it is missing", "true or false.");
    }
    let place = "properties.suppressionDuration";
    match properties["suppressionDuration"].as_str().map(seconds) {
        Some(Ok(length)) if (300..=86_400).contains(&length) => {}
        Some(Ok(_)) => report.error(place, "it is out of bounds", "5 minutes to 24 hours."),
        _ => report.error(place, "it is missing or no duration", "A duration such as PT5H."),
    }
}

fn classified(report: &mut Report, properties: &Value) {
    attack::tactics(report, "properties.tactics", &properties["tactics"]);
    attack::techniques(report, "properties.techniques", &properties["techniques"], true);
    attack::sub_techniques(
        report,
        "properties.subTechniques",
        &properties["subTechniques"],
        &properties["techniques"],
    );
    let some = |name: &str| properties[name].as_array().is_some_and(|list| !list.is_empty());
    if !some("tactics") {
        report.info(
            "properties.tactics",
            "there are none",
            "Coverage by MITRE ATT&CK will not show the rule.",
        );
    }
}

fn alerts(report: &mut Report, properties: &Value, gives: Option<&Gives>) {
    entities::mappings(report, "properties.entityMappings", &properties["entityMappings"], gives);
    if let Some(details) = properties["customDetails"].as_object() {
        if details.len() > DETAILS {
            report.error(
                "properties.customDetails",
                format!("there are {}, {DETAILS} at most", details.len()),
                "Leave some out.",
            );
        }
        for (name, column) in details {
            entities::column(
                report,
                &format!("properties.customDetails.{name}"),
                column.as_str().unwrap_or_default(),
                gives,
            );
        }
    }
    let replaced = &properties["alertDetailsOverride"];
    for name in replaced.as_object().into_iter().flat_map(|members| members.keys()) {
        if !OVERRIDES.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            report.error(
                "properties.alertDetailsOverride",
                format!("it has no member '{name}'"),
                crate::nearest::nearest(name, OVERRIDES.iter().copied()).map_or_else(
                    || format!("Its members are {}.", OVERRIDES.join(", ")),
                    |near| format!("Did you mean '{near}'?"),
                ),
            );
        }
    }
    for name in ["alertDisplayNameFormat", "alertDescriptionFormat"] {
        for column in placeholders(replaced[name].as_str().unwrap_or_default()) {
            entities::column(report, &format!("properties.alertDetailsOverride.{name}"), column, gives);
        }
    }
    for name in ["alertTacticsColumnName", "alertSeverityColumnName"] {
        if let Some(column) = replaced[name].as_str().filter(|column| !column.is_empty()) {
            entities::column(report, &format!("properties.alertDetailsOverride.{name}"), column, gives);
        }
    }
}

/// Names in `{{ }}`.
fn placeholders(format: &str) -> impl Iterator<Item = &str> {
    format.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0.trim()))
}

fn incidents(report: &mut Report, properties: &Value) {
    let grouping = &properties["incidentConfiguration"]["groupingConfiguration"];
    let place = "properties.incidentConfiguration.groupingConfiguration";
    let list = |name: &str| grouping[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let mapped: Vec<&str> = properties["entityMappings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|mapping| mapping["entityType"].as_str())
        .collect();
    for entity in list("groupByEntities").iter().filter_map(Value::as_str) {
        if !mapped.contains(&entity) {
            report.error(
                &format!("{place}.groupByEntities"),
                format!("alerts are grouped by {entity}, which no mapping gives"),
                "Map it, or leave it out.",
            );
        }
    }
    let details = properties["customDetails"].as_object();
    for detail in list("groupByCustomDetails").iter().filter_map(Value::as_str) {
        if !details.is_some_and(|details| details.contains_key(detail)) {
            report.error(
                &format!("{place}.groupByCustomDetails"),
                format!("alerts are grouped by '{detail}', which is no custom detail"),
                "Add it to customDetails, or leave it out.",
            );
        }
    }
    let chosen = ["groupByEntities", "groupByAlertDetails", "groupByCustomDetails"]
        .iter()
        .any(|name| !list(name).is_empty());
    if grouping["enabled"] == true && grouping["matchingMethod"] == "Selected" && !chosen {
        report.error(
            place,
            "alerts are grouped by what is selected, and nothing is",
            "Name entities or details, or use AllEntities.",
        );
    }
}

/// What is there already: a rule of that id or name, the template, and how many more there may be.
async fn in_workspace(
    report: &mut Report,
    target: &Target,
    kind: &str,
    properties: &Value,
    id: Option<&str>,
) -> Result<()> {
    let name = properties["displayName"].as_str().unwrap_or_default();
    let (mut replaced, mut enabled) = (false, 0);
    for raw in super::super::rules::all(target).await?.iter() {
        let rule = Object::of(raw)?;
        let same = id.is_some_and(|id| rule.name().eq_ignore_ascii_case(id));
        let own = rule.text("/properties/displayName").unwrap_or_default();
        if same {
            replaced = true;
            if rule.text("/kind").as_deref() != Some(kind) {
                report.error(
                    "kind",
                    format!(
                        "the rule '{own}' has this id and is of kind {}",
                        rule.text("/kind").unwrap_or_default()
                    ),
                    "The kind of a rule cannot be changed: use another id, or remove that rule first.",
                );
            }
        } else if !name.is_empty() && own.eq_ignore_ascii_case(name) {
            report.warning(
                "properties.displayName",
                format!("there is a rule of this name already, '{}'", rule.name()),
                "Two rules of one name make the same alerts: remove one, or give this one another name.",
            );
        }
        enabled += usize::from(
            !same
                && rule.text("/kind").as_deref() == Some(kind)
                && rule.flag("/properties/enabled") == Some(true),
        );
    }
    if let Some((_, most)) = MOST.iter().find(|(own, _)| *own == kind)
        && enabled >= *most
        && properties["enabled"] != false
    {
        report.error(
            "properties.enabled",
            format!("the workspace has {enabled} enabled rules of kind {kind}, {most} at most"),
            "Disable one first, or save this one disabled.",
        );
    }
    report.info(
        "id",
        if replaced {
            format!("a rule with this id is there: it would be replaced by '{name}'")
        } else {
            format!("a {kind} rule '{name}' would be created")
        },
        "",
    );
    template(report, target, properties).await
}

/// Whether the template is there, and whether it is newer.
async fn template(report: &mut Report, target: &Target, properties: &Value) -> Result<()> {
    let Some(name) = properties["alertRuleTemplateName"].as_str().filter(|name| !name.is_empty()) else {
        return Ok(());
    };
    let place = target.sentinel(&["alertRuleTemplates", name]);
    match target.find(&place, Surface::AlertRules).await? {
        None => report.warning(
            "properties.alertRuleTemplateName",
            format!("the workspace has no template '{name}'"),
            "Install its solution from Content Hub, or leave the template out: the rule works without it, and updates are not offered.",
        ),
        Some(raw) => {
            let newest = Object::of(&raw)?.text("/properties/version").unwrap_or_default();
            let own = properties["templateVersion"].as_str().unwrap_or_default();
            if !newest.is_empty() && !own.is_empty() && is_newer(&newest, own) {
                report.warning(
                    "properties.templateVersion",
                    format!("it was made from version {own} of its template, which is at {newest}"),
                    "Compare it with the template (Get-AnalyticsRuleDetails -IncludeTemplateDiff) and take over what is better.",
                );
            }
        }
    }
    Ok(())
}

/// `1.10.0` is newer than `1.9.2`.
fn is_newer(one: &str, other: &str) -> bool {
    let parts = |text: &str| text.split('.').map(|part| part.parse::<u64>().unwrap_or(0)).collect::<Vec<_>>();
    parts(one) > parts(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(is_newer("1.10.0", "1.9.2"));
        assert!(!is_newer("1.0.0", "1.0.0"));
    }

    #[test]
    fn placeholders_are_found() {
        assert_eq!(
            placeholders("Logon of {{User}} from {{ Ip }}, {{open").collect::<Vec<_>>(),
            ["User", "Ip"]
        );
    }
}
