//! Random operations against an independent model: which resources exist, what they hold, whether an etag is the latest.

use std::collections::BTreeMap;

use runspaced::simulator::Simulator;
use serde_json::{Value, json};

use crate::azure::{Azure, COLLECTION, LOGS, PREVIEW, STABLE, block};
use crate::support::Context;

/// Operations of one run.
const OPERATIONS: usize = 900;

/// A kind as the model knows it.
struct Kind {
    name: &'static str,
    /// The collection, and its query.
    list: String,
    query: String,
    names: Vec<String>,
    /// A body that holds the marker.
    body: fn(&World, &str) -> Value,
    /// Where the marker is.
    marker: &'static str,
    etag: Etags,
    /// How a list is asked for where that differs.
    list_query: Option<String>,
}

#[derive(PartialEq, Clone, Copy)]
enum Etags {
    /// A stale one is refused, none is taken.
    Checked,
    /// A stale one is refused, and so is none.
    Needed,
    Ignored,
}

struct World {
    workspace: String,
    tenant: String,
}

#[derive(Clone)]
struct Known {
    marker: String,
    etag: Value,
}

struct Luck(u64);

impl Luck {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("fits") % end
    }
}

fn kinds(azure: &Azure) -> Vec<Kind> {
    let workspace = azure.workspace("law-contoso");
    let sentinel = azure.sentinel("law-contoso");
    let group = workspace.split("/providers/").next().expect("a group").to_owned();
    let insights = format!("{group}/providers/Microsoft.Insights");
    let parent = |list: &str, kind: &str| -> String {
        let found =
            azure.simulator.resources(&format!("{list}/")).into_iter().find(|one| one["type"] == kind);
        found.expect("there is one")["id"].as_str().expect("an id").to_owned()
    };
    let incident = parent(&format!("{sentinel}/incidents"), "Microsoft.SecurityInsights/incidents");
    let watchlist = format!("{sentinel}/watchlists/HighValueAssets");
    let names = |prefix: &str| (0..4).map(|number| format!("{prefix}{number}")).collect::<Vec<_>>();
    let guids =
        || (0..4).map(|number| format!("00000000-0000-4000-8000-00000000000{number}")).collect::<Vec<_>>();
    let kind = |name, list: String, version: &str, names, body, marker, etag| Kind {
        name,
        list,
        query: format!("api-version={version}"),
        names,
        body,
        marker,
        etag,
        list_query: None,
    };
    let mut all = vec![
        kind(
            "alertRules",
            format!("{sentinel}/alertRules"),
            PREVIEW,
            guids(),
            |_, text| {
                json!({"kind": "Scheduled", "properties": {"displayName": text, "enabled": false,
            "severity": "Low", "query": "SigninLogs | take 1", "queryFrequency": "PT1H", "queryPeriod": "PT1H", "triggerOperator": "GreaterThan", "triggerThreshold": 0,
            "suppressionDuration": "PT5H", "suppressionEnabled": false}})
            },
            "/properties/displayName",
            Etags::Checked,
        ),
        kind(
            "automationRules",
            format!("{sentinel}/automationRules"),
            STABLE,
            guids(),
            |_, text| {
                json!({"properties": {"displayName": text, "order": 1,
            "triggeringLogic": {"isEnabled": true, "triggersOn": "Incidents", "triggersWhen": "Created"}, "actions": []}})
            },
            "/properties/displayName",
            Etags::Checked,
        ),
        kind(
            "incidents",
            format!("{sentinel}/incidents"),
            STABLE,
            guids(),
            |_, text| json!({"properties": {"title": text, "severity": "Low", "status": "New"}}),
            "/properties/title",
            Etags::Checked,
        ),
        kind(
            "comments",
            format!("{incident}/comments"),
            STABLE,
            guids(),
            |_, text| json!({"properties": {"message": text}}),
            "/properties/message",
            Etags::Ignored,
        ),
        kind(
            "tasks",
            format!("{incident}/tasks"),
            STABLE,
            guids(),
            |_, text| json!({"properties": {"title": text, "status": "New"}}),
            "/properties/title",
            Etags::Checked,
        ),
        kind(
            "bookmarks",
            format!("{sentinel}/bookmarks"),
            STABLE,
            guids(),
            |_, text| json!({"properties": {"displayName": text, "query": "Usage"}}),
            "/properties/displayName",
            Etags::Checked,
        ),
        kind(
            "watchlists",
            format!("{sentinel}/watchlists"),
            STABLE,
            names("list"),
            |_, text| {
                json!({"properties": {"displayName": text, "provider": "Custom", "itemsSearchKey": "K",
            "contentType": "text/csv", "rawContent": format!("K\n{text}\n")}})
            },
            "/properties/displayName",
            Etags::Checked,
        ),
        kind(
            "watchlistItems",
            format!("{watchlist}/watchlistItems"),
            STABLE,
            guids(),
            |_, text| json!({"properties": {"itemsKeyValue": {"Hostname": text}}}),
            "/properties/itemsKeyValue/Hostname",
            Etags::Checked,
        ),
        kind(
            "dataConnectors",
            format!("{sentinel}/dataConnectors"),
            STABLE,
            guids(),
            |world, text| {
                json!({"kind": "Office365", "properties": {"tenantId": world.tenant, "note": text,
            "dataTypes": {"exchange": {"state": "Enabled"}}}})
            },
            "/properties/note",
            Etags::Checked,
        ),
        kind(
            "metadata",
            format!("{sentinel}/metadata"),
            STABLE,
            names("meta"),
            |_, text| json!({"properties": {"contentId": text, "kind": "AnalyticsRule"}}),
            "/properties/contentId",
            Etags::Checked,
        ),
        kind(
            "savedSearches",
            format!("{workspace}/savedSearches"),
            LOGS,
            names("search"),
            |_, text| json!({"properties": {"category": "c", "displayName": text, "query": "Usage"}}),
            "/properties/displayName",
            Etags::Needed,
        ),
        kind(
            "summaryLogs",
            format!("{workspace}/summaryLogs"),
            LOGS,
            names("summary"),
            |_, text| json!({"properties": {"ruleDefinition": {"query": text, "binSize": 60, "destinationTable": "S_CL"}}}),
            "/properties/ruleDefinition/query",
            Etags::Ignored,
        ),
        kind(
            "tables",
            format!("{workspace}/tables"),
            LOGS,
            vec!["One_CL".into(), "Two_CL".into()],
            |_, text| json!({"properties": {"schema": {"description": text, "columns": [{"name": "TimeGenerated", "type": "dateTime"}]}}}),
            "/properties/schema/description",
            Etags::Ignored,
        ),
        kind(
            "workbooks",
            format!("{insights}/workbooks"),
            "2023-06-01",
            guids(),
            |_, text| json!({"location": "westeurope", "kind": "shared", "properties": {"displayName": text, "category": "sentinel", "serializedData": "{}"}}),
            "/properties/displayName",
            Etags::Checked,
        ),
        kind(
            "dataCollectionEndpoints",
            format!("{insights}/dataCollectionEndpoints"),
            COLLECTION,
            names("dce-"),
            |_, text| json!({"location": "westeurope", "properties": {"description": text}}),
            "/properties/description",
            Etags::Ignored,
        ),
        kind(
            "dataCollectionRules",
            format!("{insights}/dataCollectionRules"),
            COLLECTION,
            names("dcr-"),
            |world, text| {
                json!({"location": "westeurope", "properties": {"description": text,
            "destinations": {"logAnalytics": [{"name": "law", "workspaceResourceId": world.workspace}]}, "dataFlows": [{"streams": ["Microsoft-Syslog"], "destinations": ["law"]}]}})
            },
            "/properties/description",
            Etags::Ignored,
        ),
        kind(
            "diagnosticSettings",
            format!("{workspace}/providers/Microsoft.Insights/diagnosticSettings"),
            "2021-05-01-preview",
            names("diag"),
            |world, text| json!({"properties": {"workspaceId": world.workspace, "note": text, "logs": []}}),
            "/properties/note",
            Etags::Ignored,
        ),
    ];
    if let Some(books) = all.iter_mut().find(|kind| kind.name == "workbooks") {
        books.list_query = Some("api-version=2023-06-01&category=sentinel".to_owned());
    }
    all
}

/// Waits until what an answer began has ended.
async fn settle(azure: &Azure, answer: &crate::azure::Got) {
    let Some(status) = answer.header("azure-asyncoperation").map(str::to_owned) else { return };
    for _ in 0..20 {
        let word = azure.get(&status).await.with(200);
        match word["status"].as_str() {
            Some("InProgress") => {}
            Some("Succeeded") => return,
            _ => panic!("{word}"),
        }
    }
    panic!("it never ends");
}

pub fn random_operations_leave_what_the_model_says(_: &Context) {
    for seed in [1, 2] {
        block(run(seed));
    }
}

async fn run(seed: u64) {
    let azure =
        Azure::start(Simulator::builder().incidents(20).without_limits().page_size(5).seed(seed)).await;
    let world =
        World { workspace: azure.workspace("law-contoso"), tenant: azure.simulator.tenants()[1].id.clone() };
    let kinds = kinds(&azure);
    let mut luck = Luck(seed);
    // What is there from the beginning, by kind: the model knows its names only.
    let mut others: Vec<Vec<String>> = Vec::new();
    for kind in &kinds {
        others.push(names_of(&azure, kind).await);
    }
    let mut model: Vec<BTreeMap<String, Known>> = kinds.iter().map(|_| BTreeMap::new()).collect();
    let mut stale: BTreeMap<(usize, String), Value> = BTreeMap::new();
    for step in 0..OPERATIONS {
        let at = luck.below(kinds.len());
        let kind = &kinds[at];
        let name = kind.names[luck.below(kind.names.len())].clone();
        let path = format!("{}/{name}?{}", kind.list, kind.query);
        let known = model[at].get(&name).cloned();
        let context = format!("seed {seed}, step {step}: {} {name}", kind.name);
        match luck.below(10) {
            0..=4 => {
                let marker = format!("marker {step}");
                let mut body = (kind.body)(&world, &marker);
                let old = stale.get(&(at, name.clone())).cloned();
                let choice = luck.below(4);
                if let Some(known) = &known {
                    match (choice, old) {
                        (0, Some(old)) if kind.etag != Etags::Ignored && old != known.etag => {
                            body["etag"] = old;
                            azure.put(&path, &body).await.refused(409, "Conflict");
                            let kept = azure.get(&path).await.with(200);
                            assert_eq!(kept.pointer(kind.marker), Some(&json!(known.marker)), "{context}");
                            continue;
                        }
                        (1, _) if kind.etag == Etags::Checked => {}
                        (1, _) if kind.etag == Etags::Needed => {
                            azure.put(&path, &body).await.refused(409, "Conflict");
                            continue;
                        }
                        _ => body["etag"] = known.etag.clone(),
                    }
                }
                let answer = azure.put(&path, &body).await;
                let wanted: &[u16] = if known.is_some() { &[200, 202] } else { &[201, 202] };
                assert!(wanted.contains(&answer.status), "{context}: {} {}", answer.status, answer.body);
                settle(&azure, &answer).await;
                let now = azure.get(&path).await.with(200);
                assert_eq!(now.pointer(kind.marker), Some(&json!(marker)), "{context}");
                if let Some(known) = known {
                    if kind.etag != Etags::Ignored {
                        assert_ne!(now["etag"], known.etag, "{context}");
                    }
                    stale.insert((at, name.clone()), known.etag);
                }
                model[at].insert(name, Known { marker, etag: now["etag"].clone() });
            }
            5 | 6 => {
                let answer = azure.delete(&path).await;
                let wanted: &[u16] = if known.is_some() { &[200, 202] } else { &[204] };
                assert!(wanted.contains(&answer.status), "{context}: {}", answer.status);
                settle(&azure, &answer).await;
                model[at].remove(&name);
                assert_eq!(azure.get(&path).await.status, 404, "{context}");
            }
            7 | 8 => match known {
                Some(known) => {
                    let found = azure.get(&path).await.with(200);
                    assert_eq!(found.pointer(kind.marker), Some(&json!(known.marker)), "{context}");
                    assert_eq!(found["etag"], known.etag, "{context}");
                    assert_eq!(found["name"], name.as_str());
                }
                None => assert_eq!(azure.get(&path).await.status, 404, "{context}"),
            },
            _ => {
                let mut expected: Vec<String> = others[at].iter().chain(model[at].keys()).cloned().collect();
                expected.sort();
                assert_eq!(names_of(&azure, kind).await, expected, "{context}");
            }
        }
    }
}

async fn names_of(azure: &Azure, kind: &Kind) -> Vec<String> {
    let query = kind.list_query.as_ref().unwrap_or(&kind.query);
    let all = azure.all(&format!("{}?{query}", kind.list)).await;
    let mut names: Vec<String> =
        all.iter().filter_map(|one| one["name"].as_str().map(str::to_owned)).collect();
    names.sort();
    names
}
