//! Automation rules to a file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Destination;
use super::template::{deployment, sentinel_resource};
use crate::azure::Surface;
use crate::sentinel::content::ContentKind;
use crate::sentinel::content::server::own;
use crate::sentinel::definition::{Read, Rows};
use crate::sentinel::export::{ExportRow, Writer};
use crate::sentinel::folder::file_name;
use crate::sentinel::operations::rules;
use crate::sentinel::read::rows_of;
use crate::sentinel::target::{Object, Target};
use crate::sentinel::wildcard::Wildcard;

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
    /// Objects as Azure has them with the names of the rules that they mention, or a template that can be deployed
    #[serde(default)]
    format: Format,
    /// Only rules that are enabled; false: only those that are not
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
            let request = target.get(&target.sentinel(&["automationRules"]), Surface::SecurityInsights);
            let name = self.name.as_deref().map(Wildcard::new);
            let mut chosen = Vec::new();
            for raw in target.client.list(&target.scope, request).await? {
                let rule = Object::of(&raw)?;
                let shown = rule.text("/properties/displayName").unwrap_or_default();
                let on = rule.flag("/properties/triggeringLogic/isEnabled");
                if name.as_ref().is_none_or(|name| name.matches(&shown))
                    && self.enabled.is_none_or(|wanted| on == Some(wanted))
                {
                    let mut object = json!({ "name": rule.name() });
                    if let (Some(object), Some(rule)) =
                        (object.as_object_mut(), own(ContentKind::AutomationRules, &rule.0).as_object())
                    {
                        object.extend(rule.clone());
                    }
                    chosen.push(object);
                }
            }
            // Rules are mentioned by id, which is another one in another workspace.
            let mut names = BTreeMap::new();
            for raw in rules::all(&target).await?.iter() {
                let rule = Object::of(raw)?;
                names.insert(rule.id(), rule.text("/properties/displayName").unwrap_or_default());
            }
            let mut writer =
                Writer::new(&target, &self.place.backup_path, self.place.timestamped, self.place.force)?;
            if self.split_files {
                for rule in &chosen {
                    let shown = rule["properties"]["displayName"].as_str().unwrap_or_default();
                    let id = rule["name"].as_str().unwrap_or_default();
                    let text = format!("{:#}\n", self.document(std::slice::from_ref(rule), &names));
                    let file = format!("{}_{id}.json", file_name(shown));
                    writer.write(&file, shown, "automation rules", text.as_bytes())?;
                }
            } else {
                let title = format!("{} automation rules", chosen.len());
                let text = format!("{:#}\n", self.document(&chosen, &names));
                writer.write("automation_rules.json", &title, "automation rules", text.as_bytes())?;
            }
            writer.manifest("automation-rules")?;
            Ok(writer.rows())
        })
    }
}

impl Export {
    /// A file of these rules. `names` has the analytics rules of the workspace by id.
    fn document(&self, chosen: &[Value], names: &BTreeMap<String, String>) -> Value {
        if self.format == Format::ArmTemplate {
            return deployment(chosen.iter().map(|rule| {
                let id = rule["name"].as_str().unwrap_or_default();
                sentinel_resource(
                    "automationRules",
                    id,
                    Surface::SecurityInsights,
                    &own(ContentKind::AutomationRules, rule),
                )
            }));
        }
        let text = json!(chosen).to_string().to_ascii_lowercase();
        let mentioned: BTreeMap<&String, &String> =
            names.iter().filter(|(id, _)| text.contains(&id.to_ascii_lowercase())).collect();
        let mut playbooks: Vec<&Value> = Vec::new();
        for action in
            chosen.iter().flat_map(|rule| rule["properties"]["actions"].as_array().into_iter().flatten())
        {
            let playbook = &action["actionConfiguration"]["logicAppResourceId"];
            if playbook.is_string() && !playbooks.contains(&playbook) {
                playbooks.push(playbook);
            }
        }
        json!({ "analyticsRules": mentioned, "playbooks": playbooks, "automationRules": chosen })
    }
}
