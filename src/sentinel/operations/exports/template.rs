//! Templates that can be deployed.

use serde_json::{Value, json};

use crate::azure::Surface;

/// A template with one parameter, the workspace's name.
pub(super) fn deployment(resources: impl Iterator<Item = Value>) -> Value {
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": { "workspace": { "type": "String" } },
        "resources": resources.collect::<Vec<_>>(),
    })
}

/// An object of Sentinel as a resource of a template.
pub(super) fn sentinel_resource(segment: &str, name: &str, surface: Surface, object: &Value) -> Value {
    let name = format!("[concat(parameters('workspace'),'/Microsoft.SecurityInsights/{name}')]");
    resource(&format!("Microsoft.OperationalInsights/workspaces/providers/{segment}"), &name, surface, object)
}

/// An object below a workspace as a resource of a template.
pub(super) fn workspace_resource(segment: &str, name: &str, surface: Surface, object: &Value) -> Value {
    let name = format!("[concat(parameters('workspace'),'/{name}')]");
    resource(&format!("Microsoft.OperationalInsights/workspaces/{segment}"), &name, surface, object)
}

fn resource(kind: &str, name: &str, surface: Surface, object: &Value) -> Value {
    let mut resource = json!({ "name": name, "type": kind, "apiVersion": surface.pinned() });
    for (name, value) in object.as_object().into_iter().flatten() {
        resource[name] = escaped(value);
    }
    resource
}

/// A text that begins with `[` is an expression in a template; a second one says that it is not.
fn escaped(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with('[') => format!("[{text}").into(),
        Value::Array(items) => items.iter().map(escaped).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), escaped(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}
