//! Analytics rules.

use serde_json::{Value, json};

use super::rule_query;
use crate::simulator::arm::fields::{Fields, write_duration};
use crate::simulator::arm::kind::{Change, Rules, Scene};
use crate::simulator::clock::stamp_precise;
use crate::simulator::exchange::Object;
use crate::simulator::refusal::Refusal;
use crate::simulator::state::Resource;

/// Type of an analytics rule.
pub(crate) const ALERT_RULE: &str = "Microsoft.SecurityInsights/alertRules";

pub(super) struct AlertRules;
pub(super) struct Actions;

const KINDS: &[&str] = &[
    "Scheduled",
    "NRT",
    "Fusion",
    "MicrosoftSecurityIncidentCreation",
    "ThreatIntelligence",
    "MLBehaviorAnalytics",
];
const SEVERITIES: &[&str] = &["High", "Medium", "Low", "Informational"];
const PRODUCTS: &[&str] = &[
    "Microsoft Cloud App Security",
    "Azure Security Center",
    "Azure Advanced Threat Protection",
    "Azure Active Directory Identity Protection",
    "Azure Security Center for IoT",
    "Office 365 Advanced Threat Protection",
    "Microsoft Defender Advanced Threat Protection",
];
const ENTITIES: &[&str] = &[
    "Account",
    "Host",
    "IP",
    "Malware",
    "File",
    "Process",
    "CloudApplication",
    "DNS",
    "AzureResource",
    "FileHash",
    "RegistryKey",
    "RegistryValue",
    "SecurityGroup",
    "URL",
    "Mailbox",
    "MailCluster",
    "MailMessage",
    "SubmissionMail",
];
/// Members that only preview versions know.
const PREVIEW_ONLY: &[&str] =
    &["subTechniques", "sentinelEntitiesMappings", "sourceSettings", "scenarioExclusionPatterns"];
/// Enabled rules of a kind that a workspace may have.
const MOST: &[(&str, usize)] = &[("Scheduled", 512), ("NRT", 50)];

impl Rules for AlertRules {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let kind = Fields::new(change.sent, "").required_one_of("kind", KINDS)?;
        if let Some(existing) = change.existing.and_then(|existing| existing.body.get("kind"))
            && existing != kind
        {
            return Err(Refusal::bad_request(format!(
                "The kind of an alert rule cannot be changed from {existing} to '{kind}'."
            )));
        }
        let fields = Fields::properties(change.sent)?;
        let mut properties = match kind {
            "Scheduled" | "NRT" => query_rule(scene, fields, kind == "Scheduled")?,
            "MicrosoftSecurityIncidentCreation" => incident_creation(fields)?,
            _ => managed(scene, fields, kind)?,
        };
        if fields.required_flag("enabled")? {
            check_number(scene, change, kind)?;
        }
        if !scene.preview() {
            for name in PREVIEW_ONLY {
                properties.remove(*name);
            }
        }
        properties.insert("lastModifiedUtc".to_owned(), json!(stamp_precise(scene.now)));
        let mut body = Object::new();
        body.insert("kind".to_owned(), json!(kind));
        body.insert("properties".to_owned(), Value::Object(properties));
        Ok(body)
    }

    fn show(&self, scene: &Scene<'_>, _resource: &Resource, body: &mut Object) {
        if !scene.preview()
            && let Some(Value::Object(properties)) = body.get_mut("properties")
        {
            for name in PREVIEW_ONLY {
                properties.remove(*name);
            }
        }
    }
}

fn check_number(scene: &Scene<'_>, change: &Change<'_>, kind: &str) -> Result<(), Refusal> {
    let Some((_, most)) = MOST.iter().find(|(known, _)| *known == kind) else { return Ok(()) };
    let others = scene
        .state
        .below(scene.workspace_id(), ALERT_RULE)
        .filter(|rule| !rule.id.eq_ignore_ascii_case(change.id))
        .filter(|rule| {
            rule.body.get("kind") == Some(&json!(kind)) && rule.property("enabled") == Some(&json!(true))
        })
        .count();
    if others < *most {
        Ok(())
    } else {
        Err(Refusal::bad_request(format!(
            "The maximum number of enabled {kind} rules ({most}) in the workspace has been reached."
        )))
    }
}

fn copy(fields: Fields<'_>, names: &[&str], into: &mut Object) {
    for name in names {
        into.insert((*name).to_owned(), fields.get(name).cloned().unwrap_or(Value::Null));
    }
}

fn query_rule(scene: &mut Scene<'_>, fields: Fields<'_>, scheduled: bool) -> Result<Object, Refusal> {
    let query = fields.required_text("query")?;
    let mut made = Object::new();
    if scheduled {
        let frequency = fields.required_duration("queryFrequency")?;
        let period = fields.required_duration("queryPeriod")?;
        let (minutes, days) = (frequency.as_mins(), period.as_hours() / 24);
        if !(5..=14 * 1440).contains(&minutes) {
            return Err(Refusal::bad_request(
                "Invalid value for 'queryFrequency'. It must be between 5 minutes and 14 days.",
            ));
        }
        if period.as_mins() < 5 || days > 14 {
            return Err(Refusal::bad_request(
                "Invalid value for 'queryPeriod'. It must be between 5 minutes and 14 days.",
            ));
        }
        if period < frequency {
            return Err(Refusal::bad_request(
                "Invalid Properties for alert rule: 'queryPeriod' should be greater than or equal to 'queryFrequency'.",
            ));
        }
        made.insert("queryFrequency".to_owned(), json!(write_duration(frequency)));
        made.insert("queryPeriod".to_owned(), json!(write_duration(period)));
        let operator =
            fields.required_one_of("triggerOperator", &["GreaterThan", "LessThan", "Equal", "NotEqual"])?;
        made.insert("triggerOperator".to_owned(), json!(operator));
        made.insert(
            "triggerThreshold".to_owned(),
            json!(fields.required_integer("triggerThreshold", 0, 10_000)?),
        );
    }
    made.insert("severity".to_owned(), json!(fields.required_one_of("severity", SEVERITIES)?));
    made.insert("query".to_owned(), json!(query));
    made.insert(
        "suppressionDuration".to_owned(),
        json!(write_duration(fields.required_duration("suppressionDuration")?)),
    );
    made.insert("suppressionEnabled".to_owned(), json!(fields.required_flag("suppressionEnabled")?));
    made.insert("incidentConfiguration".to_owned(), incident_configuration(fields)?);
    entity_mappings(fields)?;
    if fields.object("customDetails")?.is_some_and(|details| details.len() > 20) {
        return Err(Refusal::bad_request("The number of custom details must not exceed 20."));
    }
    copy(fields, &["entityMappings", "customDetails"], &mut made);
    let grouping = match fields.object("eventGroupingSettings")? {
        Some(settings) => Fields::new(settings, "properties.eventGroupingSettings")
            .one_of("aggregationKind", &["SingleAlert", "AlertPerResult"])?
            .unwrap_or("SingleAlert"),
        None => "SingleAlert",
    };
    made.insert("eventGroupingSettings".to_owned(), json!({"aggregationKind": grouping}));
    made.insert("alertDetailsOverride".to_owned(), details_override(fields)?);
    if let Some(mappings) = fields.short_list("sentinelEntitiesMappings", 5)? {
        made.insert("sentinelEntitiesMappings".to_owned(), json!(mappings));
    }
    common(fields, &mut made)?;
    // A rule that does not run may be saved with a query that would not run.
    if fields.flag("enabled")? != Some(false) {
        rule_query::check(scene, query)?;
    }
    Ok(made)
}

/// Members that every rule with a query has.
fn common(fields: Fields<'_>, made: &mut Object) -> Result<(), Refusal> {
    fields.required_text("displayName")?;
    fields.required_flag("enabled")?;
    fields.short_text("displayName", 256)?;
    fields.short_text("description", 5_000)?;
    copy(
        fields,
        &["displayName", "enabled", "description", "alertRuleTemplateName", "templateVersion"],
        made,
    );
    for name in ["tactics", "techniques"] {
        made.insert(name.to_owned(), json!(fields.list(name)?.unwrap_or_default()));
    }
    let techniques: Vec<&str> =
        fields.list("techniques")?.unwrap_or_default().iter().filter_map(Value::as_str).collect();
    if let Some(wrong) = techniques.iter().find(|technique| !is_technique(technique)) {
        return Err(Refusal::bad_request(format!(
            "The technique '{wrong}' is invalid. Sub-techniques belong into 'subTechniques'."
        )));
    }
    if let Some(parts) = fields.list("subTechniques")? {
        made.insert("subTechniques".to_owned(), json!(parts));
    }
    Ok(())
}

fn is_technique(text: &str) -> bool {
    text.strip_prefix('T')
        .is_some_and(|number| number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn entity_mappings(fields: Fields<'_>) -> Result<(), Refusal> {
    for mapping in fields.short_list("entityMappings", 10)?.unwrap_or_default() {
        let empty = Object::new();
        let mapping = Fields::new(mapping.as_object().unwrap_or(&empty), "properties.entityMappings");
        mapping.required_one_of("entityType", ENTITIES)?;
        let columns = mapping.short_list("fieldMappings", 3)?.unwrap_or_default();
        if columns.is_empty() {
            return Err(Refusal::bad_request("Each entity mapping must have at least one field mapping."));
        }
        for column in columns {
            let column =
                Fields::new(column.as_object().unwrap_or(&empty), "properties.entityMappings.fieldMappings");
            column.required_text("identifier")?;
            column.required_text("columnName")?;
        }
    }
    Ok(())
}

/// The service knows these names in any case and writes them in its own.
fn details_override(fields: Fields<'_>) -> Result<Value, Refusal> {
    let Some(given) = fields.object("alertDetailsOverride")? else { return Ok(Value::Null) };
    let names = [
        "alertDisplayNameFormat",
        "alertDescriptionFormat",
        "alertTacticsColumnName",
        "alertSeverityColumnName",
        "alertDynamicProperties",
    ];
    let mut made = Object::new();
    for (name, value) in given {
        let Some(known) = names.iter().find(|known| known.eq_ignore_ascii_case(name)) else {
            return Err(Refusal::bad_request(format!(
                "Could not find member '{name}' on object of type 'AlertDetailsOverride'."
            )));
        };
        made.insert((*known).to_owned(), value.clone());
    }
    Ok(Value::Object(made))
}

fn incident_configuration(fields: Fields<'_>) -> Result<Value, Refusal> {
    let empty = Object::new();
    let given = Fields::new(
        fields.object("incidentConfiguration")?.unwrap_or(&empty),
        "properties.incidentConfiguration",
    );
    let create = given.flag("createIncident")?.unwrap_or(true);
    let grouping = Fields::new(
        given.object("groupingConfiguration")?.unwrap_or(&empty),
        "properties.incidentConfiguration.groupingConfiguration",
    );
    let look_back = grouping.duration("lookbackDuration")?.map_or_else(|| "PT5H".to_owned(), write_duration);
    let list = |name| grouping.list(name).map(|list| json!(list.unwrap_or_default()));
    Ok(json!({
        "createIncident": create,
        "groupingConfiguration": {
            "enabled": grouping.flag("enabled")?.unwrap_or(false),
            "reopenClosedIncident": grouping.flag("reopenClosedIncident")?.unwrap_or(false),
            "lookbackDuration": look_back,
            "matchingMethod": grouping.one_of("matchingMethod", &["AllEntities", "AnyAlert", "Selected"])?.unwrap_or("AllEntities"),
            "groupByEntities": list("groupByEntities")?,
            "groupByAlertDetails": list("groupByAlertDetails")?,
            "groupByCustomDetails": list("groupByCustomDetails")?,
        },
    }))
}

/// The parts of a rule that the service completes, as it would store them.
pub(crate) fn completed(properties: &Object) -> Result<(Value, Value), Refusal> {
    let fields = Fields::new(properties, "properties");
    Ok((incident_configuration(fields)?, details_override(fields)?))
}

fn incident_creation(fields: Fields<'_>) -> Result<Object, Refusal> {
    let mut made = Object::new();
    made.insert("productFilter".to_owned(), json!(fields.required_one_of("productFilter", PRODUCTS)?));
    for severity in fields.list("severitiesFilter")?.unwrap_or_default() {
        if !severity.as_str().is_some_and(|severity| SEVERITIES.contains(&severity)) {
            return Err(Refusal::bad_request(format!(
                "The severity {severity} of 'severitiesFilter' is invalid."
            )));
        }
    }
    fields.required_text("displayName")?;
    copy(
        fields,
        &[
            "severitiesFilter",
            "displayNamesFilter",
            "displayNamesExcludeFilter",
            "displayName",
            "enabled",
            "description",
            "alertRuleTemplateName",
        ],
        &mut made,
    );
    Ok(made)
}

/// Fusion and the like: the template says everything but `enabled`.
fn managed(scene: &Scene<'_>, fields: Fields<'_>, kind: &str) -> Result<Object, Refusal> {
    let template = fields.required_text("alertRuleTemplateName")?;
    let id = format!(
        "{}/providers/Microsoft.SecurityInsights/alertRuleTemplates/{template}",
        scene.workspace_id()
    );
    let known = scene.state.get(&id).filter(|found| found.body.get("kind") == Some(&json!(kind)));
    let known = known.ok_or_else(|| {
        Refusal::bad_request(format!("Alert rule template '{template}' of kind '{kind}' was not found."))
    })?;
    let mut made = Object::new();
    for name in ["displayName", "description", "severity", "tactics", "techniques"] {
        made.insert(name.to_owned(), known.property(name).cloned().unwrap_or(Value::Null));
    }
    made.insert("alertRuleTemplateName".to_owned(), json!(template));
    made.insert("enabled".to_owned(), json!(fields.required_flag("enabled")?));
    if let Some(settings) = fields.list("sourceSettings")? {
        made.insert("sourceSettings".to_owned(), json!(settings));
    }
    Ok(made)
}

impl Rules for Actions {
    fn put(&self, _scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let fields = Fields::properties(change.sent)?;
        let app = fields.required_text("logicAppResourceId")?;
        // The trigger's address is a secret: it is taken and never shown.
        fields.required_text("triggerUri")?;
        let mut body = Object::new();
        let workflow = crate::simulator::arm::name_of(app);
        body.insert("properties".to_owned(), json!({"logicAppResourceId": app, "workflowId": workflow}));
        Ok(body)
    }
}
