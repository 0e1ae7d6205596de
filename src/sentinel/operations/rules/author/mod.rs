//! New rules.

mod document;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::list::Severity;
use crate::azure::Surface;
use crate::sentinel::content::{ContentKind, files};
use crate::sentinel::definition::Write;
use crate::sentinel::parameter::word;
use crate::sentinel::plan::{Change, Draft};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

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
                let rule = files::read_one(&target.backups, path, ContentKind::AnalyticsRules)?;
                (self.over(rule.body), rule.name)
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
}
