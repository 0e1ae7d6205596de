//! Enabling, disabling, removing.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Choice;
use crate::azure::Surface;
use crate::sentinel::definition::{Undo, Write};
use crate::sentinel::folder;
use crate::sentinel::plan::{Change, Draft, edited};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Enable {
    /// Ids of rules
    #[schemars(extend("x-aliases" = ["Id"]))]
    rule_id: Vec<String>,
    /// Display names of rules, or patterns
    #[schemars(extend("x-aliases" = ["DisplayName", "Name"]))]
    rule_name: Vec<String>,
    /// All rules, or those that Filter names
    all: bool,
    /// With All: pattern of display names
    filter: Option<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Disable {
    /// Ids of rules
    #[schemars(extend("x-aliases" = ["Id"]))]
    rule_id: Vec<String>,
    /// Display names of rules, or patterns
    #[schemars(extend("x-aliases" = ["DisplayName", "Name"]))]
    rule_name: Vec<String>,
    /// All rules, or those that Filter names
    all: bool,
    /// With All: pattern of display names
    filter: Option<String>,
    /// Why; it is kept in the journal, not in the rule
    reason: Option<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Remove {
    /// Ids of rules
    #[schemars(extend("x-aliases" = ["Id"]))]
    rule_id: Vec<String>,
    /// Display names of rules, or patterns
    #[schemars(extend("x-aliases" = ["DisplayName", "Name"]))]
    rule_name: Vec<String>,
    /// Does not ask; the plan and its digest are needed all the same
    force: bool,
    /// Folder below that of backups in which each rule is written to a file first
    backup_path: Option<String>,
}

impl Write for Enable {
    async fn plan(self, target: Target) -> Result<Draft> {
        let choice = Choice {
            ids: &self.rule_id,
            names: &self.rule_name,
            all: self.all,
            filter: self.filter.as_deref(),
        };
        switch(&target, &choice, true).await
    }
}

impl Write for Disable {
    async fn plan(self, target: Target) -> Result<Draft> {
        let choice = Choice {
            ids: &self.rule_id,
            names: &self.rule_name,
            all: self.all,
            filter: self.filter.as_deref(),
        };
        let draft = switch(&target, &choice, false).await?;
        Ok(match self.reason {
            Some(reason) => draft.notice(format!("reason: {reason}")),
            None => draft,
        })
    }
}

async fn switch(target: &Target, choice: &Choice<'_>, on: bool) -> Result<Draft> {
    let mut draft = Draft::default();
    for (id, _) in choice.find(target).await? {
        let place = target.sentinel(&["alertRules", &id]);
        // A write begins with what is there now, not with what was cached.
        let before = target.read(&place, Surface::AlertRules).await?;
        let rule = Object::of(&before)?;
        let name = rule.text("/properties/displayName").unwrap_or_default();
        if rule.flag("/properties/enabled") == Some(on) {
            draft.unchanged.push(format!("rule '{name}'"));
            continue;
        }
        let after = edited(&before, |properties| {
            properties.insert("enabled".to_owned(), on.into());
        })?;
        let title = format!("{} rule '{name}'", if on { "enable" } else { "disable" });
        draft.changes.push(Change::replace(place, Surface::AlertRules, name, before, &after).titled(title));
    }
    Ok(draft)
}

impl Write for Remove {
    async fn plan(self, target: Target) -> Result<Draft> {
        let choice = Choice { ids: &self.rule_id, names: &self.rule_name, ..Choice::default() };
        let mut draft = Draft::default();
        for (id, _) in choice.find(&target).await? {
            let place = target.sentinel(&["alertRules", &id]);
            let before = target.read(&place, Surface::AlertRules).await?;
            let rule = Object::of(&before)?;
            let name = rule.text("/properties/displayName").unwrap_or_default();
            let actions = target
                .client
                .list(&target.scope, target.get(&place.child(&["actions"]), Surface::AlertRules))
                .await
                .map_err(Error::from)?;
            let undo = if actions.is_empty() { Undo::Exact } else { Undo::Compensating };
            if !actions.is_empty() {
                draft.notices.push(format!(
                    "rule '{name}' has {} playbook actions, which do not come back with it",
                    actions.len()
                ));
            }
            let file = match &self.backup_path {
                Some(path) => {
                    let folder =
                        folder::below(&target.backups, path)?.join(folder::file_name(&target.workspace.name));
                    Some(folder.join(format!("{}_{id}.json", folder::file_name(&name))))
                }
                None => None,
            };
            let change = Change::delete(place, Surface::AlertRules, name.clone(), before, undo);
            draft.changes.push(change.titled(format!("remove rule '{name}'")).keeping(file));
        }
        Ok(draft)
    }
}
