//! Diagnostic settings, summary rules.

use serde_json::{Value, json};

use crate::simulator::arm::fields::Fields;
use crate::simulator::arm::kind::{Change, Rules, Scene, plain_body};
use crate::simulator::clock::stamp;
use crate::simulator::exchange::Object;
use crate::simulator::refusal::Refusal;

pub(super) struct DiagnosticSettings;
pub(super) struct SummaryLogs;

impl Rules for DiagnosticSettings {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let fields = Fields::properties(change.sent)?;
        if let Some(workspace) = fields.text("workspaceId")?
            && scene.state.get(workspace).is_none()
        {
            return Err(Refusal::bad_request(format!("Resource '{workspace}' was not found.")));
        }
        for name in ["logs", "metrics"] {
            fields.list(name)?;
        }
        Ok(plain_body(change.sent))
    }
}

impl Rules for SummaryLogs {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let fields = Fields::properties(change.sent)?;
        let empty = Object::new();
        let definition =
            Fields::new(fields.object("ruleDefinition")?.unwrap_or(&empty), "properties.ruleDefinition");
        definition.required_text("query")?;
        let size = definition.required_integer("binSize", 20, 1440)?;
        if ![20, 30, 60, 120, 180, 360, 720, 1440].contains(&size) {
            return Err(Refusal::bad_request(format!(
                "The bin size {size} is invalid. Possible values: 20, 30, 60, 120, 180, 360, 720, 1440."
            )));
        }
        if !definition.required_text("destinationTable")?.ends_with("_CL") {
            return Err(Refusal::bad_request("The name of the destination table must end with '_CL'."));
        }
        let mut body = plain_body(change.sent);
        if let Some(Value::Object(properties)) = body.get_mut("properties") {
            properties.insert("ruleType".to_owned(), json!("User"));
            let active = change.before("isActive").cloned().unwrap_or(json!(true));
            properties.entry("isActive").or_insert(active);
            properties.insert("provisioningState".to_owned(), json!("Succeeded"));
            properties.insert("ruleLastModifiedTime".to_owned(), json!(stamp(scene.now)));
        }
        Ok(body)
    }
}
