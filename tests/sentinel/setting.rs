//! A simulated Azure, and operations that are signed in to it.

use std::collections::HashMap;
use std::time::Duration;

use runspaced::azure::{
    Client, Cloud, CustomEndpoints, Identity, IdentityKind, IdentitySettings, RetryPolicy, Transport,
    TransportSettings, Variables,
};
use runspaced::sentinel::{
    Account, Applied, Call, Error, Plan, Sentinel, SentinelSettings, WorkspaceFailure, operation,
};
use runspaced::simulator::{Builder, Simulator, app};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// A workspace that is well.
pub const WORKSPACE: &str = "law-contoso";

pub struct Setting {
    pub azure: Simulator,
    pub sentinel: Sentinel,
    pub folder: tempfile::TempDir,
}

pub fn cloud(azure: &Simulator) -> Cloud {
    Cloud::custom(&CustomEndpoints {
        authority: azure.login_url.clone(),
        resource_manager: azure.arm_url.clone(),
        logs: azure.query_url.clone(),
        ingestion: azure.ingest_url.clone(),
    })
    .expect("is one")
}

pub fn transport(azure: &Simulator) -> Transport {
    Transport::new(&TransportSettings {
        ca_pem: Some(azure.ca_pem.clone()),
        no_proxy: true,
        ..TransportSettings::default()
    })
    .expect("is made")
}

pub fn variables(pairs: &[(&str, &str)]) -> Variables {
    pairs.iter().map(|(name, value)| (*name, Zeroizing::new((*value).to_owned()))).collect()
}

/// Variables of an application with its secret.
pub fn secret_of(azure: &Simulator, name: &str) -> Variables {
    let app = azure.app(name).expect("is there");
    variables(&[
        ("AZURE_TENANT_ID", &app.tenant),
        ("AZURE_CLIENT_ID", &app.client_id),
        ("AZURE_CLIENT_SECRET", &app.secret),
    ])
}

/// An account that signs in with these variables.
pub fn account(azure: &Simulator, kind: IdentityKind, variables: &Variables) -> Account {
    let settings = IdentitySettings { kind, customers: Vec::new() };
    let (identity, _) = Identity::read(&settings, variables).expect("is whole");
    account_of(azure, "main", &identity)
}

pub fn account_of(azure: &Simulator, label: &str, identity: &Identity) -> Account {
    patient_account(azure, label, identity, Duration::from_secs(20))
}

/// An account whose requests may take this long, with all of their tries.
fn patient_account(azure: &Simulator, label: &str, identity: &Identity, total: Duration) -> Account {
    let (cloud, transport) = (cloud(azure), transport(azure));
    let client = Client::new(cloud.clone(), transport.clone(), identity.broker(&cloud, &transport)).retry(
        RetryPolicy {
            first: Duration::from_millis(5),
            longest: Duration::from_millis(50),
            total,
            ..RetryPolicy::default()
        },
    );
    Account { label: label.to_owned(), tenant: identity.tenant().map(str::to_owned), client }
}

pub fn sentinel(accounts: Vec<Account>, folder: &tempfile::TempDir) -> Sentinel {
    Sentinel::new(
        accounts,
        SentinelSettings {
            workspace: None,
            tenant_names: HashMap::new(),
            journal: folder.path().join("journal"),
            backups: folder.path().join("backups"),
            timeout: Duration::from_secs(60),
        },
    )
}

impl Setting {
    pub async fn start() -> Self {
        Self::of(Simulator::builder(), app::CONTRIBUTOR).await
    }

    pub async fn of(builder: Builder, name: &str) -> Self {
        Self::patient(builder, name, Duration::from_secs(20)).await
    }

    /// For work that takes the simulator long without optimisation.
    pub async fn patient(builder: Builder, name: &str, total: Duration) -> Self {
        let azure = builder.start().await.expect("starts");
        let folder = tempfile::tempdir().expect("a folder");
        let settings = IdentitySettings { kind: IdentityKind::Secret, customers: Vec::new() };
        let (identity, _) = Identity::read(&settings, &secret_of(&azure, name)).expect("is whole");
        let sentinel = sentinel(vec![patient_account(&azure, "main", &identity, total)], &folder);
        Self { azure, sentinel, folder }
    }

    pub async fn read(
        &self,
        name: &str,
        arguments: Value,
    ) -> Result<(Vec<Value>, Vec<WorkspaceFailure>), Error> {
        let operation = operation(name).unwrap_or_else(|| panic!("there is no {name}"));
        self.sentinel.read(operation, map(arguments), &Call::default()).await?.collect_all().await
    }

    /// Rows of a read in which nothing failed.
    pub async fn rows(&self, name: &str, arguments: Value) -> Vec<Value> {
        let (rows, failures) =
            self.read(name, arguments).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(failures.is_empty(), "{name}: {failures:?}");
        rows
    }

    pub async fn plan(&self, name: &str, arguments: Value) -> Result<Plan, Error> {
        let operation = operation(name).unwrap_or_else(|| panic!("there is no {name}"));
        self.sentinel.plan(operation, map(arguments), &Call::default()).await
    }

    pub async fn apply(&self, name: &str, arguments: Value, plan: &Plan) -> Result<Applied, Error> {
        self.apply_digest(name, arguments, &plan.digest, plan.confirm.as_deref()).await
    }

    pub async fn apply_digest(
        &self,
        name: &str,
        arguments: Value,
        digest: &str,
        confirm: Option<&str>,
    ) -> Result<Applied, Error> {
        let operation = operation(name).unwrap_or_else(|| panic!("there is no {name}"));
        self.sentinel.apply(operation, map(arguments), digest, confirm, &Call::default()).await
    }

    /// Plans a write and applies the plan.
    pub async fn done(&self, name: &str, arguments: Value) -> (Plan, Applied) {
        let plan =
            self.plan(name, arguments.clone()).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let applied =
            self.apply(name, arguments, &plan).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        (plan, applied)
    }

    /// The folder below which files are read and written.
    pub fn backups(&self) -> std::path::PathBuf {
        self.folder.path().join("backups")
    }

    /// Requests that wanted to change something, with their paths.
    pub fn writes(&self) -> Vec<String> {
        self.azure
            .journal()
            .into_iter()
            .filter(|entry| ["PUT", "PATCH", "DELETE"].contains(&entry.method.as_str()))
            .map(|entry| format!("{} {}", entry.method, entry.path))
            .collect()
    }
}

pub fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}
