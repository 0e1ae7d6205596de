//! Resource Graph: KQL over what exists in all subscriptions that the principal sees.

use std::sync::Arc;

use serde_json::{Value, json};

use super::fields::Fields;
use crate::kql::{self, Column, ProblemKind, Row, Tables, Type};
use crate::simulator::exchange::{Answer, Object, Request};
use crate::simulator::identity::access;
use crate::simulator::identity::tokens::Claims;
use crate::simulator::logs::kusto;
use crate::simulator::paging;
use crate::simulator::refusal::Refusal;
use crate::simulator::state::{GROUP, Resource, SUBSCRIPTION, State, WORKSPACE};
use crate::simulator::throttle::hours;
use crate::simulator::world::World;

/// The type in the path.
pub(crate) const TYPE: &str = "Microsoft.ResourceGraph/resources";
/// Largest page.
const LARGEST_PAGE: usize = 1_000;
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
    let rows = rows(world, &state, claims, query, wanted.as_deref())?;
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

/// The tables of Resource Graph, as the principal sees them.
struct Inventory<'a> {
    state: &'a State,
    claims: &'a Claims,
    wanted: Option<&'a [&'a str]>,
}

const COLUMNS: &[(&str, Type)] = &[
    ("id", Type::String),
    ("name", Type::String),
    ("type", Type::String),
    ("tenantId", Type::String),
    ("kind", Type::String),
    ("location", Type::String),
    ("resourceGroup", Type::String),
    ("subscriptionId", Type::String),
    ("managedBy", Type::String),
    ("sku", Type::Dynamic),
    ("plan", Type::Dynamic),
    ("properties", Type::Dynamic),
    ("tags", Type::Dynamic),
    ("identity", Type::Dynamic),
];
/// Types that are in `resources`: those that live in a group.
const LISTED: &[&str] = &[
    WORKSPACE,
    "Microsoft.OperationsManagement/solutions",
    "Microsoft.Insights/workbooks",
    "Microsoft.Insights/dataCollectionRules",
    "Microsoft.Insights/dataCollectionEndpoints",
    "Microsoft.Logic/workflows",
    "Microsoft.Compute/virtualMachines",
];
const READ_GROUP: &str = "Microsoft.Resources/subscriptions/resourceGroups/read";

impl Inventory<'_> {
    fn asked(&self, resource: &Resource) -> bool {
        let subscription = access::subscription_of(&resource.id).unwrap_or_default();
        self.wanted.is_none_or(|wanted| wanted.iter().any(|known| known.eq_ignore_ascii_case(subscription)))
    }

    fn may_read(&self, found: &Resource) -> bool {
        access::may(self.state, self.claims, &format!("{}/read", found.resource_type), &found.id)
    }

    fn resources(&self) -> Vec<Row> {
        let all = LISTED.iter().flat_map(|kind| self.state.below("/subscriptions", kind));
        all.filter(|found| self.asked(found) && self.may_read(found))
            .map(|found| {
                let properties = found.body.get("properties").cloned();
                self.row(found, &found.resource_type.to_ascii_lowercase(), properties)
            })
            .collect()
    }

    fn containers(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let all = self.state.collection("/subscriptions").filter(|found| found.is(SUBSCRIPTION));
        for found in all.filter(|found| self.asked(found)) {
            if access::sees_subscription(self.state, self.claims, found.name()) {
                let managed: Vec<Value> = access::managing_tenants(self.state, found.name())
                    .into_iter()
                    .map(|tenant| json!({"tenantId": tenant}))
                    .collect();
                let properties = json!({"state": found.body.get("state"), "managedByTenants": managed});
                rows.push(self.row(found, "microsoft.resources/subscriptions", Some(properties)));
            }
        }
        for group in self.state.below("/subscriptions", GROUP).filter(|group| self.asked(group)) {
            if access::may(self.state, self.claims, READ_GROUP, &group.id) {
                rows.push(self.row(group, "microsoft.resources/subscriptions/resourcegroups", None));
            }
        }
        rows
    }

    fn row(&self, found: &Resource, kind: &str, properties: Option<Value>) -> Row {
        let subscription = access::subscription_of(&found.id).unwrap_or_default();
        let cell = |(column, in_type): &(&str, Type)| {
            let value = match *column {
                "id" => json!(found.id),
                "name" => found.body.get("displayName").cloned().unwrap_or_else(|| json!(found.name())),
                "type" => json!(kind),
                "tenantId" => json!(access::tenant_of(self.state, subscription)),
                "resourceGroup" => json!(super::path::group_of(&found.id).map(str::to_ascii_lowercase)),
                "subscriptionId" => json!(subscription),
                "properties" => properties.clone().unwrap_or_default(),
                other => found.body.get(other).cloned().unwrap_or_default(),
            };
            kql::Value::from_json(&value, *in_type)
        };
        COLUMNS.iter().map(cell).collect()
    }
}

impl Tables for Inventory<'_> {
    fn schema(&self, table: &str) -> Option<Vec<Column>> {
        // Here, unlike in workspaces, the names of tables ignore case.
        let known = self.names().iter().any(|name| name.eq_ignore_ascii_case(table));
        known.then(|| COLUMNS.iter().map(|(name, kind)| Column::new(*name, *kind)).collect())
    }

    fn rows(&self, table: &str) -> kql::Result<Vec<Row>> {
        Ok(if table.eq_ignore_ascii_case("resources") { self.resources() } else { self.containers() })
    }

    fn names(&self) -> Vec<String> {
        vec!["resources".to_owned(), "resourcecontainers".to_owned()]
    }
}

fn rows(
    world: &World,
    state: &State,
    claims: &Claims,
    query: &str,
    wanted: Option<&[&str]>,
) -> Result<Vec<Object>, Refusal> {
    let inventory = Inventory { state, claims, wanted };
    let output = kusto::run(query, &inventory, world.clock.now()).map_err(|problem| {
        let mut refusal =
            Refusal::bad_request("Please provide below info when asking for support: the query is invalid.");
        let code = if problem.kind == ProblemKind::Syntax { "ParserFailure" } else { "InvalidQuery" };
        refusal.details = vec![json!({"code": code, "message": problem.headline(query)})];
        refusal
    })?;
    let Some(table) = output.tables.into_iter().next() else { return Ok(Vec::new()) };
    let object = |row: &Row| {
        let cells = row.iter().map(kql::Value::to_json);
        table.columns.iter().map(|column| column.name.clone()).zip(cells).collect::<Object>()
    };
    Ok(table.rows.iter().map(object).collect())
}
