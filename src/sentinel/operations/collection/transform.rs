//! Transformations of rules.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{What, one};
use crate::azure::{ResourceId, Surface};
use crate::sentinel::definition::Write;
use crate::sentinel::plan::{Change, Draft, edited};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Update {
    /// The rule's name
    dcr_name: String,
    /// The transformation, in KQL: it begins with source
    #[schemars(length(min = 1, max = 15360))]
    transform_kql: String,
    /// The stream whose flow is meant, where there are several
    stream: Option<String>,
    /// The flow that is meant, from 0, where there are several
    #[schemars(range(min = 0, max = 100))]
    flow_index: Option<usize>,
    /// Tries it on ten rows of the table first
    #[serde(default)]
    test_query: bool,
}

/// Takes out what only Azure sets.
pub(super) fn writable(properties: &mut Map<String, Value>) {
    for name in ["immutableId", "endpoints", "metadata", "ingestionQuotas"] {
        properties.remove(name);
    }
    // The workspace's customer id is filled in by Azure.
    for destination in properties
        .get_mut("destinations")
        .and_then(|all| all["logAnalytics"].as_array_mut())
        .into_iter()
        .flatten()
    {
        if let Some(fields) = destination.as_object_mut() {
            fields.remove("workspaceId");
        }
    }
}

impl Write for Update {
    async fn plan(self, target: Target) -> Result<Draft> {
        let before = one(&target, What::Rules, &self.dcr_name).await?;
        let rule = Object::of(&before)?;
        let flows: Vec<Value> = rule.at("/properties/dataFlows").as_array().cloned().unwrap_or_default();
        let of_stream = |flow: &Value| {
            self.stream.as_ref().is_none_or(|wanted| {
                flow["streams"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|own| own.as_str().is_some_and(|own| own.eq_ignore_ascii_case(wanted)))
            })
        };
        let meant: Vec<usize> = (0..flows.len())
            .filter(|at| self.flow_index.is_none_or(|wanted| wanted == *at) && of_stream(&flows[*at]))
            .collect();
        let [at] = meant.as_slice() else {
            return Err(Error::Object {
                what: format!(
                    "{} flows of {} fit: name one with Stream or FlowIndex",
                    meant.len(),
                    rule.name()
                ),
                candidates: flows
                    .iter()
                    .enumerate()
                    .map(|(at, flow)| format!("{at}: {}", flow["streams"]))
                    .collect(),
            });
        };
        let old = flows[*at]["transformKql"].as_str().unwrap_or("source").to_owned();
        if old == self.transform_kql {
            return Ok(Draft { unchanged: vec![format!("rule {}", rule.name())], ..Draft::default() });
        }
        let mut notices = Vec::new();
        if self.test_query {
            notices.push(self.tried(&target, &flows[*at]).await?);
        }
        let after = edited(&before, |properties| {
            writable(properties);
            if let Some(flow) = properties.get_mut("dataFlows").and_then(|flows| flows.get_mut(*at)) {
                flow["transformKql"] = self.transform_kql.as_str().into();
            }
        })?;
        let title = format!("change the transformation of {}", rule.name());
        let place = ResourceId::new(rule.id());
        let change =
            Change::replace(place, Surface::DataCollection, rule.name(), before, &after).titled(title);
        Ok(Draft { changes: vec![change], notices, ..Draft::default() })
    }
}

impl Update {
    /// Runs it over rows of the table that the flow fills.
    async fn tried(&self, target: &Target, flow: &Value) -> Result<String> {
        let stream =
            flow["outputStream"].as_str().or_else(|| flow["streams"][0].as_str()).unwrap_or_default();
        let table = stream.split_once('-').map_or(stream, |(_, table)| table);
        if table.is_empty() || !table.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(Error::declined("the flow names no table to try it on", "Leave TestQuery away."));
        }
        let text = format!("let source = {table} | take 10;\n{}", self.transform_kql);
        let answer = target.query(&text, Some("P7D".to_owned())).await?;
        Ok(format!("tried on {table}: {} rows of at most 10 remain, columns {}", answer.table.rows.len(), {
            let names: Vec<&str> = answer.table.columns.iter().map(|column| column.name.as_str()).collect();
            names.join(", ")
        }))
    }
}
