//! New tables.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::TablePlan;
use crate::azure::Surface;
use crate::sentinel::definition::{Undo, Write};
use crate::sentinel::parameter::word;
use crate::sentinel::plan::{Change, Draft};
use crate::sentinel::target::Target;
use crate::sentinel::{Error, Result};

/// Names that Azure keeps for itself.
const RESERVED: &[&str] = &["_ResourceId", "id", "_SubscriptionId", "TenantId", "Type", "UniqueId", "Title"];
/// Types that a column may have.
const TYPES: &[&str] = &["string", "int", "long", "real", "boolean", "dateTime", "guid", "dynamic"];
/// Longest name of a column, characters.
const LONGEST: usize = 45;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    /// The table's name; _CL is added where it is missing
    #[schemars(extend("x-aliases" = ["Name"]), regex(pattern = r"^[A-Za-z][A-Za-z0-9_]*$"), length(max = 63))]
    table_name: String,
    /// Its columns: an object of names and types, a list of objects with name and type, or a list of texts Name:type
    schema: Value,
    /// Its plan
    #[serde(default)]
    plan: TablePlan,
    /// Days that data can be queried, 4 to 730; -1 for the workspace's default
    #[schemars(range(min = -1, max = 730))]
    retention_in_days: Option<i64>,
    /// Days that data is kept in all, 4 to 4383; -1 for the same as it can be queried
    #[schemars(range(min = -1, max = 4383))]
    total_retention_in_days: Option<i64>,
    /// What it holds
    description: Option<String>,
    /// Does not wait until Azure has made it
    #[serde(default)]
    no_wait: bool,
    /// Seconds to wait for that at most
    #[serde(default = "five_minutes")]
    #[schemars(range(min = 1, max = 3600))]
    timeout_sec: u64,
}

fn five_minutes() -> u64 {
    300
}

impl Write for New {
    async fn plan(self, target: Target) -> Result<Draft> {
        let wrong =
            |problems: Vec<String>| Error::Arguments { operation: target.operation.to_owned(), problems };
        let mut notices = Vec::new();
        let mut name = self.table_name.clone();
        if !name.to_ascii_lowercase().ends_with("_cl") {
            name.push_str("_CL");
            notices.push(format!("custom tables end in _CL: the table will be {name}"));
        }
        let mut columns = columns(&self.schema).map_err(wrong)?;
        if !columns.iter().any(|(column, _)| column == "TimeGenerated") {
            columns.insert(0, ("TimeGenerated".to_owned(), "dateTime"));
            notices.push("every table has a column TimeGenerated: it is added".to_owned());
        }
        let place = target.workspace.id.child(&["tables", &name]);
        if target.find(&place, Surface::OperationalInsights).await?.is_some() {
            return Err(Error::declined(
                format!(
                    "there is a table {name} already, and creating it anew would delete the columns that are not named"
                ),
                "Take another name, or remove the table first.",
            ));
        }
        let mut properties = Map::new();
        properties.insert("plan".to_owned(), word(&self.plan).into());
        for (field, days) in [
            ("retentionInDays", self.retention_in_days),
            ("totalRetentionInDays", self.total_retention_in_days),
        ] {
            match days {
                // Basic and Auxiliary tables have a fixed interactive retention.
                Some(_) if field == "retentionInDays" && self.plan != TablePlan::Analytics => {
                    return Err(wrong(vec![format!(
                        "RetentionInDays cannot be set in the plan {}",
                        word(&self.plan)
                    )]));
                }
                Some(days) => {
                    super::change::check_days(field, days).map_err(|problem| wrong(vec![problem]))?;
                    properties.insert(field.to_owned(), days.into());
                }
                None => {}
            }
        }
        let columns: Vec<Value> =
            columns.iter().map(|(name, kind)| json!({ "name": name, "type": kind })).collect();
        let mut schema = json!({ "name": name, "columns": columns });
        if let Some(description) = &self.description {
            schema["description"] = description.as_str().into();
        }
        properties.insert("schema".to_owned(), schema);
        let mut change = Change::create(
            place,
            Surface::OperationalInsights,
            name.clone(),
            &json!({ "properties": properties }),
        )
        .titled(format!("create table {name}"))
        // Data that arrived meanwhile goes with it.
        .undoable(Undo::Compensating);
        if !self.no_wait {
            change = change.long().within(self.timeout_sec);
        }
        Ok(Draft { changes: vec![change], notices, ..Draft::default() })
    }
}

/// The columns of a schema in any of its three shapes.
fn columns(schema: &Value) -> Result<Vec<(String, &'static str)>, Vec<String>> {
    let mut problems = Vec::new();
    let given: Vec<(String, String)> = match schema {
        Value::Object(fields) => fields.iter().map(|(name, kind)| (name.clone(), text(kind))).collect(),
        Value::Array(items) => items
            .iter()
            .map(|item| match item {
                Value::String(both) => match both.split_once(':') {
                    Some((name, kind)) => (name.trim().to_owned(), kind.trim().to_owned()),
                    None => (both.clone(), String::new()),
                },
                other => {
                    let field = |name: &str| {
                        other
                            .as_object()
                            .and_then(|fields| fields.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)))
                            .map(|(_, value)| text(value))
                    };
                    (field("name").unwrap_or_default(), field("type").unwrap_or_default())
                }
            })
            .collect(),
        _ => {
            problems.push("Schema: an object of names and types, or a list is wanted".to_owned());
            Vec::new()
        }
    };
    let mut found: Vec<(String, &'static str)> = Vec::new();
    for (name, kind) in given {
        let letters = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !letters || name.len() > LONGEST {
            problems.push(format!(
                "Schema: {name:?} is no name of a column: letters, digits and _, {LONGEST} at most"
            ));
        } else if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(&name)) {
            problems.push(format!("Schema: Azure keeps the name {name} for itself"));
        } else if found.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            problems.push(format!("Schema: {name} is named twice"));
        }
        let kind = match kind.to_ascii_lowercase().as_str() {
            "bool" => "boolean".to_owned(),
            "double" => "real".to_owned(),
            other => other.to_owned(),
        };
        match TYPES.iter().find(|known| known.eq_ignore_ascii_case(&kind)) {
            Some(kind) => found.push((name, kind)),
            None => {
                problems.push(format!("Schema: {name} is of type {kind:?}: there are {}", TYPES.join(", ")))
            }
        }
    }
    if found.is_empty() && problems.is_empty() {
        problems.push("Schema names no column".to_owned());
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_shapes_of_a_schema_are_one() {
        let expected = vec![("Action".to_owned(), "string"), ("When".to_owned(), "dateTime")];
        for schema in [
            json!({"Action": "string", "When": "datetime"}),
            json!([{"name": "Action", "type": "String"}, {"Name": "When", "Type": "dateTime"}]),
            json!(["Action:string", "When : datetime"]),
        ] {
            assert_eq!(columns(&schema), Ok(expected.clone()), "{schema}");
        }
    }

    #[test]
    fn what_azure_would_refuse_is_refused_at_once() {
        let problems =
            columns(&json!({"TenantId": "string", "a b": "string", "X": "text", "Y": "int", "y": "int"}))
                .expect_err("is wrong")
                .join("\n");
        for part in ["TenantId for itself", "\"a b\"", "\"text\"", "named twice"] {
            assert!(problems.contains(part), "{part}: {problems}");
        }
        assert!(columns(&json!("x")).is_err() && columns(&json!({})).is_err());
    }
}
