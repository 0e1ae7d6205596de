//! Analytics rules to files.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Destination, portable};
use crate::azure::Surface;
use crate::sentinel::definition::{Read, Rows};
use crate::sentinel::export::{ExportRow, Writer};
use crate::sentinel::folder::file_name;
use crate::sentinel::operations::rules::{self, RuleKind};
use crate::sentinel::parameter::word;
use crate::sentinel::read::rows_of;
use crate::sentinel::target::{Object, Target};
use crate::sentinel::wildcard::Wildcard;

/// Rules that the portal imports from one file.
const PER_TEMPLATE: usize = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
enum Format {
    #[default]
    Json,
    ArmTemplate,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Export {
    #[serde(flatten)]
    place: Destination,
    /// Objects as Azure has them, or templates that can be deployed (50 rules a file at most)
    #[serde(default)]
    format: Format,
    /// Only rules of these kinds
    #[serde(default)]
    kind: Vec<RuleKind>,
    /// Only enabled rules; false: only disabled ones
    enabled: Option<bool>,
    /// Only rules whose display names fit this pattern (* and ?)
    name: Option<String>,
    /// A file for each rule
    #[serde(default)]
    split_files: bool,
}

impl Read for Export {
    type Row = ExportRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let name = self.name.as_deref().map(Wildcard::new);
            let mut chosen: Vec<(String, String, Value)> = Vec::new();
            for raw in rules::all(&target).await?.iter() {
                let rule = Object::of(raw)?;
                let shown = rule.text("/properties/displayName").unwrap_or_default();
                let kind = rule.text("/kind").unwrap_or_default();
                let takes = name.as_ref().is_none_or(|name| name.matches(&shown))
                    && self.enabled.is_none_or(|enabled| rule.flag("/properties/enabled") == Some(enabled))
                    && (self.kind.is_empty() || self.kind.iter().any(|wanted| word(wanted) == kind));
                if takes {
                    chosen.push((rule.name(), shown, portable(&rule.0)));
                }
            }
            let mut writer =
                Writer::new(&target, &self.place.backup_path, self.place.timestamped, self.place.force)?;
            let most = match (self.split_files, self.format) {
                (true, _) => 1,
                (false, Format::ArmTemplate) => PER_TEMPLATE,
                (false, Format::Json) => usize::MAX,
            };
            for (number, part) in chosen.chunks(most.min(chosen.len().max(1))).enumerate() {
                let (file, title) = match (self.split_files, part) {
                    (true, [(id, shown, _)]) => (format!("{}_{id}.json", file_name(shown)), shown.clone()),
                    _ if chosen.len() > most => (
                        format!("Azure_Sentinel_analytics_rules_{}.json", number + 1),
                        format!("{} rules", part.len()),
                    ),
                    _ => ("Azure_Sentinel_analytics_rules.json".to_owned(), format!("{} rules", part.len())),
                };
                let document = match self.format {
                    Format::ArmTemplate => template(part),
                    Format::Json if self.split_files => named(&part[0]),
                    Format::Json => part.iter().map(named).collect(),
                };
                writer.write(&file, &title, "analytics rules", format!("{document:#}\n").as_bytes())?;
            }
            writer.manifest("analytics-rules")?;
            Ok(writer.rows())
        })
    }
}

/// A rule with its id, by which it can be made again as the same.
fn named((id, _, rule): &(String, String, Value)) -> Value {
    let mut named = json!({ "name": id });
    if let (Some(named), Some(rule)) = (named.as_object_mut(), rule.as_object()) {
        named.extend(rule.clone());
    }
    named
}

/// What the portal exports and imports.
fn template(rules: &[(String, String, Value)]) -> Value {
    let resources: Vec<Value> = rules
        .iter()
        .map(|(id, _, rule)| {
            json!({
                "id": format!("[concat(resourceId('Microsoft.OperationalInsights/workspaces/providers', parameters('workspace'), 'Microsoft.SecurityInsights'),'/alertRules/{id}')]"),
                "name": format!("[concat(parameters('workspace'),'/Microsoft.SecurityInsights/{id}')]"),
                "type": "Microsoft.OperationalInsights/workspaces/providers/alertRules",
                "kind": rule["kind"],
                "apiVersion": Surface::AlertRules.pinned(),
                "properties": escaped(&rule["properties"]),
            })
        })
        .collect();
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": { "workspace": { "type": "String" } },
        "resources": resources,
    })
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
