//! Data collection endpoints, and the associations of rules and endpoints with machines.

use serde_json::{Value, json};

use crate::simulator::arm::fields::Fields;
use crate::simulator::arm::kind::{Change, Rules, Scene};
use crate::simulator::clock::stamp_precise;
use crate::simulator::exchange::{Answer, Object};
use crate::simulator::refusal::Refusal;
use crate::simulator::state::Resource;

/// Type of an endpoint.
pub(crate) const ENDPOINT: &str = "Microsoft.Insights/dataCollectionEndpoints";
/// Type of an association.
pub(crate) const ASSOCIATION: &str = "Microsoft.Insights/dataCollectionRuleAssociations";

pub(super) struct DataCollectionEndpoints;
pub(super) struct Associations;

/// `systemData` of a write.
pub(super) fn system_data(scene: &Scene<'_>, change: &Change<'_>) -> Value {
    let now = json!(stamp_precise(scene.now));
    let who = json!(scene.claims.app_displayname);
    let before = change.existing.and_then(|existing| existing.body.get("systemData"));
    let kept =
        |name: &str, fallback: &Value| before.and_then(|before| before.get(name)).unwrap_or(fallback).clone();
    json!({
        "createdBy": kept("createdBy", &who), "createdByType": "Application", "createdAt": kept("createdAt", &now),
        "lastModifiedBy": who, "lastModifiedByType": "Application", "lastModifiedAt": now,
    })
}

impl Rules for DataCollectionEndpoints {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let top = Fields::new(change.sent, "");
        let location = top.required_text("location")?;
        let empty = Object::new();
        let fields = Fields::new(
            change.sent.get("properties").and_then(Value::as_object).unwrap_or(&empty),
            "properties",
        );
        let network = Fields::new(fields.object("networkAcls")?.unwrap_or(&empty), "properties.networkAcls");
        let access = network
            .one_of("publicNetworkAccess", &["Enabled", "Disabled", "SecuredByPerimeter"])?
            .unwrap_or("Enabled");
        let fresh = json!(format!("dce-{}", scene.state.new_id().replace('-', "")));
        let mut made = Object::new();
        if let Some(text) = fields.text("description")? {
            made.insert("description".to_owned(), json!(text));
        }
        made.insert("immutableId".to_owned(), change.before("immutableId").cloned().unwrap_or(fresh));
        made.insert("networkAcls".to_owned(), json!({"publicNetworkAccess": access}));
        made.insert("provisioningState".to_owned(), json!("Succeeded"));
        let mut body = Object::new();
        body.insert("location".to_owned(), json!(location));
        if let Some(kind) = top.one_of("kind", &["Linux", "Windows"])? {
            body.insert("kind".to_owned(), json!(kind));
        }
        body.insert("tags".to_owned(), top.get("tags").cloned().unwrap_or_else(|| json!({})));
        body.insert("properties".to_owned(), Value::Object(made));
        body.insert("systemData".to_owned(), system_data(scene, change));
        Ok(body)
    }

    fn show(&self, scene: &Scene<'_>, resource: &Resource, body: &mut Object) {
        let base = &scene.world.endpoints().ingest;
        let id = resource.text("immutableId").unwrap_or_default();
        if let Some(Value::Object(properties)) = body.get_mut("properties") {
            properties.insert(
                "configurationAccess".to_owned(),
                json!({"endpoint": format!("{base}/handler/{id}")}),
            );
            properties.insert("logsIngestion".to_owned(), json!({"endpoint": format!("{base}/{id}")}));
            properties
                .insert("metricsIngestion".to_owned(), json!({"endpoint": format!("{base}/metrics/{id}")}));
        }
    }

    fn delete(&self, scene: &mut Scene<'_>, resource: &Resource) -> Result<(), Refusal> {
        let used = scene.state.below("/subscriptions", super::dcr::RULE).find(|rule| {
            rule.text("dataCollectionEndpointId").is_some_and(|id| id.eq_ignore_ascii_case(&resource.id))
        });
        match used {
            Some(rule) => Err(Refusal::new(
                409,
                "Conflict",
                format!(
                    "The data collection endpoint '{}' is used by the data collection rule '{}'.",
                    resource.name(),
                    rule.id
                ),
            )),
            None => Ok(()),
        }
    }
}

impl Rules for Associations {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let fields = Fields::properties(change.sent)?;
        let (rule, endpoint) =
            (fields.text("dataCollectionRuleId")?, fields.text("dataCollectionEndpointId")?);
        let target = rule.or(endpoint);
        let target = target.ok_or_else(|| {
            Refusal::bad_request("Either 'dataCollectionRuleId' or 'dataCollectionEndpointId' is required.")
        })?;
        if endpoint.is_some()
            && rule.is_none()
            && !change.name().eq_ignore_ascii_case("configurationAccessEndpoint")
        {
            return Err(Refusal::bad_request(
                "The association with an endpoint must be named 'configurationAccessEndpoint'.",
            ));
        }
        if scene.state.get(target).is_none() {
            return Err(Refusal::bad_request(format!("The resource '{target}' was not found.")));
        }
        let mut made = Object::new();
        for name in ["description", "dataCollectionRuleId", "dataCollectionEndpointId"] {
            if let Some(text) = fields.text(name)? {
                made.insert(name.to_owned(), json!(text));
            }
        }
        let mut body = Object::new();
        body.insert("properties".to_owned(), Value::Object(made));
        body.insert("systemData".to_owned(), system_data(scene, change));
        Ok(body)
    }
}

/// The associations that name the rule or endpoint of the path.
pub(super) fn associations_of(scene: &mut Scene<'_>, member: &str) -> Result<Answer, Refusal> {
    let owner = scene.target.parent().unwrap_or_default();
    let kind = super::find(ASSOCIATION).ok_or_else(|| Refusal::inner_not_found("associations", owner))?;
    let shown: Vec<Value> = scene
        .state
        .below("/subscriptions", ASSOCIATION)
        .filter(|association| association.text(member).is_some_and(|id| id.eq_ignore_ascii_case(owner)))
        .map(|association| crate::simulator::arm::resource::show(scene, kind, association))
        .collect();
    Ok(Answer::ok(crate::simulator::arm::paging_of(scene, shown)?))
}
