//! Analytics rules that automation rules mention: by id, which is another one in another workspace.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::listed::property;
use super::settle::Settling;
use super::{ContentKind, Piece};
use crate::azure::ResourceId;
use crate::sentinel::Result;

impl Settling {
    /// Analytics rules that automation rules mention, as they are called here.
    pub(super) async fn find_rules(&mut self, pieces: &[Piece]) -> Result<()> {
        let mut mentioned = BTreeMap::new();
        for piece in pieces {
            for id in rules_in(&piece.body) {
                let name = self.rule_names.iter().find(|(known, _)| known.eq_ignore_ascii_case(&id));
                mentioned.insert(id, name.map(|(_, name)| name.clone()).unwrap_or_default());
            }
        }
        if mentioned.is_empty() {
            return Ok(());
        }
        let mut here: Vec<(String, String)> = self
            .present(ContentKind::AnalyticsRules)
            .await?
            .iter()
            .map(|rule| (rule.object.name(), property(&rule.object.0, "displayName")))
            .collect();
        let made = self.draft.changes.iter().filter(|change| rules_in_id(&change.id));
        here.extend(made.map(|change| (change.id.name().to_owned(), change.name.clone())));
        for (id, name) in mentioned {
            let own = ResourceId::new(self.remap.text(&id));
            let by_id = here.iter().find(|(known, _)| known.eq_ignore_ascii_case(own.name()));
            let by_name: Vec<_> = here
                .iter()
                .filter(|(_, known)| !name.is_empty() && known.eq_ignore_ascii_case(&name))
                .collect();
            let found = match (by_id, by_name.as_slice()) {
                (Some(found), _) => found,
                (None, [found]) => *found,
                // What an own automation rule mentions is its own business.
                _ if ResourceId::new(&id) == self.target.sentinel(&["alertRules", own.name()]) => continue,
                _ => {
                    self.missing_rules.insert(id);
                    continue;
                }
            };
            self.remap.add(&id, self.target.sentinel(&["alertRules", &found.0]).as_str());
        }
        Ok(())
    }

    /// Why an automation rule cannot be had: it is about a rule that is not here.
    pub(super) fn missing_rule(&self, piece: &Piece) -> Option<String> {
        let missing = rules_in(&piece.body).into_iter().find(|id| self.missing_rules.contains(id))?;
        let name = self.rule_names.iter().find(|(known, _)| known.eq_ignore_ascii_case(&missing));
        let name = name.map_or(missing.as_str(), |(_, name)| name.as_str());
        Some(format!(
            "it is about the analytics rule {name}, which is not in this workspace: import that first"
        ))
    }
}

/// Ids of analytics rules in a document.
fn rules_in(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    fn walk(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::String(text) if rules_in_id(&ResourceId::new(text.as_str())) => {
                found.insert(text.clone());
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            Value::Object(fields) => fields.values().for_each(|field| walk(field, found)),
            _ => {}
        }
    }
    walk(value, &mut found);
    found
}

fn rules_in_id(id: &ResourceId) -> bool {
    let text = id.as_str().to_ascii_lowercase();
    text.starts_with("/subscriptions/") && text.contains("/alertrules/")
}
