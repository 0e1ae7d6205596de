//! Sources of data in a rule.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{What, destinations, one};
use crate::azure::{ResourceId, Surface};
use crate::sentinel::definition::Write;
use crate::sentinel::plan::{Change, Draft, edited};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(super) enum SourceKind {
    WindowsEventLogs,
    Syslog,
    PerformanceCounters,
    LogFiles,
    IisLogs,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Add {
    /// The rule's name
    dcr_name: String,
    /// What is collected
    data_source_type: SourceKind,
    /// Name of the source within the rule
    name: Option<String>,
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
    /// Destination within the rule; the first that is this workspace unless given
    destination: Option<String>,
    /// The transformation, in KQL
    transform_kql: Option<String>,
}

/// A source, as its parameters say.
pub(super) struct Source<'a> {
    pub(super) kind: SourceKind,
    pub(super) name: Option<&'a str>,
    pub(super) x_path_queries: &'a [String],
    pub(super) facility_names: &'a [String],
    pub(super) log_levels: &'a [String],
    pub(super) counter_specifiers: &'a [String],
    pub(super) sampling: Option<i64>,
    pub(super) file_patterns: &'a [String],
    pub(super) streams: &'a [String],
}

impl Source<'_> {
    /// Adds the source and its flow to a rule's properties.
    ///
    /// # Errors
    /// What is missing.
    pub(super) fn add_to(
        &self,
        properties: &mut Map<String, Value>,
        destination: &str,
        transform: Option<&str>,
    ) -> Result<(), String> {
        let wants = |name: &str, list: &[String]| {
            if list.is_empty() { Err(format!("{name} is missing: this source wants it")) } else { Ok(()) }
        };
        let (section, usual, more) = match self.kind {
            SourceKind::WindowsEventLogs => {
                wants("XPathQueries", self.x_path_queries)?;
                (
                    "windowsEventLogs",
                    "Microsoft-SecurityEvent",
                    json!({ "xPathQueries": self.x_path_queries }),
                )
            }
            SourceKind::Syslog => {
                wants("FacilityNames", self.facility_names)?;
                wants("LogLevels", self.log_levels)?;
                (
                    "syslog",
                    "Microsoft-Syslog",
                    json!({ "facilityNames": self.facility_names, "logLevels": self.log_levels }),
                )
            }
            SourceKind::PerformanceCounters => {
                wants("CounterSpecifiers", self.counter_specifiers)?;
                let fields = json!({ "counterSpecifiers": self.counter_specifiers, "samplingFrequencyInSeconds": self.sampling.unwrap_or(60) });
                ("performanceCounters", "Microsoft-Perf", fields)
            }
            SourceKind::LogFiles => {
                wants("FilePatterns", self.file_patterns)?;
                wants("Streams", self.streams)?;
                let fields = json!({ "filePatterns": self.file_patterns, "format": "text", "settings": { "text": { "recordStartTimestampFormat": "ISO 8601" } } });
                ("logFiles", "", fields)
            }
            SourceKind::IisLogs => ("iisLogs", "Microsoft-W3CIISLog", json!({})),
        };
        let streams: Vec<String> =
            if self.streams.is_empty() { vec![usual.to_owned()] } else { self.streams.to_vec() };
        let sources = properties.entry("dataSources").or_insert_with(|| json!({}));
        let Some(sources) = sources.as_object_mut() else {
            return Err("the rule's dataSources are no object".to_owned());
        };
        let list = sources.entry(section).or_insert_with(|| json!([]));
        let Some(list) = list.as_array_mut() else { return Err(format!("the rule's {section} are no list")) };
        let name = self.name.map_or_else(|| format!("{section}-{}", list.len() + 1), str::to_owned);
        if list
            .iter()
            .any(|source| source["name"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(&name)))
        {
            return Err(format!("the rule has a source {name} already"));
        }
        let mut source = json!({ "name": name, "streams": streams });
        if let (Some(source), Some(more)) = (source.as_object_mut(), more.as_object()) {
            source.extend(more.clone());
        }
        list.push(source);
        let mut flow = json!({ "streams": streams, "destinations": [destination] });
        if let Some(transform) = transform {
            flow["transformKql"] = transform.into();
        }
        let flows = properties.entry("dataFlows").or_insert_with(|| json!([]));
        let Some(flows) = flows.as_array_mut() else {
            return Err("the rule's dataFlows are no list".to_owned());
        };
        let covered = flows
            .iter()
            .any(|own| own["streams"] == flow["streams"] && own["destinations"] == flow["destinations"]);
        if !covered || transform.is_some() {
            flows.push(flow);
        }
        Ok(())
    }
}

impl Write for Add {
    async fn plan(self, target: Target) -> Result<Draft> {
        let before = one(&target, What::Rules, &self.dcr_name).await?;
        let rule = Object::of(&before)?;
        let destination = match &self.destination {
            Some(name) => name.clone(),
            None => destinations(&rule)
                .find(|(_, id)| ResourceId::new(*id) == target.workspace.id)
                .map(|(name, _)| name.to_owned())
                .ok_or_else(|| {
                    Error::declined(
                        format!("{} does not send to {}", rule.name(), target.workspace.name),
                        "Name a Destination of the rule.",
                    )
                })?,
        };
        let source = Source {
            kind: self.data_source_type,
            name: self.name.as_deref(),
            x_path_queries: &self.x_path_queries,
            facility_names: &self.facility_names,
            log_levels: &self.log_levels,
            counter_specifiers: &self.counter_specifiers,
            sampling: self.sampling_frequency_in_seconds,
            file_patterns: &self.file_patterns,
            streams: &self.streams,
        };
        let mut problem = None;
        let after = edited(&before, |properties| {
            super::transform::writable(properties);
            problem = source.add_to(properties, &destination, self.transform_kql.as_deref()).err();
        })?;
        if let Some(problem) = problem {
            return Err(Error::arguments(target.operation, problem));
        }
        let title = format!(
            "add a source of {} to {}",
            crate::sentinel::parameter::word(&self.data_source_type),
            rule.name()
        );
        let place = ResourceId::new(rule.id());
        Ok(Draft::of(
            Change::replace(place, Surface::DataCollection, rule.name(), before, &after).titled(title),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_comes_with_its_flow_and_says_what_it_lacks() {
        let none: &[String] = &[];
        let queries = ["Security!*".to_owned()];
        let mut source = Source {
            kind: SourceKind::WindowsEventLogs,
            name: None,
            x_path_queries: &queries,
            facility_names: none,
            log_levels: none,
            counter_specifiers: none,
            sampling: None,
            file_patterns: none,
            streams: none,
        };
        let mut properties = Map::new();
        source.add_to(&mut properties, "law", None).expect("is fine");
        assert_eq!(properties["dataSources"]["windowsEventLogs"][0]["xPathQueries"], json!(["Security!*"]));
        assert_eq!(
            properties["dataFlows"],
            json!([{"streams": ["Microsoft-SecurityEvent"], "destinations": ["law"]}])
        );
        source.kind = SourceKind::Syslog;
        assert!(
            source.add_to(&mut properties, "law", None).is_err_and(|text| text.contains("FacilityNames"))
        );
    }
}
