//! Automation rules.

use serde_json::{Value, json};

use crate::simulator::arm::fields::Fields;
use crate::simulator::arm::kind::{Change, Rules, Scene};
use crate::simulator::clock::stamp;
use crate::simulator::exchange::Object;
use crate::simulator::identity::access;
use crate::simulator::refusal::Refusal;

/// Automation rules of one workspace.
const MOST: usize = 512;

pub(super) struct AutomationRules;

impl Rules for AutomationRules {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let fields = Fields::properties(change.sent)?;
        let name = fields.required_text("displayName")?;
        fields.short_text("displayName", 500)?;
        let order = fields.required_integer("order", 1, 1000)?;
        let logic = trigger(fields)?;
        let actions = actions(scene, fields)?;
        let kind = "Microsoft.SecurityInsights/automationRules";
        if change.existing.is_none() && scene.state.below(scene.workspace_id(), kind).count() >= MOST {
            return Err(Refusal::bad_request(format!(
                "The maximum number of automation rules ({MOST}) in the workspace has been reached."
            )));
        }
        let now = json!(stamp(scene.now));
        let mut made = Object::new();
        made.insert("displayName".to_owned(), json!(name));
        made.insert("order".to_owned(), json!(order));
        made.insert("triggeringLogic".to_owned(), logic);
        made.insert("actions".to_owned(), actions);
        made.insert("lastModifiedTimeUtc".to_owned(), now.clone());
        made.insert("createdTimeUtc".to_owned(), change.before("createdTimeUtc").cloned().unwrap_or(now));
        made.insert("lastModifiedBy".to_owned(), scene.caller());
        made.insert(
            "createdBy".to_owned(),
            change.before("createdBy").cloned().unwrap_or_else(|| scene.caller()),
        );
        let mut body = Object::new();
        body.insert("properties".to_owned(), Value::Object(made));
        Ok(body)
    }
}

fn trigger(fields: Fields<'_>) -> Result<Value, Refusal> {
    let given = fields.object("triggeringLogic")?;
    let given = given.ok_or_else(|| {
        Refusal::bad_request("Required property 'triggeringLogic' not found in JSON. Path 'properties'.")
    })?;
    let logic = Fields::new(given, "properties.triggeringLogic");
    logic.required_flag("isEnabled")?;
    logic.required_one_of("triggersOn", &["Incidents", "Alerts"])?;
    logic.required_one_of("triggersWhen", &["Created", "Updated"])?;
    let empty = Object::new();
    for condition in logic.short_list("conditions", 50)?.unwrap_or_default() {
        let condition =
            Fields::new(condition.as_object().unwrap_or(&empty), "properties.triggeringLogic.conditions");
        let kinds = ["Property", "PropertyArray", "PropertyChanged", "PropertyArrayChanged", "Boolean"];
        condition.required_one_of("conditionType", &kinds)?;
        condition.object("conditionProperties")?;
    }
    let mut made = given.clone();
    made.entry("conditions").or_insert_with(|| json!([]));
    Ok(Value::Object(made))
}

fn actions(scene: &Scene<'_>, fields: Fields<'_>) -> Result<Value, Refusal> {
    let given = fields.short_list("actions", 20)?;
    let given = given.ok_or_else(|| {
        Refusal::bad_request("Required property 'actions' not found in JSON. Path 'properties'.")
    })?;
    let empty = Object::new();
    for action in given {
        let action = Fields::new(action.as_object().unwrap_or(&empty), "properties.actions");
        action.required_integer("order", 1, 1000)?;
        let kind =
            action.required_one_of("actionType", &["ModifyProperties", "RunPlaybook", "AddIncidentTask"])?;
        let configuration = Fields::new(
            action.object("actionConfiguration")?.unwrap_or(&empty),
            "properties.actions.actionConfiguration",
        );
        match kind {
            "AddIncidentTask" => {
                configuration.required_text("title")?;
            }
            "RunPlaybook" => playbook(scene, configuration.required_text("logicAppResourceId")?)?,
            _ => {
                configuration.one_of("severity", &["High", "Medium", "Low", "Informational"])?;
                configuration.one_of("status", &["New", "Active", "Closed"])?;
                configuration.one_of(
                    "classification",
                    &["Undetermined", "TruePositive", "BenignPositive", "FalsePositive"],
                )?;
            }
        }
    }
    Ok(json!(given))
}

/// Who names a playbook must be allowed to use it.
fn playbook(scene: &Scene<'_>, id: &str) -> Result<(), Refusal> {
    let (action, linked) =
        ("Microsoft.SecurityInsights/automationRules/write", "Microsoft.Logic/workflows/read");
    if scene.state.get(id).is_some() && access::may(scene.state, scene.claims, linked, id) {
        return Ok(());
    }
    Err(Refusal::linked_not_authorized(
        &scene.claims.appid,
        &scene.claims.oid,
        action,
        scene.workspace_id(),
        linked,
        id,
    ))
}
