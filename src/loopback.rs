//! Operations that are signed in to a simulated Azure, and to nothing else.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use runspaced::azure::{
    Client, Cloud, CustomEndpoints, Identity, IdentityKind, IdentitySettings, Transport, TransportSettings,
    Variables,
};
use runspaced::sentinel::{Account, Sentinel, SentinelSettings};
use runspaced::simulator::{Simulator, app};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Where a simulated Azure is, and how one signs in to it. Its secret opens nothing else.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Loopback {
    authority: String,
    resource_manager: String,
    logs: String,
    ingestion: String,
    ca_pem: String,
    tenant: String,
    client_id: String,
    secret: String,
    tenant_names: HashMap<String, String>,
}

impl Loopback {
    /// As the application of the managing tenant that may change things. `None` if the simulator lacks it.
    pub fn of(azure: &Simulator) -> Option<Self> {
        let app = azure.app(app::CONTRIBUTOR)?;
        Some(Self {
            authority: azure.login_url.clone(),
            resource_manager: azure.arm_url.clone(),
            logs: azure.query_url.clone(),
            ingestion: azure.ingest_url.clone(),
            ca_pem: azure.ca_pem.clone(),
            tenant: app.tenant.clone(),
            client_id: app.client_id.clone(),
            secret: app.secret.clone(),
            tenant_names: azure
                .tenants()
                .iter()
                .map(|tenant| (tenant.id.clone(), tenant.name.clone()))
                .collect(),
        })
    }

    /// Operations, whose journal and backups are below `folder`. Neither the configuration nor the environment is looked at.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn sentinel(&self, folder: &Path, timeout: Duration) -> Result<Sentinel, String> {
        let cloud = Cloud::custom(&CustomEndpoints {
            authority: self.authority.clone(),
            resource_manager: self.resource_manager.clone(),
            logs: self.logs.clone(),
            ingestion: self.ingestion.clone(),
        })
        .map_err(|error| error.to_string())?;
        let transport = Transport::new(&TransportSettings {
            ca_pem: Some(self.ca_pem.clone()),
            no_proxy: true,
            ..TransportSettings::default()
        })
        .map_err(|error| error.to_string())?;
        let variables: Variables = [
            ("AZURE_TENANT_ID", &self.tenant),
            ("AZURE_CLIENT_ID", &self.client_id),
            ("AZURE_CLIENT_SECRET", &self.secret),
        ]
        .into_iter()
        .map(|(name, value)| (name, Zeroizing::new(value.clone())))
        .collect();
        let settings = IdentitySettings { kind: IdentityKind::Secret, customers: Vec::new() };
        let (identity, _) = Identity::read(&settings, &variables)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
        let client = Client::new(cloud.clone(), transport.clone(), identity.broker(&cloud, &transport));
        let account =
            Account { label: "main".to_owned(), tenant: identity.tenant().map(str::to_owned), client };
        let settings = SentinelSettings {
            workspace: None,
            tenant_names: self.tenant_names.clone(),
            journal: folder.join("journal"),
            backups: folder.join("backups"),
            timeout,
        };
        Ok(Sentinel::new(vec![account], settings))
    }
}
