//! Which role on which workspace is missing for which operation.

use futures_util::{StreamExt, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{operation, operations};
use crate::azure::{self, Permissions, ResourceId, is_of_data, smallest_role};
use crate::sentinel::definition::{Example, Items, Operation, Together};
use crate::sentinel::read::{AT_ONCE, Item, WorkspaceFailure};
use crate::sentinel::target::Target;
use crate::sentinel::{Error, Result};

pub(super) fn own() -> Vec<Operation> {
    vec![
        Operation::read_together::<Doctor>(
            "Test-SentinelPermission",
            "test_sentinel_permission",
            "permissions",
            "Tells which operations will work in which workspaces, and which role is missing where.",
        )
        .alias(&["Get-SentinelPermission"])
        .details(
            "Without WorkspaceName, all workspaces are looked at. Azure is asked what this identity may do on the workspace and on its resource group, and \
             that is held against the actions that each operation needs. Commands give the smallest roles that are missing; whoever runs them has to be \
             allowed to give roles there, and with Azure Lighthouse the customer changes the delegation instead.",
        )
        .needs(&["Microsoft.Authorization/permissions/read"])
        .view(&["WorkspaceName", "Operation", "Allowed", "MissingActions", "Roles"])
        .examples(&[
            Example { about: "What will not work anywhere", power_shell: "Test-SentinelPermission -MissingOnly" },
            Example {
                about: "Whether rules can be changed at a customer, and the commands that allow it",
                power_shell: "Test-SentinelPermission -WorkspaceName law-contoso -Family rules | Select-Object -ExpandProperty Commands -Unique",
            },
        ]),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
enum GroupBy {
    #[default]
    Operation,
    Family,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Doctor {
    /// Only these operations, by any of their names
    operation: Vec<String>,
    /// Only operations of these families: rules, incidents, tables, ...
    family: Vec<String>,
    /// Only what will not work, or may not
    missing_only: bool,
    /// A row for each operation, or for each family
    group_by: GroupBy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub(super) enum Allowed {
    Yes,
    Unknown,
    No,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct PermissionRow {
    /// The operation, or the operations of the family that will not work
    operation: String,
    /// What it is about
    family: String,
    /// Yes, No or Unknown
    #[schemars(with = "String")]
    allowed: Allowed,
    /// Actions of Azure that this identity may not do
    missing_actions: Vec<String>,
    /// The smallest roles that allow them
    roles: Vec<String>,
    /// The commands that give these roles
    commands: Vec<String>,
    /// Why it is not known, or known in part only
    reason: Option<String>,
}

/// What this identity may do at a workspace and its group.
pub(super) struct Held {
    workspace: azure::Result<Permissions>,
    group: azure::Result<Permissions>,
    pub(super) principal: Option<String>,
}

impl Together for Doctor {
    type Row = PermissionRow;

    fn items(self, targets: Vec<Target>) -> Items {
        let chosen = self.chosen(targets.first().map_or("", |target| target.operation));
        stream::iter(targets)
            .map(move |target| {
                let chosen = chosen.clone();
                async move { (hold(&target).await, target, chosen) }
            })
            .buffered(AT_ONCE)
            .flat_map(move |(held, target, chosen)| {
                stream::iter(match chosen {
                    Ok(chosen) => self.rows(&target, &held, &chosen),
                    Err(error) => vec![failure(&target, error)],
                })
            })
            .boxed()
    }
}

fn failure(target: &Target, error: Error) -> Item {
    Item::Failure(WorkspaceFailure {
        tenant_name: target.workspace.tenant_name.clone(),
        workspace_name: target.workspace.name.clone(),
        error,
    })
}

pub(super) async fn hold(target: &Target) -> Held {
    let workspace = &target.workspace;
    let group = ResourceId::new(format!(
        "/subscriptions/{}/resourceGroups/{}",
        workspace.subscription_id, workspace.resource_group
    ));
    let (workspace, group, principal) = tokio::join!(
        target.client.permissions(&target.scope, &workspace.id),
        target.client.permissions(&target.scope, &group),
        target.client.principal()
    );
    Held { workspace, group, principal }
}

impl Held {
    /// Whether an action may be done, and why it is not known.
    pub(super) fn allows(&self, action: &str) -> (Allowed, Option<String>) {
        // What lies beside the workspace is decided at the group.
        let lower = action.to_ascii_lowercase();
        let beside = ["microsoft.insights/", "microsoft.resources/", "microsoft.authorization/"]
            .iter()
            .any(|provider| lower.starts_with(provider));
        let permissions = if beside { &self.group } else { &self.workspace };
        match permissions {
            Ok(permissions) if permissions.allow(action) => (Allowed::Yes, None),
            Ok(_) if is_of_data(action) => (
                Allowed::Unknown,
                Some(
                    "the role may be given on single data collection rules, which were not asked".to_owned(),
                ),
            ),
            Ok(_) => (Allowed::No, None),
            Err(error) => (Allowed::Unknown, Some(format!("the permissions cannot be read: {error}"))),
        }
    }
}

impl Doctor {
    fn chosen(&self, own: &'static str) -> Result<Vec<&'static Operation>> {
        let mut named = Vec::new();
        for name in &self.operation {
            named.push(operation(name).ok_or_else(|| {
                let names = operations().iter().map(|operation| operation.name);
                Error::Object {
                    what: format!("there is no operation {name:?}"),
                    candidates: crate::nearest::nearest(name, names).map(str::to_owned).into_iter().collect(),
                }
            })?);
        }
        let families: std::collections::BTreeSet<&str> =
            operations().iter().map(|operation| operation.family).collect();
        if let Some(wrong) =
            self.family.iter().find(|family| !families.contains(family.to_lowercase().as_str()))
        {
            return Err(Error::arguments(
                own,
                format!(
                    "Family: there is none called {wrong:?}; they are {}",
                    families.into_iter().collect::<Vec<_>>().join(", ")
                ),
            ));
        }
        let all = operations()
            .iter()
            .filter(|operation| named.is_empty() || named.iter().any(|one| one.name == operation.name));
        Ok(all
            .filter(|operation| {
                self.family.is_empty()
                    || self.family.iter().any(|family| family.eq_ignore_ascii_case(operation.family))
            })
            .collect())
    }

    fn rows(&self, target: &Target, held: &Held, chosen: &[&'static Operation]) -> Vec<Item> {
        let mut rows: Vec<PermissionRow> = Vec::new();
        for operation in chosen {
            let row = row(target, held, operation);
            let family = (self.group_by == GroupBy::Family)
                .then(|| rows.iter_mut().find(|known| known.family == row.family))
                .flatten();
            match family {
                Some(family) => family.add(row),
                None => rows.push(row),
            }
        }
        rows.retain(|row| !self.missing_only || row.allowed != Allowed::Yes);
        rows.into_iter()
            .filter_map(|row| serde_json::to_value(row).ok())
            .map(|row| Item::Row(target.stamp(row)))
            .collect()
    }
}

fn row(target: &Target, held: &Held, operation: &Operation) -> PermissionRow {
    let mut row = PermissionRow {
        operation: operation.name.to_owned(),
        family: operation.family.to_owned(),
        allowed: Allowed::Yes,
        missing_actions: Vec::new(),
        roles: Vec::new(),
        commands: Vec::new(),
        reason: None,
    };
    for action in operation.actions {
        let (allowed, reason) = held.allows(action);
        if allowed == Allowed::Yes {
            continue;
        }
        row.allowed = row.allowed.max(allowed);
        row.reason = row.reason.or(reason);
        row.missing_actions.push((*action).to_owned());
        if let Some(role) = smallest_role(action) {
            let scope = if is_of_data(action) { "<DCR-RESOURCE-ID>" } else { target.workspace.id.as_str() };
            add(&mut row.roles, role.name.to_owned());
            add(&mut row.commands, role.command(held.principal.as_deref(), Some(scope)));
        }
    }
    row
}

impl PermissionRow {
    /// Takes in another operation of the same family. Those that work are not named where others do not.
    fn add(&mut self, other: Self) {
        if other.allowed != Allowed::Yes && self.allowed != Allowed::Yes || other.allowed == self.allowed {
            self.operation = format!("{}, {}", self.operation, other.operation);
        } else if other.allowed != Allowed::Yes {
            self.operation = other.operation;
        }
        self.allowed = self.allowed.max(other.allowed);
        self.reason = self.reason.take().or(other.reason);
        for (all, more) in [
            (&mut self.missing_actions, other.missing_actions),
            (&mut self.roles, other.roles),
            (&mut self.commands, other.commands),
        ] {
            more.into_iter().for_each(|one| add(all, one));
        }
    }
}

fn add(list: &mut Vec<String>, one: String) {
    if !list.contains(&one) {
        list.push(one);
    }
}
