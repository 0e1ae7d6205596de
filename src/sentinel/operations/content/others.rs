//! Hunting queries and automation rules.

use serde_json::Value;

use super::query::{self, Use};
use super::schema::Schema;
use super::{Report, attack};
use crate::azure::Surface;
use crate::sentinel::Result;
use crate::sentinel::cache::Family;
use crate::sentinel::target::{Object, Target};

/// Checks a hunting query: `{name, displayName, category, query, tactics, techniques}`.
pub(super) async fn hunting(
    report: &mut Report,
    target: &Target,
    schema: &Schema,
    query: &Value,
) -> Result<()> {
    let name = query["displayName"].as_str().unwrap_or_default();
    if name.trim().is_empty() {
        report.error("displayName", "it is missing", "A saved query has to have a name.");
    }
    query::check(report, "query", query["query"].as_str().unwrap_or_default(), schema, Use::Hunting);
    attack::tactics(report, "tactics", &query["tactics"]);
    attack::techniques(report, "techniques", &query["techniques"], false);
    let id = query["name"].as_str();
    let request = target.get(&target.workspace.id.child(&["savedSearches"]), Surface::OperationalInsights);
    let mut replaced = false;
    for raw in target.list(Family::SavedSearches, request).await?.iter() {
        let search = Object::of(raw)?;
        if id.is_some_and(|id| search.name().eq_ignore_ascii_case(id)) {
            replaced = true;
        } else if search
            .property("displayName")
            .is_some_and(|own| !name.is_empty() && own.eq_ignore_ascii_case(name))
        {
            report.warning(
                "displayName",
                format!("there is a saved query of this name already, '{}'", search.name()),
                "Names are what queries are called by: give this one another.",
            );
        }
    }
    report.info(
        "name",
        if replaced {
            format!("a query with this id is there: it would be replaced by '{name}'")
        } else {
            format!("the query '{name}' would be saved")
        },
        "",
    );
    Ok(())
}

/// Checks an automation rule: its properties.
pub(super) async fn automation(
    report: &mut Report,
    target: &Target,
    properties: &Value,
    id: Option<&str>,
) -> Result<()> {
    let name = properties["displayName"].as_str().unwrap_or_default();
    match name.chars().count() {
        0 => report.error("properties.displayName", "it is missing", "The rule has to have a name."),
        1..=500 => {}
        many => report.error(
            "properties.displayName",
            format!("it has {many} characters, 500 at most"),
            "Shorten it.",
        ),
    }
    if !properties["order"].as_i64().is_some_and(|order| (1..=1000).contains(&order)) {
        report.error(
            "properties.order",
            "it is no number from 1 to 1000",
            "Rules run by it, the least first.",
        );
    }
    trigger(report, &properties["triggeringLogic"]);
    actions(report, &properties["actions"]);
    let mut replaced = false;
    let request = target.get(&target.sentinel(&["automationRules"]), Surface::SecurityInsights);
    let listed = target.client.list(&target.scope, request).await?;
    for raw in &listed {
        let rule = Object::of(raw)?;
        let own = rule.text("/properties/displayName").unwrap_or_default();
        if id.is_some_and(|id| rule.name().eq_ignore_ascii_case(id)) {
            replaced = true;
        } else if !name.is_empty() && own.eq_ignore_ascii_case(name) {
            report.warning(
                "properties.displayName",
                format!("there is an automation rule of this name already, '{}'", rule.name()),
                "Both would run: give this one another name, or remove one.",
            );
        } else if rule.number("/properties/order").is_some()
            && rule.number("/properties/order") == properties["order"].as_i64()
        {
            report.info(
                "properties.order",
                format!("'{own}' has the same order"),
                "Which of the two runs first is not certain.",
            );
        }
    }
    if !replaced && listed.len() >= 512 {
        report.error(
            "properties",
            format!("the workspace has {} automation rules, 512 at most", listed.len()),
            "Remove one first.",
        );
    }
    mentioned(report, target, properties).await?;
    report.info(
        "name",
        if replaced {
            format!("a rule with this id is there: it would be replaced by '{name}'")
        } else {
            format!("the automation rule '{name}' would be created")
        },
        "",
    );
    Ok(())
}

fn trigger(report: &mut Report, logic: &Value) {
    let place = "properties.triggeringLogic";
    if !logic.is_object() {
        return report.error(
            place,
            "it is missing",
            "It says when the rule runs: triggersOn, triggersWhen, conditions.",
        );
    }
    for (name, allowed) in [("triggersOn", ["Incidents", "Alerts"]), ("triggersWhen", ["Created", "Updated"])]
    {
        if !logic[name].as_str().is_some_and(|text| allowed.contains(&text)) {
            report.error(
                &format!("{place}.{name}"),
                "it is missing or none of those",
                format!("One of {}.", allowed.join(", ")),
            );
        }
    }
    if !logic["isEnabled"].is_boolean() {
        report.error(&format!("{place}.isEnabled"), "it is missing", "true or false.");
    }
    let conditions = logic["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if conditions.len() > 50 {
        report.error(
            &format!("{place}.conditions"),
            format!("there are {}, 50 at most", conditions.len()),
            "Leave some out.",
        );
    }
    let kinds = ["Property", "PropertyArray", "PropertyChanged", "PropertyArrayChanged", "Boolean"];
    for (index, condition) in conditions.iter().enumerate() {
        if !condition["conditionType"].as_str().is_some_and(|kind| kinds.contains(&kind)) {
            report.error(
                &format!("{place}.conditions[{index}].conditionType"),
                "it is missing or none of those",
                format!("One of {}.", kinds.join(", ")),
            );
        }
    }
}

fn actions(report: &mut Report, actions: &Value) {
    let place = "properties.actions";
    let actions = actions.as_array().map(Vec::as_slice).unwrap_or_default();
    if actions.is_empty() || actions.len() > 20 {
        report.error(place, format!("there are {} actions", actions.len()), "A rule has 1 to 20.");
    }
    for (index, action) in actions.iter().enumerate() {
        let place = format!("{place}[{index}]");
        if !action["order"].is_i64() {
            report.error(&format!("{place}.order"), "it is missing", "Actions run by it, the least first.");
        }
        let wanted = match action["actionType"].as_str().unwrap_or_default() {
            "ModifyProperties" => continue,
            "RunPlaybook" => "logicAppResourceId",
            "AddIncidentTask" => "title",
            other => {
                report.error(
                    &format!("{place}.actionType"),
                    format!("'{other}' is none"),
                    "One of ModifyProperties, RunPlaybook, AddIncidentTask.",
                );
                continue;
            }
        };
        if !action["actionConfiguration"][wanted].is_string() {
            report.error(
                &format!("{place}.actionConfiguration.{wanted}"),
                "it is missing",
                "The action has to have it.",
            );
        }
    }
}

/// Analytics rules and playbooks that it names have to be there.
async fn mentioned(report: &mut Report, target: &Target, properties: &Value) -> Result<()> {
    let mut ids: Vec<String> = Vec::new();
    for condition in properties["triggeringLogic"]["conditions"].as_array().into_iter().flatten() {
        let of = &condition["conditionProperties"];
        if of["propertyName"]
            .as_str()
            .is_some_and(|name| name.to_ascii_lowercase().contains("analyticruleids"))
        {
            ids.extend(
                of["propertyValues"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(str::to_owned),
            );
        }
    }
    if !ids.is_empty() {
        let rules = super::super::rules::all(target).await?;
        let known: Vec<String> =
            rules.iter().map(|raw| Ok(Object::of(raw)?.name())).collect::<Result<_>>()?;
        for id in ids {
            let short = id.rsplit('/').next().unwrap_or_default();
            if !known.iter().any(|own| own.eq_ignore_ascii_case(short)) {
                report.error(
                    "properties.triggeringLogic.conditions",
                    format!("it names the rule {short}, which the workspace does not have"),
                    "Rules have other ids in each workspace: name the one that is meant here.",
                );
            }
        }
    }
    Ok(())
}
