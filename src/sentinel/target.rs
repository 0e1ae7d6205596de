//! What an operation has at hand in one workspace.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::account::Account;
use super::cache::{Cache, Family};
use super::inventory::Inventory;
use super::workspace::{Selection, Workspace};
use super::{Error, Result};
use crate::azure::{Client, Kind, LogsAnswer, LogsQuery, Method, Request, ResourceId, Scope, Surface};

/// One workspace, the identity that sees it, and the call.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) operation: &'static str,
    pub(crate) workspace: Arc<Workspace>,
    pub(crate) client: Client,
    pub(crate) scope: Scope,
    pub(crate) cache: Cache,
    pub(crate) raw: bool,
    pub(crate) fresh: bool,
    pub(crate) now: jiff::Timestamp,
    /// Below it, folders of exports and backups lie.
    pub(crate) backups: PathBuf,
    /// All workspaces that are seen, and who sees them.
    pub(crate) inventory: Arc<Inventory>,
    pub(crate) accounts: Arc<Vec<Account>>,
}

impl Target {
    /// The same in another workspace: by name, id, customer id, or `SUBSCRIPTION/GROUP/NAME` as queries have it.
    ///
    /// # Errors
    /// [`Error::Workspace`] if none is meant, or more than one.
    pub(crate) fn other(&self, name: &str) -> Result<Self> {
        let mut selection = Selection::default();
        let short = match name.rsplit('/').collect::<Vec<_>>().as_slice() {
            [short, group, ..] if !name.starts_with('/') => {
                selection.resource_group = Some((*group).to_owned());
                short
            }
            _ => name,
        };
        selection.workspaces = vec![short.to_owned()];
        let mut chosen = selection.choose(&self.inventory.workspaces, None)?;
        if chosen.len() > 1 {
            return Err(Error::Workspace {
                what: format!("{name:?} is the name of {} workspaces", chosen.len()),
                candidates: chosen.iter().map(|workspace| workspace.id.to_string()).collect(),
            });
        }
        let workspace = chosen.remove(0);
        let client = self.accounts[workspace.account].client.clone();
        Ok(Self { workspace, client, ..self.clone() })
    }

    /// A resource of Sentinel: `["incidents", id]`.
    pub(crate) fn sentinel(&self, path: &[&str]) -> ResourceId {
        self.workspace.id.child(&["providers", "Microsoft.SecurityInsights"]).child(path)
    }

    /// A resource of `Microsoft.Insights` in the workspace's resource group.
    pub(crate) fn insights(&self, path: &[&str]) -> ResourceId {
        self.workspace.id.beside(&["Microsoft.Insights"]).child(path)
    }

    pub(crate) fn get(&self, id: &ResourceId, surface: Surface) -> Request {
        self.client.request(Method::Get, id, surface)
    }

    /// Reads an object as Azure wrote it.
    pub(crate) async fn read(&self, id: &ResourceId, surface: Surface) -> Result<Box<RawValue>> {
        self.read_request(&self.get(id, surface)).await
    }

    pub(crate) async fn read_request(&self, request: &Request) -> Result<Box<RawValue>> {
        Ok(self.client.send(&self.scope, request).await?.read()?)
    }

    /// Reads an object; `None` if it is not there.
    pub(crate) async fn find(&self, id: &ResourceId, surface: Surface) -> Result<Option<Box<RawValue>>> {
        self.find_request(&self.get(id, surface)).await
    }

    pub(crate) async fn find_request(&self, request: &Request) -> Result<Option<Box<RawValue>>> {
        match self.read_request(request).await {
            Ok(object) => Ok(Some(object)),
            Err(Error::Azure(error)) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A short list, from the cache if it is there.
    pub(crate) async fn list(&self, family: Family, request: Request) -> Result<Arc<Vec<Box<RawValue>>>> {
        let fetch = || async { Ok(self.client.list(&self.scope, request.clone()).await?) };
        self.cache.list(family, &self.workspace, &request, self.fresh, fetch).await
    }

    /// Runs a query of this workspace.
    pub(crate) async fn query(&self, text: &str, timespan: Option<String>) -> Result<LogsAnswer> {
        let query = LogsQuery::new(&self.workspace.customer_id, text, timespan);
        Ok(self.client.query_logs(&self.scope, &query).await?)
    }

    /// A row as the call wants it: flat, or as Azure wrote it.
    pub(crate) fn row(&self, row: impl Serialize, raw: &RawValue) -> Result<Value> {
        let value = if self.raw { serde_json::from_str(raw.get()) } else { serde_json::to_value(row) };
        value.map_err(|error| unreadable(&error))
    }

    /// Adds tenant and workspace in front.
    pub(crate) fn stamp(&self, row: Value) -> Value {
        let Value::Object(mut fields) = row else { return row };
        let mut stamped = Map::with_capacity(fields.len() + 2);
        stamped.insert("TenantName".to_owned(), self.workspace.tenant_name.clone().into());
        stamped.insert("WorkspaceName".to_owned(), self.workspace.name.clone().into());
        stamped.append(&mut fields);
        Value::Object(stamped)
    }
}

/// An object of Azure that is read field by field. What is not there reads as nothing.
#[derive(Debug, Clone)]
pub(crate) struct Object(pub(crate) Value);

impl Object {
    pub(crate) fn of(raw: &RawValue) -> Result<Self> {
        serde_json::from_str(raw.get()).map(Self).map_err(|error| unreadable(&error))
    }

    /// The value at a path of names such as `/properties/severity`. Unlike those of [`Value::pointer`] they are taken as they are,
    /// which spares each of them two copies.
    pub(crate) fn at(&self, path: &str) -> &Value {
        let mut names = path.split('/').skip(1);
        names.try_fold(&self.0, |value, name| value.get(name)).unwrap_or(&Value::Null)
    }

    pub(crate) fn text(&self, path: &str) -> Option<String> {
        self.at(path).as_str().map(str::to_owned)
    }

    pub(crate) fn texts(&self, path: &str) -> Vec<String> {
        self.at(path)
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect()
    }

    /// A property, also where older answers spell its name with a capital.
    pub(crate) fn property(&self, name: &str) -> Option<String> {
        let mut capital = name.to_owned();
        if let Some(first) = capital.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        self.text(&format!("/properties/{name}")).or_else(|| self.text(&format!("/properties/{capital}")))
    }

    pub(crate) fn flag(&self, path: &str) -> Option<bool> {
        self.at(path).as_bool()
    }

    pub(crate) fn number(&self, path: &str) -> Option<i64> {
        self.at(path).as_i64()
    }

    /// Name of the resource: the last part of its id.
    pub(crate) fn name(&self) -> String {
        self.text("/name").unwrap_or_default()
    }

    pub(crate) fn id(&self) -> String {
        self.text("/id").unwrap_or_default()
    }

    pub(crate) fn etag(&self) -> Option<String> {
        self.text("/etag")
    }
}

fn unreadable(error: &serde_json::Error) -> Error {
    crate::azure::Error::new(Kind::ServiceFailed, format!("an object of Azure cannot be read: {error}"))
        .into()
}

impl Target {
    /// An id for a new object. The same call in the same circumstances gets the same one, so that a plan and its
    /// application agree; `parts` are what makes the circumstances.
    pub(crate) fn fresh_id(&self, parts: &[&str]) -> String {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        for part in [self.operation, self.workspace.id.as_str()].iter().chain(parts) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
    }
}
