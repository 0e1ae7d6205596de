//! New rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::list::Severity;
use crate::azure::Surface;
use crate::sentinel::definition::Write;
use crate::sentinel::folder::below;
use crate::sentinel::parameter::word;
use crate::sentinel::plan::{Change, Draft};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::times::{iso_duration, seconds};
use crate::sentinel::{Error, Result};

/// The one template of Fusion.
const FUSION: &str = "f71aba3d-28fb-450b-b192-4e76a83015c8";
/// Longest lookback and frequency, seconds.
const FORTNIGHT: i64 = 14 * 86_400;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
enum NewKind {
    #[default]
    Scheduled,
    #[serde(rename = "NRT")]
    Nrt,
    MicrosoftSecurityIncidentCreation,
    Fusion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
enum Operator {
    #[default]
    GreaterThan,
    LessThan,
    Equal,
    NotEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
enum Aggregation {
    SingleAlert,
    AlertPerResult,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
enum Matching {
    AllEntities,
    AnyAlert,
    Selected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
enum Product {
    #[serde(rename = "Microsoft Cloud App Security")]
    CloudApp,
    #[serde(rename = "Azure Security Center")]
    SecurityCenter,
    #[serde(rename = "Azure Advanced Threat Protection")]
    Identity,
    #[serde(rename = "Azure Active Directory Identity Protection")]
    IdentityProtection,
    #[serde(rename = "Azure Security Center for IoT")]
    Iot,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    /// The rule's display name; wanted unless FromFile has one
    #[schemars(extend("x-aliases" = ["Name"]))]
    display_name: Option<String>,
    /// A file with the rule, below the folder of backups: JSON, ARM template or YAML
    from_file: Option<String>,
    /// What kind of rule
    #[serde(default)]
    kind: NewKind,
    /// Severity of its alerts; wanted for Scheduled and NRT
    severity: Option<Severity>,
    /// The query, in KQL; wanted for Scheduled and NRT
    query: Option<String>,
    /// How often it runs, 5 minutes to 14 days: 1h or PT1H
    query_frequency: Option<String>,
    /// Over what time it looks back, at least the frequency: 1h or PT1H
    query_period: Option<String>,
    /// How the number of results is compared
    #[serde(default)]
    #[schemars(extend("x-words" = {"gt": "GreaterThan", "lt": "LessThan", "eq": "Equal", "ne": "NotEqual"}))]
    trigger_operator: Operator,
    /// With what the number of results is compared
    #[serde(default)]
    #[schemars(range(min = 0, max = 10_000))]
    trigger_threshold: i64,
    /// Pauses the rule after an alert
    #[serde(default)]
    suppression_enabled: bool,
    /// For how long: 5h or PT5H
    #[serde(default = "five_hours")]
    suppression_duration: String,
    /// What the rule is about
    #[schemars(length(max = 5000))]
    description: Option<String>,
    /// Tactics of MITRE ATT&CK, such as CredentialAccess
    #[serde(default)]
    tactics: Vec<String>,
    /// Techniques of MITRE ATT&CK: T1110, or T1078.004 with its sub-technique
    #[serde(default)]
    techniques: Vec<String>,
    /// How results become entities: objects with entityType and fieldMappings
    #[serde(default)]
    #[schemars(length(max = 10))]
    entity_mappings: Vec<Value>,
    /// Columns that alerts carry: name of the detail and of the column
    custom_details: Option<Map<String, Value>>,
    /// One alert for all results, or one for each
    aggregation_kind: Option<Aggregation>,
    /// Makes incidents of alerts
    create_incident: Option<bool>,
    /// Groups alerts into incidents
    grouping_configuration_enabled: Option<bool>,
    /// Opens a closed incident again when an alert fits it
    reopen_closed_incident: Option<bool>,
    /// How far back alerts are grouped: 5h or PT5H
    lookback_duration: Option<String>,
    /// By what alerts are grouped
    entities_matching_method: Option<Matching>,
    /// Entities that alerts are grouped by, with the method Selected
    #[serde(default)]
    group_by_entities: Vec<String>,
    /// The template it is made from
    alert_rule_template_name: Option<String>,
    /// Version of that template
    template_version: Option<String>,
    /// With MicrosoftSecurityIncidentCreation: the product whose alerts become incidents
    product_filter: Option<Product>,
    /// With MicrosoftSecurityIncidentCreation: only alerts of these severities
    #[serde(default)]
    severities_filter: Vec<Severity>,
    /// With MicrosoftSecurityIncidentCreation: only alerts with these names
    #[serde(default)]
    display_names_filter: Vec<String>,
    /// Whether the rule runs at once; true unless FromFile says otherwise
    enabled: Option<bool>,
    /// The rule's id, a GUID; one is made if there is none
    #[schemars(regex(pattern = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$|^BuiltInFusion$"))]
    rule_id: Option<String>,
}

fn five_hours() -> String {
    "PT5H".to_owned()
}

impl Write for New {
    async fn plan(self, target: Target) -> Result<Draft> {
        let wrong = |problems| Error::Arguments { operation: target.operation.to_owned(), problems };
        let (body, file_id) = match &self.from_file {
            Some(path) => {
                let rule = super::file::read(&below(&target.backups, path)?)?;
                (self.over(rule.body), rule.id)
            }
            None => (self.body().map_err(wrong)?, None),
        };
        let name = body["properties"]["displayName"].as_str().unwrap_or("Fusion").to_owned();
        let mut namesakes = Vec::new();
        for raw in super::all(&target).await?.iter() {
            let rule = Object::of(raw)?;
            if rule.text("/properties/displayName").is_some_and(|own| own.eq_ignore_ascii_case(&name)) {
                namesakes.push(rule.name());
            }
        }
        // The same call after it was carried out is another one: a second rule of that name.
        let id = self
            .rule_id
            .clone()
            .or(file_id)
            .unwrap_or_else(|| target.fresh_id(&[&body.to_string(), &namesakes.join(",")]));
        let place = target.sentinel(&["alertRules", &id]);
        if target.find(&place, Surface::AlertRules).await?.is_some() {
            return Err(Error::declined(
                format!("there is a rule with the id {id} already"),
                "Name another RuleId, or remove that rule first.",
            ));
        }
        let kind = body["kind"].as_str().unwrap_or_default();
        let title = format!("create {kind} rule '{name}'");
        let mut draft =
            Draft::of(Change::create(place, Surface::AlertRules, name.clone(), &body).titled(title));
        if !namesakes.is_empty() {
            draft.notices.push(format!("{} rules are called '{name}' already", namesakes.len()));
        }
        Ok(draft)
    }
}

impl New {
    /// A rule of a file, with what was given beside it.
    fn over(&self, mut body: Value) -> Value {
        if let Some(properties) = body["properties"].as_object_mut() {
            if let Some(name) = &self.display_name {
                properties.insert("displayName".to_owned(), name.as_str().into());
            }
            if let Some(severity) = &self.severity {
                properties.insert("severity".to_owned(), word(severity).into());
            }
            let enabled = self.enabled.or(properties.get("enabled").and_then(Value::as_bool)).unwrap_or(true);
            properties.insert("enabled".to_owned(), enabled.into());
        }
        body
    }

    /// The document of the rule, or everything that is wrong with it.
    fn body(&self) -> Result<Value, Vec<String>> {
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
