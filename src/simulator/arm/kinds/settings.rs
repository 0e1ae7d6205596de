//! Onboarding to Sentinel, and its settings.

use serde_json::{Value, json};

use crate::simulator::arm::fields::Fields;
use crate::simulator::arm::kind::{Change, Rules, Scene};
use crate::simulator::exchange::Object;
use crate::simulator::refusal::Refusal;

pub(super) struct Onboarding;
pub(super) struct SentinelSettings;

impl Rules for Onboarding {
    fn put(&self, _scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        if !change.name().eq_ignore_ascii_case("default") {
            return Err(Refusal::bad_request("The name of the onboarding state must be 'default'."));
        }
        let key = change
            .sent
            .get("properties")
            .and_then(|properties| properties.get("customerManagedKey")?.as_bool());
        let mut body = Object::new();
        body.insert("properties".to_owned(), json!({"customerManagedKey": key.unwrap_or(false)}));
        Ok(body)
    }
}

impl Rules for SentinelSettings {
    fn put(&self, _scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let kind = Fields::new(change.sent, "")
            .required_one_of("kind", &["Anomalies", "EntityAnalytics", "EyesOn", "Ueba"])?;
        if !change.name().eq_ignore_ascii_case(kind) {
            return Err(Refusal::bad_request(format!(
                "The name of the setting of kind '{kind}' must be '{kind}'."
            )));
        }
        let given = change.sent.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let properties = match kind {
            "EntityAnalytics" => {
                json!({"entityProviders": given.get("entityProviders").cloned().unwrap_or_else(|| json!([]))})
            }
            "Ueba" => json!({"dataSources": given.get("dataSources").cloned().unwrap_or_else(|| json!([]))}),
            _ => json!({"isEnabled": true}),
        };
        let mut body = Object::new();
        body.insert("kind".to_owned(), json!(kind));
        body.insert("properties".to_owned(), properties);
        Ok(body)
    }
}
