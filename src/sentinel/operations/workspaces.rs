//! Which workspaces there are.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::azure::Scope;
use crate::sentinel::Result;
use crate::sentinel::definition::{Example, Fleet, Operation};
use crate::sentinel::service::Inner;
use crate::sentinel::workspace::{Onboarded, Workspace, expression};

pub(super) fn operations() -> Vec<Operation> {
    const NEEDS: &[&str] =
        &["Microsoft.Resources/subscriptions/read", "Microsoft.OperationalInsights/workspaces/read"];
    vec![
        Operation::over_fleet::<List>(
            "Get-SentinelWorkspaces",
            "list_workspaces",
            "workspaces",
            "Lists the workspaces of all tenants that are visible, through Azure Lighthouse or directly.",
        )
        .alias(&["lighthouse_list_workspaces"])
        .details("Sentinel is switched on where Onboarded says Yes; Unknown means that this identity may not see it.")
        .needs(NEEDS)
        .view(&["TenantName", "WorkspaceName", "ResourceGroup", "Location", "Onboarded", "RetentionInDays"])
        .examples(&[Example {
            about: "Workspaces of two customers",
            power_shell: "Get-SentinelWorkspaces -TenantFilter 'contoso|fabrikam'",
        }]),
        Operation::over_fleet::<Names>(
            "Get-SentinelWorkspaceNames",
            "list_workspace_names",
            "workspaces",
            "Lists the names of the workspaces that have Sentinel, for use in other calls.",
        )
        .needs(NEEDS)
        .view(&["TenantName", "WorkspaceName"])
        .examples(&[Example { about: "All names", power_shell: "Get-SentinelWorkspaceNames" }]),
    ]
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct List {
    /// Regular expression over names and ids of tenants
    tenant_filter: Option<String>,
    /// Regular expression over names of workspaces
    name: Option<String>,
    /// Only those that have Sentinel, or may have it; false lists all Log Analytics workspaces
    #[serde(default = "yes")]
    sentinel_only: bool,
    /// Asks Azure, whatever is in the cache
    #[serde(default)]
    refresh: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Names {
    /// Regular expression over names and ids of tenants
    tenant_filter: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct WorkspaceRow {
    /// The tenant's name: configured, as Azure shows it, or its id
    tenant_name: String,
    /// The workspace's name
    workspace_name: String,
    /// The tenant's id
    tenant_id: String,
    /// The subscription's name
    subscription_name: String,
    /// The subscription's id
    subscription_id: String,
    /// The resource group
    resource_group: String,
    /// The GUID by which queries name it
    customer_id: String,
    /// The region
    location: String,
    /// The pricing tier
    sku: String,
    /// Default retention, days
    retention_in_days: Option<i64>,
    /// Whether Sentinel is switched on: Yes, No, Unknown
    #[schemars(with = "String")]
    onboarded: Onboarded,
    /// Whether another tenant delegates it; empty if the own tenant is not known
    delegated: Option<bool>,
    /// The resource id
    id: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct NameRow {
    /// The tenant's name
    tenant_name: String,
    /// The workspace's name
    workspace_name: String,
}

impl Fleet for List {
    type Row = WorkspaceRow;

    async fn rows(self, service: Arc<Inner>) -> Result<Vec<Value>> {
        let name = self.name.as_deref().map(|text| expression("Name", text)).transpose()?;
        let all = visible(&service, self.tenant_filter.as_deref(), self.refresh).await?;
        Ok(all
            .iter()
            .filter(|workspace| !self.sentinel_only || workspace.onboarded != Onboarded::No)
            .filter(|workspace| name.as_ref().is_none_or(|name| name.is_match(&workspace.name)))
            .filter_map(|workspace| {
                serde_json::to_value(WorkspaceRow {
                    tenant_name: workspace.tenant_name.clone(),
                    workspace_name: workspace.name.clone(),
                    tenant_id: workspace.tenant_id.clone(),
                    subscription_name: workspace.subscription_name.clone(),
                    subscription_id: workspace.subscription_id.clone(),
                    resource_group: workspace.resource_group.clone(),
                    customer_id: workspace.customer_id.clone(),
                    location: workspace.location.clone(),
                    sku: workspace.sku.clone(),
                    retention_in_days: workspace.retention_days,
                    onboarded: workspace.onboarded,
                    delegated: workspace.delegated,
                    id: workspace.id.to_string(),
                })
                .ok()
            })
            .collect())
    }
}

impl Fleet for Names {
    type Row = NameRow;

    async fn rows(self, service: Arc<Inner>) -> Result<Vec<Value>> {
        let all = visible(&service, self.tenant_filter.as_deref(), false).await?;
        Ok(all
            .iter()
            .filter(|workspace| workspace.onboarded != Onboarded::No)
            .filter_map(|workspace| {
                serde_json::to_value(NameRow {
                    tenant_name: workspace.tenant_name.clone(),
                    workspace_name: workspace.name.clone(),
                })
                .ok()
            })
            .collect())
    }
}

async fn visible(service: &Inner, tenants: Option<&str>, fresh: bool) -> Result<Vec<Arc<Workspace>>> {
    let tenants = tenants.map(|text| expression("TenantFilter", text)).transpose()?;
    let inventory = service.inventories.get(&Scope::new(), fresh).await?;
    for (account, error) in &inventory.failures {
        tracing::warn!(account, code = error.code(), %error, "workspaces of an identity are missing from the list");
    }
    Ok(inventory
        .workspaces
        .iter()
        .filter(|workspace| {
            tenants.as_ref().is_none_or(|filter| {
                filter.is_match(&workspace.tenant_name) || filter.is_match(&workspace.tenant_id)
            })
        })
        .cloned()
        .collect())
}
