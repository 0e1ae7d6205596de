//! Data connectors and their definitions.

use serde_json::{Value, json};

use crate::simulator::arm::fields::Fields;
use crate::simulator::arm::kind::{Change, Rules, Scene, plain_body};
use crate::simulator::exchange::Object;
use crate::simulator::refusal::Refusal;
use crate::simulator::state::Resource;

pub(super) struct DataConnectors;
pub(super) struct Definitions;

const KINDS: &[&str] = &[
    "AzureActiveDirectory",
    "AzureSecurityCenter",
    "MicrosoftCloudAppSecurity",
    "ThreatIntelligence",
    "Office365",
    "AmazonWebServicesCloudTrail",
    "AmazonWebServicesS3",
    "AzureAdvancedThreatProtection",
    "MicrosoftDefenderAdvancedThreatProtection",
    "MicrosoftThreatProtection",
    "MicrosoftThreatIntelligence",
    "PremiumMicrosoftDefenderForThreatIntelligence",
    "RestApiPoller",
    "Push",
    "GCP",
    "GenericUI",
    "APIPolling",
];
/// Members of `auth` that are taken and never shown.
const SECRETS: &[&str] = &["apiKey", "clientSecret", "password", "ClientSecret", "Password", "ApiKey"];

impl Rules for DataConnectors {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let kind = Fields::new(change.sent, "").required_one_of("kind", KINDS)?;
        let fields = Fields::properties(change.sent)?;
        if ["RestApiPoller", "Push"].contains(&kind) {
            let definition = fields.required_text("connectorDefinitionName")?;
            let id = format!(
                "{}/providers/Microsoft.SecurityInsights/dataConnectorDefinitions/{definition}",
                scene.workspace_id()
            );
            if scene.state.get(&id).is_none() {
                return Err(Refusal::bad_request(format!(
                    "The data connector definition '{definition}' was not found."
                )));
            }
        } else if !["GenericUI", "APIPolling", "GCP"].contains(&kind) {
            let types = fields.object("dataTypes")?;
            let types = types.ok_or_else(|| {
                Refusal::bad_request("Required property 'dataTypes' not found in JSON. Path 'properties'.")
            })?;
            let empty = Object::new();
            for value in types.values() {
                Fields::new(value.as_object().unwrap_or(&empty), "properties.dataTypes")
                    .required_one_of("state", &["Enabled", "Disabled"])?;
            }
        }
        let mut body = plain_body(change.sent);
        body.insert("kind".to_owned(), json!(kind));
        Ok(body)
    }

    fn show(&self, _scene: &Scene<'_>, _resource: &Resource, body: &mut Object) {
        if let Some(Value::Object(auth)) =
            body.get_mut("properties").and_then(|properties| properties.get_mut("auth"))
        {
            for name in SECRETS {
                auth.remove(*name);
            }
        }
    }
}

impl Rules for Definitions {
    fn put(&self, _scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        Fields::new(change.sent, "").required_one_of("kind", &["Customizable"])?;
        let fields = Fields::properties(change.sent)?;
        if fields.object("connectorUiConfig")?.is_none() {
            return Err(Refusal::bad_request(
                "Required property 'connectorUiConfig' not found in JSON. Path 'properties'.",
            ));
        }
        Ok(plain_body(change.sent))
    }
}
