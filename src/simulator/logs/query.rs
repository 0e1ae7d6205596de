//! The query API.

use std::sync::Arc;

use serde_json::{Value, json};

use super::kusto::Needed;
use super::several::Several;
use super::view::View;
use super::{find_workspace, kusto, metadata, refusal, span};
use crate::kql::{Output, Table, Tables as _};
use crate::simulator::exchange::{Answer, Object, Request, Surface};
use crate::simulator::identity::access;
use crate::simulator::identity::tokens::Claims;
use crate::simulator::state::{Resource, State};
use crate::simulator::world::World;

/// Workspaces of one query.
const MOST_WORKSPACES: usize = 100;

/// What to do with a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Query,
    Search,
    Metadata,
}

/// Answers a request to the query host.
pub(crate) async fn answer(world: &Arc<World>, request: &Request) -> Answer {
    let correlation = world.fresh_id();
    let claims = match world.keys.check(request.bearer(), &world.audiences(Surface::Query), world.clock.now())
    {
        Ok(claims) => claims,
        Err(denied) => return refusal::token(denied, &correlation),
    };
    let segments = request.segments();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["v1", "$batch"] => batch(world, request, &claims, &correlation).await,
        ["v1", "workspaces", id, verb] => {
            let verb = match *verb {
                "query" => Verb::Query,
                "search" => Verb::Search,
                "metadata" => Verb::Metadata,
                _ => return refusal::path_not_found(&correlation),
            };
            let body = match body_of(request, verb) {
                Ok(Some(body)) => body,
                // Without its content type the service does not look at the body, and does not say so.
                Ok(None) => return Answer::empty(200),
                Err(message) => return refusal::bad_argument("InvalidRequest", &message, &correlation),
            };
            let prefer = request.header("prefer").unwrap_or_default().to_owned();
            one(world, &claims, (*id).to_owned(), verb, body, &prefer).await
        }
        _ => refusal::path_not_found(&correlation),
    }
}

fn body_of(request: &Request, verb: Verb) -> Result<Option<Object>, String> {
    if request.method == axum::http::Method::GET || verb == Verb::Metadata {
        return Ok(Some(request.query.iter().map(|(name, value)| (name.clone(), json!(value))).collect()));
    }
    if !request
        .header("content-type")
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json"))
    {
        return Ok(None);
    }
    request.object().map(Some).map_err(|refusal| refusal.0.message)
}

async fn batch(world: &Arc<World>, request: &Request, claims: &Claims, correlation: &str) -> Answer {
    let entries = request.object().ok().and_then(|body| body.get("requests")?.as_array().cloned());
    let Some(entries) = entries else {
        return refusal::bad_argument("InvalidRequest", "A batch needs 'requests'.", correlation);
    };
    let mut responses = Vec::new();
    for entry in &entries {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let verb = if text("path").ends_with("search") { Verb::Search } else { Verb::Query };
        let prefer = entry["headers"].as_object().and_then(|headers| {
            headers
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("prefer"))
                .and_then(|(_, value)| value.as_str())
        });
        let body = entry["body"].as_object().cloned().unwrap_or_default();
        let id = text("workspace");
        let placed = {
            let state = world.state.read();
            state
                .workspace_of(&id)
                .is_none_or(|workspace| View::new(&state, workspace, world.clock.now()).is_placed())
        };
        let response = if placed {
            let answer = one(world, claims, id, verb, body, prefer.unwrap_or_default()).await;
            let body = match answer.body {
                crate::simulator::exchange::Reply::Json(body) => body,
                _ => json!({}),
            };
            json!({"id": entry["id"], "status": answer.status, "headers": {}, "body": body})
        } else {
            // A workspace that never had data has no place yet.
            json!({"id": entry["id"], "status": 204, "headers": {}, "body": {"error": {"code": "WorkspaceNotPlacedError", "message": "The workspace has no data yet"}}})
        };
        responses.push(response);
    }
    // They come in no particular order.
    responses.reverse();
    Answer::ok(json!({"responses": responses}))
}

async fn one(
    world: &Arc<World>,
    claims: &Claims,
    id: String,
    verb: Verb,
    body: Object,
    prefer: &str,
) -> Answer {
    let correlation = world.fresh_id();
    if let Err(wait) = world.throttle.query(&claims.oid, world.clock.now()) {
        return refusal::throttled(wait.as_secs().max(1), &correlation);
    }
    let Some(_turn) = world.throttle.turn(&claims.oid).await else {
        return refusal::throttled(30, &correlation);
    };
    // Others go on while this one computes.
    let (inner, claims, statistics) =
        (Arc::clone(world), claims.clone(), prefer.contains("include-statistics=true"));
    let computed = tokio::task::spawn_blocking(move || {
        let state = inner.state.read();
        compute(&inner, &state, &claims, &id, verb, &body, statistics, &correlation)
    });
    computed.await.unwrap_or_else(|_| Answer::empty(500))
}

#[allow(clippy::too_many_arguments, reason = "the parts of one request, used nowhere else")]
fn compute(
    world: &World,
    state: &State,
    claims: &Claims,
    id: &str,
    verb: Verb,
    body: &Object,
    statistics: bool,
    correlation: &str,
) -> Answer {
    let now = world.clock.now();
    if id.parse::<uuid::Uuid>().is_err() {
        return refusal::path_not_found(correlation);
    }
    let Some(workspace) = state.workspace_of(id) else {
        return refusal::workspace_not_found(id, correlation);
    };
    if !may_query(state, claims, workspace) {
        return refusal::no_access(correlation);
    }
    if verb == Verb::Metadata {
        return Answer::ok(metadata::of(&View::new(state, workspace, now)));
    }
    let Some(query) = body.get("query").and_then(Value::as_str).filter(|query| !query.trim().is_empty())
    else {
        return refusal::bad_argument("MissingQuery", "The query is missing.", correlation);
    };
    let span = match body.get("timespan").and_then(Value::as_str) {
        None => None,
        Some(text) => match span::parse(text, now) {
            Some(span) => Some(span),
            None => {
                return refusal::bad_argument(
                    "InvalidTimespan",
                    &format!("The timespan '{text}' is invalid."),
                    correlation,
                );
            }
        },
    };
    let mut views = vec![View::new(state, workspace, now).within(span)];
    for name in
        body.get("workspaces").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    {
        match find_workspace(state, name) {
            Some(found) if may_query(state, claims, found) => {
                if !views.iter().any(|view| view.workspace.id == found.id) {
                    views.push(View::new(state, found, now).within(span));
                }
            }
            Some(_) => return refusal::no_access(correlation),
            None => return refusal::workspace_not_found(name, correlation),
        }
    }
    if views.len() > MOST_WORKSPACES {
        return refusal::bad_argument(
            "TooManyWorkspaces",
            &format!("A query can span {MOST_WORKSPACES} workspaces at most."),
            correlation,
        );
    }
    if let Some(wrong) = plans(&views, query, verb, span.is_some()) {
        return refusal::bad_argument("UnsupportedApiQueryValidationError", &wrong, correlation);
    }
    let mut named = Vec::new();
    for name in kusto::named_workspaces(query) {
        // One that is not there is a name that the query cannot resolve.
        let Some(found) = find_workspace(state, &name) else { continue };
        if !may_query(state, claims, found) {
            return refusal::no_access(correlation);
        }
        named.push((name, View::new(state, found, now).within(span)));
    }
    let tables = Several { views, named };
    let needed = Needed::of(query, &tables, now).map(Arc::new);
    match kusto::run(query, &tables.needing(&needed), now) {
        Ok(output) => Answer::ok(shown(world, &output, statistics)),
        Err(problem) => refusal::query(&problem, query, correlation),
    }
}

fn may_query(state: &State, claims: &Claims, workspace: &Resource) -> bool {
    access::may(state, claims, "Microsoft.OperationalInsights/workspaces/query/read", &workspace.id)
}

/// What tables of the cheap plans do not allow.
fn plans(views: &[View<'_>], query: &str, verb: Verb, has_span: bool) -> Option<String> {
    let words: Vec<&str> =
        query.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect();
    let view = views.first()?;
    let mut cheap: Vec<String> = view
        .names()
        .into_iter()
        .filter(|name| words.contains(&name.as_str()) && view.plan(name) != "Analytics")
        .collect();
    cheap.dedup();
    if cheap.is_empty() {
        return None;
    }
    let plan = view.plan(&cheap[0]);
    if verb == Verb::Query {
        return Some(format!(
            "Query of {plan} Logs table is not supported with the API '/query'. You can use '/search' instead."
        ));
    }
    if cheap.len() > 1 {
        return Some("The query should contain a single Basic or Auxiliary Logs table. The query should contain up to five Analytics Logs tables.".to_owned());
    }
    (!has_span).then(|| "The timespan is mandatory for the API '/search'.".to_owned())
}

/// The answer: cells as the API writes them, cut where it is too large.
fn shown(world: &World, output: &Output, statistics: bool) -> Value {
    let limits = world.throttle.limits();
    let (mut shown, mut sizes, mut cut) = (Vec::new(), Vec::new(), false);
    for (index, table) in output.tables.iter().enumerate() {
        let name = if index == 0 { "PrimaryResult".to_owned() } else { format!("Table_{index}") };
        let (rows, size, whole) = fitting(table, limits.query_rows, limits.query_bytes);
        cut |= !whole;
        sizes.push(json!({"tableRowCount": rows.len(), "tableSize": size}));
        let columns: Vec<Value> = table
            .columns
            .iter()
            .map(|column| json!({"name": column.name, "type": column.ty.word()}))
            .collect();
        shown.push(json!({"name": name, "columns": columns, "rows": rows}));
    }
    let mut body = json!({"tables": shown});
    if cut {
        body["error"] = too_large(limits.query_bytes);
    }
    if statistics {
        body["statistics"] = json!({"query": {"executionTime": 0.0312, "resourceUsage": {"cpu": {"totalCpu": "00:00:00"}}, "datasetStatistics": sizes}});
    }
    body
}

/// The rows that fit, their size, and whether that is all of them.
fn fitting(table: &Table, most_rows: usize, most_bytes: usize) -> (Vec<Value>, usize, bool) {
    let (mut rows, mut size) = (Vec::new(), 0);
    for row in table.json_rows() {
        let cells = row.as_array().into_iter().flatten();
        size += cells.map(|cell| cell.as_str().map_or(8, |text| text.len() + 3)).sum::<usize>();
        if rows.len() >= most_rows || size > most_bytes {
            return (rows, size, false);
        }
        rows.push(row);
    }
    (rows, size, true)
}

fn too_large(bytes: usize) -> Value {
    json!({"code": "PartialError", "message": "There were some errors when processing your query.",
        "details": [{"code": "EngineError", "message": "Something went wrong processing your query on the server.",
            "innererror": {"code": "-2133196790", "message": format!("Query result set has exceeded the internal data size limit {bytes} (E_QUERY_RESULT_SET_TOO_LARGE)."),
                "severity": 2, "severityName": "Warning"}}]})
}
