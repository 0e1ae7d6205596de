//! The smallest role that allows an action.

use super::ResourceId;

/// A role of Azure, and where it is best given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: &'static str,
    /// On what it should be given.
    pub at: At,
}

/// On what a role is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The resource group: Sentinel's own resources lie beside the workspace.
    ResourceGroup,
    /// The resource itself.
    Resource,
}

/// Action patterns and the role, the first that fits counts. In lower case; `*` stands for anything.
const ROLES: &[(&str, Role)] = &[
    (
        "microsoft.securityinsights/incidents/runplaybook/action",
        group("Microsoft Sentinel Playbook Operator"),
    ),
    ("microsoft.securityinsights/*/read", group("Microsoft Sentinel Reader")),
    ("microsoft.securityinsights/incidents/*", group("Microsoft Sentinel Responder")),
    ("microsoft.securityinsights/*", group("Microsoft Sentinel Contributor")),
    ("microsoft.insights/workbooks/read", group("Workbook Reader")),
    ("microsoft.insights/workbooks/*", group("Workbook Contributor")),
    ("microsoft.insights/datacollection*/read", group("Monitoring Reader")),
    ("microsoft.insights/datacollection*", group("Monitoring Contributor")),
    ("microsoft.insights/telemetry/write", Role { name: "Monitoring Metrics Publisher", at: At::Resource }),
    ("microsoft.insights/*/read", group("Monitoring Reader")),
    ("microsoft.operationalinsights/workspaces/query*", group("Log Analytics Reader")),
    ("microsoft.operationalinsights/*/read", group("Log Analytics Reader")),
    ("microsoft.operationalinsights/workspaces/*/action", group("Log Analytics Reader")),
    ("microsoft.operationalinsights/*", group("Log Analytics Contributor")),
    ("microsoft.resources/*/read", group("Reader")),
    ("microsoft.authorization/*/read", group("Reader")),
    ("*/read", group("Reader")),
];

const fn group(name: &'static str) -> Role {
    Role { name, at: At::ResourceGroup }
}

/// The smallest built-in role that allows the action; `None` if this program never needs it.
pub fn smallest_role(action: &str) -> Option<Role> {
    let action = action.to_ascii_lowercase();
    ROLES.iter().find(|(pattern, _)| fits(pattern, &action)).map(|(_, role)| *role)
}

impl Role {
    /// The command that gives it. `principal` is an object id; `scope` the resource that was refused.
    pub fn command(&self, principal: Option<&str>, scope: Option<&str>) -> String {
        let scope = match (self.at, scope.map(ResourceId::new)) {
            (At::ResourceGroup, Some(id)) => match (id.subscription(), id.resource_group()) {
                (Some(subscription), Some(group)) => {
                    format!("/subscriptions/{subscription}/resourceGroups/{group}")
                }
                _ => id.to_string(),
            },
            (_, Some(id)) => id.to_string(),
            (_, None) => "<SCOPE>".to_owned(),
        };
        format!(
            "az role assignment create --assignee-object-id {} --assignee-principal-type ServicePrincipal --role \"{}\" --scope \"{scope}\"",
            principal.unwrap_or("<OBJECT-ID>"),
            self.name,
        )
    }
}

/// Whether a pattern covers an action, both in lower case.
pub(super) fn fits(pattern: &str, action: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| action.strip_prefix(start)) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smallest_role_of_each_kind_of_action() {
        for (action, role) in [
            ("Microsoft.SecurityInsights/alertRules/read", "Microsoft Sentinel Reader"),
            ("Microsoft.SecurityInsights/alertRules/write", "Microsoft Sentinel Contributor"),
            ("Microsoft.SecurityInsights/incidents/comments/write", "Microsoft Sentinel Responder"),
            (
                "Microsoft.SecurityInsights/incidents/runPlaybook/action",
                "Microsoft Sentinel Playbook Operator",
            ),
            ("Microsoft.OperationalInsights/workspaces/tables/write", "Log Analytics Contributor"),
            ("Microsoft.OperationalInsights/workspaces/query/SigninLogs/read", "Log Analytics Reader"),
            ("Microsoft.Insights/workbooks/delete", "Workbook Contributor"),
            ("Microsoft.Insights/dataCollectionRules/write", "Monitoring Contributor"),
            ("Microsoft.Insights/Telemetry/Write", "Monitoring Metrics Publisher"),
        ] {
            assert_eq!(smallest_role(action).map(|role| role.name), Some(role), "{action}");
        }
        assert_eq!(smallest_role("Microsoft.Compute/virtualMachines/delete"), None);
    }

    #[test]
    fn command_names_the_resource_group() {
        let role = smallest_role("Microsoft.SecurityInsights/alertRules/write").expect("is known");
        let command = role.command(
            Some("2046feea"),
            Some("/subscriptions/S/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/w"),
        );
        assert!(command.contains("--assignee-object-id 2046feea"), "{command}");
        assert!(command.ends_with("--scope \"/subscriptions/S/resourceGroups/rg\""), "{command}");
    }
}
