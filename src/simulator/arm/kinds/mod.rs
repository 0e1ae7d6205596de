//! The kinds of resources there are.

mod authorization;
mod automation;
mod connectors;
mod content;
mod dce;
mod dcr;
mod incident_parts;
mod incidents;
mod monitoring;
mod rule_query;
mod rules;
mod saved_searches;
mod settings;
mod tables;
mod watchlist_items;
mod watchlists;
mod workbooks;
mod workspaces;

pub(crate) use dcr::{RULE, stream_columns, table_of};
pub(crate) use rules::completed as completed_rule;
pub(crate) use watchlists::read as read_csv;

use super::kind::{Etag, Home, Kind, Plain, Rules, Scene, Verbs};
use crate::simulator::exchange::Answer;
use crate::simulator::refusal::Refusal;

/// All kinds.
static KINDS: &[Kind] = &[
    // Log Analytics
    kind(
        "Microsoft.OperationalInsights/workspaces",
        Home::Group,
        Etag::Plain,
        Verbs::ALL,
        false,
        &workspaces::Workspaces,
    ),
    kind(
        "Microsoft.OperationalInsights/workspaces/tables",
        Home::Workspace,
        Etag::None,
        Verbs::ALL,
        false,
        &tables::Tables,
    ),
    kind(
        "Microsoft.OperationalInsights/workspaces/savedSearches",
        Home::Workspace,
        Etag::Dated,
        Verbs::NO_PATCH,
        false,
        &saved_searches::SavedSearches,
    ),
    kind(
        "Microsoft.OperationalInsights/workspaces/summaryLogs",
        Home::Workspace,
        Etag::None,
        Verbs::NO_PATCH,
        false,
        &monitoring::SummaryLogs,
    ),
    kind("Microsoft.OperationsManagement/solutions", Home::Group, Etag::None, Verbs::READ, false, &Plain),
    // Sentinel
    kind(
        "Microsoft.SecurityInsights/onboardingStates",
        Home::Sentinel,
        Etag::Quoted,
        Verbs::NO_PATCH,
        false,
        &settings::Onboarding,
    ),
    kind(
        "Microsoft.SecurityInsights/settings",
        Home::Sentinel,
        Etag::Required,
        Verbs::NO_PATCH,
        false,
        &settings::SentinelSettings,
    ),
    kind(
        "Microsoft.SecurityInsights/alertRules",
        Home::Sentinel,
        Etag::Quoted,
        Verbs::NO_PATCH,
        true,
        &rules::AlertRules,
    ),
    kind(
        "Microsoft.SecurityInsights/alertRules/actions",
        Home::Parent,
        Etag::Quoted,
        Verbs::NO_PATCH,
        true,
        &rules::Actions,
    ),
    kind(
        "Microsoft.SecurityInsights/alertRuleTemplates",
        Home::Sentinel,
        Etag::None,
        Verbs::READ,
        true,
        &Plain,
    ),
    kind(
        "Microsoft.SecurityInsights/automationRules",
        Home::Sentinel,
        Etag::Quoted,
        Verbs::NO_PATCH,
        true,
        &automation::AutomationRules,
    ),
    kind(
        "Microsoft.SecurityInsights/incidents",
        Home::Sentinel,
        Etag::Quoted,
        Verbs::NO_PATCH,
        true,
        &incidents::Incidents,
    ),
    kind(
        "Microsoft.SecurityInsights/incidents/comments",
        Home::Parent,
        Etag::Plain,
        Verbs::NO_PATCH,
        true,
        &incident_parts::Comments,
    ),
    kind(
        "Microsoft.SecurityInsights/incidents/relations",
        Home::Parent,
        Etag::Quoted,
        Verbs::NO_PATCH,
        true,
        &incident_parts::Relations,
    ),
    kind(
        "Microsoft.SecurityInsights/incidents/tasks",
        Home::Parent,
        Etag::Quoted,
        Verbs::NO_PATCH,
        true,
        &incident_parts::Tasks,
    ),
    kind(
        "Microsoft.SecurityInsights/bookmarks",
        Home::Sentinel,
        Etag::Quoted,
        Verbs::NO_PATCH,
        true,
        &incident_parts::Bookmarks,
    ),
    kind(
        "Microsoft.SecurityInsights/watchlists",
        Home::Sentinel,
        Etag::Quoted,
        Verbs::NO_PATCH,
        true,
        &watchlists::Watchlists,
    ),
    kind(
        "Microsoft.SecurityInsights/watchlists/watchlistItems",
        Home::Parent,
        Etag::Quoted,
        Verbs::NO_PATCH,
        true,
        &watchlist_items::WatchlistItems,
    ),
    kind(
        "Microsoft.SecurityInsights/dataConnectors",
        Home::Sentinel,
        Etag::Quoted,
        Verbs::NO_PATCH,
        true,
        &connectors::DataConnectors,
    ),
    kind(
        "Microsoft.SecurityInsights/dataConnectorDefinitions",
        Home::Sentinel,
        Etag::Quoted,
        Verbs::NO_PATCH,
        true,
        &connectors::Definitions,
    ),
    kind(
        "Microsoft.SecurityInsights/contentPackages",
        Home::Sentinel,
        Etag::None,
        Verbs::NO_PATCH,
        true,
        &content::Content,
    ),
    kind(
        "Microsoft.SecurityInsights/contentProductPackages",
        Home::Sentinel,
        Etag::None,
        Verbs::READ,
        true,
        &content::Content,
    ),
    kind(
        "Microsoft.SecurityInsights/contentTemplates",
        Home::Sentinel,
        Etag::None,
        Verbs::NO_PATCH,
        true,
        &content::Content,
    ),
    kind(
        "Microsoft.SecurityInsights/metadata",
        Home::Sentinel,
        Etag::Quoted,
        Verbs::NO_PATCH,
        true,
        &content::Content,
    ),
    // Monitor
    kind("Microsoft.Insights/workbooks", Home::Group, Etag::Quoted, Verbs::ALL, true, &workbooks::Workbooks),
    kind(
        "Microsoft.Insights/dataCollectionRules",
        Home::Group,
        Etag::Plain,
        Verbs::ALL,
        true,
        &dcr::DataCollectionRules,
    ),
    kind(
        "Microsoft.Insights/dataCollectionEndpoints",
        Home::Group,
        Etag::Plain,
        Verbs::ALL,
        true,
        &dce::DataCollectionEndpoints,
    ),
    kind(
        "Microsoft.Insights/dataCollectionRuleAssociations",
        Home::Anywhere,
        Etag::Plain,
        Verbs::NO_PATCH,
        true,
        &dce::Associations,
    ),
    kind(
        "Microsoft.Insights/diagnosticSettings",
        Home::Anywhere,
        Etag::None,
        Verbs::NO_PATCH,
        false,
        &monitoring::DiagnosticSettings,
    ),
    // Around it
    kind(
        "Microsoft.Authorization/locks",
        Home::Anywhere,
        Etag::None,
        Verbs::NO_PATCH,
        false,
        &authorization::Locks,
    ),
    kind(
        "Microsoft.Authorization/roleAssignments",
        Home::Anywhere,
        Etag::None,
        Verbs::NO_PATCH,
        false,
        &authorization::RoleAssignments,
    ),
    kind(
        "Microsoft.Authorization/policyAssignments",
        Home::Anywhere,
        Etag::None,
        Verbs::NO_PATCH,
        false,
        &authorization::Scoped,
    ),
    kind(
        "Microsoft.ManagedServices/registrationAssignments",
        Home::Anywhere,
        Etag::None,
        Verbs::NO_PATCH,
        false,
        &authorization::Delegations,
    ),
    kind(
        "Microsoft.ManagedServices/registrationDefinitions",
        Home::Anywhere,
        Etag::None,
        Verbs::NO_PATCH,
        false,
        &authorization::Scoped,
    ),
    kind("Microsoft.Logic/workflows", Home::Group, Etag::None, Verbs::READ, true, &Plain),
    kind("Microsoft.Compute/virtualMachines", Home::Group, Etag::None, Verbs::READ, true, &Plain),
];

const fn kind(
    resource_type: &'static str,
    home: Home,
    etag: Etag,
    verbs: Verbs,
    paged: bool,
    rules: &'static dyn Rules,
) -> Kind {
    Kind { resource_type, home, etag, verbs, paged, rules }
}

/// The kind of a type, whatever the case.
pub(crate) fn find(full_type: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.resource_type.eq_ignore_ascii_case(full_type))
}

/// Does what is no GET, PUT, PATCH, DELETE or list of a kind, if the request is such a thing.
pub(crate) fn act(scene: &mut Scene<'_>) -> Result<Option<Answer>, Refusal> {
    let lower = scene.target.full_type.to_ascii_lowercase();
    match (scene.request.method.as_str(), lower.as_str()) {
        ("POST", "microsoft.securityinsights/incidents/alerts") => incident_parts::alerts(scene).map(Some),
        ("POST", "microsoft.securityinsights/incidents/entities") => {
            incident_parts::entities(scene).map(Some)
        }
        ("POST", "microsoft.securityinsights/incidents/bookmarks") => {
            incident_parts::bookmarks(scene).map(Some)
        }
        ("POST", "microsoft.securityinsights/incidents/runplaybook") => {
            incident_parts::run_playbook(scene).map(Some)
        }
        ("POST", "microsoft.operationalinsights/workspaces/tables/migrate") => {
            tables::migrate(scene).map(Some)
        }
        ("POST", "microsoft.operationalinsights/workspaces/tables/cancelsearch") => {
            tables::cancel_search(scene).map(Some)
        }
        ("GET", "microsoft.insights/datacollectionrules/associations") => {
            dce::associations_of(scene, "dataCollectionRuleId").map(Some)
        }
        ("GET", "microsoft.insights/datacollectionendpoints/associations") => {
            dce::associations_of(scene, "dataCollectionEndpointId").map(Some)
        }
        ("GET", "microsoft.insights/workbooks/revisions") => workbooks::revisions(scene).map(Some),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::arm::versions;

    #[test]
    fn every_kind_is_found_once_and_has_versions() {
        for kind in KINDS {
            let found = find(&kind.resource_type.to_uppercase()).expect("is found");
            assert!(std::ptr::eq(found, kind), "{} is there twice", kind.resource_type);
            assert!(versions::of(kind.resource_type).is_some(), "{}", kind.resource_type);
        }
    }
}
