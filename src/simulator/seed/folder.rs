//! Content from a folder in the layout of Sentinel-as-code repositories: rules, hunting queries and functions as YAML,
//! watchlists as JSON and CSV, automation rules, workbooks and summary rules as JSON.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::library::{CustomTable, Library, Rule, Search, Summary, Watchlist, Workbook};
use crate::simulator::arm::{completed_rule, iso_duration, read_csv, write_duration};
use crate::simulator::exchange::Object;
use crate::simulator::ids::id_of;
use crate::simulator::logs::schema;
use crate::simulator::settings::StartError;

/// Folders that hold a kind, under the names in use.
const RULES: &[&str] = &["analytics-rules", "AnalyticalRules", "AnalyticsRules", "Detections"];
const HUNTING: &[&str] = &["hunting-queries", "HuntingQueries"];
const PARSERS: &[&str] = &["parsers", "Parsers"];
const WATCHLISTS: &[&str] = &["watchlists", "Watchlists"];
const AUTOMATION: &[&str] = &["automation-rules", "AutomationRules"];
const WORKBOOKS: &[&str] = &["workbooks", "Workbooks"];
const SUMMARIES: &[&str] = &["summary-rules", "SummaryRules"];

fn wrong(path: &Path, why: impl ToString) -> StartError {
    StartError::Content { path: path.to_owned(), why: why.to_string() }
}

/// Reads the folder.
pub(super) fn read(folder: &Path) -> Result<Library, StartError> {
    if !folder.is_dir() {
        return Err(wrong(folder, "it is no folder"));
    }
    let mut library = Library::default();
    for file in files(folder, RULES, "yaml")? {
        let mut rule = rule(&yaml(&file)?);
        if let Some(Value::Object(details)) = rule.properties.get_mut("alertDetailsOverride") {
            // What is null says nothing, and repositories have it under names that the service does not know.
            details.retain(|_, value| !value.is_null());
        }
        let completed =
            completed_rule(&rule.properties).map_err(|refusal| wrong(&file, refusal.0.message))?;
        rule.properties.insert("incidentConfiguration".to_owned(), completed.0);
        rule.properties.insert("alertDetailsOverride".to_owned(), completed.1);
        library.rules.push(rule);
    }
    for file in files(folder, HUNTING, "yaml")? {
        library.searches.push(search(&yaml(&file)?, "Hunting Queries"));
    }
    for file in files(folder, PARSERS, "yaml")? {
        library.searches.push(search(&yaml(&file)?, "Security"));
    }
    for file in files(folder, WATCHLISTS, "json")? {
        library.watchlists.push(watchlist(&file)?);
    }
    for file in files(folder, AUTOMATION, "json")? {
        let mut body = object(&file)?;
        let id = body.remove("automationRuleId").and_then(|id| id.as_str().map(str::to_owned));
        let id = id.unwrap_or_else(|| id_of(0, &file.to_string_lossy()));
        library.automation.push((id, Value::Object(body)));
    }
    for file in files(folder, WORKBOOKS, "json")? {
        if file.file_name().is_some_and(|name| name == "workbook.json") {
            library.workbooks.push(workbook(&file)?);
        }
    }
    for file in files(folder, SUMMARIES, "json")? {
        library.summaries.push(summary(&object(&file)?));
    }
    library.tables = tables(&library);
    Ok(library)
}

/// Files with an ending in one of the folders, in order.
fn files(folder: &Path, names: &[&str], ending: &str) -> Result<Vec<PathBuf>, StartError> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> =
        names.iter().map(|name| folder.join(name)).filter(|path| path.is_dir()).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| wrong(&folder, error))? {
            let path = entry.map_err(|error| wrong(&folder, error))?.path();
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            if path.is_dir() {
                folders.push(path);
            } else if extension == ending || ending == "yaml" && extension == "yml" {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn text(file: &Path) -> Result<String, StartError> {
    std::fs::read_to_string(file).map_err(|error| wrong(file, error))
}

fn yaml(file: &Path) -> Result<Object, StartError> {
    serde_saphyr::from_str(&text(file)?).map_err(|error| wrong(file, error))
}

fn object(file: &Path) -> Result<Object, StartError> {
    serde_json::from_str(&text(file)?).map_err(|error| wrong(file, error))
}

fn string(of: &Object, name: &str) -> String {
    match of.get(name) {
        Some(Value::String(text)) => text.trim_end().to_owned(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// Strings of a list, or none.
fn strings(of: &Object, name: &str) -> Vec<String> {
    let list = of.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|entry| entry.as_str().map(str::to_owned)).collect()
}

/// `1h` and `PT1H` alike.
fn duration(of: &Object, name: &str, fallback: &str) -> String {
    let given = string(of, name);
    let iso = match given.strip_suffix(['d', 'D']) {
        Some(days) if !given.starts_with('P') => format!("P{days}D"),
        _ if given.starts_with('P') => given.clone(),
        _ => format!("PT{}", given.to_uppercase()),
    };
    iso_duration(&iso).map_or_else(|| fallback.to_owned(), write_duration)
}

fn operator(given: &str) -> &'static str {
    match given {
        "lt" | "LessThan" => "LessThan",
        "eq" | "Equal" => "Equal",
        "ne" | "NotEqual" => "NotEqual",
        _ => "GreaterThan",
    }
}

fn rule(file: &Object) -> Rule {
    let kind = if string(file, "kind").eq_ignore_ascii_case("NRT") { "NRT" } else { "Scheduled" };
    let mut properties = Object::new();
    let mut put = |name: &str, value: Value| {
        properties.insert(name.to_owned(), value);
    };
    if kind == "Scheduled" {
        put("queryFrequency", json!(duration(file, "queryFrequency", "PT1H")));
        put("queryPeriod", json!(duration(file, "queryPeriod", "PT1H")));
        put("triggerOperator", json!(operator(&string(file, "triggerOperator"))));
        put("triggerThreshold", file.get("triggerThreshold").cloned().unwrap_or(json!(0)));
    }
    put("severity", json!(string(file, "severity")));
    put("query", json!(string(file, "query")));
    put("suppressionDuration", json!(duration(file, "suppressionDuration", "PT5H")));
    put("suppressionEnabled", file.get("suppressionEnabled").cloned().unwrap_or(json!(false)));
    for name in ["incidentConfiguration", "entityMappings", "customDetails", "alertDetailsOverride"] {
        put(name, file.get(name).cloned().unwrap_or_default());
    }
    put(
        "eventGroupingSettings",
        file.get("eventGroupingSettings")
            .cloned()
            .unwrap_or_else(|| json!({"aggregationKind": "SingleAlert"})),
    );
    put("displayName", json!(string(file, "name")));
    put("enabled", file.get("enabled").cloned().unwrap_or(json!(true)));
    put("description", json!(string(file, "description").trim_matches(['\'', '\n', ' '])));
    put("alertRuleTemplateName", Value::Null);
    put("templateVersion", Value::Null);
    put("tactics", json!(strings(file, "tactics")));
    let (parts, whole): (Vec<String>, Vec<String>) =
        strings(file, "relevantTechniques").into_iter().partition(|name| name.contains('.'));
    let mut techniques = whole;
    for name in parts.iter().filter_map(|part| part.split('.').next()) {
        if !techniques.iter().any(|known| known == name) {
            techniques.push(name.to_owned());
        }
    }
    put("techniques", json!(techniques));
    put("subTechniques", json!(parts));
    Rule { id: string(file, "id"), kind, properties }
}

fn search(file: &Object, category: &str) -> Search {
    let name = string(file, "name");
    let mut properties =
        json!({"category": category, "displayName": name, "query": string(file, "query"), "version": 2});
    let alias = string(file, "functionAlias");
    if alias.is_empty() {
        let tag = |name: &str, value: String| json!({"name": name, "value": value});
        properties["tags"] = json!([
            tag("description", string(file, "description")),
            tag("tactics", strings(file, "tactics").join(",")),
            tag("techniques", strings(file, "techniques").join(",")),
        ]);
    } else {
        properties["functionAlias"] = json!(alias);
    }
    Search { id: id_of(0, &format!("search/{category}/{name}")), properties }
}

fn watchlist(file: &Path) -> Result<Watchlist, StartError> {
    let head = object(file)?;
    let data = file.with_file_name("data.csv");
    let rows = read_csv(&text(&data)?, 0, b',').map_err(|error| wrong(&data, error))?;
    Ok(Watchlist {
        alias: string(&head, "watchlistAlias"),
        name: string(&head, "displayName"),
        description: string(&head, "description"),
        key: string(&head, "itemsSearchKey"),
        rows,
    })
}

fn workbook(file: &Path) -> Result<Workbook, StartError> {
    let metadata = file.with_file_name("metadata.json");
    let name = object(&metadata).map(|metadata| string(&metadata, "displayName"))?;
    Ok(Workbook { name, content: text(file)? })
}

fn summary(file: &Object) -> Summary {
    let mut definition = json!({"query": string(file, "query"), "binSize": file.get("binSize"), "destinationTable": string(file, "destinationTable")});
    if let Some(delay) = file.get("binDelay") {
        definition["binDelay"] = delay.clone();
    }
    Summary {
        name: string(file, "name"),
        properties: json!({"ruleType": "User", "isActive": true, "provisioningState": "Succeeded",
            "displayName": string(file, "displayName"), "description": string(file, "description"), "ruleDefinition": definition}),
    }
}

/// The custom tables that the content names, each with the columns that its queries name.
fn tables(library: &Library) -> Vec<CustomTable> {
    let mut queries: Vec<&str> =
        library.rules.iter().filter_map(|rule| rule.properties.get("query")?.as_str()).collect();
    queries.extend(library.searches.iter().filter_map(|search| search.properties["query"].as_str()));
    let destinations = library
        .summaries
        .iter()
        .filter_map(|summary| summary.properties["ruleDefinition"]["destinationTable"].as_str());
    let mut names: BTreeSet<String> = destinations.map(str::to_owned).collect();
    // The data collection rule of every workspace fills it.
    names.insert("Firewall_CL".to_owned());
    for query in &queries {
        names.extend(
            words(query)
                .filter(|word| word.ends_with("_CL") && schema::of_microsoft(word).is_none())
                .map(str::to_owned),
        );
    }
    names
        .into_iter()
        .map(|name| {
            let mut columns = vec![("TimeGenerated".to_owned(), "dateTime".to_owned())];
            let own = queries.iter().filter(|query| words(query).any(|word| word == name));
            for column in own.flat_map(|query| words(query)).filter(|word| looks_like_a_column(word)) {
                if !columns.iter().any(|(known, _)| known.eq_ignore_ascii_case(column)) {
                    columns.push((column.to_owned(), "string".to_owned()));
                }
            }
            CustomTable { name, columns }
        })
        .collect()
}

fn words(query: &str) -> impl Iterator<Item = &str> {
    query
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
}

/// Letters of both cases, at most 45 of them: names of columns in these queries.
fn looks_like_a_column(word: &str) -> bool {
    word.len() <= 45
        && !word.ends_with("_CL")
        && word.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && word.bytes().any(|byte| byte.is_ascii_uppercase())
        && word.bytes().any(|byte| byte.is_ascii_lowercase())
        && !["TimeGenerated", "TenantId", "Type", "Title", "UniqueId"].contains(&word)
}
