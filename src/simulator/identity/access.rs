//! What a principal may do where: role assignments, and the delegations of Lighthouse.

use serde_json::{Value, json};

use super::tokens::Claims;
use crate::simulator::state::{Resource, State};

/// A built-in role: its id, name, actions, data actions.
pub(crate) struct Role {
    pub id: &'static str,
    pub name: &'static str,
    pub actions: &'static [&'static str],
    pub data_actions: &'static [&'static str],
}

/// Type of a role assignment.
pub(crate) const ASSIGNMENT: &str = "Microsoft.Authorization/roleAssignments";
/// Type of a Lighthouse delegation.
pub(crate) const DELEGATION: &str = "Microsoft.ManagedServices/registrationAssignments";

macro_rules! roles {
    ($($id:literal, $name:literal, [$($action:literal),*], [$($data:literal),*];)*) => {
        /// The roles that the reference names.
        pub(crate) const ROLES: &[Role] = &[$(Role { id: $id, name: $name, actions: &[$($action),*], data_actions: &[$($data),*] }),*];
    };
}

roles! {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ["*"], [];
    "b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", ["*"], [];
    "acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ["*/read"], [];
    "8d289c81-5878-46d4-8554-54e1e3d8b5cb", "Microsoft Sentinel Reader",
        ["Microsoft.SecurityInsights/*/read", "Microsoft.OperationalInsights/workspaces/read",
         "Microsoft.OperationalInsights/workspaces/*/read", "Microsoft.OperationalInsights/workspaces/analytics/query/action",
         "Microsoft.Insights/workbooks/read", "Microsoft.Authorization/*/read", "Microsoft.OperationsManagement/solutions/read",
         "Microsoft.Resources/subscriptions/resourceGroups/read", "Microsoft.Insights/*/read"], [];
    "3e150937-b8fe-4cfb-8069-0eaf05ecd056", "Microsoft Sentinel Responder",
        ["Microsoft.SecurityInsights/*/read", "Microsoft.SecurityInsights/incidents/*", "Microsoft.SecurityInsights/entities/*/action",
         "Microsoft.OperationalInsights/workspaces/read", "Microsoft.OperationalInsights/workspaces/*/read",
         "Microsoft.Insights/workbooks/read", "Microsoft.Authorization/*/read", "Microsoft.OperationsManagement/solutions/read",
         "Microsoft.Resources/subscriptions/resourceGroups/read"], [];
    "ab8e14d6-4a74-4a29-9ba8-549422addade", "Microsoft Sentinel Contributor",
        ["Microsoft.SecurityInsights/*", "Microsoft.OperationalInsights/workspaces/read", "Microsoft.OperationalInsights/workspaces/*/read",
         "Microsoft.OperationalInsights/workspaces/savedSearches/*", "Microsoft.Insights/workbooks/*", "Microsoft.Authorization/*/read",
         "Microsoft.OperationsManagement/solutions/read", "Microsoft.Resources/subscriptions/resourceGroups/read"], [];
    "51d6186e-6489-4900-b93f-92e23144cca5", "Microsoft Sentinel Playbook Operator",
        ["Microsoft.Logic/workflows/read", "Microsoft.Logic/workflows/triggers/listCallbackUrl/action"], [];
    "73c42c96-874c-492b-b04d-ab87d138a893", "Log Analytics Reader", ["*/read"], [];
    "92aaf0da-9dab-42b6-94a3-d43ce8d16293", "Log Analytics Contributor",
        ["*/read", "Microsoft.OperationalInsights/*", "Microsoft.OperationsManagement/*", "Microsoft.Insights/diagnosticSettings/*"], [];
    "43d0d8ad-25c7-4714-9337-8ba259a9fe05", "Monitoring Reader", ["*/read"], [];
    "749f88d5-cbae-40b8-bcfc-e573ddc772fa", "Monitoring Contributor",
        ["*/read", "Microsoft.Insights/*", "Microsoft.OperationalInsights/workspaces/write",
         "Microsoft.OperationalInsights/workspaces/sharedKeys/action"], [];
    "3913510d-42f4-4e42-8a64-420c390055eb", "Monitoring Metrics Publisher", [], ["Microsoft.Insights/Telemetry/Write"];
    "e8ddcd69-c73f-4f9f-9844-4100522f16ad", "Workbook Contributor", ["Microsoft.Insights/workbooks/*"], [];
    "b279062a-9be3-42a0-92ae-8b3cf002ec4d", "Workbook Reader", ["Microsoft.Insights/workbooks/read"], [];
    "91c1777a-f3dc-4fae-b103-61d183457e46", "Managed Services Registration assignment Delete Role",
        ["Microsoft.ManagedServices/registrationAssignments/read", "Microsoft.ManagedServices/registrationAssignments/delete"], [];
}

impl Role {
    /// A role by its id or name.
    pub fn find(name: &str) -> Option<&'static Self> {
        let id = name.rsplit('/').next().unwrap_or(name);
        ROLES.iter().find(|role| role.id.eq_ignore_ascii_case(id) || role.name.eq_ignore_ascii_case(name))
    }

    /// The role as a role definition.
    pub fn definition(&self, scope: &str) -> Value {
        json!({
            "id": format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{}", self.id),
            "type": "Microsoft.Authorization/roleDefinitions",
            "name": self.id,
            "properties": {"roleName": self.name, "type": "BuiltInRole", "description": "", "assignableScopes": ["/"],
                "permissions": [self.permission()]},
        })
    }

    /// What the role takes away again of its actions.
    fn not_actions(&self) -> &'static [&'static str] {
        match self.name {
            "Contributor" => &[
                "Microsoft.Authorization/*/Delete",
                "Microsoft.Authorization/*/Write",
                "Microsoft.Authorization/elevateAccess/Action",
            ],
            _ => &[],
        }
    }

    /// Whether the role allows an action.
    fn allows(&self, action: &str) -> bool {
        let any = |patterns: &[&str]| patterns.iter().any(|pattern| covers(pattern, action));
        any(self.actions) && !any(self.not_actions())
    }

    fn permission(&self) -> Value {
        json!({"actions": self.actions, "notActions": self.not_actions(), "dataActions": self.data_actions, "notDataActions": []})
    }
}

/// Whether a pattern such as `Microsoft.SecurityInsights/*/read` covers an action.
fn covers(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == action };
    action.len() >= head.len() + tail.len() && action.starts_with(head) && action.ends_with(tail)
}

/// Whether a scope is the resource or something that holds it.
pub(crate) fn at_or_above(scope: &str, id: &str) -> bool {
    let (scope, id) = (scope.trim_end_matches('/'), id.trim_end_matches('/'));
    id.get(..scope.len()).is_some_and(|head| head.eq_ignore_ascii_case(scope))
        && (id.len() == scope.len() || id.as_bytes()[scope.len()] == b'/')
}

/// The scope that an extension resource such as a role assignment is about.
pub(crate) fn scope_of(resource: &Resource) -> &str {
    resource.id.rfind("/providers/").map_or("", |end| &resource.id[..end])
}

/// The roles a principal has, each with the scope at which it has it.
fn roles_of<'a>(state: &'a State, claims: &Claims, subscription: &str) -> Vec<(&'a str, &'static Role)> {
    let scope = format!("/subscriptions/{subscription}");
    let own_tenant =
        tenant_of(state, subscription).is_some_and(|tenant| tenant.eq_ignore_ascii_case(&claims.tid));
    let mut roles = Vec::new();
    if own_tenant {
        for assignment in state.below(&scope, ASSIGNMENT) {
            let role = assignment.text("roleDefinitionId").and_then(Role::find);
            if let (Some(role), true) = (role, assignment.text("principalId") == Some(claims.oid.as_str())) {
                roles.push((scope_of(assignment), role));
            }
        }
    }
    for delegation in state.below(&scope, DELEGATION) {
        let definition = delegation.text("registrationDefinitionId").and_then(|id| state.get(id));
        let Some(definition) = definition else { continue };
        if definition.text("managedByTenantId") != Some(claims.tid.as_str()) {
            continue;
        }
        let authorizations = definition.property("authorizations").and_then(Value::as_array);
        for authorization in authorizations.into_iter().flatten() {
            let role = authorization["roleDefinitionId"].as_str().and_then(Role::find);
            if let (Some(role), true) = (role, authorization["principalId"] == claims.oid.as_str()) {
                roles.push((scope_of(delegation), role));
            }
        }
    }
    roles
}

/// The tenant a subscription belongs to.
pub(crate) fn tenant_of<'a>(state: &'a State, subscription: &str) -> Option<&'a str> {
    state.get(&format!("/subscriptions/{subscription}"))?.body.get("tenantId")?.as_str()
}

/// The tenants that manage a subscription or a group in it.
pub(crate) fn managing_tenants(state: &State, subscription: &str) -> Vec<String> {
    let mut tenants: Vec<String> = state
        .below(&format!("/subscriptions/{subscription}"), DELEGATION)
        .filter_map(|delegation| state.get(delegation.text("registrationDefinitionId")?))
        .filter_map(|definition| definition.text("managedByTenantId").map(str::to_owned))
        .collect();
    tenants.sort();
    tenants.dedup();
    tenants
}

/// Whether a token of the tenant is of any use for the subscription.
pub(crate) fn tenant_fits(state: &State, claims: &Claims, subscription: &str) -> bool {
    tenant_of(state, subscription).is_some_and(|tenant| tenant.eq_ignore_ascii_case(&claims.tid))
        || managing_tenants(state, subscription).contains(&claims.tid)
}

/// Whether the principal has any role in the subscription: only then does it see that there is one.
pub(crate) fn sees_subscription(state: &State, claims: &Claims, subscription: &str) -> bool {
    !roles_of(state, claims, subscription).is_empty()
}

/// Whether the principal may do this to the resource.
pub(crate) fn may(state: &State, claims: &Claims, action: &str, id: &str) -> bool {
    let Some(subscription) = subscription_of(id) else { return true };
    roles_of(state, claims, subscription)
        .iter()
        .any(|(scope, role)| at_or_above(scope, id) && role.allows(action))
}

/// Whether the principal may do this with the data of the resource.
pub(crate) fn may_with_data(state: &State, claims: &Claims, action: &str, id: &str) -> bool {
    let Some(subscription) = subscription_of(id) else { return false };
    roles_of(state, claims, subscription).iter().any(|(scope, role)| {
        at_or_above(scope, id) && role.data_actions.iter().any(|pattern| covers(pattern, action))
    })
}

/// The principal's permissions on a scope, as `permissions` lists them.
pub(crate) fn permissions(state: &State, claims: &Claims, id: &str) -> Vec<Value> {
    let Some(subscription) = subscription_of(id) else { return Vec::new() };
    roles_of(state, claims, subscription)
        .into_iter()
        .filter(|(scope, _)| at_or_above(scope, id))
        .map(|(_, role)| role.permission())
        .collect()
}

/// The subscription in an id.
pub(crate) fn subscription_of(id: &str) -> Option<&str> {
    let mut parts = id.split('/').filter(|part| !part.is_empty());
    parts.next().filter(|first| first.eq_ignore_ascii_case("subscriptions"))?;
    parts.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_what_they_say() {
        assert!(covers("Microsoft.SecurityInsights/*/read", "microsoft.securityinsights/alertRules/read"));
        assert!(covers("*/read", "Microsoft.OperationalInsights/workspaces/query/read"));
        assert!(!covers("Microsoft.SecurityInsights/*/read", "Microsoft.SecurityInsights/alertRules/write"));
        assert!(covers(
            "Microsoft.SecurityInsights/incidents/*",
            "Microsoft.SecurityInsights/incidents/comments/write"
        ));
        assert!(!covers("Microsoft.Insights/workbooks/read", "Microsoft.Insights/workbooks"));
    }

    #[test]
    fn a_contributor_gives_no_roles() {
        let role = Role::find("Contributor").expect("is there");
        assert!(role.allows("Microsoft.SecurityInsights/alertRules/write"));
        assert!(role.allows("Microsoft.Authorization/roleAssignments/read"));
        assert!(!role.allows("Microsoft.Authorization/roleAssignments/write"));
    }

    #[test]
    fn scopes_end_at_slashes() {
        assert!(at_or_above(
            "/subscriptions/S/resourceGroups/rg",
            "/subscriptions/s/RESOURCEGROUPS/RG/providers/x"
        ));
        assert!(!at_or_above("/subscriptions/S/resourceGroups/rg", "/subscriptions/s/resourceGroups/rg2"));
        assert_eq!(subscription_of("/subscriptions/S/x"), Some("S"));
        assert_eq!(subscription_of("/providers/x"), None);
    }

    #[test]
    fn every_role_is_found_by_id_and_name() {
        for role in ROLES {
            assert_eq!(Role::find(&format!("/x/{}", role.id)).map(|found| found.name), Some(role.name));
            assert_eq!(Role::find(role.name).map(|found| found.id), Some(role.id));
        }
    }
}
