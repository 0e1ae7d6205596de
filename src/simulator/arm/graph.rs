//! Resource Graph. Until a query engine runs them, it knows the queries for workspaces and for subscriptions by their
//! look: the table, the type, the columns of the last `project`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::fields::Fields;
use super::guard;
use crate::simulator::exchange::{Answer, Object, Request};
use crate::simulator::identity::access;
use crate::simulator::identity::tokens::Claims;
use crate::simulator::paging;
use crate::simulator::refusal::Refusal;
use crate::simulator::state::{Resource, SUBSCRIPTION, State, WORKSPACE};
use crate::simulator::throttle::hours;
use crate::simulator::world::World;

/// The type in the path.
pub(crate) const TYPE: &str = "Microsoft.ResourceGraph/resources";
/// Largest page.
const LARGEST_PAGE: usize = 1_000;
/// Type of a solution.
const SOLUTION: &str = "Microsoft.OperationsManagement/solutions";

/// Answers a query.
pub(crate) async fn answer(world: &Arc<World>, request: &Request, claims: &Claims) -> Answer {
    let quota = match world.throttle.graph(&claims.oid, world.clock.now()) {
        Ok(quota) => quota,
        Err(refusal) => return refusal.into_answer(),
    };
    let found = super::versions::check(request, TYPE).and_then(|_| {
        if request.method != axum::http::Method::POST {
            return Err(Refusal::method_not_allowed(request.method.as_str()));
        }
        run(world, request, claims)
    });
    found
        .map_or_else(Refusal::into_answer, Answer::ok)
        .with("x-ms-user-quota-remaining", quota.remaining.to_string())
        .with("x-ms-user-quota-resets-after", hours(quota.resets_after))
}

fn run(world: &World, request: &Request, claims: &Claims) -> Result<Value, Refusal> {
    let sent = request.object()?;
    let top = Fields::new(&sent, "");
    let query = top.required_text("query")?;
    let empty = Object::new();
    let options = Fields::new(top.object("options")?.unwrap_or(&empty), "options");
    let size = options
        .integer("$top", 1, 1_000)?
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(LARGEST_PAGE);
    let format = options.one_of("resultFormat", &["objectArray", "table"])?.unwrap_or("objectArray");
    let wanted: Option<Vec<&str>> =
        top.list("subscriptions")?.map(|list| list.iter().filter_map(Value::as_str).collect());
    let state = world.state.read();
    let rows = rows(&state, claims, query, wanted.as_deref())?;
    let total = rows.len();
    let page = paging::cut(rows, query, size, options.text("$skipToken")?)?;
    let count = page.items.len();
    let data = if format == "table" { as_table(&page.items) } else { json!(page.items) };
    let mut body = json!({"totalRecords": total, "count": count, "resultTruncated": "false", "facets": [], "data": data});
    if let Some(token) = page.next {
        body["$skipToken"] = json!(token);
    }
    Ok(body)
}

fn as_table(rows: &[Object]) -> Value {
    let names: Vec<&String> = rows.first().map(|row| row.keys().collect()).unwrap_or_default();
    let columns: Vec<Value> = names.iter().map(|name| json!({"name": name, "type": "string"})).collect();
    let rows: Vec<Value> = rows.iter().map(|row| row.values().cloned().collect()).collect();
    json!({"columns": columns, "rows": rows})
}

fn rows(
    state: &State,
    claims: &Claims,
    query: &str,
    wanted: Option<&[&str]>,
) -> Result<Vec<Object>, Refusal> {
    let lower = query.to_ascii_lowercase();
    let subscriptions = lower.trim_start().starts_with("resourcecontainers");
    let workspaces = lower.trim_start().starts_with("resources")
        && lower.contains("microsoft.operationalinsights/workspaces");
    if !subscriptions && !workspaces {
        return Err(unknown(query));
    }
    let asked = |resource: &&Resource| {
        let subscription = access::subscription_of(&resource.id).unwrap_or_default();
        wanted.is_none_or(|wanted| wanted.iter().any(|known| known.eq_ignore_ascii_case(subscription)))
    };
    let mut rows: Vec<Object> = if workspaces {
        state
            .below("/subscriptions", WORKSPACE)
            .filter(asked)
            .filter(|found| {
                access::may(state, claims, "Microsoft.OperationalInsights/workspaces/read", &found.id)
            })
            .map(|found| workspace(state, found))
            .collect()
    } else {
        state
            .collection("/subscriptions")
            .filter(|found| found.is(SUBSCRIPTION))
            .filter(asked)
            .filter(|found| access::sees_subscription(state, claims, found.name()))
            .map(|found| subscription(state, found))
            .collect()
    };
    project(&mut rows, query)?;
    Ok(rows)
}

fn unknown(query: &str) -> Refusal {
    let mut refusal = Refusal::bad_request(
        "Please provide below info when asking for support: the query is not one that this simulator knows.",
    );
    refusal.details = vec![
        json!({"code": "InvalidQuery", "message": format!("the simulator does not support the query '{query}'")}),
    ];
    refusal
}

fn workspace(state: &State, found: &Resource) -> Object {
    let subscription = access::subscription_of(&found.id).unwrap_or_default();
    let solution = state.below(&format!("/subscriptions/{subscription}"), SOLUTION).any(|solution| {
        solution.name().starts_with("SecurityInsights(")
            && solution.text("workspaceResourceId").is_some_and(|id| id.eq_ignore_ascii_case(&found.id))
    });
    let mut row = Object::new();
    let id = &found.id;
    row.insert("id".to_owned(), json!(id));
    row.insert("name".to_owned(), json!(found.name()));
    row.insert("type".to_owned(), json!(WORKSPACE.to_ascii_lowercase()));
    row.insert("tenantId".to_owned(), json!(access::tenant_of(state, subscription)));
    row.insert("location".to_owned(), found.body.get("location").cloned().unwrap_or_default());
    row.insert("resourceGroup".to_owned(), json!(super::path::group_of(id).map(str::to_ascii_lowercase)));
    row.insert("subscriptionId".to_owned(), json!(subscription));
    row.insert("properties".to_owned(), found.body.get("properties").cloned().unwrap_or_default());
    row.insert("tags".to_owned(), found.body.get("tags").cloned().unwrap_or_default());
    row.insert("subscriptionName".to_owned(), subscription_name(state, subscription));
    row.insert("customerId".to_owned(), json!(found.text("customerId")));
    row.insert(
        "sku".to_owned(),
        found.property("sku").and_then(|sku| sku.get("name").cloned()).unwrap_or_default(),
    );
    row.insert("retention".to_owned(), found.property("retentionInDays").cloned().unwrap_or_default());
    row.insert("hasSolution".to_owned(), if solution { json!(true) } else { Value::Null });
    row.insert("onboarded".to_owned(), json!(guard::onboarded(state, id)));
    row
}

fn subscription_name(state: &State, subscription: &str) -> Value {
    let found = state.get(&format!("/subscriptions/{subscription}"));
    found.and_then(|found| found.body.get("displayName").cloned()).unwrap_or_default()
}

fn subscription(state: &State, found: &Resource) -> Object {
    let mut row = Object::new();
    row.insert("id".to_owned(), json!(found.id));
    row.insert("name".to_owned(), subscription_name(state, found.name()));
    row.insert("type".to_owned(), json!("microsoft.resources/subscriptions"));
    row.insert("subscriptionId".to_owned(), json!(found.name()));
    row.insert("tenantId".to_owned(), found.body.get("tenantId").cloned().unwrap_or_default());
    row.insert("subscriptionName".to_owned(), subscription_name(state, found.name()));
    row.insert("subTenant".to_owned(), found.body.get("tenantId").cloned().unwrap_or_default());
    let managed: Vec<Value> = access::managing_tenants(state, found.name())
        .into_iter()
        .map(|tenant| json!({"tenantId": tenant}))
        .collect();
    row.insert("properties".to_owned(), json!({"state": "Enabled", "managedByTenants": managed}));
    row
}

/// The columns of the last `project` of the outermost pipeline.
fn project(rows: &mut [Object], query: &str) -> Result<(), Refusal> {
    let Some(list) = query.rsplit_once("| project ").map(|(_, list)| list) else { return Ok(()) };
    let list = list.split('|').next().unwrap_or_default();
    for row in rows {
        let mut made = Object::new();
        for entry in list.split(',').map(str::trim) {
            let (name, from) =
                entry.split_once('=').map_or((entry, entry), |(name, from)| (name.trim(), from.trim()));
            let value = row.get(from).or_else(|| row.get(name)).ok_or_else(|| unknown(query))?;
            made.insert(name.to_owned(), value.clone());
        }
        *row = made;
    }
    Ok(())
}
