//! Who may do what: roles in the managing tenant, delegations by the customers, a lock, a policy.

use serde_json::{Value, json};

use super::Seeding;
use super::places::{Place, all};
use crate::simulator::identity::access::{ASSIGNMENT, DELEGATION, Role};
use crate::simulator::identity::directory::{CONTOSO, MANAGING, TAILWIND, names, object_id, tenant_id};
use crate::simulator::state::SUBSCRIPTION;

/// Roles of each application.
const GRANTS: &[(&str, &[&str])] = &[
    (
        names::CONTRIBUTOR,
        &[
            "Microsoft Sentinel Contributor",
            "Log Analytics Contributor",
            "Monitoring Contributor",
            "Workbook Contributor",
            "Reader",
            "Monitoring Metrics Publisher",
        ],
    ),
    (
        names::MANAGED,
        &[
            "Microsoft Sentinel Contributor",
            "Log Analytics Contributor",
            "Monitoring Contributor",
            "Workbook Contributor",
            "Reader",
            "Monitoring Metrics Publisher",
        ],
    ),
    (names::READER, &["Microsoft Sentinel Reader", "Log Analytics Reader", "Monitoring Reader"]),
    (names::RESPONDER, &["Microsoft Sentinel Responder", "Log Analytics Reader"]),
];

fn grants(scope: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for (app, roles) in GRANTS {
        for role in roles.iter().filter_map(|role| Role::find(role)) {
            all.push(json!({"principalId": object_id(app), "principalIdDisplayName": app,
                "roleDefinitionId": format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{}", role.id)}));
        }
    }
    all
}

/// Assigns and delegates.
pub(super) fn delegate(seeding: &mut Seeding<'_>) {
    let tenants: Vec<(String, String)> = seeding
        .state
        .collection("/subscriptions")
        .filter(|found| found.is(SUBSCRIPTION))
        .filter_map(|found| Some((found.id.clone(), found.body.get("tenantId")?.as_str()?.to_owned())))
        .collect();
    for (subscription, tenant) in tenants {
        if tenant == tenant_id(MANAGING) {
            for grant in grants(&subscription) {
                assign(seeding, &subscription, &grant);
            }
        } else if tenant == tenant_id(CONTOSO) {
            delegation(seeding, &subscription, &subscription, "Contoso: the whole subscription");
        } else if tenant == tenant_id(TAILWIND) {
            let owner = Role::find("Owner").map_or("", |role| role.id);
            let publisher = Role::find("Monitoring Metrics Publisher").map_or("", |role| role.id);
            for role in [owner, publisher] {
                assign(
                    seeding,
                    &subscription,
                    &json!({"principalId": object_id(names::CUSTOMER), "roleDefinitionId": role}),
                );
            }
        }
    }
    let places = all(0);
    let find = |name: &str| places.iter().find(|place| place.workspace == name);
    if let Some(place) = find("law-fabrikam") {
        delegation(seeding, &place.group_id(), &place.subscription_id(), "Fabrikam: the security group only");
    }
    if let Some(place) = find("law-contoso-eu") {
        guards(seeding, place);
    }
    if let Some(place) = find("law-tailwind") {
        let provider = format!("{}/providers/Microsoft.Insights", place.subscription_id());
        seeding.put(provider, "Microsoft.Resources/providers", json!({"registrationState": "NotRegistered"}));
    }
}

fn assign(seeding: &mut Seeding<'_>, scope: &str, grant: &Value) {
    let label = format!("assignment/{scope}/{grant}");
    let id = format!("{scope}/providers/{ASSIGNMENT}/{}", seeding.id(&label));
    let body = json!({"properties": {"roleDefinitionId": grant["roleDefinitionId"], "principalId": grant["principalId"], "principalType": "ServicePrincipal", "scope": scope}});
    seeding.put(id, ASSIGNMENT, body);
}

fn delegation(seeding: &mut Seeding<'_>, scope: &str, subscription: &str, name: &str) {
    let definition = format!(
        "{subscription}/providers/Microsoft.ManagedServices/registrationDefinitions/{}",
        seeding.id(&format!("definition/{scope}"))
    );
    let body = json!({"properties": {"registrationDefinitionName": name, "description": "Security operations by Northwind", "managedByTenantId": tenant_id(MANAGING),
        "managedByTenantName": "Northwind Security Services", "provisioningState": "Succeeded", "authorizations": grants(subscription)}});
    seeding.put(definition.clone(), "Microsoft.ManagedServices/registrationDefinitions", body);
    let assignment = format!("{scope}/providers/{DELEGATION}/{}", seeding.id(&format!("delegation/{scope}")));
    seeding.put(
        assignment,
        DELEGATION,
        json!({"properties": {"registrationDefinitionId": definition, "provisioningState": "Succeeded"}}),
    );
}

/// A workspace that nobody deletes, and a group in which endpoints are private.
fn guards(seeding: &mut Seeding<'_>, place: &Place) {
    let lock = format!("{}/providers/Microsoft.Authorization/locks/no-delete", place.workspace_id());
    seeding.put(
        lock,
        "Microsoft.Authorization/locks",
        json!({"properties": {"level": "CanNotDelete", "notes": "Change management keeps this workspace."}}),
    );
    let policy = format!(
        "{}/providers/Microsoft.Authorization/policyAssignments/private-endpoints-only",
        place.group_id()
    );
    let body = json!({"properties": {"displayName": "Data collection endpoints are private", "policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/private-dce",
        "enforcementMode": "Default", "parameters": {"type": {"value": "Microsoft.Insights/dataCollectionEndpoints"},
            "property": {"value": "/properties/networkAcls/publicNetworkAccess"}, "value": {"value": "Enabled"}}}});
    seeding.put(policy, "Microsoft.Authorization/policyAssignments", body);
}
