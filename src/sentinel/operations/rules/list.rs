//! Listing rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sentinel::definition::{Read, Rows};
use crate::sentinel::parameter::word;
use crate::sentinel::read::rows_of;
use crate::sentinel::target::{Object, Target};
use crate::sentinel::wildcard::Wildcard;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum RuleKind {
    Scheduled,
    #[serde(rename = "NRT")]
    Nrt,
    Fusion,
    MicrosoftSecurityIncidentCreation,
    ThreatIntelligence,
    #[serde(rename = "MLBehaviorAnalytics")]
    MlBehaviorAnalytics,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) enum Severity {
    High,
    Medium,
    Low,
    Informational,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
pub(crate) struct List {
    /// Only enabled rules; false: only disabled ones
    enabled: Option<bool>,
    /// Only rules of these kinds
    kind: Vec<RuleKind>,
    /// Only rules of these severities
    severity: Vec<Severity>,
    /// Only rules whose display names fit this pattern (* and ?)
    #[schemars(extend("x-aliases" = ["DisplayName", "RuleName"]))]
    name: Option<String>,
    /// Only rules of one of these tactics, such as CredentialAccess
    tactic: Vec<String>,
    /// Only rules of one of these techniques, such as T1110
    technique: Vec<String>,
    /// Only rules whose query names this table
    table_name: Option<String>,
    /// Adds the query to each row
    include_query: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RuleRow {
    /// The rule's display name
    display_name: String,
    /// Scheduled, NRT, Fusion, ...
    kind: String,
    /// High, Medium, Low or Informational; empty for kinds that have none
    severity: Option<String>,
    /// Whether it runs
    enabled: bool,
    /// Tactics of MITRE ATT&CK
    tactics: Vec<String>,
    /// Techniques and sub-techniques of MITRE ATT&CK
    techniques: Vec<String>,
    /// How often it runs, ISO 8601
    query_frequency: Option<String>,
    /// Over what time it looks back, ISO 8601
    query_period: Option<String>,
    /// When it was last changed
    last_modified_utc: Option<String>,
    /// The template it was made from
    alert_rule_template_name: Option<String>,
    /// Version of that template
    template_version: Option<String>,
    /// The query; only with IncludeQuery
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    /// The rule's id within the workspace
    rule_id: String,
    /// Etag of this state of it
    etag: Option<String>,
    /// The resource id
    id: String,
}

impl Read for List {
    type Row = RuleRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let name = self.name.as_deref().map(Wildcard::new);
            let mut rows = Vec::new();
            for raw in super::all(&target).await?.iter() {
                let rule = Object::of(raw)?;
                if self.takes(&rule, name.as_ref()) {
                    rows.push(target.row(self.row(&rule), raw)?);
                }
            }
            Ok(rows)
        })
    }
}

impl List {
    fn takes(&self, rule: &Object, name: Option<&Wildcard>) -> bool {
        let among = |wanted: &[String], own: &[String]| {
            wanted.is_empty()
                || wanted.iter().any(|wanted| own.iter().any(|own| own.eq_ignore_ascii_case(wanted)))
        };
        let kind = rule.text("/kind").unwrap_or_default();
        let severity = rule.text("/properties/severity").unwrap_or_default();
        self.enabled.is_none_or(|enabled| rule.flag("/properties/enabled") == Some(enabled))
            && (self.kind.is_empty() || self.kind.iter().any(|wanted| word(wanted) == kind))
            && (self.severity.is_empty() || self.severity.iter().any(|wanted| word(wanted) == severity))
            && name.is_none_or(|name| name.matches(&rule.text("/properties/displayName").unwrap_or_default()))
            && among(&self.tactic, &rule.texts("/properties/tactics"))
            && among(&self.technique, &techniques(rule))
            && self.table_name.as_deref().is_none_or(|table| {
                rule.text("/properties/query").is_some_and(|query| super::mentions(&query, table))
            })
    }

    fn row(&self, rule: &Object) -> RuleRow {
        let property = |name: &str| rule.text(&format!("/properties/{name}"));
        RuleRow {
            display_name: property("displayName").unwrap_or_default(),
            kind: rule.text("/kind").unwrap_or_default(),
            severity: property("severity"),
            enabled: rule.flag("/properties/enabled").unwrap_or_default(),
            tactics: rule.texts("/properties/tactics"),
            techniques: techniques(rule),
            query_frequency: property("queryFrequency"),
            query_period: property("queryPeriod"),
            last_modified_utc: property("lastModifiedUtc"),
            alert_rule_template_name: property("alertRuleTemplateName"),
            template_version: property("templateVersion"),
            query: self.include_query.then(|| property("query")).flatten(),
            rule_id: rule.name(),
            etag: rule.etag(),
            id: rule.id(),
        }
    }
}

/// Techniques, the sub-techniques among them.
pub(super) fn techniques(rule: &Object) -> Vec<String> {
    let mut all = rule.texts("/properties/techniques");
    all.extend(rule.texts("/properties/subTechniques"));
    all
}
