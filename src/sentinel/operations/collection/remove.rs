//! Removing rules and endpoints.

use schemars::JsonSchema;
use serde::Deserialize;

use super::list::associations;
use super::{What, listed, one};
use crate::azure::{ResourceId, Surface};
use crate::sentinel::definition::{Undo, Write};
use crate::sentinel::folder::{self, file_name};
use crate::sentinel::plan::{Change, Draft};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// The rule's name
    #[schemars(extend("x-aliases" = ["Name"]))]
    dcr_name: String,
    /// Removes its associations with machines too
    #[serde(default)]
    delete_associations: bool,
    /// Does not ask; the plan and its digest are needed all the same
    #[serde(default)]
    #[allow(dead_code, reason = "for callers who ask")]
    force: bool,
    /// Folder below that of backups in which it is written to a file first
    backup_path: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endpoint {
    /// The endpoint's name
    #[schemars(extend("x-aliases" = ["Name"]))]
    dce_name: String,
    /// Does not ask; the plan and its digest are needed all the same
    #[serde(default)]
    #[allow(dead_code, reason = "for callers who ask")]
    force: bool,
}

impl Write for Rule {
    async fn plan(self, target: Target) -> Result<Draft> {
        let before = one(&target, What::Rules, &self.dcr_name).await?;
        let rule = Object::of(&before)?;
        let (name, place) = (rule.name(), ResourceId::new(rule.id()));
        let associated = associations(&target, &place).await?;
        if !associated.is_empty() && !self.delete_associations {
            return Err(Error::declined(
                format!("{} machines are associated with {name} and would stop sending", associated.len()),
                "Say DeleteAssociations to remove those too.",
            ));
        }
        let file = match &self.backup_path {
            Some(path) => Some(
                folder::below(&target.backups, path)?
                    .join(file_name(&target.workspace.name))
                    .join(format!("{}.json", file_name(&name))),
            ),
            None => None,
        };
        let mut change =
            Change::delete(place, Surface::DataCollection, name.clone(), before, Undo::Compensating)
                .titled(format!("remove data collection rule {name}"))
                .keeping(file);
        let mut notices = Vec::new();
        if self.delete_associations {
            change = change.parameter("deleteAssociations", "true");
            notices.push(format!("{} associations go with it", associated.len()));
        }
        Ok(Draft { changes: vec![change], notices, ..Draft::default() })
    }
}

impl Write for Endpoint {
    async fn plan(self, target: Target) -> Result<Draft> {
        let before = one(&target, What::Endpoints, &self.dce_name).await?;
        let endpoint = Object::of(&before)?;
        let (name, place) = (endpoint.name(), ResourceId::new(endpoint.id()));
        let users: Vec<String> = listed(&target, What::Rules)
            .await?
            .iter()
            .filter(|(rule, _)| {
                rule.text("/properties/dataCollectionEndpointId")
                    .is_some_and(|id| ResourceId::new(id) == place)
            })
            .map(|(rule, _)| rule.name())
            .collect();
        if !users.is_empty() {
            return Err(Error::declined(
                format!("{name} is used by {} data collection rules: {}", users.len(), users.join(", ")),
                "Remove those rules, or give them another endpoint.",
            ));
        }
        Ok(Draft::of(
            Change::delete(place, Surface::DataCollection, name.clone(), before, Undo::Compensating)
                .titled(format!("remove data collection endpoint {name}")),
        ))
    }
}
