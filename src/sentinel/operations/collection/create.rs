//! New rules and endpoints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::sources::{Source, SourceKind};
use super::{What, one};
use crate::azure::{ResourceId, Surface};
use crate::sentinel::content::{ContentKind, files};
use crate::sentinel::definition::Write;
use crate::sentinel::parameter::word;
use crate::sentinel::plan::{Change, Draft};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

/// Name of the workspace within a rule.
const DESTINATION: &str = "workspace";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForTable {
    /// The table
    table_name: String,
    /// The rule's name; dcr- and the table's unless given
    dcr_name: Option<String>,
    /// Name of the endpoint; without one, the rule has an address of its own
    dce_name: Option<String>,
    /// Id of the endpoint, instead of its name
    dce_id: Option<String>,
    /// The transformation, in KQL
    #[serde(default = "source")]
    transform_kql: String,
    /// Name of the stream; Custom- and the table's unless given
    stream_name: Option<String>,
    /// The region; the workspace's unless given
    location: Option<String>,
}

fn source() -> String {
    "source".to_owned()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
enum RuleKind {
    Windows,
    Linux,
    Direct,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Standalone {
    /// The rule's name
    #[schemars(extend("x-aliases" = ["Name"]), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"))]
    dcr_name: String,
    /// For what kind of machines
    kind: Option<RuleKind>,
    /// The whole rule, or its properties, as an object
    definition: Option<Map<String, Value>>,
    /// A file below the folder of backups with the rule, instead of Definition: JSON as Azure has it, an ARM template, or YAML
    from_file: Option<String>,
    /// What is collected, instead of Definition
    data_source_type: Option<SourceKind>,
    /// Of Windows events: XPath queries
    #[serde(default)]
    x_path_queries: Vec<String>,
    /// Of syslog: facilities
    #[serde(default)]
    facility_names: Vec<String>,
    /// Of syslog: levels
    #[serde(default)]
    log_levels: Vec<String>,
    /// Of performance counters: their paths
    #[serde(default)]
    counter_specifiers: Vec<String>,
    /// Of performance counters: seconds between two samples
    #[schemars(range(min = 1, max = 1800))]
    sampling_frequency_in_seconds: Option<i64>,
    /// Of log files: patterns of their paths
    #[serde(default)]
    file_patterns: Vec<String>,
    /// Streams, where the usual one does not do
    #[serde(default)]
    streams: Vec<String>,
    /// The transformation, in KQL
    transform_kql: Option<String>,
    /// The region; the workspace's unless given
    location: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
enum Access {
    #[default]
    Enabled,
    Disabled,
    SecuredByPerimeter,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endpoint {
    /// The endpoint's name
    #[schemars(extend("x-aliases" = ["Name"]), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_.-]{2,43}$"))]
    dce_name: String,
    /// The region; the workspace's unless given
    location: Option<String>,
    /// Who may reach it
    #[serde(default)]
    public_network_access: Access,
    /// For what kind of machines: Windows or Linux
    kind: Option<String>,
}

impl Write for ForTable {
    async fn plan(self, target: Target) -> Result<Draft> {
        let place = target.workspace.id.child(&["tables", &self.table_name]);
        let Some(raw) = target.find(&place, Surface::OperationalInsights).await? else {
            return Err(Error::Object {
                what: format!(
                    "there is no table {:?} in {}: create it first",
                    self.table_name, target.workspace.name
                ),
                candidates: vec!["New-SentinelTable".to_owned()],
            });
        };
        let table = Object::of(&raw)?;
        let name = table.name();
        let custom = name.ends_with("_CL");
        let mut declared: Vec<Value> = Vec::new();
        let mut casts = Vec::new();
        for column in table.at("/properties/schema/columns").as_array().into_iter().flatten() {
            let Some(column_name) = column["name"].as_str() else { continue };
            // A stream has no guid, and writes datetime in lower case.
            let kind = match column["type"].as_str().unwrap_or("string") {
                "dateTime" => "datetime",
                "guid" => {
                    casts.push(format!("{column_name} = toguid({column_name})"));
                    "string"
                }
                other => other,
            };
            declared.push(json!({ "name": column_name, "type": kind }));
        }
        let mut notices = Vec::new();
        let mut transform = self.transform_kql.clone();
        if !casts.is_empty() && transform.trim() == "source" {
            transform = format!("source | extend {}", casts.join(", "));
            notices.push(
                "streams have no guid: those columns come as text and are turned into guids".to_owned(),
            );
        }
        let stream = self.stream_name.clone().unwrap_or_else(|| format!("Custom-{name}"));
        if !stream.starts_with("Custom-") {
            return Err(Error::arguments(
                target.operation,
                format!("StreamName {stream:?}: names of declared streams begin with Custom-"),
            ));
        }
        let endpoint = match (&self.dce_id, &self.dce_name) {
            (Some(_), Some(_)) => {
                return Err(Error::arguments(target.operation, "DceName and DceId exclude each other"));
            }
            (Some(id), None) => Some(id.clone()),
            (None, Some(name)) => Some(Object::of(&one(&target, What::Endpoints, name).await?)?.id()),
            (None, None) => None,
        };
        let mut properties = json!({
            "streamDeclarations": { stream.clone(): { "columns": declared } },
            "destinations": here(&target),
            "dataFlows": [{
                "streams": [stream],
                "destinations": [DESTINATION],
                "transformKql": transform,
                "outputStream": if custom { format!("Custom-{name}") } else { format!("Microsoft-{name}") },
            }],
        });
        let mut body =
            json!({ "location": self.location.clone().unwrap_or_else(|| target.workspace.location.clone()) });
        match endpoint {
            Some(id) => properties["dataCollectionEndpointId"] = id.into(),
            None => body["kind"] = "Direct".into(),
        }
        body["properties"] = properties;
        let dcr = self
            .dcr_name
            .clone()
            .unwrap_or_else(|| format!("dcr-{}", name.replace('_', "-").to_ascii_lowercase()));
        let mut draft = create(&target, What::Rules, &dcr, &body).await?;
        draft.notices.extend(notices);
        Ok(draft)
    }
}

impl Write for Standalone {
    async fn plan(self, target: Target) -> Result<Draft> {
        let mut body = Map::new();
        let read = match &self.from_file {
            Some(path) => {
                let piece = files::read_one(&target.backups, path, ContentKind::DataCollectionRules)?;
                piece.body.as_object().cloned()
            }
            None => None,
        };
        let properties = match (&self.definition, &read, self.data_source_type) {
            (Some(definition), None, None) | (None, Some(definition), None) => {
                // The whole object, or only what is in its properties.
                if let Some(Value::Object(properties)) = definition.get("properties") {
                    body.extend(
                        definition
                            .iter()
                            .filter(|(name, _)| {
                                ["kind", "tags", "location", "identity"].contains(&name.as_str())
                            })
                            .map(|(name, value)| (name.clone(), value.clone())),
                    );
                    properties.clone()
                } else {
                    definition.clone()
                }
            }
            (None, None, Some(kind)) => {
                let source = Source {
                    kind,
                    name: None,
                    x_path_queries: &self.x_path_queries,
                    facility_names: &self.facility_names,
                    log_levels: &self.log_levels,
                    counter_specifiers: &self.counter_specifiers,
                    sampling: self.sampling_frequency_in_seconds,
                    file_patterns: &self.file_patterns,
                    streams: &self.streams,
                };
                let mut properties = Map::from_iter([("destinations".to_owned(), here(&target))]);
                source
                    .add_to(&mut properties, DESTINATION, self.transform_kql.as_deref())
                    .map_err(|problem| Error::arguments(target.operation, problem))?;
                properties
            }
            _ => {
                return Err(Error::arguments(
                    target.operation,
                    "one of Definition, FromFile and DataSourceType is wanted",
                ));
            }
        };
        if let Some(kind) = &self.kind {
            body.insert("kind".to_owned(), word(kind).into());
        }
        let location = self.location.clone().unwrap_or_else(|| target.workspace.location.clone());
        body.entry("location").or_insert(location.into());
        body.insert("properties".to_owned(), Value::Object(properties));
        create(&target, What::Rules, &self.dcr_name, &Value::Object(body)).await
    }
}

impl Write for Endpoint {
    async fn plan(self, target: Target) -> Result<Draft> {
        let mut body = json!({
            "location": self.location.clone().unwrap_or_else(|| target.workspace.location.clone()),
            "properties": { "networkAcls": { "publicNetworkAccess": word(&self.public_network_access) } },
        });
        if let Some(kind) = &self.kind {
            body["kind"] = kind.as_str().into();
        }
        create(&target, What::Endpoints, &self.dce_name, &body).await
    }
}

/// The workspace as a destination.
fn here(target: &Target) -> Value {
    json!({ "logAnalytics": [{ "name": DESTINATION, "workspaceResourceId": target.workspace.id.as_str() }] })
}

async fn create(target: &Target, what: What, name: &str, body: &Value) -> Result<Draft> {
    let place: ResourceId = target.insights(&[what.segment(), name]);
    if target.find(&place, Surface::DataCollection).await?.is_some() {
        return Err(Error::declined(
            format!("there is a {} {name} already, and creating it anew would replace it", what.word()),
            "Take another name, or change the one that is there.",
        ));
    }
    Ok(Draft::of(
        Change::create(place, Surface::DataCollection, name, body)
            .titled(format!("create {} {name}", what.word())),
    ))
}
