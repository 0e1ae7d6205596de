//! Rules in files: as this program exports them, as the portal does, and as detection engineers keep them in YAML.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::sentinel::plan::writable;
use crate::sentinel::times::iso_duration;
use crate::sentinel::{Error, Result};

/// Largest file that is read, bytes.
const LARGEST: u64 = 1 << 20;

/// A rule as a file has it.
#[derive(Debug)]
pub(in crate::sentinel::operations) struct FileRule {
    /// Its kind and properties, ready to be sent.
    pub(in crate::sentinel::operations) body: Value,
    /// Its id, where the file names one.
    pub(in crate::sentinel::operations) id: Option<String>,
}

/// Reads the one rule of a file.
///
/// # Errors
/// If it cannot be read, or holds no rule or several.
pub(super) fn read(path: &Path) -> Result<FileRule> {
    let failed = |problem: &dyn std::fmt::Display| Error::file("no rule can be read from", path, problem);
    let size = std::fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > LARGEST {
        return Err(failed(&format!("it has {size} bytes, {LARGEST} at most")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    let json = text.trim_start().starts_with(['{', '[']);
    let document: Value = if json {
        serde_json::from_str(&text).map_err(|error| failed(&error))?
    } else {
        serde_saphyr::from_str(&text).map_err(|error| failed(&error))?
    };
    rule_of(document).map_err(|problem| failed(&problem))
}

/// The rule of a document, which is as one of those wrote it.
///
/// # Errors
/// If it is no rule, or several.
pub(in crate::sentinel::operations) fn rule_of(document: Value) -> Result<FileRule, String> {
    let rules: Vec<Value> = match &document["resources"] {
        Value::Array(resources) => resources
            .iter()
            .filter(|resource| {
                resource["type"]
                    .as_str()
                    .is_some_and(|kind| kind.to_ascii_lowercase().ends_with("alertrules"))
            })
            .cloned()
            .collect(),
        _ => match document {
            Value::Array(rules) => rules,
            one => vec![one],
        },
    };
    let [rule] = rules.as_slice() else {
        return Err(format!("it holds {} rules, and one is wanted", rules.len()));
    };
    if rule["properties"].is_object() && rule["kind"].is_string() {
        // The name of a template's resource is an expression.
        let id = rule["name"].as_str().filter(|name| uuid::Uuid::try_parse(name).is_ok()).map(str::to_owned);
        let body = json!({ "kind": rule["kind"], "properties": writable(&json!({ "properties": unescaped(&rule["properties"]) }))["properties"] });
        return Ok(FileRule { body, id });
    }
    from_yaml(rule)
}

/// A text that begins with `[[` stands for one that begins with `[` in a template.
fn unescaped(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("[[") => text[1..].into(),
        Value::Array(items) => items.iter().map(unescaped).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), unescaped(value))).collect())
        }
        other => other.clone(),
    }
}

/// The layout of the repository Azure/Azure-Sentinel.
fn from_yaml(rule: &Value) -> Result<FileRule, String> {
    let text = |name: &str| rule[name].as_str().map(str::to_owned);
    let name = text("name").ok_or("it is no rule: it has neither properties nor a name")?;
    let query = text("query").ok_or("it has no query")?;
    let kind = text("kind").unwrap_or_else(|| "Scheduled".to_owned());
    let mut properties = Map::new();
    properties.insert("displayName".to_owned(), name.into());
    properties.insert("query".to_owned(), query.into());
    properties.insert("severity".to_owned(), text("severity").ok_or("it has no severity")?.into());
    properties.insert(
        "suppressionEnabled".to_owned(),
        rule["suppressionEnabled"].as_bool().unwrap_or(false).into(),
    );
    for (field, otherwise) in
        [("suppressionDuration", Some("PT5H")), ("queryFrequency", None), ("queryPeriod", None)]
    {
        if let Some(duration) = text(field).or(otherwise.map(str::to_owned)) {
            properties.insert(
                field.to_owned(),
                iso_duration(&duration).map_err(|problem| format!("{field}: {problem}"))?.into(),
            );
        }
    }
    if kind.eq_ignore_ascii_case("Scheduled") {
        let operator = match text("triggerOperator").as_deref() {
            Some("lt") => "LessThan".to_owned(),
            Some("eq") => "Equal".to_owned(),
            Some("ne") => "NotEqual".to_owned(),
            Some("gt") | None => "GreaterThan".to_owned(),
            Some(other) => other.to_owned(),
        };
        properties.insert("triggerOperator".to_owned(), operator.into());
        properties
            .insert("triggerThreshold".to_owned(), rule["triggerThreshold"].as_i64().unwrap_or(0).into());
    }
    let (mut techniques, mut sub_techniques) = (Vec::<String>::new(), Vec::<String>::new());
    for technique in rule["relevantTechniques"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let main = technique.split('.').next().unwrap_or_default().to_owned();
        if technique.contains('.') {
            sub_techniques.push(technique.to_owned());
        }
        if !techniques.contains(&main) {
            techniques.push(main);
        }
    }
    for (field, list) in [("techniques", techniques), ("subTechniques", sub_techniques)] {
        if !list.is_empty() {
            properties.insert(field.to_owned(), list.into());
        }
    }
    for (from, to) in [
        ("description", "description"),
        ("tactics", "tactics"),
        ("entityMappings", "entityMappings"),
        ("customDetails", "customDetails"),
        ("alertDetailsOverride", "alertDetailsOverride"),
        ("eventGroupingSettings", "eventGroupingSettings"),
        ("incidentConfiguration", "incidentConfiguration"),
        ("id", "alertRuleTemplateName"),
        ("version", "templateVersion"),
    ] {
        if !rule[from].is_null() {
            properties.insert(to.to_owned(), rule[from].clone());
        }
    }
    let kind = if kind.eq_ignore_ascii_case("NRT") { "NRT".to_owned() } else { kind };
    Ok(FileRule { body: json!({ "kind": kind, "properties": properties }), id: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_of_the_community_becomes_a_rule() {
        let text = "id: 11111111-0000-0000-0000-000000000000\nname: Many failures\nkind: Scheduled\nversion: 1.0.4\nseverity: Medium\n\
            queryFrequency: 1h\nqueryPeriod: 1d\ntriggerOperator: gt\ntriggerThreshold: 0\ntactics:\n  - CredentialAccess\n\
            relevantTechniques:\n  - T1078.004\nquery: |\n  SigninLogs\n  | take 1\n";
        let document: Value = serde_saphyr::from_str(text).expect("is YAML");
        let rule = rule_of(document).expect("is a rule").body;
        let properties = &rule["properties"];
        assert_eq!(rule["kind"], "Scheduled");
        assert_eq!(properties["queryPeriod"], "P1D");
        assert_eq!(properties["techniques"], json!(["T1078"]));
        assert_eq!(properties["subTechniques"], json!(["T1078.004"]));
        assert_eq!(properties["templateVersion"], "1.0.4");
        assert_eq!(properties["query"], "SigninLogs\n| take 1\n");
    }

    #[test]
    fn exports_and_templates_come_back() {
        let properties = json!({"displayName": "r", "query": "[[x]", "lastModifiedUtc": "t"});
        let template = json!({"resources": [{"type": "Microsoft.OperationalInsights/workspaces/providers/alertRules",
            "name": "[concat(parameters('workspace'),'/x')]", "kind": "NRT", "properties": properties}]});
        let rule = rule_of(template).expect("is one");
        assert_eq!(rule.body, json!({"kind": "NRT", "properties": {"displayName": "r", "query": "[x]"}}));
        assert!(rule.id.is_none());
        let id = "11111111-0000-0000-0000-000000000000";
        let exported = json!([{"name": id, "kind": "NRT", "properties": {"displayName": "r"}}]);
        assert_eq!(rule_of(exported).expect("is one").id.as_deref(), Some(id));
        assert!(rule_of(json!([1, 2])).is_err());
        assert!(rule_of(json!({"x": 1})).is_err());
    }
}
