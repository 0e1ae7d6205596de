//! Logs ingestion: rows come in through a data collection rule and its transform.

use std::io::Read as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{kusto, source};
use crate::kql::{self, Tables as _};
use crate::simulator::arm::{RULE, stream_columns, table_of};
use crate::simulator::clock::stamp_precise;
use crate::simulator::exchange::{Answer, Object, Request, Surface};
use crate::simulator::identity::access;
use crate::simulator::logs::view::View;
use crate::simulator::refusal::Refusal;
use crate::simulator::state::{Resource, State};
use crate::simulator::world::World;

/// Largest text of one cell.
const LARGEST_CELL: usize = 64 * 1024;
/// The only version.
const VERSION: &str = "2023-01-01";

fn refuse(status: u16, code: &str, message: String) -> Answer {
    let code_header = code.to_owned();
    Answer::json(status, json!({"error": {"code": code, "message": message}}))
        .with("x-ms-error-code", code_header)
}

/// Answers `POST {endpoint}/dataCollectionRules/{id}/streams/{stream}`.
pub(crate) fn answer(world: &World, request: &Request) -> Answer {
    take(world, request).unwrap_or_else(|answer| *answer)
}

type Taken = Result<Answer, Box<Answer>>;

fn take(world: &World, request: &Request) -> Taken {
    let now = world.clock.now();
    let denied = |refusal: Refusal| {
        let code = refusal.code.clone();
        Box::new(refusal.into_answer().with("x-ms-error-code", code))
    };
    let no = |status, code: &str, message: &str| Box::new(refuse(status, code, message.to_owned()));
    let claims =
        world.keys.check(request.bearer(), &world.audiences(Surface::Ingest), now).map_err(denied)?;
    let segments = request.segments();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (endpoint, id, stream) = match parts.as_slice() {
        [endpoint, kind, id, streams, stream]
            if kind.eq_ignore_ascii_case("dataCollectionRules")
                && streams.eq_ignore_ascii_case("streams") =>
        {
            (*endpoint, *id, *stream)
        }
        _ => return Err(no(404, "NotFound", "The path is not that of a stream of a data collection rule.")),
    };
    match request.parameter("api-version") {
        None => {
            return Err(no(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter is required.",
            ));
        }
        Some(VERSION) => {}
        Some(_) => return Err(no(400, "UnsupportedApiVersion", "The api-version is not supported.")),
    }
    let mut state = world.state.write();
    let rule = state.below("/subscriptions", RULE).find(|rule| rule.text("immutableId") == Some(id)).cloned();
    let rule = rule.ok_or_else(|| {
        Box::new(refuse(404, "NotFound", format!("Data collection rule with immutable Id '{id}' not found.")))
    })?;
    if !serves(&state, &rule, endpoint) {
        return Err(no(
            404,
            "NotFound",
            "The data collection endpoint is not that of the data collection rule.",
        ));
    }
    if !access::may_with_data(&state, &claims, "Microsoft.Insights/Telemetry/Write", &rule.id) {
        return Err(Box::new(refuse(
            403,
            "OperationFailed",
            format!(
                "The authentication token provided does not have access to ingest data for the data collection rule with immutable Id '{id}'."
            ),
        )));
    }
    let rows = rows_of(world, request)?;
    let empty = Object::new();
    let streams = rule.property("streamDeclarations").and_then(Value::as_object).unwrap_or(&empty);
    let flows = rule.property("dataFlows").and_then(Value::as_array).cloned().unwrap_or_default();
    let flows: Vec<&Value> = flows
        .iter()
        .filter(|flow| flow["streams"].as_array().is_some_and(|all| all.contains(&json!(stream))))
        .collect();
    if flows.is_empty() {
        return Err(Box::new(refuse(
            404,
            "InvalidStream",
            format!(
                "The stream '{stream}' was not configured in the data collection rule with immutable Id '{id}'."
            ),
        )));
    }
    let columns = stream_columns(streams, stream);
    for flow in flows {
        let transform = flow["transformKql"].as_str().unwrap_or("source");
        let made = kusto::run(transform, &source(&columns, &rows), now).ok();
        // What the transform cannot take is lost without a word, as in Azure.
        let Some(table) = made.and_then(|output| output.tables.into_iter().next()) else { continue };
        let output = flow["outputStream"].as_str().unwrap_or(stream);
        let Some(name) = table_of(output) else { continue };
        for workspace in workspaces(&rule, flow) {
            let made = table.rows.iter().map(|row| {
                table
                    .columns
                    .iter()
                    .map(|column| column.name.clone())
                    .zip(row.iter().map(kql::Value::to_json))
                    .collect::<Object>()
            });
            store(&mut state, &workspace, name, made.collect(), now);
        }
    }
    Ok(Answer::empty(204))
}

/// Whether the endpoint of the path is one of the rule: its own, or its data collection endpoint.
fn serves(state: &State, rule: &Resource, endpoint: &str) -> bool {
    let direct =
        rule.body.get("kind") == Some(&json!("Direct")) && rule.text("immutableId") == Some(endpoint);
    let other = rule.text("dataCollectionEndpointId").and_then(|id| state.get(id));
    direct || other.is_some_and(|found| found.text("immutableId") == Some(endpoint))
}

fn rows_of(world: &World, request: &Request) -> Result<Vec<Object>, Box<Answer>> {
    let most = world.throttle.limits().ingest_bytes;
    let too_large = || {
        Box::new(refuse(
            413,
            "ContentLengthLimitExceeded",
            format!("Maximum allowed content length: {most} bytes."),
        ))
    };
    if request.body.len() > most {
        return Err(too_large());
    }
    let gzip = request.header("content-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("gzip"));
    let text = if gzip {
        let mut text = Vec::new();
        let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let read = flate2::read::GzDecoder::new(request.body.as_ref()).take(limit).read_to_end(&mut text);
        read.map_err(|error| {
            Box::new(refuse(400, "InvalidRequestPayload", format!("The body is no gzip: {error}")))
        })?;
        text
    } else {
        request.body.to_vec()
    };
    if text.len() > most {
        return Err(too_large());
    }
    let wrong = |why: String| Box::new(refuse(400, "InvalidRequestPayload", why));
    let rows: Vec<Object> = serde_json::from_slice(&text)
        .map_err(|error| wrong(format!("The body must be a JSON array of objects: {error}")))?;
    Ok(rows.into_iter().map(shortened).collect())
}

/// A row whose texts are no longer than a cell may be.
fn shortened(mut row: Object) -> Object {
    for value in row.values_mut() {
        if let Value::String(text) = value
            && text.len() > LARGEST_CELL
        {
            let end = (0..=LARGEST_CELL).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            text.truncate(end);
        }
    }
    row
}

fn workspaces(rule: &Resource, flow: &Value) -> Vec<String> {
    let named = flow["destinations"].as_array().cloned().unwrap_or_default();
    let targets = rule.property("destinations").and_then(|all| all.get("logAnalytics")?.as_array().cloned());
    let targets = targets.unwrap_or_default();
    let chosen = targets.iter().filter(|target| named.contains(&target["name"]));
    chosen.filter_map(|target| target["workspaceResourceId"].as_str().map(str::to_owned)).collect()
}

/// Puts rows into a table: columns that it does not have are dropped.
fn store(state: &mut State, workspace: &str, table: &str, rows: Vec<Object>, now: Timestamp) {
    let Some(found) = state.get(workspace).cloned() else { return };
    let Some(columns) = View::new(state, &found, now).schema(table) else { return };
    let customer = found.text("customerId").unwrap_or_default().to_owned();
    let kept = rows.into_iter().map(|mut row| {
        row.retain(|name, _| columns.iter().any(|column| column.name == *name));
        if row.get("TimeGenerated").is_none_or(Value::is_null) {
            row.insert("TimeGenerated".to_owned(), json!(stamp_precise(now)));
        }
        row
    });
    let kept: Vec<Object> = kept.collect();
    state.came_in(&customer, table, kept);
}
