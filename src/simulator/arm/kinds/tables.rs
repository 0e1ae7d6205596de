//! Tables of a workspace: schema, plan, retention.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::simulator::arm::fields::Fields;
use crate::simulator::arm::kind::{Begun, Change, Rules, Scene};
use crate::simulator::clock::stamp;
use crate::simulator::exchange::{Answer, Object};
use crate::simulator::logs::schema;
use crate::simulator::lro::Work;
use crate::simulator::refusal::Refusal;
use crate::simulator::state::{Resource, State};

/// A plan can change once in this time.
const PLAN_PAUSE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Retention of the cheap plans.
const BASIC_RETENTION: i64 = 30;
const TYPES: &[&str] = &["string", "int", "long", "real", "boolean", "dateTime", "guid", "dynamic"];
const RESERVED: &[&str] = &["_ResourceId", "id", "_SubscriptionId", "TenantId", "Type", "UniqueId", "Title"];

pub(super) struct Tables;

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidParameter", message)
}

impl Rules for Tables {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let fields = Fields::properties(change.sent)?;
        let name = change.name().to_owned();
        let microsoft = schema::of_microsoft(&name).is_some();
        let schema = fields.object("schema")?;
        let mut properties = change
            .existing
            .and_then(|existing| existing.body.get("properties")?.as_object().cloned())
            .unwrap_or_default();
        if change.existing.is_none() && !["_CL", "_SRCH", "_RST"].iter().any(|end| name.ends_with(end)) {
            return Err(invalid(format!(
                "The name of table '{name}' is invalid: the name of a custom table must end with '_CL'."
            )));
        }
        if let Some(given) = schema {
            let given = Fields::new(given, "properties.schema");
            if let Some(inner) = given.text("name")?
                && !inner.eq_ignore_ascii_case(&name)
            {
                return Err(invalid(format!(
                    "The schema's name '{inner}' does not match the table's name '{name}'."
                )));
            }
            let columns = columns(given, microsoft)?;
            let mut kept = properties.get("schema").and_then(Value::as_object).cloned().unwrap_or_default();
            // The set of columns is replaced: what is left out is gone.
            kept.insert("columns".to_owned(), columns);
            if let Some(text) = given.text("description")? {
                kept.insert("description".to_owned(), json!(text));
            }
            properties.insert("schema".to_owned(), Value::Object(kept));
        } else if change.existing.is_none() {
            return Err(invalid("The schema of a new table is required."));
        }
        if change.existing.is_none() {
            let table_type = if name.ends_with("_SRCH") {
                "SearchResults"
            } else if name.ends_with("_RST") {
                "RestoredLogs"
            } else {
                "CustomLog"
            };
            properties.insert("tableType".to_owned(), json!(table_type));
        }
        plan_and_retention(scene, change, fields, &mut properties)?;
        Ok(body(properties))
    }

    fn patch(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let fields = Fields::properties(change.sent)?;
        let mut properties = change
            .existing
            .and_then(|existing| existing.body.get("properties")?.as_object().cloned())
            .unwrap_or_default();
        if let Some(given) = fields.object("schema")? {
            let given = Fields::new(given, "properties.schema");
            let microsoft = schema::of_microsoft(change.name()).is_some();
            if given.get("columns").is_some() {
                let columns = columns(given, microsoft)?;
                let kept = properties.entry("schema").or_insert_with(|| json!({}));
                kept["columns"] = columns;
            }
        }
        plan_and_retention(scene, change, fields, &mut properties)?;
        Ok(body(properties))
    }

    fn show(&self, scene: &Scene<'_>, resource: &Resource, body: &mut Object) {
        let stored = resource.body.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let default = default_retention(scene.state, scene.workspace_id());
        body.insert("properties".to_owned(), shown(resource.name(), &stored, default));
    }

    fn goes_on(&self, _scene: &mut Scene<'_>, _change: &Change<'_>, stored: &mut Resource) -> Option<Begun> {
        stored.properties_mut().insert("provisioningState".to_owned(), json!("Updating"));
        let mut settled = Object::new();
        settled.insert("provisioningState".to_owned(), json!("Succeeded"));
        Some(Begun { work: Work::Settle(settled), failure: None, status: 202 })
    }

    fn delete(&self, _scene: &mut Scene<'_>, resource: &Resource) -> Result<(), Refusal> {
        if schema::of_microsoft(resource.name()).is_some() {
            return Err(Refusal::bad_request(format!(
                "Table '{}' is a Microsoft table and cannot be deleted.",
                resource.name()
            )));
        }
        Ok(())
    }

    fn removal_goes_on(&self) -> bool {
        true
    }
}

fn body(properties: Object) -> Object {
    let mut body = Object::new();
    body.insert("properties".to_owned(), Value::Object(properties));
    body
}

/// The retention that tables have which set none.
pub(crate) fn default_retention(state: &State, workspace: &str) -> i64 {
    state.get(workspace).and_then(|workspace| workspace.property("retentionInDays")?.as_i64()).unwrap_or(30)
}

/// `properties` as shown: schema and retention as they result.
fn shown(name: &str, stored: &Object, default: i64) -> Value {
    let plan = stored.get("plan").and_then(Value::as_str).unwrap_or("Analytics");
    let basic = plan != "Analytics";
    let set = |name: &str| stored.get(name).and_then(Value::as_i64).filter(|days| *days >= 0);
    let retention = if basic { BASIC_RETENTION } else { set("retentionInDays").unwrap_or(default) };
    let total = set("totalRetentionInDays").unwrap_or(retention).max(retention);
    let microsoft = schema::of_microsoft(name);
    let own = stored.get("schema").and_then(Value::as_object);
    let mut shape = Object::new();
    shape.insert("name".to_owned(), json!(name));
    shape.insert("displayName".to_owned(), Value::Null);
    shape.insert(
        "description".to_owned(),
        own.and_then(|own| own.get("description").cloned()).unwrap_or(Value::Null),
    );
    let table_type = if microsoft.is_some() {
        "Microsoft"
    } else {
        stored.get("tableType").and_then(Value::as_str).unwrap_or("CustomLog")
    };
    shape.insert("tableType".to_owned(), json!(table_type));
    let sub_type = if microsoft.is_some() { "Any" } else { "DataCollectionRuleBased" };
    shape.insert("tableSubType".to_owned(), json!(sub_type));
    let columns = own.and_then(|own| own.get("columns").cloned());
    if columns.is_some() || microsoft.is_none() {
        shape.insert("columns".to_owned(), columns.unwrap_or_else(|| json!([])));
    }
    let standard: Vec<Value> = match microsoft {
        Some(columns) => columns.iter().map(|(name, kind)| standard_column(name, kind)).collect(),
        None => vec![standard_column("TenantId", "guid")],
    };
    shape.insert("standardColumns".to_owned(), json!(standard));
    shape.insert("solutions".to_owned(), json!([schema::solution_of(name)]));
    shape.insert("labels".to_owned(), Value::Null);
    shape.insert("source".to_owned(), json!(if microsoft.is_some() { "microsoft" } else { "customer" }));
    let mut made = Object::new();
    made.insert("totalRetentionInDays".to_owned(), json!(total));
    made.insert("archiveRetentionInDays".to_owned(), json!(total - retention));
    made.insert("plan".to_owned(), json!(plan));
    made.insert("retentionInDaysAsDefault".to_owned(), json!(set("retentionInDays").is_none()));
    made.insert("totalRetentionInDaysAsDefault".to_owned(), json!(set("totalRetentionInDays").is_none()));
    if let Some(changed) = stored.get("lastPlanModifiedDate") {
        made.insert("lastPlanModifiedDate".to_owned(), changed.clone());
    }
    made.insert("schema".to_owned(), Value::Object(shape));
    made.insert(
        "provisioningState".to_owned(),
        stored.get("provisioningState").cloned().unwrap_or(json!("Succeeded")),
    );
    made.insert("retentionInDays".to_owned(), json!(retention));
    Value::Object(made)
}

fn standard_column(name: &str, kind: &str) -> Value {
    json!({"name": name, "type": schema::table_type(kind), "isDefaultDisplay": false, "isHidden": name == "TenantId"})
}

fn columns(given: Fields<'_>, microsoft: bool) -> Result<Value, Refusal> {
    let empty = Object::new();
    let mut made = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for column in given.list("columns")?.unwrap_or_default() {
        let column = Fields::new(column.as_object().unwrap_or(&empty), "properties.schema.columns");
        let name = column.required_text("name")?;
        let kind = column.required_one_of("type", TYPES)?;
        let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let starts = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        if name.len() > 45 || !letters || !starts {
            return Err(invalid(format!(
                "The column name '{name}' is invalid: at most 45 letters, digits and underscores, beginning with a letter."
            )));
        }
        if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)) {
            return Err(invalid(format!("The column name '{name}' is reserved.")));
        }
        if microsoft && !name.ends_with("_CF") {
            return Err(invalid(format!(
                "The column name '{name}' is invalid: a custom column of a Microsoft table must end with '_CF'."
            )));
        }
        if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(invalid(format!("The column '{name}' is there twice.")));
        }
        names.push(name.to_owned());
        let mut entry = Object::new();
        entry.insert("name".to_owned(), json!(name));
        entry.insert("type".to_owned(), json!(kind));
        if let Some(text) = column.text("description")? {
            entry.insert("description".to_owned(), json!(text));
        }
        entry.insert("isDefaultDisplay".to_owned(), json!(false));
        entry.insert("isHidden".to_owned(), json!(false));
        made.push(Value::Object(entry));
    }
    if !microsoft && !names.iter().any(|name| name == "TimeGenerated") {
        return Err(invalid("The column 'TimeGenerated' of type dateTime is required."));
    }
    Ok(Value::Array(made))
}

fn plan_and_retention(
    scene: &Scene<'_>,
    change: &Change<'_>,
    fields: Fields<'_>,
    properties: &mut Object,
) -> Result<(), Refusal> {
    let before = change.before("plan").and_then(Value::as_str).unwrap_or("Analytics").to_owned();
    let plan =
        fields.one_of("plan", &["Analytics", "Basic", "Auxiliary"])?.unwrap_or(match before.as_str() {
            "Basic" => "Basic",
            "Auxiliary" => "Auxiliary",
            _ => "Analytics",
        });
    if change.existing.is_some() && plan != before {
        if plan == "Auxiliary" || before == "Auxiliary" {
            return Err(invalid("The plan of a table cannot change to or from Auxiliary."));
        }
        let changed = change
            .before("lastPlanModifiedDate")
            .and_then(Value::as_str)
            .and_then(|time| time.parse::<Timestamp>().ok());
        if let Some(changed) = changed
            && scene.now.duration_since(changed) < PLAN_PAUSE
        {
            return Err(invalid(format!(
                "The plan of table '{}' was changed less than a week ago, at {}. It can change once a week.",
                change.name(),
                stamp(changed)
            )));
        }
        properties.insert("lastPlanModifiedDate".to_owned(), json!(stamp(scene.now)));
    }
    properties.insert("plan".to_owned(), json!(plan));
    for (name, least, most) in [("retentionInDays", 4, 730), ("totalRetentionInDays", 4, 4383)] {
        let Some(days) = fields.integer(name, -1, most)? else { continue };
        if (0..least).contains(&days) {
            return Err(invalid(format!(
                "The value {days} of '{name}' must be -1 or between {least} and {most}."
            )));
        }
        if name == "retentionInDays" && plan != "Analytics" && days != -1 && days != BASIC_RETENTION {
            return Err(invalid(format!(
                "Setting 'retentionInDays' is not allowed for table '{}' with plan {plan}: it is fixed at {BASIC_RETENTION} days.",
                change.name()
            )));
        }
        properties.insert(name.to_owned(), json!(days));
    }
    let set = |name: &str| properties.get(name).and_then(Value::as_i64).filter(|days| *days > 0);
    if let (Some(retention), Some(total)) = (set("retentionInDays"), set("totalRetentionInDays"))
        && total < retention
    {
        return Err(invalid(format!(
            "'totalRetentionInDays' ({total}) must not be less than 'retentionInDays' ({retention})."
        )));
    }
    Ok(())
}

fn stored(scene: &Scene<'_>) -> Result<Resource, Refusal> {
    let id = scene.target.parent().unwrap_or_default();
    scene.state.get(id).cloned().ok_or_else(|| Refusal::inner_not_found("Table", id))
}

/// Moves a classic custom table to data collection rules; here they are there already.
pub(super) fn migrate(scene: &mut Scene<'_>) -> Result<Answer, Refusal> {
    let table = stored(scene)?;
    if schema::of_microsoft(table.name()).is_some() {
        return Err(Refusal::bad_request(format!("Table '{}' cannot be migrated.", table.name())));
    }
    Ok(Answer::empty(200))
}

/// Cancels a search job.
pub(super) fn cancel_search(scene: &mut Scene<'_>) -> Result<Answer, Refusal> {
    let table = stored(scene)?;
    if !table.name().ends_with("_SRCH") {
        return Err(Refusal::bad_request(format!("Table '{}' is no result of a search job.", table.name())));
    }
    Ok(Answer::empty(200))
}
