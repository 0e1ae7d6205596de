//! Data collection rules.

use serde_json::{Value, json};

use super::dce::{ASSOCIATION, ENDPOINT, system_data};
use crate::simulator::arm::fields::Fields;
use crate::simulator::arm::guard;
use crate::simulator::arm::kind::{Change, Rules, Scene};
use crate::simulator::exchange::Object;
use crate::simulator::identity::access;
use crate::simulator::logs::{self, schema};
use crate::simulator::refusal::Refusal;
use crate::simulator::state::Resource;

/// Type of a rule.
pub(crate) const RULE: &str = "Microsoft.Insights/dataCollectionRules";
const KINDS: &[&str] =
    &["Linux", "Windows", "Direct", "WorkspaceTransforms", "AgentDirectToStore", "PlatformTelemetry"];
const STREAM_TYPES: &[&str] = &["string", "int", "long", "real", "boolean", "datetime", "dynamic"];

pub(super) struct DataCollectionRules;

impl Rules for DataCollectionRules {
    fn put(&self, scene: &mut Scene<'_>, change: &Change<'_>) -> Result<Object, Refusal> {
        let top = Fields::new(change.sent, "");
        let location = top.required_text("location")?;
        let kind = top.one_of("kind", KINDS)?;
        let fields = Fields::properties(change.sent)?;
        let problems = problems(scene, fields)?;
        if !problems.is_empty() {
            return Err(Refusal::invalid_rule(problems));
        }
        linked(scene, fields)?;
        let fresh = json!(format!("dcr-{}", scene.state.new_id().replace('-', "")));
        let mut made = Object::new();
        for (name, value) in change.sent.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if !["immutableId", "endpoints", "provisioningState"].contains(&name.as_str()) {
                made.insert(name.clone(), value.clone());
            }
        }
        made.insert("immutableId".to_owned(), change.before("immutableId").cloned().unwrap_or(fresh));
        made.entry("dataCollectionEndpointId").or_insert(Value::Null);
        made.insert("provisioningState".to_owned(), json!("Succeeded"));
        let mut body = Object::new();
        body.insert("location".to_owned(), json!(location));
        if let Some(kind) = kind {
            body.insert("kind".to_owned(), json!(kind));
        }
        body.insert("tags".to_owned(), top.get("tags").cloned().unwrap_or_else(|| json!({})));
        body.insert("properties".to_owned(), Value::Object(made));
        body.insert("systemData".to_owned(), system_data(scene, change));
        Ok(body)
    }

    fn show(&self, scene: &Scene<'_>, resource: &Resource, body: &mut Object) {
        let direct = resource.body.get("kind") == Some(&json!("Direct"));
        let Some(Value::Object(properties)) = body.get_mut("properties") else { return };
        if direct {
            let base = &scene.world.endpoints().ingest;
            let id = resource.text("immutableId").unwrap_or_default();
            properties.insert(
                "endpoints".to_owned(),
                json!({"logsIngestion": format!("{base}/{id}"), "metricsIngestion": format!("{base}/metrics/{id}")}),
            );
        }
        let targets =
            properties.get_mut("destinations").and_then(|all| all.get_mut("logAnalytics")?.as_array_mut());
        for target in targets.into_iter().flatten() {
            let workspace = target["workspaceResourceId"].as_str().and_then(|id| scene.state.get(id));
            if let Some(workspace) = workspace {
                target["workspaceId"] = json!(workspace.text("customerId"));
            }
        }
    }

    fn delete(&self, scene: &mut Scene<'_>, resource: &Resource) -> Result<(), Refusal> {
        let associations: Vec<String> = scene
            .state
            .below("/subscriptions", ASSOCIATION)
            .filter(|found| {
                found.text("dataCollectionRuleId").is_some_and(|id| id.eq_ignore_ascii_case(&resource.id))
            })
            .map(|found| found.id.clone())
            .collect();
        let too = scene
            .request
            .parameter("deleteAssociations")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        if !associations.is_empty() && !too {
            return Err(Refusal::new(
                400,
                "AssociationsExist",
                format!(
                    "The data collection rule '{}' has {} associations. Delete them first, or use deleteAssociations=true.",
                    resource.name(),
                    associations.len()
                ),
            ));
        }
        for id in associations {
            scene.state.remove(&id);
        }
        Ok(())
    }
}

fn problem(code: &str, message: String, target: String) -> Value {
    json!({"code": code, "message": message, "target": target})
}

/// Everything that is wrong with the flows: the service names all of it at once.
fn problems(scene: &Scene<'_>, fields: Fields<'_>) -> Result<Vec<Value>, Refusal> {
    let mut found = Vec::new();
    let empty = Object::new();
    let streams = fields.object("streamDeclarations")?.unwrap_or(&empty);
    for (name, declaration) in streams {
        if !name.starts_with("Custom-") {
            found.push(problem(
                "InvalidStream",
                format!("The stream name '{name}' is invalid: it must begin with 'Custom-'."),
                format!("properties.streamDeclarations.{name}"),
            ));
        }
        for column in declaration["columns"].as_array().into_iter().flatten() {
            let kind = column["type"].as_str().unwrap_or_default();
            if !STREAM_TYPES.contains(&kind) {
                found.push(problem(
                    "InvalidStream",
                    format!(
                        "The type '{kind}' of column '{}' is invalid. Possible values: {}.",
                        column["name"].as_str().unwrap_or_default(),
                        STREAM_TYPES.join(", ")
                    ),
                    format!("properties.streamDeclarations.{name}.columns"),
                ));
            }
        }
    }
    let destinations = fields.object("destinations")?.unwrap_or(&empty);
    for (index, flow) in fields.list("dataFlows")?.unwrap_or_default().iter().enumerate() {
        let place = format!("properties.dataFlows[{index}]");
        let empty = Object::new();
        let flow = Fields::new(flow.as_object().unwrap_or(&empty), "properties.dataFlows");
        let mut workspaces = Vec::new();
        for name in flow.list("destinations")?.unwrap_or_default().iter().filter_map(Value::as_str) {
            match destination(destinations, name) {
                Some(Some(workspace)) => workspaces.push(workspace.to_owned()),
                Some(None) => {}
                None => found.push(problem(
                    "InvalidDataFlow",
                    format!("The destination '{name}' is not declared."),
                    format!("{place}.destinations"),
                )),
            }
        }
        let sources: Vec<&str> =
            flow.list("streams")?.unwrap_or_default().iter().filter_map(Value::as_str).collect();
        if sources.is_empty() {
            found.push(problem(
                "InvalidDataFlow",
                "A data flow needs at least one stream.".to_owned(),
                format!("{place}.streams"),
            ));
        }
        for stream in
            sources.iter().filter(|stream| stream.starts_with("Custom-") && !streams.contains_key(**stream))
        {
            found.push(problem(
                "InvalidStream",
                format!("The stream '{stream}' is not declared."),
                format!("{place}.streams"),
            ));
        }
        output(scene, flow, &sources, &workspaces, &place, &mut found)?;
        if let (Some(transform), Some(stream)) = (flow.text("transformKql")?, sources.first()) {
            let columns = stream_columns(streams, stream);
            if let Err(error) = logs::check_transform(transform, &columns, scene.now) {
                found.push(problem(
                    "InvalidTransformQuery",
                    format!("Error occurred while compiling query in query: {}", error.message),
                    format!("{place}.transformKql"),
                ));
            }
        }
    }
    Ok(found)
}

/// A destination by name: its workspace if it is one.
fn destination<'a>(destinations: &'a Object, name: &str) -> Option<Option<&'a str>> {
    destinations.values().find_map(|kind| {
        let entries = kind.as_array().map_or_else(|| vec![kind], |entries| entries.iter().collect());
        entries
            .into_iter()
            .find(|entry| entry["name"] == name)
            .map(|entry| entry["workspaceResourceId"].as_str())
    })
}

fn output(
    scene: &Scene<'_>,
    flow: Fields<'_>,
    sources: &[&str],
    workspaces: &[String],
    place: &str,
    found: &mut Vec<Value>,
) -> Result<(), Refusal> {
    let stream = flow.text("outputStream")?.or_else(|| sources.first().copied()).unwrap_or_default();
    let Some(table) = table_of(stream) else {
        found.push(problem(
            "InvalidStream",
            format!("The output stream '{stream}' is invalid."),
            format!("{place}.outputStream"),
        ));
        return Ok(());
    };
    for workspace in workspaces {
        if scene.state.get(&format!("{workspace}/tables/{table}")).is_none() {
            found.push(problem(
                "InvalidOutputTable",
                format!(
                    "Table for output stream '{stream}' is not available for destination '{}'.",
                    crate::simulator::arm::name_of(workspace)
                ),
                format!("{place}.outputStream"),
            ));
        }
    }
    Ok(())
}

/// The table a stream goes to.
pub(crate) fn table_of(stream: &str) -> Option<&str> {
    stream
        .strip_prefix("Custom-")
        .or_else(|| stream.strip_prefix("Microsoft-"))
        .filter(|table| !table.is_empty())
}

/// The columns of a stream, with types as queries know them.
pub(crate) fn stream_columns(streams: &Object, stream: &str) -> Vec<(String, String)> {
    match streams.get(stream) {
        Some(declaration) => declaration["columns"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|column| {
                Some((
                    column["name"].as_str()?.to_owned(),
                    schema::query_type(column["type"].as_str()?).to_owned(),
                ))
            })
            .collect(),
        None => table_of(stream)
            .and_then(schema::of_microsoft)
            .map(|columns| {
                columns.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect()
            })
            .unwrap_or_default(),
    }
}

/// The caller needs rights on what the rule refers to.
fn linked(scene: &Scene<'_>, fields: Fields<'_>) -> Result<(), Refusal> {
    let own = format!("{RULE}/write");
    let mut links: Vec<(&str, &str)> = Vec::new();
    if let Some(endpoint) = fields.text("dataCollectionEndpointId")? {
        links.push((endpoint, "Microsoft.Insights/dataCollectionEndpoints/write"));
        if scene.state.get(endpoint).is_none_or(|found| !found.is(ENDPOINT)) {
            return Err(Refusal::invalid_rule(vec![problem(
                "InvalidDataCollectionEndpoint",
                format!("The data collection endpoint '{endpoint}' was not found."),
                "properties.dataCollectionEndpointId".to_owned(),
            )]));
        }
    }
    let empty = Object::new();
    let destinations = fields.object("destinations")?.unwrap_or(&empty);
    for target in destinations.get("logAnalytics").and_then(Value::as_array).into_iter().flatten() {
        if let Some(workspace) = target["workspaceResourceId"].as_str() {
            links.push((workspace, "Microsoft.OperationalInsights/workspaces/write"));
        }
    }
    for (id, action) in links {
        if !access::may(scene.state, scene.claims, action, id) {
            let scope = scene.request.path.as_str();
            return Err(Refusal::linked_not_authorized(
                &scene.claims.appid,
                &scene.claims.oid,
                &own,
                scope,
                action,
                id,
            ));
        }
        if scene.state.get(id).is_none() {
            guard::owners_exist(scene.state, scene.target)?;
            return Err(Refusal::invalid_rule(vec![problem(
                "InvalidDestination",
                format!("The workspace '{id}' was not found."),
                "properties.destinations".to_owned(),
            )]));
        }
    }
    Ok(())
}
