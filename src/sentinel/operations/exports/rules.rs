//! Analytics rules to files.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::template::{deployment, sentinel_resource};
use super::{Destination, Format};
use crate::azure::Surface;
use crate::sentinel::Error;
use crate::sentinel::content::server::own;
use crate::sentinel::content::{ContentKind, yaml};
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

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Export {
    #[serde(flatten)]
    place: Destination,
    /// Objects as Azure has them, templates that can be deployed (50 rules a file at most), or YAML, a file for each rule
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
                    chosen.push((rule.name(), shown, own(ContentKind::AnalyticsRules, &rule.0)));
                }
            }
            let mut writer =
                Writer::new(&target, &self.place.backup_path, self.place.timestamped, self.place.force)?;
            let split = self.split_files || self.format == Format::Yaml;
            let most = match (split, self.format) {
                (true, _) => 1,
                (false, Format::ArmTemplate) => PER_TEMPLATE,
                (false, _) => usize::MAX,
            };
            for (number, part) in chosen.chunks(most.min(chosen.len().max(1))).enumerate() {
                let ending = if self.format == Format::Yaml { "yaml" } else { "json" };
                let (file, title) = match (split, part) {
                    (true, [(id, shown, _)]) => {
                        (format!("{}_{id}.{ending}", file_name(shown)), shown.clone())
                    }
                    _ if chosen.len() > most => (
                        format!("Azure_Sentinel_analytics_rules_{}.json", number + 1),
                        format!("{} rules", part.len()),
                    ),
                    _ => ("Azure_Sentinel_analytics_rules.json".to_owned(), format!("{} rules", part.len())),
                };
                let text = match (self.format, part) {
                    (Format::Yaml, [(id, shown, rule)]) => yaml::of_rule(id, rule).map_err(|problem| {
                        Error::File(format!("rule {shown} cannot be written as YAML: {problem}"))
                    })?,
                    (Format::ArmTemplate, _) => format!("{:#}\n", template(part)),
                    (_, [only]) if split => format!("{:#}\n", named(only)),
                    _ => format!("{:#}\n", part.iter().map(named).collect::<Value>()),
                };
                writer.write(&file, &title, "analytics rules", text.as_bytes())?;
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
    deployment(rules.iter().map(|(id, _, rule)| {
        let mut resource = sentinel_resource("alertRules", id, Surface::AlertRules, rule);
        resource["id"] = format!("[concat(resourceId('Microsoft.OperationalInsights/workspaces/providers', parameters('workspace'), 'Microsoft.SecurityInsights'),'/alertRules/{id}')]").into();
        resource
    }))
}
