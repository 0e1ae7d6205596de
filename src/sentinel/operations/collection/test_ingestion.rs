//! Sending a record, to see whether it arrives.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{What, one};
use crate::azure::{ResourceId, Surface, smallest_role};
use crate::sentinel::definition::Write;
use crate::sentinel::plan::{Change, Draft, Ingest};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Test {
    /// The rule's name
    dcr_name: String,
    /// The stream, where the rule declares several
    stream_name: Option<String>,
    /// The record; one is made from the declaration if there is none
    record: Option<Map<String, Value>>,
    /// Waits until the record can be queried
    #[serde(default)]
    wait_for_data: bool,
    /// Seconds to wait for that at most
    #[serde(default = "ten_minutes")]
    #[schemars(range(min = 1, max = 3600))]
    timeout_sec: u64,
    /// Sends nothing: holds the record against the stream, and looks whether this identity may send
    #[serde(default)]
    dry_run: bool,
}

fn ten_minutes() -> u64 {
    600
}

impl Write for Test {
    async fn plan(self, target: Target) -> Result<Draft> {
        let rule = Object::of(&one(&target, What::Rules, &self.dcr_name).await?)?;
        let declared = rule.at("/properties/streamDeclarations").as_object().cloned().unwrap_or_default();
        let stream = match &self.stream_name {
            Some(name) => declared.keys().find(|own| own.eq_ignore_ascii_case(name)),
            None if declared.len() == 1 => declared.keys().next(),
            None => None,
        };
        let Some(stream) = stream else {
            return Err(Error::Object {
                what: format!(
                    "{} declares {} streams, and which is meant is not clear",
                    rule.name(),
                    declared.len()
                ),
                candidates: declared.keys().cloned().collect(),
            });
        };
        let columns: Vec<(&str, &str)> = declared[stream]["columns"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|column| Some((column["name"].as_str()?, column["type"].as_str()?)))
            .collect();
        // The same within a minute, so that a plan and its application agree; rows like it are counted, not looked for.
        let minute = target.now.as_second() / 60 * 60;
        let time = jiff::Timestamp::from_second(minute).unwrap_or(target.now);
        let marker = target.fresh_id(&[&rule.id(), stream]);
        let record = match &self.record {
            Some(record) => record.clone(),
            None => {
                columns.iter().map(|(name, kind)| ((*name).to_owned(), sample(kind, &marker, time))).collect()
            }
        };
        let mut notices = Vec::new();
        let strangers: Vec<&str> = record
            .keys()
            .map(String::as_str)
            .filter(|name| !columns.iter().any(|(own, _)| own == name))
            .collect();
        if !strangers.is_empty() {
            notices.push(format!("the stream does not declare {}: they are dropped", strangers.join(", ")));
        }
        for (name, kind) in &columns {
            if let Some(value) = record.get(*name).filter(|value| !is_of(kind, value)) {
                notices.push(format!("{name} is of type {kind}, and {value} is not: it will be empty"));
            }
        }
        if self.dry_run {
            notices.push(may_send(&target, &rule).await);
            let fits = format!("a record for the stream {stream} of {}", rule.name());
            return Ok(Draft { notices, unchanged: vec![fits], ..Draft::default() });
        }
        let arrival = match self.wait_for_data {
            true => Some((self.counting(&target, &rule, stream, &record)?, self.timeout_sec)),
            false => None,
        };
        let ingest = Ingest {
            endpoint: endpoint(&target, &rule).await?,
            rule: rule.text("/properties/immutableId").unwrap_or_default(),
            stream: stream.clone(),
            arrival,
        };
        let change = Change::record(ResourceId::new(rule.id()), rule.name(), &Value::Object(record), ingest);
        Ok(Draft { changes: vec![change], notices, ..Draft::default() })
    }
}

impl Test {
    /// A query that counts rows with one of the record's texts.
    fn counting(
        &self,
        target: &Target,
        rule: &Object,
        stream: &str,
        record: &Map<String, Value>,
    ) -> Result<String> {
        let flows = rule.at("/properties/dataFlows").as_array().into_iter().flatten();
        let mut meant = flows.filter(|flow| {
            flow["streams"].as_array().into_iter().flatten().any(|own| own.as_str() == Some(stream))
        });
        let output = meant.find_map(|flow| flow["outputStream"].as_str()).unwrap_or(stream);
        let table = output.split_once('-').map_or(output, |(_, table)| table);
        let plain =
            |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        // A time would fit too many rows, or none: it may be written another way.
        let mark = record.iter().find_map(|(name, value)| {
            value
                .as_str()
                .filter(|text| plain(name) && text.parse::<jiff::Timestamp>().is_err())
                .map(|text| (name, text))
        });
        match mark {
            Some((name, text)) if plain(table) => {
                let text = text.replace('\\', "\\\\").replace('\'', "\\'");
                Ok(format!("{table} | where {name} == '{text}' | summarize Rows = count()"))
            }
            _ => Err(Error::arguments(
                target.operation,
                "WaitForData wants a record with a text in it, and a flow that names a table",
            )),
        }
    }
}

/// Whether Azure takes a value for a column of this type.
fn is_of(kind: &str, value: &Value) -> bool {
    match (kind, value) {
        (_, Value::Null) | ("dynamic" | "string", _) => true,
        ("int" | "long", value) => value.is_i64() || value.is_u64(),
        ("real", value) => value.is_number(),
        ("boolean", value) => value.is_boolean(),
        ("datetime", value) => value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
        _ => true,
    }
}

/// Whether this identity may send records to the rule, in words.
async fn may_send(target: &Target, rule: &Object) -> String {
    const ACTION: &str = "Microsoft.Insights/Telemetry/Write";
    let id = ResourceId::new(rule.id());
    let role = || {
        let role = smallest_role(ACTION).map(|role| (role.name, role.command(None, Some(id.as_str()))));
        role.map(|(name, command)| format!("the role '{name}': {command}")).unwrap_or_default()
    };
    match target.client.permissions(&target.scope, &id).await {
        Ok(held) if held.allow(ACTION) => "this identity may send records to the rule".to_owned(),
        Ok(_) => format!("this identity may not send records to the rule; it needs {}", role()),
        Err(error) => format!("it is not known whether this identity may send records to the rule: {error}"),
    }
}

/// Where records of the rule go: its own address, or that of its endpoint.
async fn endpoint(target: &Target, rule: &Object) -> Result<String> {
    if let Some(own) = rule.text("/properties/endpoints/logsIngestion") {
        return Ok(own);
    }
    let Some(id) = rule.text("/properties/dataCollectionEndpointId") else {
        return Err(Error::declined(
            format!(
                "{} has no address: it is of kind {}",
                rule.name(),
                rule.text("/kind").unwrap_or_default()
            ),
            "Only rules of kind Direct, or with a data collection endpoint, take records.",
        ));
    };
    let endpoint = Object::of(&target.read(&ResourceId::new(id), Surface::DataCollection).await?)?;
    endpoint.text("/properties/logsIngestion/endpoint").ok_or_else(|| {
        Error::declined(format!("{} has no address for records", endpoint.name()), "Look at the endpoint.")
    })
}

/// A value of a type; texts carry the marker.
fn sample(kind: &str, marker: &str, time: jiff::Timestamp) -> Value {
    match kind {
        "datetime" => time.to_string().into(),
        "int" | "long" => 1.into(),
        "real" => 1.5.into(),
        "boolean" => true.into(),
        "dynamic" => serde_json::json!({ "marker": marker }),
        _ => marker.into(),
    }
}
