//! Incidents.

use serde_json::{Value, json};

use crate::simulator::arm::fields::Fields;
use crate::simulator::arm::kind::{Change, Listing, Rules, Scene};
use crate::simulator::arm::odata;
use crate::simulator::clock::stamp_precise;
use crate::simulator::exchange::Object;
use crate::simulator::refusal::Refusal;
use crate::simulator::state::Resource;

/// Type of an incident.
pub(crate) const INCIDENT: &str = "Microsoft.SecurityInsights/incidents";
/// Largest page.
const LARGEST_PAGE: usize = 1_000;
/// Page without `$top`.
const PAGE: usize = 50;

pub(super) struct Incidents;

impl Rules for Incidents {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let fields = Fields::properties(change.sent)?;
        let mut made = Object::new();
        made.insert("title".to_owned(), json!(fields.required_text("title")?));
        made.insert("description".to_owned(), json!(fields.short_text("description", 5_000)?));
        let severity = fields.required_one_of("severity", &["High", "Medium", "Low", "Informational"])?;
        made.insert("severity".to_owned(), json!(severity));
        let status = fields.required_one_of("status", &["New", "Active", "Closed"])?;
        made.insert("status".to_owned(), json!(status));
        classification(fields, status, &mut made)?;
        made.insert("owner".to_owned(), owner(fields)?);
        made.insert("labels".to_owned(), labels(fields)?);
        for name in ["firstActivityTimeUtc", "lastActivityTimeUtc"] {
            let value = fields.get(name).or_else(|| change.before(name)).cloned();
            made.insert(name.to_owned(), value.unwrap_or(Value::Null));
        }
        let now = json!(stamp_precise(scene.now));
        made.insert("lastModifiedTimeUtc".to_owned(), now.clone());
        made.insert("createdTimeUtc".to_owned(), change.before("createdTimeUtc").cloned().unwrap_or(now));
        let number = match change.before("incidentNumber") {
            Some(number) => number.clone(),
            None => json!(next_number(scene)),
        };
        let text = number.to_string();
        made.insert("incidentNumber".to_owned(), number);
        let kept = |name: &str, fallback: Value| change.before(name).cloned().unwrap_or(fallback);
        made.insert("providerName".to_owned(), kept("providerName", json!("Azure Sentinel")));
        made.insert("providerIncidentId".to_owned(), kept("providerIncidentId", json!(text)));
        made.insert("relatedAnalyticRuleIds".to_owned(), kept("relatedAnalyticRuleIds", json!([])));
        made.insert(
            "additionalData".to_owned(),
            kept("additionalData", json!({"alertProductNames": [], "tactics": []})),
        );
        let mut body = Object::new();
        body.insert("properties".to_owned(), Value::Object(made));
        Ok(body)
    }

    fn show(&self, scene: &Scene<'_>, resource: &Resource, body: &mut Object) {
        let Some(Value::Object(properties)) = body.get_mut("properties") else { return };
        let url = format!(
            "https://portal.azure.com/#asset/Microsoft_Azure_Security_Insights/Incident{}",
            resource.id
        );
        properties.insert("incidentUrl".to_owned(), json!(url));
        let count = |part: &str| scene.state.collection(&format!("{}/{part}", resource.id)).count();
        let mut data = Object::new();
        data.insert("alertsCount".to_owned(), json!(count("alerts")));
        data.insert("bookmarksCount".to_owned(), json!(count("relations")));
        data.insert("commentsCount".to_owned(), json!(count("comments")));
        if let Some(Value::Object(kept)) = properties.get("additionalData") {
            data.extend(kept.clone());
        }
        properties.insert("additionalData".to_owned(), Value::Object(data));
    }

    fn list<'a>(&self, scene: &'a Scene<'_>, found: Vec<&'a Resource>) -> Result<Listing<'a>, Refusal> {
        select(scene, found, Some("properties/createdTimeUtc desc"))
    }
}

/// `$filter`, `$orderby` and `$top`, for incidents and what belongs to them.
pub(super) fn select<'a>(
    scene: &'a Scene<'_>,
    mut found: Vec<&'a Resource>,
    order: Option<&str>,
) -> Result<Listing<'a>, Refusal> {
    if let Some(filter) = scene.request.parameter("$filter").map(odata::parse).transpose()? {
        found.retain(|resource| filter.passes(&resource.body));
    }
    let page_size = match scene.request.parameter("$top") {
        None => PAGE,
        Some(top) => match top.parse() {
            Ok(top @ 1..=LARGEST_PAGE) => top,
            _ => {
                return Err(Refusal::bad_request(format!(
                    "Invalid $top '{top}': it must be between 1 and {LARGEST_PAGE}"
                )));
            }
        },
    };
    if let Some(order) = scene.request.parameter("$orderby").or(order) {
        odata::sort(&mut found, order)?;
    }
    Ok(Listing { keep: found, page_size: Some(page_size) })
}

fn next_number(scene: &Scene<'_>) -> i64 {
    let numbers = scene
        .state
        .below(scene.workspace_id(), INCIDENT)
        .filter_map(|incident| incident.property("incidentNumber")?.as_i64());
    numbers.max().unwrap_or(0) + 1
}

fn classification(fields: Fields<'_>, status: &str, made: &mut Object) -> Result<(), Refusal> {
    let kinds = ["Undetermined", "TruePositive", "BenignPositive", "FalsePositive"];
    let reasons = ["SuspiciousActivity", "SuspiciousButExpected", "IncorrectAlertLogic", "InaccurateData"];
    let kind = fields.one_of("classification", &kinds)?;
    let reason = fields.one_of("classificationReason", &reasons)?;
    let comment = fields.text("classificationComment")?;
    if status != "Closed" {
        if kind.or(reason).or(comment).is_some() {
            return Err(Refusal::bad_request("Classification can be set only for closed incidents."));
        }
        return Ok(());
    }
    let fits = match (kind, reason) {
        (_, None) => true,
        (Some("TruePositive"), Some(reason)) => reason == "SuspiciousActivity",
        (Some("BenignPositive"), Some(reason)) => reason == "SuspiciousButExpected",
        (Some("FalsePositive"), Some(reason)) => ["IncorrectAlertLogic", "InaccurateData"].contains(&reason),
        _ => false,
    };
    if !fits {
        return Err(Refusal::bad_request(format!(
            "The classification reason '{}' does not fit the classification '{}'.",
            reason.unwrap_or_default(),
            kind.unwrap_or_default()
        )));
    }
    for (name, value) in
        [("classification", kind), ("classificationReason", reason), ("classificationComment", comment)]
    {
        if let Some(value) = value {
            made.insert(name.to_owned(), json!(value));
        }
    }
    Ok(())
}

/// Full replacement: an owner that is left out is nobody.
fn owner(fields: Fields<'_>) -> Result<Value, Refusal> {
    let empty = Object::new();
    let given = Fields::new(fields.object("owner")?.unwrap_or(&empty), "properties.owner");
    let mut made = Object::new();
    for name in ["objectId", "email", "assignedTo", "userPrincipalName"] {
        made.insert(name.to_owned(), json!(given.text(name)?));
    }
    if let Some(kind) = given.one_of("ownerType", &["Unknown", "User", "Group"])? {
        made.insert("ownerType".to_owned(), json!(kind));
    }
    Ok(Value::Object(made))
}

fn labels(fields: Fields<'_>) -> Result<Value, Refusal> {
    let empty = Object::new();
    let mut made = Vec::new();
    for label in fields.list("labels")?.unwrap_or_default() {
        let label = Fields::new(label.as_object().unwrap_or(&empty), "properties.labels");
        let kind = label.one_of("labelType", &["User", "AutoAssigned"])?.unwrap_or("User");
        made.push(json!({"labelName": label.required_text("labelName")?, "labelType": kind}));
    }
    Ok(Value::Array(made))
}
