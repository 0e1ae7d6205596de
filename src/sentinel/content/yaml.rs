//! Rules and queries as detection engineers keep them: YAML in the layout of the repository Azure/Azure-Sentinel.

use serde_json::{Map, Value, json};

use super::{ContentKind, Piece};
use crate::sentinel::times::{iso_duration, seconds};

/// Keys that have another name in Azure, or another form.
const OWN: &[&str] = &[
    "id",
    "name",
    "kind",
    "version",
    "relevantTechniques",
    "triggerOperator",
    "triggerThreshold",
    "queryFrequency",
    "queryPeriod",
    "suppressionDuration",
    "suppressionEnabled",
    "eventGroupingSettings",
    "incidentConfiguration",
    "alertDetailsOverride",
    "alertRuleTemplateName",
];
/// Keys that say something about the file and have no place in a workspace.
const ABOUT: &[&str] = &["tags", "requiredDataConnectors", "status", "metadata"];
/// Operators, short and long.
const OPERATORS: &[(&str, &str)] =
    &[("gt", "GreaterThan"), ("lt", "LessThan"), ("eq", "Equal"), ("ne", "NotEqual")];
/// Parts of an alert that a query can fill; repositories write them in any case.
const OVERRIDES: &[&str] = &[
    "alertDisplayNameFormat",
    "alertDescriptionFormat",
    "alertTacticsColumnName",
    "alertSeverityColumnName",
    "alertDynamicProperties",
];
/// The category of hunting queries.
const HUNTING: &str = "Hunting Queries";

/// A rule from its YAML.
///
/// # Errors
/// What is missing or wrong.
pub(crate) fn rule(file: &Value) -> Result<Piece, String> {
    let text = |name: &str| scalar(&file[name]);
    let name = text("name").ok_or("it is no rule: it has neither properties nor a name")?;
    for wanted in ["query", "severity"] {
        text(wanted).ok_or(format!("it has no {wanted}"))?;
    }
    let kind = match text("kind") {
        Some(kind) if kind.eq_ignore_ascii_case("NRT") => "NRT".to_owned(),
        Some(kind) => kind,
        None => "Scheduled".to_owned(),
    };
    let mut properties = Map::new();
    properties.insert("displayName".to_owned(), name.as_str().into());
    for (key, value) in file.as_object().into_iter().flatten() {
        if !value.is_null() && !OWN.contains(&key.as_str()) && !ABOUT.contains(&key.as_str()) {
            properties.insert(key.clone(), value.clone());
        }
    }
    let mut duration = |field: &str, otherwise: Option<&str>| -> Result<(), String> {
        if let Some(given) = text(field).or(otherwise.map(str::to_owned)) {
            let iso = iso_duration(&given).map_err(|problem| format!("{field}: {problem}"))?;
            properties.insert(field.to_owned(), iso.into());
        }
        Ok(())
    };
    duration("suppressionDuration", Some("PT5H"))?;
    if kind == "Scheduled" {
        duration("queryFrequency", None)?;
        duration("queryPeriod", None)?;
        let operator = text("triggerOperator").unwrap_or_else(|| "gt".to_owned());
        let operator = OPERATORS
            .iter()
            .find(|(short, _)| *short == operator)
            .map_or(operator.as_str(), |(_, long)| long);
        properties.insert("triggerOperator".to_owned(), operator.into());
        let threshold = file["triggerThreshold"].as_i64().unwrap_or(0);
        properties.insert("triggerThreshold".to_owned(), threshold.into());
    }
    properties.insert(
        "suppressionEnabled".to_owned(),
        file["suppressionEnabled"].as_bool().unwrap_or(false).into(),
    );
    let (techniques, parts) = techniques(&file["relevantTechniques"]);
    for (field, list) in [("techniques", techniques), ("subTechniques", parts)] {
        if !list.is_empty() {
            properties.insert(field.to_owned(), list.into());
        }
    }
    // What is left out means what Azure makes of it.
    let grouping = &file["eventGroupingSettings"];
    let single = json!({ "aggregationKind": "SingleAlert" });
    properties.insert(
        "eventGroupingSettings".to_owned(),
        if grouping.is_object() { grouping.clone() } else { single },
    );
    properties.insert("incidentConfiguration".to_owned(), incidents(&file["incidentConfiguration"])?);
    let details = overrides(&file["alertDetailsOverride"]);
    if !details.is_empty() {
        properties.insert("alertDetailsOverride".to_owned(), details.into());
    }
    if let Some(version) = text("version") {
        properties.insert("templateVersion".to_owned(), version.into());
    }
    let template = if file.get("alertRuleTemplateName").is_some() { "alertRuleTemplateName" } else { "id" };
    if let Some(template) = text(template) {
        properties.insert("alertRuleTemplateName".to_owned(), template.into());
    }
    Ok(Piece {
        kind: ContentKind::AnalyticsRules,
        name: text("id").filter(|id| uuid::Uuid::try_parse(id).is_ok()),
        title: name,
        body: json!({ "kind": kind, "properties": properties }),
        whole: false,
        source: None,
        items: None,
    })
}

/// A hunting query or a function from its YAML.
///
/// # Errors
/// What is missing.
pub(crate) fn query(file: &Value) -> Result<Piece, String> {
    let text = |name: &str| scalar(&file[name]);
    let name = text("name").ok_or("it is no query: it has neither properties nor a name")?;
    let query = text("query").ok_or("it has no query")?;
    let alias = text("functionAlias").filter(|alias| !alias.is_empty());
    let category =
        text("category").unwrap_or_else(|| if alias.is_some() { "Functions" } else { HUNTING }.to_owned());
    let mut properties = json!({ "category": category, "displayName": name, "query": query, "version": 2 });
    if let Some(alias) = alias {
        properties["functionAlias"] = alias.into();
        if let Some(parameters) = text("functionParameters") {
            properties["functionParameters"] = parameters.into();
        }
    }
    let listed = |names: [&str; 2]| {
        let list = names.iter().find_map(|name| file[name].as_array())?;
        let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        (!texts.is_empty()).then(|| texts.join(","))
    };
    let tags: Vec<Value> = [
        ("description", text("description")),
        ("tactics", listed(["tactics", "tactics"])),
        ("techniques", listed(["techniques", "relevantTechniques"])),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(json!({ "name": name, "value": value? })))
    .collect();
    if !tags.is_empty() {
        properties["tags"] = tags.into();
    }
    Ok(Piece {
        kind: ContentKind::SavedQueries,
        name: text("id").filter(|id| id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))),
        title: name,
        body: json!({ "properties": properties }),
        whole: false,
        source: None,
        items: None,
    })
}

/// A rule as YAML. Kinds without a query have no layout of their own: they are written as Azure has them.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn of_rule(id: &str, rule: &Value) -> Result<String, String> {
    let Some(properties) =
        rule["properties"].as_object().filter(|properties| properties.contains_key("query"))
    else {
        let mut named = json!({ "name": id });
        if let (Some(named), Some(rule)) = (named.as_object_mut(), rule.as_object()) {
            named.extend(rule.clone());
        }
        return write(&named);
    };
    let mut file = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() && value != json!([]) {
            file.insert(name.to_owned(), value);
        }
    };
    let get = |name: &str| properties.get(name).cloned().unwrap_or_default();
    put("id", id.into());
    put("name", get("displayName"));
    put("version", get("templateVersion"));
    put("kind", rule["kind"].clone());
    for name in ["description", "severity", "enabled"] {
        put(name, get(name));
    }
    for name in ["queryFrequency", "queryPeriod"] {
        put(name, get(name).as_str().map(short).into());
    }
    let operator = get("triggerOperator");
    put(
        "triggerOperator",
        OPERATORS
            .iter()
            .find(|(_, long)| operator == *long)
            .map_or(operator.clone(), |(short, _)| (*short).into()),
    );
    put("triggerThreshold", get("triggerThreshold"));
    put("tactics", get("tactics"));
    let listed = |name: &str| get(name).as_array().cloned().unwrap_or_default();
    put("relevantTechniques", [listed("techniques"), listed("subTechniques")].concat().into());
    put("query", get("query"));
    for name in [
        "entityMappings",
        "customDetails",
        "alertDetailsOverride",
        "eventGroupingSettings",
        "incidentConfiguration",
    ] {
        put(name, get(name));
    }
    put("suppressionEnabled", get("suppressionEnabled"));
    put("suppressionDuration", get("suppressionDuration").as_str().map(short).into());
    let known = ["displayName", "templateVersion", "techniques", "subTechniques", "alertRuleTemplateName"];
    for (name, value) in properties {
        if !known.contains(&name.as_str())
            && !file.contains_key(name)
            && !value.is_null()
            && *value != json!([])
        {
            file.insert(name.clone(), value.clone());
        }
    }
    // Without it, the id would be taken for that of a template.
    file.insert("alertRuleTemplateName".to_owned(), get("alertRuleTemplateName"));
    write(&Value::Object(file))
}

/// A saved query as YAML.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn of_query(id: &str, search: &Value) -> Result<String, String> {
    let properties = &search["properties"];
    let mut file = Map::new();
    file.insert("id".to_owned(), id.into());
    file.insert("name".to_owned(), properties["displayName"].clone());
    let tag = |name: &str| {
        let tags = properties["tags"].as_array()?;
        tags.iter().find(|tag| tag["name"] == name)?["value"].as_str().map(str::to_owned)
    };
    if let Some(description) = tag("description") {
        file.insert("description".to_owned(), description.into());
    }
    for name in ["category", "functionAlias", "functionParameters", "query"] {
        if properties[name].is_string() {
            file.insert(name.to_owned(), properties[name].clone());
        }
    }
    for name in ["tactics", "techniques"] {
        if let Some(list) = tag(name).filter(|list| !list.is_empty()) {
            file.insert(name.to_owned(), list.split(',').map(|item| item.trim().to_owned()).collect());
        }
    }
    write(&Value::Object(file))
}

fn write(file: &Value) -> Result<String, String> {
    serde_saphyr::to_string(file).map_err(|error| error.to_string())
}

/// A duration as these files have it: `1h`, `14d`.
fn short(iso: &str) -> String {
    match seconds(iso) {
        Ok(seconds) if seconds > 0 => [(86_400, "d"), (3_600, "h"), (60, "m")]
            .into_iter()
            .find(|(unit, _)| seconds % unit == 0)
            .map_or_else(|| iso.to_owned(), |(unit, letter)| format!("{}{letter}", seconds / unit)),
        _ => iso.to_owned(),
    }
}

/// Techniques, and the parts of them that are named: `T1078.004` is one of `T1078`.
fn techniques(listed: &Value) -> (Vec<String>, Vec<String>) {
    let (mut techniques, mut parts) = (Vec::<String>::new(), Vec::<String>::new());
    for technique in listed.as_array().into_iter().flatten().filter_map(Value::as_str) {
        let main = technique.split('.').next().unwrap_or_default().to_owned();
        if technique.contains('.') {
            parts.push(technique.to_owned());
        }
        if !techniques.contains(&main) {
            techniques.push(main);
        }
    }
    (techniques, parts)
}

/// How alerts become incidents; what is not said is as Azure has it.
fn incidents(given: &Value) -> Result<Value, String> {
    let grouping = &given["groupingConfiguration"];
    let flag = |value: &Value, otherwise: bool| value.as_bool().unwrap_or(otherwise);
    let list = |name: &str| grouping[name].as_array().cloned().unwrap_or_default();
    let lookback = grouping["lookbackDuration"].as_str().unwrap_or("PT5H");
    let lookback = iso_duration(lookback).map_err(|problem| format!("lookbackDuration: {problem}"))?;
    Ok(json!({
        "createIncident": flag(&given["createIncident"], true),
        "groupingConfiguration": {
            "enabled": flag(&grouping["enabled"], false),
            "reopenClosedIncident": flag(&grouping["reopenClosedIncident"], false),
            "lookbackDuration": lookback,
            "matchingMethod": grouping["matchingMethod"].as_str().unwrap_or("AllEntities"),
            "groupByEntities": list("groupByEntities"),
            "groupByAlertDetails": list("groupByAlertDetails"),
            "groupByCustomDetails": list("groupByCustomDetails"),
        },
    }))
}

fn overrides(given: &Value) -> Map<String, Value> {
    given
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let known = OVERRIDES.iter().find(|known| known.eq_ignore_ascii_case(name));
            (known.map_or(name.as_str(), |known| known).to_owned(), value.clone())
        })
        .collect()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentinel::content::server::comparable;

    #[test]
    fn yaml_of_the_community_becomes_a_rule() {
        let text = "id: 11111111-0000-0000-0000-000000000000\nname: Many failures\nkind: Scheduled\nversion: 1.0.4\nseverity: Medium\n\
            queryFrequency: 1h\nqueryPeriod: 1d\ntriggerOperator: gt\ntriggerThreshold: 0\ntactics:\n  - CredentialAccess\n\
            tags:\n  - mine\nfuture: stays\nrelevantTechniques:\n  - T1078.004\nquery: |\n  SigninLogs\n  | take 1\n";
        let document: Value = serde_saphyr::from_str(text).expect("is YAML");
        let piece = rule(&document).expect("is a rule");
        let properties = &piece.body["properties"];
        assert_eq!(piece.body["kind"], "Scheduled");
        assert_eq!(piece.name.as_deref(), Some("11111111-0000-0000-0000-000000000000"));
        assert_eq!(properties["queryPeriod"], "P1D");
        assert_eq!(properties["techniques"], json!(["T1078"]));
        assert_eq!(properties["subTechniques"], json!(["T1078.004"]));
        assert_eq!(properties["templateVersion"], "1.0.4");
        assert_eq!(properties["query"], "SigninLogs\n| take 1\n");
        assert_eq!(properties["future"], "stays");
        assert!(
            properties["tags"].is_null() && properties["incidentConfiguration"]["createIncident"] == true
        );
    }

    #[test]
    fn a_rule_comes_back_from_its_yaml() {
        let body = json!({"kind": "Scheduled", "properties": {"displayName": "a: b # c", "enabled": false, "severity": "High",
            "description": "'Quoted', with a colon: and a very long line that goes on and on and on beyond what anybody would write in one line\n",
            "query": "// comment\nT\n  | where A == \"x\\t\" // \u{fc}\n\n| take 1", "queryFrequency": "PT1H", "queryPeriod": "P14D", "triggerOperator": "LessThan",
            "triggerThreshold": 5, "suppressionDuration": "PT90M", "suppressionEnabled": true, "tactics": ["Impact"], "techniques": ["T1078", "T1110"],
            "subTechniques": ["T1078.004"], "entityMappings": [{"entityType": "IP", "fieldMappings": [{"identifier": "Address", "columnName": "yes"}]}],
            "customDetails": {"No": "no"}, "eventGroupingSettings": {"aggregationKind": "AlertPerResult"}, "templateVersion": null, "alertRuleTemplateName": null,
            "incidentConfiguration": {"createIncident": false, "groupingConfiguration": {"enabled": true, "reopenClosedIncident": true,
                "lookbackDuration": "PT5H", "matchingMethod": "Selected", "groupByEntities": ["IP"], "groupByAlertDetails": [], "groupByCustomDetails": []}},
            "future": {"deep": [1, "2"]}}});
        let text = of_rule("11111111-0000-0000-0000-000000000000", &body).expect("is written");
        let document: Value = serde_saphyr::from_str(&text).expect("is YAML");
        let piece = rule(&document).expect("is a rule");
        let kind = ContentKind::AnalyticsRules;
        assert_eq!(comparable(kind, &piece.body), comparable(kind, &body), "{text}");
        assert!(text.contains("queryPeriod: 14d") && text.contains("triggerOperator: lt"), "{text}");
    }
}
