//! The document of a new rule.

use serde_json::{Map, Value, json};

use super::{Matching, New, NewKind};
use crate::sentinel::parameter::word;
use crate::sentinel::times::{iso_duration, seconds};

/// The one template of Fusion.
const FUSION: &str = "f71aba3d-28fb-450b-b192-4e76a83015c8";
/// Longest lookback and frequency, seconds.
const FORTNIGHT: i64 = 14 * 86_400;

impl New {
    /// The document of the rule, or everything that is wrong with it.
    pub(super) fn body(&self) -> Result<Value, Vec<String>> {
        let mut problems = Vec::new();
        let mut properties = Map::new();
        let enabled = self.enabled.unwrap_or(true);
        match &self.display_name {
            Some(name) => {
                properties.insert("displayName".to_owned(), name.as_str().into());
            }
            None if self.kind == NewKind::Fusion => {}
            None => problems.push("DisplayName is missing".to_owned()),
        }
        properties.insert("enabled".to_owned(), enabled.into());
        if let Some(text) = &self.description {
            properties.insert("description".to_owned(), text.as_str().into());
        }
        for (name, value) in [
            ("alertRuleTemplateName", &self.alert_rule_template_name),
            ("templateVersion", &self.template_version),
        ] {
            if let Some(value) = value {
                properties.insert(name.to_owned(), value.as_str().into());
            }
        }
        match self.kind {
            NewKind::Scheduled => {
                self.detection(&mut properties, &mut problems);
                self.schedule(&mut properties, &mut problems);
            }
            NewKind::Nrt => self.detection(&mut properties, &mut problems),
            NewKind::MicrosoftSecurityIncidentCreation => match &self.product_filter {
                Some(product) => {
                    properties.insert("productFilter".to_owned(), word(product).into());
                    if !self.severities_filter.is_empty() {
                        properties.insert(
                            "severitiesFilter".to_owned(),
                            self.severities_filter.iter().map(word).collect(),
                        );
                    }
                    if !self.display_names_filter.is_empty() {
                        properties.insert(
                            "displayNamesFilter".to_owned(),
                            self.display_names_filter.clone().into(),
                        );
                    }
                }
                None => problems.push(
                    "ProductFilter is missing: the kind MicrosoftSecurityIncidentCreation wants it"
                        .to_owned(),
                ),
            },
            NewKind::Fusion => {
                properties = Map::from_iter([
                    ("enabled".to_owned(), enabled.into()),
                    ("alertRuleTemplateName".to_owned(), FUSION.into()),
                ]);
            }
        }
        if problems.is_empty() {
            Ok(json!({ "kind": word(&self.kind), "properties": properties }))
        } else {
            Err(problems)
        }
    }

    /// What Scheduled and NRT have in common.
    fn detection(&self, properties: &mut Map<String, Value>, problems: &mut Vec<String>) {
        match (&self.severity, self.query.as_deref().filter(|query| !query.trim().is_empty())) {
            (Some(severity), Some(query)) => {
                properties.insert("severity".to_owned(), word(severity).into());
                properties.insert("query".to_owned(), query.into());
            }
            (severity, query) => {
                for (name, missing) in [("Severity", severity.is_none()), ("Query", query.is_none())] {
                    if missing {
                        problems.push(format!("{name} is missing: the kind {} wants it", word(&self.kind)));
                    }
                }
            }
        }
        properties.insert("suppressionEnabled".to_owned(), self.suppression_enabled.into());
        match iso_duration(&self.suppression_duration) {
            Ok(duration) => {
                properties.insert("suppressionDuration".to_owned(), duration.into());
            }
            Err(problem) => problems.push(format!("SuppressionDuration: {problem}")),
        }
        if !self.tactics.is_empty() {
            properties.insert("tactics".to_owned(), self.tactics.clone().into());
        }
        let (mut techniques, mut sub_techniques) = (Vec::<String>::new(), Vec::<String>::new());
        for technique in &self.techniques {
            let main = technique.split('.').next().unwrap_or_default().to_ascii_uppercase();
            if technique.contains('.') {
                sub_techniques.push(technique.to_ascii_uppercase());
            }
            if !techniques.contains(&main) {
                techniques.push(main);
            }
        }
        for (name, list) in [("techniques", techniques), ("subTechniques", sub_techniques)] {
            if !list.is_empty() {
                properties.insert(name.to_owned(), list.into());
            }
        }
        if !self.entity_mappings.is_empty() {
            properties.insert("entityMappings".to_owned(), self.entity_mappings.clone().into());
        }
        if let Some(details) = &self.custom_details {
            if details.len() > 20 {
                problems.push(format!("CustomDetails has {} entries: 20 at most", details.len()));
            }
            properties.insert("customDetails".to_owned(), details.clone().into());
        }
        if let Some(kind) = &self.aggregation_kind {
            properties.insert("eventGroupingSettings".to_owned(), json!({ "aggregationKind": word(kind) }));
        }
        self.incidents(properties, problems);
    }

    fn incidents(&self, properties: &mut Map<String, Value>, problems: &mut Vec<String>) {
        let given = self.create_incident.is_some()
            || self.grouping_configuration_enabled.is_some()
            || self.reopen_closed_incident.is_some()
            || self.lookback_duration.is_some()
            || self.entities_matching_method.is_some()
            || !self.group_by_entities.is_empty();
        if !given {
            return;
        }
        let lookback = match iso_duration(self.lookback_duration.as_deref().unwrap_or("PT5H")) {
            Ok(lookback) => lookback,
            Err(problem) => return problems.push(format!("LookbackDuration: {problem}")),
        };
        let method = self.entities_matching_method.unwrap_or(if self.group_by_entities.is_empty() {
            Matching::AllEntities
        } else {
            Matching::Selected
        });
        properties.insert(
            "incidentConfiguration".to_owned(),
            json!({
                "createIncident": self.create_incident.unwrap_or(true),
                "groupingConfiguration": {
                    "enabled": self.grouping_configuration_enabled.unwrap_or(false),
                    "reopenClosedIncident": self.reopen_closed_incident.unwrap_or(false),
                    "lookbackDuration": lookback,
                    "matchingMethod": word(&method),
                    "groupByEntities": self.group_by_entities,
                    "groupByAlertDetails": [],
                    "groupByCustomDetails": [],
                },
            }),
        );
    }

    fn schedule(&self, properties: &mut Map<String, Value>, problems: &mut Vec<String>) {
        let mut read = |name: &str, text: Option<&str>, otherwise: &str| -> Option<(String, i64)> {
            let text = text.unwrap_or(otherwise);
            match (iso_duration(text), seconds(text)) {
                (Ok(iso), Ok(seconds)) if (300..=FORTNIGHT).contains(&seconds) => Some((iso, seconds)),
                (Ok(_), Ok(_)) => {
                    problems.push(format!("{name} is {text}: 5 minutes to 14 days are allowed"));
                    None
                }
                (Err(problem), _) | (_, Err(problem)) => {
                    problems.push(format!("{name}: {problem}"));
                    None
                }
            }
        };
        let frequency = read("QueryFrequency", self.query_frequency.as_deref(), "1h");
        let otherwise = frequency.as_ref().map_or("1h".to_owned(), |(iso, _)| iso.clone());
        let period = read("QueryPeriod", self.query_period.as_deref(), &otherwise);
        if let (Some((frequency, every)), Some((period, back))) = (frequency, period) {
            if back < every {
                problems.push(format!("QueryPeriod {period} is shorter than QueryFrequency {frequency}: events in between would be missed"));
            }
            properties.insert("queryFrequency".to_owned(), frequency.into());
            properties.insert("queryPeriod".to_owned(), period.into());
        }
        properties.insert("triggerOperator".to_owned(), word(&self.trigger_operator).into());
        properties.insert("triggerThreshold".to_owned(), self.trigger_threshold.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(arguments: Value) -> Result<Value, Vec<String>> {
        serde_json::from_value::<New>(arguments).expect("is read").body()
    }

    #[test]
    fn a_scheduled_rule_has_what_azure_wants() {
        let rule = body(json!({"display_name": "r", "severity": "High", "query": "T", "query_frequency": "1h", "query_period": "1d",
            "techniques": ["T1078.004", "T1078", "t1110"], "group_by_entities": ["Account"]}))
        .expect("is fine");
        let properties = &rule["properties"];
        assert_eq!(rule["kind"], "Scheduled");
        assert_eq!(properties["queryFrequency"], "PT1H");
        assert_eq!(properties["queryPeriod"], "P1D");
        assert_eq!(properties["techniques"], json!(["T1078", "T1110"]));
        assert_eq!(properties["subTechniques"], json!(["T1078.004"]));
        assert_eq!(
            properties["incidentConfiguration"]["groupingConfiguration"]["matchingMethod"],
            "Selected"
        );
        assert_eq!(properties["triggerOperator"], "GreaterThan");
    }

    #[test]
    fn each_kind_says_what_it_lacks() {
        let problems = |arguments| body(arguments).expect_err("is wrong").join("\n");
        let text = problems(json!({"display_name": "r"}));
        assert!(text.contains("Severity is missing") && text.contains("Query is missing"), "{text}");
        let text = problems(
            json!({"display_name": "r", "severity": "Low", "query": "T", "query_frequency": "1d", "query_period": "1h"}),
        );
        assert!(text.contains("shorter"), "{text}");
        let text =
            problems(json!({"display_name": "r", "severity": "Low", "query": "T", "query_frequency": "1m"}));
        assert!(text.contains("5 minutes"), "{text}");
        let text = problems(json!({"display_name": "r", "kind": "MicrosoftSecurityIncidentCreation"}));
        assert!(text.contains("ProductFilter"), "{text}");
        assert!(body(json!({"display_name": "r", "kind": "Fusion"})).is_ok());
        let nrt = body(json!({"display_name": "r", "kind": "NRT", "severity": "Low", "query": "T"}))
            .expect("is fine");
        assert!(nrt["properties"].get("queryFrequency").is_none());
    }
}
