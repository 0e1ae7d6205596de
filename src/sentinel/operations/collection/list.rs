//! Listing rules and endpoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{What, destinations, listed, sends_here};
use crate::azure::{ResourceId, Surface};
use crate::sentinel::Result;
use crate::sentinel::definition::{Read, Rows};
use crate::sentinel::read::rows_of;
use crate::sentinel::target::{Object, Target};
use crate::sentinel::wildcard::Wildcard;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Rules {
    /// Only rules whose names fit this pattern (* and ?)
    #[schemars(extend("x-aliases" = ["DcrName"]))]
    name: Option<String>,
    /// Those that send elsewhere too
    all_destinations: bool,
    /// Adds the machines that each is associated with
    include_associations: bool,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Endpoints {
    /// Only endpoints whose names fit this pattern (* and ?)
    #[schemars(extend("x-aliases" = ["DceName"]))]
    name: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RuleRow {
    /// Its name
    dcr_name: String,
    /// Windows, Linux, Direct, ...
    kind: Option<String>,
    /// What it is about
    description: Option<String>,
    /// Streams that go in
    streams: Vec<String>,
    /// Streams that come out, which name the tables
    output_streams: Vec<String>,
    /// Its transformations, in the order of its flows
    transformations: Vec<String>,
    /// Workspaces that it sends to
    destinations: Vec<String>,
    /// The id by which senders name it
    immutable_id: Option<String>,
    /// Where records are sent to, if it has an address of its own
    logs_ingestion: Option<String>,
    /// The endpoint it belongs to
    data_collection_endpoint_id: Option<String>,
    /// Machines it is associated with; only with IncludeAssociations
    #[serde(skip_serializing_if = "Option::is_none")]
    associations: Option<Vec<Value>>,
    /// The region
    location: Option<String>,
    /// Etag of this state of it
    etag: Option<String>,
    /// The resource id
    id: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EndpointRow {
    /// Its name
    dce_name: String,
    /// What it is about
    description: Option<String>,
    /// Where records are sent to
    logs_ingestion: Option<String>,
    /// Where agents ask for their configuration
    configuration_access: Option<String>,
    /// Enabled, Disabled or SecuredByPerimeter
    public_network_access: Option<String>,
    /// The region
    location: Option<String>,
    /// Etag of this state of it
    etag: Option<String>,
    /// The resource id
    id: String,
}

impl Read for Rules {
    type Row = RuleRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let name = self.name.as_deref().map(Wildcard::new);
            let mut rows = Vec::new();
            for (rule, raw) in listed(&target, What::Rules).await? {
                let takes = name.as_ref().is_none_or(|name| name.matches(&rule.name()));
                if !takes || !(self.all_destinations || sends_here(&target, &rule)) {
                    continue;
                }
                let associations = match self.include_associations {
                    true => Some(associations(&target, &ResourceId::new(rule.id())).await?),
                    false => None,
                };
                rows.push(target.row(row(&rule, associations), &raw)?);
            }
            Ok(rows)
        })
    }
}

fn row(rule: &Object, associations: Option<Vec<Value>>) -> RuleRow {
    let flows = || rule.at("/properties/dataFlows").as_array().into_iter().flatten();
    let distinct = |texts: &mut dyn Iterator<Item = &str>| {
        let mut all: Vec<String> = Vec::new();
        for text in texts {
            if !all.iter().any(|known| known == text) {
                all.push(text.to_owned());
            }
        }
        all
    };
    RuleRow {
        dcr_name: rule.name(),
        kind: rule.text("/kind"),
        description: rule.text("/properties/description"),
        streams: distinct(
            &mut flows()
                .flat_map(|flow| flow["streams"].as_array().into_iter().flatten())
                .filter_map(Value::as_str),
        ),
        output_streams: distinct(
            &mut flows()
                .filter_map(|flow| flow["outputStream"].as_str().or_else(|| flow["streams"][0].as_str())),
        ),
        transformations: flows()
            .filter_map(|flow| flow["transformKql"].as_str().map(str::to_owned))
            .collect(),
        destinations: destinations(rule).map(|(_, id)| ResourceId::new(id).name().to_owned()).collect(),
        immutable_id: rule.text("/properties/immutableId"),
        logs_ingestion: rule.text("/properties/endpoints/logsIngestion"),
        data_collection_endpoint_id: rule.text("/properties/dataCollectionEndpointId"),
        associations,
        location: rule.text("/location"),
        etag: rule.etag(),
        id: rule.id(),
    }
}

/// What a rule is associated with.
pub(super) async fn associations(target: &Target, rule: &ResourceId) -> Result<Vec<Value>> {
    let request = target.get(&rule.child(&["associations"]), Surface::DataCollection);
    let listed = target.client.list(&target.scope, request).await?;
    Ok(listed
        .iter()
        .filter_map(|raw| Object::of(raw).ok())
        .map(|association| association.id().into())
        .collect())
}

impl Read for Endpoints {
    type Row = EndpointRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let name = self.name.as_deref().map(Wildcard::new);
            let mut rows = Vec::new();
            for (endpoint, raw) in listed(&target, What::Endpoints).await? {
                if name.as_ref().is_some_and(|name| !name.matches(&endpoint.name())) {
                    continue;
                }
                let row = EndpointRow {
                    dce_name: endpoint.name(),
                    description: endpoint.text("/properties/description"),
                    logs_ingestion: endpoint.text("/properties/logsIngestion/endpoint"),
                    configuration_access: endpoint.text("/properties/configurationAccess/endpoint"),
                    public_network_access: endpoint.text("/properties/networkAcls/publicNetworkAccess"),
                    location: endpoint.text("/location"),
                    etag: endpoint.etag(),
                    id: endpoint.id(),
                };
                rows.push(target.row(row, &raw)?);
            }
            Ok(rows)
        })
    }
}
