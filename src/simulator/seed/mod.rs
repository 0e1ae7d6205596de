//! The world at its beginning: tenants' subscriptions, workspaces, delegations, and what is in them.

mod builtin;
mod folder;
mod incidents;
mod library;
mod lighthouse;
mod places;
mod workspace;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::clock::stamp;
use super::exchange::Object;
use super::ids::id_of;
use super::logs::schema;
use super::settings::{Settings, StartError};
use super::state::{GROUP, Resource, SUBSCRIPTION, State, WORKSPACE};
use places::Place;

/// Makes the state that the settings ask for.
pub(crate) fn state(settings: &Settings, now: Timestamp) -> Result<State, StartError> {
    let library = match &settings.content {
        Some(folder) => folder::read(folder)?,
        None => builtin::library(),
    };
    let mut state = State::new(settings.seed, now);
    for place in places::all(settings.workspaces) {
        let mut seeding = Seeding { state: &mut state, seed: settings.seed, now };
        seeding.subscription(&place);
        seeding.workspace(&place);
        workspace::fill(&mut seeding, &place, &library, settings.incidents);
    }
    lighthouse::delegate(&mut Seeding { state: &mut state, seed: settings.seed, now });
    Ok(state)
}

/// The tables that a new workspace has.
pub(crate) fn microsoft_tables(state: &mut State, workspace: &str) {
    for name in schema::microsoft_tables() {
        let mut body = Object::new();
        body.insert("properties".to_owned(), json!({"plan": "Analytics", "provisioningState": "Succeeded"}));
        let id = format!("{workspace}/tables/{name}");
        let kind = format!("{WORKSPACE}/tables");
        state.put(Resource { id, resource_type: kind, etag: String::new(), body });
    }
}

/// A state in the making.
struct Seeding<'a> {
    state: &'a mut State,
    seed: u64,
    now: Timestamp,
}

impl Seeding<'_> {
    /// Adds a resource.
    fn put(&mut self, id: impl Into<String>, resource_type: &str, body: Value) {
        let etag = self.state.new_etag(self.now);
        let body = match body {
            Value::Object(body) => body,
            _ => Object::new(),
        };
        self.state.put(Resource { id: id.into(), resource_type: resource_type.to_owned(), etag, body });
    }

    /// A time some hours ago.
    fn ago(&self, hours: i64) -> String {
        stamp(self.now.saturating_sub(SignedDuration::from_hours(hours)).unwrap_or(self.now))
    }

    fn id(&self, label: &str) -> String {
        id_of(self.seed, label)
    }

    fn subscription(&mut self, place: &Place) {
        let id = place.subscription_id();
        if self.state.get(&id).is_none() {
            self.put(
                id.clone(),
                SUBSCRIPTION,
                json!({"tenantId": place.tenant(), "displayName": place.subscription, "state": "Enabled",
                    "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"}}),
            );
        }
        let group = place.group_id();
        self.put(
            group,
            GROUP,
            json!({"location": "westeurope", "tags": {}, "properties": {"provisioningState": "Succeeded"}}),
        );
    }

    fn workspace(&mut self, place: &Place) {
        let created = self.ago(24 * 400);
        let customer = self.id(&format!("customer/{}", place.workspace_id()));
        self.put(
            place.workspace_id(),
            WORKSPACE,
            json!({"location": place.location, "tags": {"environment": place.subscription}, "properties": {
                "customerId": customer, "provisioningState": "Succeeded", "sku": {"name": "PerGB2018"},
                "retentionInDays": place.retention, "features": {"enableLogAccessUsingOnlyResourcePermissions": true, "disableLocalAuth": false},
                "workspaceCapping": {"dailyQuotaGb": -1.0}, "publicNetworkAccessForIngestion": "Enabled",
                "publicNetworkAccessForQuery": "Enabled", "createdDate": created.clone(), "modifiedDate": created}}),
        );
        let id = place.workspace_id();
        microsoft_tables(self.state, &id);
    }
}
