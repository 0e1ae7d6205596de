//! Which workspaces there are: one question to Resource Graph for each identity, kept for some minutes.

use futures_util::StreamExt;
use moka::future::Cache as Moka;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

use super::account::Account;
use super::cache::{CacheStatus, Counter, LIFETIME};
use super::workspace::{Capacity, Onboarded, Workspace};
use super::{Error, Result};
use crate::azure::{Client, GraphQuery, Kind, Method, ResourceId, Scope, Surface};

/// Questions about single workspaces that run at once.
const AT_ONCE: usize = 8;

const QUERY: &str = "resources
| where type =~ 'microsoft.operationalinsights/workspaces'
| extend wsId = tolower(id), customerId = tostring(properties.customerId), sku = tostring(properties.sku.name), retention = toint(properties.retentionInDays), quota = todouble(properties.workspaceCapping.dailyQuotaGb), quotaStatus = tostring(properties.workspaceCapping.dataIngestionStatus), commitment = toint(properties.sku.capacityReservationLevel)
| join kind=leftouter (resources
    | where type =~ 'microsoft.operationsmanagement/solutions' and name startswith 'SecurityInsights('
    | project wsId = tolower(tostring(properties.workspaceResourceId)), hasSolution = true) on wsId
| join kind=leftouter (resourcecontainers
    | where type =~ 'microsoft.resources/subscriptions'
    | project subscriptionId, subscriptionName = name, subTenant = tenantId) on subscriptionId
| project id, name, location, resourceGroup, subscriptionId, subscriptionName, tenantId, customerId, sku, retention, hasSolution, quota, quotaStatus, commitment
| order by id asc";

/// What exists, as far as the identities see it.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// The workspaces, by tenant and name.
    pub workspaces: Vec<Arc<Workspace>>,
    /// Identities that could not be asked, each with why.
    pub failures: Vec<(String, Error)>,
}

/// The inventory, fetched when it is needed and at most once at a time.
#[derive(Clone)]
pub(crate) struct Inventories {
    accounts: Arc<Vec<Account>>,
    names: Arc<HashMap<String, String>>,
    held: Moka<(), Arc<Inventory>>,
    counter: Arc<Counter>,
}

impl Inventories {
    pub(crate) fn new(accounts: Arc<Vec<Account>>, names: HashMap<String, String>) -> Self {
        let names = names.into_iter().map(|(id, name)| (id.to_ascii_lowercase(), name)).collect();
        Self {
            accounts,
            names: Arc::new(names),
            held: Moka::builder().time_to_live(LIFETIME).max_capacity(1).build(),
            counter: Arc::default(),
        }
    }

    /// The inventory. `fresh` asks Azure in any case.
    ///
    /// # Errors
    /// If no identity could be asked.
    pub(crate) async fn get(&self, scope: &Scope, fresh: bool) -> Result<Arc<Inventory>> {
        self.counter.asked();
        if fresh {
            self.held.invalidate(&()).await;
        }
        let inventory = self
            .held
            .try_get_with((), self.fetch(scope))
            .await
            .map_err(|error: Arc<Error>| (*error).clone())?;
        if !inventory.failures.is_empty() {
            // What is missing is looked for again next time.
            self.held.invalidate(&()).await;
        }
        Ok(inventory)
    }

    pub(crate) async fn clear(&self) {
        self.held.invalidate(&()).await;
    }

    /// How often it had to be fetched.
    pub(crate) async fn status(&self) -> CacheStatus {
        self.held.run_pending_tasks().await;
        self.counter.status("inventory", LIFETIME, self.held.entry_count(), 0)
    }

    async fn fetch(&self, scope: &Scope) -> Result<Arc<Inventory>> {
        self.counter.fetched();
        let asked =
            self.accounts.iter().enumerate().map(|(index, account)| async move {
                (account, self.of_account(scope, index, account).await)
            });
        let mut inventory = Inventory::default();
        for (account, answer) in futures_util::future::join_all(asked).await {
            match answer {
                Ok(workspaces) => {
                    for workspace in workspaces {
                        // A workspace that two identities see is reached through the first.
                        if !inventory.workspaces.iter().any(|known| known.id == workspace.id) {
                            inventory.workspaces.push(Arc::new(workspace));
                        }
                    }
                }
                Err(error) => inventory.failures.push((account.label.clone(), error)),
            }
        }
        if inventory.workspaces.is_empty()
            && let Some((_, error)) = inventory.failures.first()
        {
            return Err(error.clone());
        }
        let key = |workspace: &Workspace| {
            (
                workspace.tenant_name.to_ascii_lowercase(),
                workspace.name.to_ascii_lowercase(),
                workspace.id.to_string(),
            )
        };
        inventory.workspaces.sort_by_key(|workspace| key(workspace));
        Ok(Arc::new(inventory))
    }

    async fn of_account(&self, scope: &Scope, index: usize, account: &Account) -> Result<Vec<Workspace>> {
        let client = &account.client;
        let query = GraphQuery { text: QUERY.to_owned(), subscriptions: Vec::new() };
        let (rows, tenants) = tokio::join!(client.graph(scope, &query), tenant_names(client, scope));
        let rows = match rows {
            Ok(rows) => rows,
            // Some customers delegate workspaces and not Resource Graph.
            Err(error) if matches!(error.kind(), Kind::Forbidden | Kind::NotFound | Kind::Refused) => {
                tracing::debug!(%error, "Resource Graph refuses; subscriptions are asked one by one");
                by_subscription(client, scope).await?
            }
            Err(error) => return Err(error.into()),
        };
        let mut workspaces: Vec<Workspace> =
            rows.iter().filter_map(|row| self.workspace(index, account, row, &tenants)).collect();
        // The solution is a hint only: workspaces that were switched on lately have none.
        let unsure: Vec<(usize, ResourceId)> = workspaces
            .iter()
            .enumerate()
            .filter(|(_, workspace)| workspace.onboarded == Onboarded::Unknown)
            .map(|(position, workspace)| (position, workspace.id.clone()))
            .collect();
        let looked: Vec<(usize, Onboarded)> = futures_util::stream::iter(unsure)
            .map(|(position, id)| async move { (position, onboarded(client, scope, &id).await) })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for (position, state) in looked {
            workspaces[position].onboarded = state;
        }
        Ok(workspaces)
    }

    fn workspace(
        &self,
        index: usize,
        account: &Account,
        row: &Value,
        tenants: &HashMap<String, String>,
    ) -> Option<Workspace> {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let id = ResourceId::new(row["id"].as_str()?);
        let tenant_id = text("tenantId");
        let tenant = tenant_id.to_ascii_lowercase();
        let tenant_name = self
            .names
            .get(&tenant)
            .or_else(|| tenants.get(&tenant))
            .cloned()
            .unwrap_or_else(|| tenant_id.clone());
        Some(Workspace {
            name: match row["name"].as_str() {
                Some(name) if !name.is_empty() => name.to_owned(),
                _ => id.name().to_owned(),
            },
            resource_group: id.resource_group().unwrap_or_default().to_owned(),
            subscription_id: id.subscription().unwrap_or_default().to_owned(),
            subscription_name: text("subscriptionName"),
            delegated: account.tenant.as_ref().map(|own| !own.eq_ignore_ascii_case(&tenant_id)),
            tenant_id,
            tenant_name,
            customer_id: text("customerId"),
            location: text("location"),
            sku: text("sku"),
            retention_days: row["retention"].as_i64(),
            capacity: Capacity {
                // -1 stands for no cap.
                daily_quota_gb: row["quota"].as_f64().filter(|quota| *quota >= 0.0),
                ingestion_status: text("quotaStatus"),
                commitment_gb: row["commitment"].as_i64(),
            },
            onboarded: if truthy(&row["hasSolution"]) { Onboarded::Yes } else { Onboarded::Unknown },
            account: index,
            id,
        })
    }
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_i64() != Some(0),
        Value::String(text) => text.eq_ignore_ascii_case("true") || text == "1",
        _ => false,
    }
}

/// Names of tenants that this identity is a member of, by id. Others have none that it could see.
async fn tenant_names(client: &Client, scope: &Scope) -> HashMap<String, String> {
    let request = client.request(Method::Get, &ResourceId::new("/tenants"), Surface::Subscriptions);
    let tenants = client.list(scope, request).await.unwrap_or_default();
    tenants
        .iter()
        .filter_map(|tenant| {
            let tenant: Value = serde_json::from_str(tenant.get()).ok()?;
            let name = tenant["displayName"].as_str().filter(|name| !name.is_empty())?;
            Some((tenant["tenantId"].as_str()?.to_ascii_lowercase(), name.to_owned()))
        })
        .collect()
}

/// Whether Sentinel is switched on, asked of the workspace itself.
async fn onboarded(client: &Client, scope: &Scope, id: &ResourceId) -> Onboarded {
    let state = id.child(&["providers", "Microsoft.SecurityInsights", "onboardingStates", "default"]);
    match client.get(scope, &state, Surface::SecurityInsights).await {
        Ok(_) => Onboarded::Yes,
        Err(error) if error.kind() == Kind::NotFound => Onboarded::No,
        Err(error) if error.reason().is_some_and(|reason| reason.says("not onboarded")) => Onboarded::No,
        Err(_) => Onboarded::Unknown,
    }
}

/// The rows of the query, gathered from each subscription.
async fn by_subscription(client: &Client, scope: &Scope) -> Result<Vec<Value>> {
    let request = client.request(Method::Get, &ResourceId::new("/subscriptions"), Surface::Subscriptions);
    let subscriptions = client.list(scope, request).await?;
    let mut rows = Vec::new();
    for subscription in subscriptions.iter().filter_map(|raw| serde_json::from_str::<Value>(raw.get()).ok()) {
        let Some(id) = subscription["subscriptionId"].as_str() else { continue };
        let place = ResourceId::new(format!("/subscriptions/{id}")).child(&[
            "providers",
            "Microsoft.OperationalInsights",
            "workspaces",
        ]);
        let listed =
            client.list(scope, client.request(Method::Get, &place, Surface::OperationalInsights)).await;
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) if matches!(error.kind(), Kind::Forbidden | Kind::NotFound) => continue,
            Err(error) => return Err(error.into()),
        };
        for workspace in listed.iter().filter_map(|raw| serde_json::from_str::<Value>(raw.get()).ok()) {
            rows.push(serde_json::json!({
                "id": workspace["id"],
                "name": workspace["name"],
                "location": workspace["location"],
                "subscriptionName": subscription["displayName"],
                "tenantId": subscription["tenantId"],
                "customerId": workspace["properties"]["customerId"],
                "sku": workspace["properties"]["sku"]["name"],
                "retention": workspace["properties"]["retentionInDays"],
                "quota": workspace["properties"]["workspaceCapping"]["dailyQuotaGb"],
                "quotaStatus": workspace["properties"]["workspaceCapping"]["dataIngestionStatus"],
                "commitment": workspace["properties"]["sku"]["capacityReservationLevel"],
            }));
        }
    }
    Ok(rows)
}
