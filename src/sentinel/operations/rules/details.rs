//! One rule, with everything.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::Choice;
use crate::azure::Surface;
use crate::sentinel::definition::{Read, Rows};
use crate::sentinel::read::rows_of;
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Details {
    /// The rule's id
    #[schemars(extend("x-aliases" = ["Id"]))]
    rule_id: Option<String>,
    /// The rule's display name
    #[schemars(extend("x-aliases" = ["DisplayName", "Name"]))]
    rule_name: Option<String>,
    /// Adds its playbook actions
    include_actions: bool,
    /// Adds its last run, from the table SentinelHealth
    include_health: bool,
    /// Adds where it differs from the template it was made from
    include_template_diff: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DetailsRow {
    /// The rule's display name
    display_name: String,
    /// Scheduled, NRT, Fusion, ...
    kind: String,
    /// High, Medium, Low or Informational
    severity: Option<String>,
    /// Whether it runs
    enabled: bool,
    /// What it is about
    description: Option<String>,
    /// Tactics of MITRE ATT&CK
    tactics: Vec<String>,
    /// Techniques and sub-techniques of MITRE ATT&CK
    techniques: Vec<String>,
    /// The query
    query: Option<String>,
    /// How often it runs, ISO 8601
    query_frequency: Option<String>,
    /// Over what time it looks back, ISO 8601
    query_period: Option<String>,
    /// How the number of results is compared
    trigger_operator: Option<String>,
    /// With what
    trigger_threshold: Option<i64>,
    /// Whether it pauses after an alert
    suppression_enabled: Option<bool>,
    /// For how long, ISO 8601
    suppression_duration: Option<String>,
    /// How results become entities
    entity_mappings: Value,
    /// Columns that alerts carry
    custom_details: Value,
    /// How alerts are named
    alert_details_override: Value,
    /// How results become alerts
    event_grouping_settings: Value,
    /// How alerts become incidents
    incident_configuration: Value,
    /// The template it was made from
    alert_rule_template_name: Option<String>,
    /// Version of that template
    template_version: Option<String>,
    /// When it was last changed
    last_modified_utc: Option<String>,
    /// Its playbook actions; only with IncludeActions
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<Vec<Value>>,
    /// Its last run; only with IncludeHealth
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<Value>,
    /// Where it differs from its template; only with IncludeTemplateDiff
    #[serde(skip_serializing_if = "Option::is_none")]
    template_diff: Option<Value>,
    /// The rule's id within the workspace
    rule_id: String,
    /// Etag of this state of it
    etag: Option<String>,
    /// The resource id
    id: String,
}

impl Read for Details {
    type Row = DetailsRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move { Ok(vec![self.one(&target).await?]) })
    }
}

impl Details {
    async fn one(&self, target: &Target) -> Result<Value> {
        let (ids, names): (Vec<_>, Vec<_>) =
            (self.rule_id.clone().into_iter().collect(), self.rule_name.clone().into_iter().collect());
        let found = Choice { ids: &ids, names: &names, ..Choice::default() }.find(target).await?;
        let [(id, _)] = found.as_slice() else {
            return Err(Error::Object {
                what: format!("{} rules fit: name one", found.len()),
                candidates: found.into_iter().map(|(_, name)| name).take(12).collect(),
            });
        };
        // The list is read often and is most likely at hand.
        let listed = super::all(target).await?;
        let mut raw = None;
        // Reading all of them takes longer than looking for the id in their text.
        let looked_for = memchr::memmem::Finder::new(id.as_str());
        let has_it = |raw: &RawValue| looked_for.find(raw.get().as_bytes()).is_some();
        for candidate in listed.iter().filter(|candidate| has_it(candidate)) {
            if Object::of(candidate)?.name() == *id {
                raw = Some(candidate.clone());
            }
        }
        let place = target.sentinel(&["alertRules", id]);
        let raw = match raw {
            Some(raw) => raw,
            None => target.read(&place, Surface::AlertRules).await?,
        };
        let rule = Object::of(&raw)?;
        let actions = match self.include_actions {
            true => Some(self.actions(target, id).await?),
            false => None,
        };
        let health = match self.include_health {
            true => Some(last_run(target, &rule).await?),
            false => None,
        };
        let template_diff = match self.include_template_diff {
            true => Some(template_diff(target, &rule).await?),
            false => None,
        };
        target.row(row(&rule, actions, health, template_diff), &raw)
    }

    async fn actions(&self, target: &Target, id: &str) -> Result<Vec<Value>> {
        let request = target.get(&target.sentinel(&["alertRules", id, "actions"]), Surface::AlertRules);
        let actions = target.client.list(&target.scope, request).await?;
        Ok(actions.iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect())
    }
}

fn row(
    rule: &Object,
    actions: Option<Vec<Value>>,
    health: Option<Value>,
    template_diff: Option<Value>,
) -> DetailsRow {
    let text = |name: &str| rule.text(&format!("/properties/{name}"));
    let value = |name: &str| rule.at(&format!("/properties/{name}")).clone();
    DetailsRow {
        display_name: text("displayName").unwrap_or_default(),
        kind: rule.text("/kind").unwrap_or_default(),
        severity: text("severity"),
        enabled: rule.flag("/properties/enabled").unwrap_or_default(),
        description: text("description"),
        tactics: rule.texts("/properties/tactics"),
        techniques: super::list::techniques(rule),
        query: text("query"),
        query_frequency: text("queryFrequency"),
        query_period: text("queryPeriod"),
        trigger_operator: text("triggerOperator"),
        trigger_threshold: rule.number("/properties/triggerThreshold"),
        suppression_enabled: rule.flag("/properties/suppressionEnabled"),
        suppression_duration: text("suppressionDuration"),
        entity_mappings: value("entityMappings"),
        custom_details: value("customDetails"),
        alert_details_override: value("alertDetailsOverride"),
        event_grouping_settings: value("eventGroupingSettings"),
        incident_configuration: value("incidentConfiguration"),
        alert_rule_template_name: text("alertRuleTemplateName"),
        template_version: text("templateVersion"),
        last_modified_utc: text("lastModifiedUtc"),
        actions,
        health,
        template_diff,
        rule_id: rule.name(),
        etag: rule.etag(),
        id: rule.id(),
    }
}

/// The latest run that the workspace has recorded; null if it records none.
async fn last_run(target: &Target, rule: &Object) -> Result<Value> {
    // The id goes in as a KQL string literal: backslashes and quotes are escaped.
    let name =
        rule.text("/properties/displayName").unwrap_or_default().replace('\\', "\\\\").replace('\'', "\\'");
    let text = format!(
        "SentinelHealth | where SentinelResourceName == '{name}' | where OperationName in ('Scheduled analytics rule run', 'NRT analytics rule run') \
         | top 1 by TimeGenerated desc | project TimeGenerated, OperationName, Status, Description, Reason"
    );
    match target.query(&text, Some("P14D".to_owned())).await {
        Ok(answer) => Ok(answer.table.objects().next().map_or(Value::Null, Value::Object)),
        // A workspace that records no health has no such table.
        Err(Error::Azure(error)) if error.advice().is_some_and(|advice| advice.row == 18) => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

/// Where the rule differs from its template; null if it has none.
async fn template_diff(target: &Target, rule: &Object) -> Result<Value> {
    let Some(name) = rule.text("/properties/alertRuleTemplateName").filter(|name| !name.is_empty()) else {
        return Ok(Value::Null);
    };
    let place = target.sentinel(&["alertRuleTemplates", &name]);
    let Some(raw) = target.find(&place, Surface::AlertRules).await? else { return Ok(Value::Null) };
    let template = Object::of(&raw)?;
    let compared = [
        "displayName",
        "description",
        "severity",
        "query",
        "queryFrequency",
        "queryPeriod",
        "triggerOperator",
        "triggerThreshold",
        "tactics",
        "techniques",
        "entityMappings",
        "customDetails",
        "eventGroupingSettings",
    ];
    let differing: Vec<Value> = compared
        .iter()
        .filter_map(|name| {
            let path = format!("/properties/{name}");
            let (own, theirs) = (rule.at(&path), template.at(&path));
            (!theirs.is_null() && own != theirs)
                .then(|| serde_json::json!({ "Path": name, "Template": theirs, "Rule": own }))
        })
        .collect();
    Ok(serde_json::json!({
        "TemplateVersion": template.at("/properties/version"),
        "RuleTemplateVersion": rule.at("/properties/templateVersion"),
        "Differences": differing,
    }))
}
