//! Locks, role assignments, policies, Lighthouse.

use serde_json::{Value, json};

use crate::simulator::arm::fields::Fields;
use crate::simulator::arm::kind::{Change, Rules, Scene, plain_body};
use crate::simulator::exchange::Object;
use crate::simulator::identity::access::Role;
use crate::simulator::refusal::Refusal;
use crate::simulator::state::Resource;

pub(super) struct Locks;
pub(super) struct RoleAssignments;
pub(super) struct Delegations;
/// Policies and delegation definitions: as sent.
pub(super) struct Scoped;

impl Rules for Locks {
    fn put(&self, _scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        Fields::properties(change.sent)?.required_one_of("level", &["CanNotDelete", "ReadOnly"])?;
        Ok(plain_body(change.sent))
    }
}

impl Rules for Scoped {
    fn put(&self, _scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        Fields::properties(change.sent)?;
        Ok(plain_body(change.sent))
    }
}

impl Rules for RoleAssignments {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let fields = Fields::properties(change.sent)?;
        let role = fields.required_text("roleDefinitionId")?;
        let known = Role::find(role);
        let known = known.ok_or_else(|| {
            Refusal::new(
                404,
                "RoleDefinitionDoesNotExist",
                format!("The specified role definition with ID '{role}' does not exist."),
            )
        })?;
        let mut body = Object::new();
        body.insert(
            "properties".to_owned(),
            json!({
                "roleDefinitionId": format!("{}/providers/Microsoft.Authorization/roleDefinitions/{}", scene.target.scope, known.id),
                "principalId": fields.required_text("principalId")?,
                "principalType": fields.text("principalType")?.unwrap_or("ServicePrincipal"),
                "scope": scene.target.scope,
            }),
        );
        Ok(body)
    }
}

impl Rules for Delegations {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let definition = Fields::properties(change.sent)?.required_text("registrationDefinitionId")?;
        if scene.state.get(definition).is_none() {
            return Err(Refusal::bad_request(format!(
                "The registration definition '{definition}' was not found."
            )));
        }
        let mut body = Object::new();
        body.insert(
            "properties".to_owned(),
            json!({"registrationDefinitionId": definition, "provisioningState": "Succeeded"}),
        );
        Ok(body)
    }

    fn show(&self, scene: &Scene<'_>, resource: &Resource, body: &mut Object) {
        let expand = scene.request.parameter("$expandRegistrationDefinition") == Some("true");
        let definition = resource.text("registrationDefinitionId").and_then(|id| scene.state.get(id));
        if let (Some(definition), Some(Value::Object(properties)), true) =
            (definition, body.get_mut("properties"), expand)
        {
            properties.insert(
                "registrationDefinition".to_owned(),
                json!({"id": definition.id, "name": definition.name(), "type": definition.resource_type, "properties": definition.body.get("properties")}),
            );
        }
    }
}
