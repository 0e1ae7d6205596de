//! The world at its beginning, and the ways of its resources.

use runspaced::simulator::app;
use serde_json::{Value, json};

use crate::azure::{Azure, COLLECTION, LOGS, PREVIEW, STABLE, block};
use crate::support::Context;

pub fn the_world_is_as_described(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let subscriptions = azure.get("/subscriptions?api-version=2022-12-01").await.with(200);
        let all = subscriptions["value"].as_array().expect("a list");
        let names: Vec<&str> = all.iter().filter_map(|one| one["displayName"].as_str()).collect();
        assert_eq!(names.len(), 4, "{names:?}");
        assert!(!names.contains(&"tailwind-prod"));
        let managing = &azure.simulator.tenants()[0].id;
        let delegated =
            all.iter().filter(|one| one["managedByTenants"][0]["tenantId"] == managing.as_str()).count();
        assert_eq!(delegated, 3);
        let workspaces: Vec<Value> = azure
            .simulator
            .resources("/subscriptions")
            .into_iter()
            .filter(|one| one["type"] == "Microsoft.OperationalInsights/workspaces")
            .collect();
        assert_eq!(workspaces.len(), 8);
        let rules =
            azure.all(&format!("{}/alertRules?api-version={PREVIEW}", azure.sentinel("law-contoso"))).await;
        assert!((60..=120).contains(&rules.len()), "{}", rules.len());
        assert!(
            azure.all(&format!("{}/tables?api-version={LOGS}", azure.workspace("law-contoso"))).await.len()
                >= 45
        );
        let fusion = azure
            .get(&format!(
                "{}/alertRules/BuiltInFusion?api-version={PREVIEW}",
                azure.sentinel("law-contoso-eu")
            ))
            .await
            .with(200);
        assert_eq!(fusion["properties"]["enabled"], false, "Defender has taken over");
        let watchlists =
            azure.all(&format!("{}/watchlists?api-version={STABLE}", azure.sentinel("law-fabrikam"))).await;
        assert!(watchlists.iter().any(|list| list["properties"]["provisioningState"] == "Uploading"));
    });
}

pub fn the_same_seed_gives_the_same_world(_: &Context) {
    block(async {
        use runspaced::simulator::Simulator;
        let time: jiff::Timestamp = "2026-03-01T12:00:00Z".parse().expect("is a time");
        let start = |seed| Simulator::builder().seed(seed).incidents(20).clock(time).start();
        let (one, two, other) = (
            start(7).await.expect("starts"),
            start(7).await.expect("starts"),
            start(8).await.expect("starts"),
        );
        assert_eq!(one.resources("/"), two.resources("/"));
        assert_ne!(one.resources("/"), other.resources("/"));
    });
}

pub fn a_fleet_has_the_size_asked_for(_: &Context) {
    block(async {
        use runspaced::simulator::Simulator;
        let azure = Azure::start(Simulator::builder().workspaces(20).incidents(2)).await;
        let query = json!({"query": "resources | where type =~ 'microsoft.operationalinsights/workspaces' | project id, name"});
        let found = azure
            .arm("POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01", Some(&query))
            .await
            .with(200);
        assert_eq!(found["totalRecords"], 20);
    });
}

pub fn a_table_is_made_in_the_background(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let path = format!("{}/tables/Mine_CL?api-version={LOGS}", azure.workspace("law-contoso"));
        let body = json!({"properties": {"schema": {"name": "Mine_CL", "columns": [{"name": "TimeGenerated", "type": "dateTime"}, {"name": "A", "type": "string"}]}}});
        let begun = azure.put(&path, &body).await;
        assert_eq!(begun.status, 202, "{}", begun.body);
        assert!(begun.header("retry-after").is_some());
        assert_eq!(begun.body["properties"]["provisioningState"], "Updating");
        let (status, result) = (
            begun.header("azure-asyncoperation").expect("an operation").to_owned(),
            begun.header("location").expect("a place").to_owned(),
        );
        assert_eq!(azure.get(&result).await.status, 202);
        let mut words = Vec::new();
        while words.last().map(String::as_str) != Some("Succeeded") {
            assert!(words.len() < 10);
            words.push(azure.get(&status).await.with(200)["status"].as_str().expect("a status").to_owned());
        }
        assert_eq!(words, ["InProgress", "Succeeded"]);
        assert_eq!(azure.get(&result).await.with(200)["name"], "Mine_CL");
        let table = azure.get(&path).await.with(200);
        assert_eq!(table["properties"]["schema"]["columns"][1]["name"], "A");
        // A PUT replaces the columns.
        let fewer = json!({"properties": {"schema": {"name": "Mine_CL", "columns": [{"name": "TimeGenerated", "type": "dateTime"}]}}});
        let begun = azure.put(&path, &fewer).await;
        let status = begun.header("azure-asyncoperation").expect("an operation").to_owned();
        while azure.get(&status).await.with(200)["status"] != "Succeeded" {}
        assert_eq!(
            azure.get(&path).await.with(200)["properties"]["schema"]["columns"].as_array().map(Vec::len),
            Some(1)
        );
        // Its removal takes a while too.
        assert_eq!(azure.delete(&path).await.status, 202);
        azure.put(&path, &fewer).await.refused(409, "Conflict");
        while azure.get(&path).await.status == 200 {}
        azure.get(&path).await.refused(404, "ResourceNotFound");
        assert_eq!(azure.delete(&path).await.status, 204);
    });
}

pub fn paths_ignore_case_and_ids_keep_theirs(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let id = azure.workspace("law-contoso");
        let shouted = id.to_uppercase().replace("/PROVIDERS/", "/providers/");
        let workspace = azure.get(&format!("{shouted}?api-version={LOGS}")).await.with(200);
        assert_eq!(workspace["id"], id.as_str());
        let rule = json!({"kind": "MicrosoftSecurityIncidentCreation", "properties": {"displayName": "x", "enabled": true, "productFilter": "Azure Security Center"}});
        let path = format!(
            "{}/PROVIDERS/microsoft.securityinsights/ALERTRULES/Mixed-Case?api-version={STABLE}",
            id.to_lowercase()
        );
        let made = azure.put(&path, &rule).await.with(201);
        assert_eq!(made["id"], format!("{id}/providers/Microsoft.SecurityInsights/alertRules/Mixed-Case"));
        assert_eq!(made["type"], "Microsoft.SecurityInsights/alertRules");
        let again = azure
            .get(&format!("{}/alertrules/MIXED-case?api-version={STABLE}", azure.sentinel("law-contoso")))
            .await
            .with(200);
        assert_eq!(again["name"], "Mixed-Case");
    });
}

pub fn the_stable_version_loses_what_it_does_not_know(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let path = format!("{}/alertRules/preview-rule", azure.sentinel("law-contoso"));
        let rule = json!({"kind": "NRT", "properties": {"displayName": "n", "enabled": true, "severity": "High", "query": "SigninLogs | take 1",
            "suppressionDuration": "PT60M", "suppressionEnabled": false, "tactics": ["InitialAccess"], "techniques": ["T1078"], "subTechniques": ["T1078.004"]}});
        let made = azure.put(&format!("{path}?api-version={PREVIEW}"), &rule).await.with(201);
        assert_eq!(made["properties"]["subTechniques"], json!(["T1078.004"]));
        assert_eq!(
            made["properties"]["suppressionDuration"], "PT1H",
            "durations are written as the service writes them"
        );
        let stable = azure.get(&format!("{path}?api-version={STABLE}")).await.with(200);
        assert!(stable["properties"].get("subTechniques").is_none());
        azure.put(&format!("{path}?api-version={STABLE}"), &stable).await.with(200);
        let after = azure.get(&format!("{path}?api-version={PREVIEW}")).await.with(200);
        assert!(after["properties"].get("subTechniques").is_none(), "the round trip has lost it");
    });
}

pub fn an_incident_is_worked_on(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let list = format!("{}/incidents", azure.sentinel("law-contoso"));
        let page = azure
            .get(&format!("{list}?api-version={STABLE}&$top=5&$orderby=properties/incidentNumber desc"))
            .await
            .with(200);
        let numbers: Vec<i64> = page["value"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|one| one["properties"]["incidentNumber"].as_i64())
            .collect();
        assert_eq!(numbers, [30, 29, 28, 27, 26]);
        let filter = "properties/incidentNumber eq 28";
        let found = azure
            .get(&format!("{list}?api-version={STABLE}&$filter={}", filter.replace(' ', "%20")))
            .await
            .with(200);
        let incident = &found["value"][0];
        let path = format!("{list}/{}", incident["name"].as_str().expect("a name"));
        let alerts = azure.arm("POST", &format!("{path}/alerts?api-version={STABLE}"), None).await.with(200);
        assert_eq!(alerts["value"].as_array().map(Vec::len), Some(1));
        let entities =
            azure.arm("POST", &format!("{path}/entities?api-version={STABLE}"), None).await.with(200);
        assert_eq!(entities["metaData"].as_array().map(Vec::len), Some(3));
        let before = incident["properties"]["additionalData"]["commentsCount"].as_i64().expect("a number");
        let comment = json!({"properties": {"message": "Looked at it"}});
        let made = azure
            .put(
                &format!("{path}/comments/4bb36b7b-26ff-4d1c-9cbe-0d8ab3da0014?api-version={STABLE}"),
                &comment,
            )
            .await
            .with(201);
        assert_eq!(made["properties"]["author"]["name"], app::CONTRIBUTOR);
        let full = azure.get(&format!("{path}?api-version={STABLE}")).await.with(200);
        assert_eq!(full["properties"]["additionalData"]["commentsCount"], before + 1);
        // A PUT is a replacement: what is left out is gone.
        let closed = json!({"etag": full["etag"], "properties": {"title": full["properties"]["title"], "severity": "Low", "status": "Closed",
            "classification": "BenignPositive", "classificationReason": "SuspiciousButExpected"}});
        let after = azure.put(&format!("{path}?api-version={STABLE}"), &closed).await.with(200);
        assert_eq!(after["properties"]["owner"]["objectId"], Value::Null);
        assert_eq!(after["properties"]["incidentNumber"], 28);
        assert_eq!(after["properties"]["createdTimeUtc"], full["properties"]["createdTimeUtc"]);
        let playbook = json!({"logicAppsResourceId": azure.workspace("law-contoso").replace("Microsoft.OperationalInsights/workspaces/law-contoso", "Microsoft.Logic/workflows/pb-enrich-contoso")});
        assert_eq!(
            azure
                .arm("POST", &format!("{path}/runPlaybook?api-version={STABLE}"), Some(&playbook))
                .await
                .status,
            204
        );
    });
}

pub fn a_watchlist_gets_its_items_later(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let path = format!("{}/watchlists/servers", azure.sentinel("law-contoso"));
        let body = json!({"properties": {"displayName": "Servers", "provider": "Custom", "itemsSearchKey": "Host", "contentType": "text/csv",
            "numberOfLinesToSkip": 1, "rawContent": "made by hand\nHost,Owner\nA,\"x, y\"\nB,z\n"}});
        let begun = azure.put(&format!("{path}?api-version={STABLE}"), &body).await;
        assert_eq!(begun.status, 201, "{}", begun.body);
        assert_eq!(begun.body["properties"]["provisioningState"], "InProgress");
        let items = format!("{path}/watchlistItems?api-version={STABLE}");
        assert!(azure.all(&items).await.is_empty());
        let status = begun.header("azure-asyncoperation").expect("an operation").to_owned();
        while azure.get(&status).await.with(200)["status"] == "InProgress" {}
        let all = azure.all(&items).await;
        assert_eq!(all.len(), 2);
        assert!(
            all.iter()
                .any(|item| item["properties"]["itemsKeyValue"] == json!({"Host": "A", "Owner": "x, y"}))
        );
        let item = json!({"properties": {"itemsKeyValue": {"Host": "C", "Owner": "w"}}});
        azure
            .put(
                &format!("{path}/watchlistItems/82ba292c-0000-0000-0000-000000000000?api-version={STABLE}"),
                &item,
            )
            .await
            .with(201);
        assert_eq!(azure.all(&items).await.len(), 3);
        let gone = azure.delete(&format!("{path}?api-version={STABLE}")).await;
        assert_eq!(gone.status, 202);
        azure.put(&format!("{path}?api-version={STABLE}"), &body).await.refused(409, "Conflict");
    });
}

pub fn workbooks_show_their_content_when_asked(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let id = azure.workspace("law-contoso");
        let group = id.split("/providers/").next().expect("a group").to_owned();
        let list = format!("{group}/providers/Microsoft.Insights/workbooks?api-version=2023-06-01");
        azure.get(&list).await.refused(400, "BadRequest");
        let all = azure.all(&format!("{list}&category=sentinel&sourceId={id}")).await;
        assert_eq!(all.len(), 2);
        assert_eq!(all[0]["properties"]["serializedData"], Value::Null);
        let whole = azure
            .get(&format!(
                "{}?api-version=2023-06-01&canFetchContent=true",
                all[0]["id"].as_str().expect("an id")
            ))
            .await
            .with(200);
        assert!(
            whole["properties"]["serializedData"].as_str().is_some_and(|text| text.contains("Notebook/1.0"))
        );
        assert_eq!(whole["properties"]["sourceId"], id.to_lowercase());
        let bad = json!({"location": "westeurope", "properties": {"displayName": "x", "category": "sentinel", "serializedData": "{}"}});
        azure
            .put(
                &format!("{group}/providers/Microsoft.Insights/workbooks/no-guid?api-version=2023-06-01"),
                &bad,
            )
            .await
            .refused(400, "BadRequest");
    });
}

pub fn data_collection_hangs_together(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let group = azure.workspace("law-contoso").split("/providers/").next().expect("a group").to_owned();
        let insights = format!("{group}/providers/Microsoft.Insights");
        let rules = azure.all(&format!("{insights}/dataCollectionRules?api-version={COLLECTION}")).await;
        let direct = rules.iter().find(|rule| rule["kind"] == "Direct").expect("one");
        assert!(
            direct["properties"]["endpoints"]["logsIngestion"]
                .as_str()
                .is_some_and(|url| url.starts_with(&azure.simulator.ingest_url))
        );
        assert_eq!(
            direct["properties"]["destinations"]["logAnalytics"][0]["workspaceId"],
            azure.customer_id("law-contoso")
        );
        let endpoint = format!("{insights}/dataCollectionEndpoints/dce-contoso?api-version={COLLECTION}");
        azure.delete(&endpoint).await.refused(409, "Conflict");
        let windows = rules.iter().find(|rule| rule["kind"] == "Windows").expect("one")["id"]
            .as_str()
            .expect("an id")
            .to_owned();
        assert_eq!(azure.all(&format!("{windows}/associations?api-version={COLLECTION}")).await.len(), 1);
        azure.delete(&format!("{windows}?api-version={COLLECTION}")).await.refused(400, "AssociationsExist");
        assert_eq!(
            azure.delete(&format!("{windows}?api-version={COLLECTION}&deleteAssociations=true")).await.status,
            200
        );
        // A PATCH changes tags and nothing else.
        let id = direct["id"].as_str().expect("an id");
        let patched = azure
            .arm(
                "PATCH",
                &format!("{id}?api-version={COLLECTION}"),
                Some(&json!({"tags": {"a": "b"}, "properties": {"dataFlows": []}})),
            )
            .await
            .with(200);
        assert_eq!(patched["tags"], json!({"a": "b"}));
        assert_eq!(patched["properties"]["dataFlows"], direct["properties"]["dataFlows"]);
    });
}

pub fn a_fresh_workspace_can_be_made_and_onboarded(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let group = azure.workspace("law-contoso").split("/providers/").next().expect("a group").to_owned();
        let id = format!("{group}/providers/Microsoft.OperationalInsights/workspaces/law-restore");
        let made = azure
            .put(
                &format!("{id}?api-version={LOGS}"),
                &json!({"location": "westeurope", "properties": {"sku": {"name": "PerGB2018"}}}),
            )
            .await
            .with(201);
        assert!(made["properties"]["customerId"].as_str().is_some());
        let rules = format!("{id}/providers/Microsoft.SecurityInsights/alertRules?api-version={PREVIEW}");
        azure.get(&rules).await.refused(400, "BadRequest");
        azure
            .put(
                &format!(
                    "{id}/providers/Microsoft.SecurityInsights/onboardingStates/default?api-version={STABLE}"
                ),
                &json!({"properties": {}}),
            )
            .await
            .with(201);
        assert!(azure.all(&rules).await.is_empty());
    });
}
