//! What Azure sets by itself: the one table of it. These fields are neither compared nor sent back.

use serde_json::{Map, Value};

use super::kind::ContentKind::{self, *};

/// A field that Azure sets.
pub(crate) struct Assigned {
    /// Of which kind; `None` for all.
    pub(crate) kind: Option<ContentKind>,
    /// Where in the object; `*` stands for every element of a list.
    pub(crate) path: &'static str,
    /// What it is.
    #[cfg_attr(not(test), expect(dead_code, reason = "it is for the documentation, which a test compares"))]
    pub(crate) what: &'static str,
}

const fn every(path: &'static str, what: &'static str) -> Assigned {
    Assigned { kind: None, path, what }
}

const fn of(kind: ContentKind, path: &'static str, what: &'static str) -> Assigned {
    Assigned { kind: Some(kind), path, what }
}

/// The table. docs/sentinel.md shows it, and a test compares the two.
pub(crate) const ASSIGNED: &[Assigned] = &[
    every("id", "says where the object lies"),
    every("name", "the last part of the id; it is part of the address"),
    every("type", "says what the object is"),
    every("etag", "changes with every write"),
    every("systemData", "who wrote it, and when"),
    every("properties/etag", "changes with every write"),
    every("properties/systemData", "who wrote it, and when"),
    every("properties/lastModifiedUtc", "when it was last written"),
    every("properties/lastModifiedTimeUtc", "when it was last written"),
    every("properties/createdTimeUtc", "when it was made"),
    every("properties/timeModified", "when it was last written"),
    every("properties/provisioningState", "how far Azure is with it"),
    of(Tables, "properties/archiveRetentionInDays", "the total less the interactive retention"),
    of(
        Tables,
        "properties/retentionInDaysAsDefault",
        "true where the workspace's retention applies; the number goes with it",
    ),
    of(
        Tables,
        "properties/totalRetentionInDaysAsDefault",
        "true where the interactive retention applies; the number goes with it",
    ),
    of(Tables, "properties/lastPlanModifiedDate", "when the plan was last changed"),
    of(Tables, "properties/resultStatistics", "of search jobs"),
    of(Tables, "properties/schema/standardColumns", "columns that Azure adds"),
    of(Tables, "properties/schema/tableType", "follows from the name"),
    of(Tables, "properties/schema/tableSubType", "how the table is filled"),
    of(Tables, "properties/schema/source", "who made the table"),
    of(Tables, "properties/schema/solutions", "which solutions know the table"),
    of(Tables, "properties/schema/labels", "kept by Azure"),
    of(Tables, "properties/schema/columns/*/isDefaultDisplay", "kept by Azure"),
    of(Tables, "properties/schema/columns/*/isHidden", "kept by Azure"),
    of(DataCollectionEndpoints, "properties/immutableId", "the id by which agents know it"),
    of(DataCollectionEndpoints, "properties/configurationAccess", "an address"),
    of(DataCollectionEndpoints, "properties/logsIngestion", "an address"),
    of(DataCollectionEndpoints, "properties/metricsIngestion", "an address"),
    of(DataCollectionEndpoints, "properties/metadata", "kept by Azure"),
    of(DataCollectionRules, "properties/immutableId", "the id by which senders know it"),
    of(DataCollectionRules, "properties/endpoints", "addresses"),
    of(DataCollectionRules, "properties/metadata", "kept by Azure"),
    of(
        DataCollectionRules,
        "properties/destinations/logAnalytics/*/workspaceId",
        "the customer id of the workspace",
    ),
    of(Associations, "properties/metadata", "kept by Azure"),
    of(Watchlists, "properties/watchlistId", "an id beside the alias"),
    of(Watchlists, "properties/tenantId", "the workspace's tenant"),
    of(Watchlists, "properties/created", "when it was made"),
    of(Watchlists, "properties/createdBy", "who made it"),
    of(Watchlists, "properties/updated", "when it was last written"),
    of(Watchlists, "properties/updatedBy", "who wrote it last"),
    of(Watchlists, "properties/uploadStatus", "how far Azure is with its items"),
    of(Watchlists, "properties/watchlistItemId", "of items: an id that an upload gives"),
    of(SummaryRules, "properties/isActive", "switched by an action of its own"),
    of(SummaryRules, "properties/statusCode", "how the last run went"),
    of(SummaryRules, "properties/ruleLastModifiedTime", "when it was last written"),
    of(AutomationRules, "properties/createdBy", "who made it"),
    of(AutomationRules, "properties/lastModifiedBy", "who wrote it last"),
    of(Workbooks, "properties/revision", "changes with every write"),
    of(Workbooks, "properties/userId", "who wrote it last"),
];

/// True if a field is set by Azure in objects of every kind. Depth 0 is the object itself, 1 its properties.
pub(crate) fn is_of_every_kind(depth: usize, name: &str) -> bool {
    ASSIGNED.iter().filter(|field| field.kind.is_none()).any(|field| match depth {
        0 => field.path == name,
        1 => field.path.strip_prefix("properties/") == Some(name),
        _ => false,
    })
}

/// Properties by which a watchlist is uploaded: taken, and not shown again.
pub(crate) const UPLOAD: [&str; 3] = ["rawContent", "contentType", "numberOfLinesToSkip"];

/// True if a field is taken and not shown again: the upload of a watchlist.
pub(crate) fn is_never_shown(depth: usize, name: &str) -> bool {
    depth == 1 && UPLOAD.contains(&name)
}

/// An object as it is sent: without what Azure sets.
pub(crate) fn own(kind: ContentKind, object: &Value) -> Value {
    let mut object = object.clone();
    if kind == Tables
        && let Some(Value::Object(properties)) = object.get_mut("properties")
    {
        // The number of days is the default's of the workspace, not the table's.
        for name in ["retentionInDays", "totalRetentionInDays"] {
            if properties.get(&format!("{name}AsDefault")) == Some(&Value::Bool(true)) {
                properties.remove(name);
            }
        }
    }
    for field in ASSIGNED.iter().filter(|field| field.kind.is_none_or(|of| of == kind)) {
        remove(&mut object, &mut field.path.split('/'));
    }
    object
}

fn remove<'a>(value: &mut Value, path: &mut (impl Iterator<Item = &'a str> + Clone)) {
    let Some(step) = path.next() else { return };
    let last = path.clone().next().is_none();
    match value {
        Value::Array(items) if step == "*" => {
            for item in items {
                remove(item, &mut path.clone());
            }
        }
        Value::Object(fields) if last => {
            fields.shift_remove(step);
        }
        Value::Object(fields) => {
            if let Some(inner) = fields.get_mut(step) {
                remove(inner, path);
            }
        }
        _ => {}
    }
}

/// An object as two are compared: without what Azure sets; what is absent, `null` and empty are the same, durations count
/// by their length, and the order of members does not count.
pub(crate) fn comparable(kind: ContentKind, object: &Value) -> Value {
    fn plain(name: &str, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let mut kept: Vec<(&String, Value)> = fields
                    .iter()
                    .map(|(name, value)| (name, plain(name, value)))
                    .filter(|(_, value)| !is_nothing(value))
                    .collect();
                kept.sort_unstable_by_key(|(name, _)| *name);
                kept.into_iter().map(|(name, value)| (name.clone(), value)).collect::<Map<_, _>>().into()
            }
            Value::Array(items) => items.iter().map(|item| plain("", item)).collect(),
            Value::String(text) if is_duration(name) => {
                crate::sentinel::times::iso_duration(text).map_or_else(|_| value.clone(), Value::String)
            }
            other => other.clone(),
        }
    }
    plain("", &own(kind, object))
}

fn is_duration(name: &str) -> bool {
    ["queryFrequency", "queryPeriod", "suppressionDuration", "lookbackDuration"].contains(&name)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_azure_sets_is_taken_out_wherever_it_is() {
        let table = json!({"id": "/x", "name": "T_CL", "properties": {"retentionInDays": 90, "retentionInDaysAsDefault": true,
            "totalRetentionInDays": 365, "totalRetentionInDaysAsDefault": false, "plan": "Analytics",
            "schema": {"name": "T_CL", "columns": [{"name": "A", "type": "string", "isHidden": false}], "solutions": ["x"]}}});
        assert_eq!(
            own(Tables, &table),
            json!({"properties": {"totalRetentionInDays": 365, "plan": "Analytics",
                "schema": {"name": "T_CL", "columns": [{"name": "A", "type": "string"}]}}})
        );
        // Elsewhere the same names are content.
        let rule = json!({"properties": {"immutableId": "stays", "entityMappings": [{"name": "stays"}]}});
        assert_eq!(own(AnalyticsRules, &rule), rule);
    }

    #[test]
    fn objects_are_the_same_however_they_are_written() {
        let one = json!({"properties": {"queryPeriod": "PT60M", "tactics": [], "query": "T", "customDetails": null}});
        let other = json!({"etag": "1", "properties": {"query": "T", "queryPeriod": "PT1H"}});
        assert_eq!(
            comparable(AnalyticsRules, &one).to_string(),
            comparable(AnalyticsRules, &other).to_string()
        );
        let third = json!({"properties": {"query": "T ", "queryPeriod": "PT1H"}});
        assert_ne!(comparable(AnalyticsRules, &one), comparable(AnalyticsRules, &third));
    }

    #[test]
    fn the_table_is_the_one_of_the_documentation() {
        let documentation = include_str!("../../../docs/sentinel.md");
        for field in ASSIGNED {
            let kind = field.kind.map_or("all", ContentKind::name);
            let line = format!("| {kind} | `{}` | {} |", field.path, field.what);
            assert!(documentation.contains(&line), "docs/sentinel.md lacks the line\n{line}");
        }
    }
}
