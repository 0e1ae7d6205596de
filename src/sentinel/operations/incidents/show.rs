//! One incident, with everything around it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::list::IncidentRow;
use crate::azure::{Method, Surface};
use crate::sentinel::definition::{Read, Rows};
use crate::sentinel::read::rows_of;
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
enum Part {
    Alerts,
    Entities,
    Comments,
    Bookmarks,
    Tasks,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Show {
    /// The incident's id
    #[schemars(extend("x-aliases" = ["Id"]))]
    incident_id: Option<String>,
    /// The incident's number
    #[schemars(extend("x-aliases" = ["Number"]))]
    incident_number: Option<i64>,
    /// What is shown beside the incident; everything if nothing is named
    include: Vec<Part>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ShowRow {
    #[serde(flatten)]
    incident: IncidentRow,
    /// What it is about
    description: Option<String>,
    /// Ids of the rules that made its alerts
    related_analytic_rule_ids: Vec<String>,
    /// Its alerts
    alerts: Option<Value>,
    /// Accounts, hosts, addresses and the like in its alerts
    entities: Option<Value>,
    /// Its comments
    comments: Option<Value>,
    /// Its bookmarks
    bookmarks: Option<Value>,
    /// Its tasks
    tasks: Option<Value>,
    /// Parts that could not be read, with why
    unavailable: Vec<Value>,
}

impl Read for Show {
    type Row = ShowRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let raw = super::one(&target, self.incident_id.as_ref(), self.incident_number).await?;
            let incident = Object::of(&raw)?;
            let id = incident.name();
            let wants = |part: Part| self.include.is_empty() || self.include.contains(&part);
            let read = |part: Part, method: Method, name: &'static str| {
                let (target, id) = (&target, &id);
                async move {
                    match wants(part) {
                        false => Ok(None),
                        true => part_of(target, id, method, name).await.map(Some),
                    }
                }
            };
            let (alerts, entities, comments, bookmarks, tasks) = tokio::join!(
                read(Part::Alerts, Method::Post, "alerts"),
                read(Part::Entities, Method::Post, "entities"),
                read(Part::Comments, Method::Get, "comments"),
                read(Part::Bookmarks, Method::Post, "bookmarks"),
                read(Part::Tasks, Method::Get, "tasks"),
            );
            let mut unavailable = Vec::new();
            // A part that fails leaves the others alone: tasks are not to be had in every workspace.
            let mut or_reason = |name: &str, part: Result<Option<Value>>| {
                part.unwrap_or_else(|error| {
                    unavailable.push(json!({ "Part": name, "Error": error.json() }));
                    None
                })
            };
            let row = ShowRow {
                description: incident.text("/properties/description"),
                related_analytic_rule_ids: incident.texts("/properties/relatedAnalyticRuleIds"),
                alerts: or_reason("Alerts", alerts),
                entities: or_reason("Entities", entities),
                comments: or_reason("Comments", comments),
                bookmarks: or_reason("Bookmarks", bookmarks),
                tasks: or_reason("Tasks", tasks),
                unavailable,
                incident: IncidentRow::of(&incident),
            };
            Ok(vec![target.row(row, &raw)?])
        })
    }
}

async fn part_of(target: &Target, id: &str, method: Method, name: &'static str) -> Result<Value> {
    let place = target.sentinel(&["incidents", id, name]);
    if method == Method::Get {
        let listed = target.client.list(&target.scope, target.get(&place, Surface::SecurityInsights)).await?;
        return Ok(listed
            .iter()
            .filter_map(|raw| Object::of(raw).ok())
            .map(|object| flat(name, &object))
            .collect());
    }
    let mut request = target.client.request(method, &place, Surface::SecurityInsights);
    // These questions are put with POST and change nothing.
    request.repeatable = true;
    let answer: Value = target.client.send(&target.scope, &request).await.map_err(Error::from)?.read()?;
    let key = if name == "entities" { "entities" } else { "value" };
    let objects = answer[key].as_array().cloned().unwrap_or_default();
    Ok(objects.into_iter().map(|object| flat(name, &Object(object))).collect())
}

/// What of an object is worth showing.
fn flat(part: &str, object: &Object) -> Value {
    let at = |path: &str| object.at(path).clone();
    match part {
        "alerts" => json!({
            "Name": at("/properties/alertDisplayName"), "Severity": at("/properties/severity"), "Product": at("/properties/productName"),
            "Status": at("/properties/status"), "TimeGenerated": at("/properties/timeGenerated"), "Tactics": at("/properties/tactics"),
            "Description": at("/properties/description"), "AlertId": at("/properties/systemAlertId"),
        }),
        "entities" => {
            json!({ "Kind": at("/kind"), "Name": at("/properties/friendlyName"), "Properties": at("/properties") })
        }
        "comments" => super::comments::row_value(object),
        "bookmarks" => json!({
            "Name": at("/properties/displayName"), "Notes": at("/properties/notes"), "Query": at("/properties/query"), "Created": at("/properties/created"),
        }),
        _ => {
            json!({ "Title": at("/properties/title"), "Status": at("/properties/status"), "Description": at("/properties/description") })
        }
    }
}
