//! Pages, limits, faults, the simulator's own paths, the state file.

use std::time::Duration;

use runspaced::simulator::{ConnectionDrop, FaultRule, Limits, Simulator, parse_rules};
use serde_json::{Value, json};

use crate::azure::{Azure, LOGS, PREVIEW, STABLE, block, got};
use crate::support::Context;

pub fn pages_are_whole_and_absolute(_: &Context) {
    block(async {
        let azure = Azure::start(Simulator::builder().incidents(2_500).page_size(7)).await;
        let rules = format!("{}/alertRules?api-version={PREVIEW}", azure.sentinel("law-contoso"));
        let page = azure.get(&rules).await.with(200);
        assert_eq!(page["value"].as_array().map(Vec::len), Some(7));
        let next = page["nextLink"].as_str().expect("more");
        assert!(next.contains("$skipToken=") && next.contains(&format!("api-version={PREVIEW}")), "{next}");
        let all = azure.all(&rules).await;
        let mut names: Vec<&str> = all.iter().filter_map(|rule| rule["name"].as_str()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "none twice");
        azure.simulator.clear_journal();
        let incidents = azure
            .all(&format!(
                "{}/incidents?api-version={STABLE}&$top=1000&$orderby=properties/createdTimeUtc%20desc",
                azure.sentinel("law-contoso")
            ))
            .await;
        assert_eq!(incidents.len(), 2_500);
        assert_eq!(azure.simulator.counters().requests["arm"], 3);
        let times: Vec<&str> =
            incidents.iter().filter_map(|one| one["properties"]["createdTimeUtc"].as_str()).collect();
        assert!(times.is_sorted_by(|left, right| left >= right));
        azure.get(&format!("{rules}&$skipToken=nonsense")).await.refused(400, "BadRequest");
    });
}

pub fn limits_are_enforced_and_announced(_: &Context) {
    block(async {
        let mut limits = Limits::default();
        limits.reads = (5.0, 0.001);
        limits.queries = (3, Duration::from_secs(30));
        let azure = Azure::start(Simulator::builder().incidents(1).limits(limits)).await;
        let path = format!("{}?api-version={LOGS}", azure.workspace("law-contoso"));
        for left in ["4", "3", "2", "1", "0"] {
            let answer = azure.get(&path).await;
            assert_eq!(answer.header("x-ms-ratelimit-remaining-subscription-reads"), Some(left));
            assert!(
                answer.header("x-ms-request-id").is_some()
                    && answer.header("x-ms-correlation-request-id").is_some()
            );
        }
        let refused = azure.get(&path).await;
        assert!(
            refused
                .header("retry-after")
                .and_then(|text| text.parse::<u64>().ok())
                .is_some_and(|seconds| seconds >= 1)
        );
        refused.refused(429, "TooManyRequests");
        azure.get(&format!("{}?api-version={LOGS}", azure.workspace("law-soc-hub"))).await.with(200);
        let graph = json!({"query": "resources | where type =~ 'microsoft.operationalinsights/workspaces' | project id"});
        let mut last = None;
        for _ in 0..20 {
            let answer = azure
                .arm(
                    "POST",
                    "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01",
                    Some(&graph),
                )
                .await;
            assert!(answer.header("x-ms-user-quota-remaining").is_some());
            assert!(answer.header("x-ms-user-quota-resets-after").is_some_and(|text| text.len() == 8));
            last = Some(answer.status);
        }
        assert_eq!(last, Some(429));
        let id = azure.customer_id("law-contoso");
        for _ in 0..3 {
            azure.query(&id, &json!({"query": "Usage | take 1"})).await.with(200);
        }
        let refused = azure.query(&id, &json!({"query": "Usage | take 1"})).await;
        assert!(refused.header("retry-after").is_some());
        refused.refused(429, "ThrottledError");
    });
}

pub fn the_inventory_query_of_the_reference_is_answered(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let query = "resources\n| where type =~ 'microsoft.operationalinsights/workspaces'\n| extend wsId = tolower(id), customerId = tostring(properties.customerId), sku = tostring(properties.sku.name), retention = toint(properties.retentionInDays)\n| join kind=leftouter (resources\n    | where type =~ 'microsoft.operationsmanagement/solutions' and name startswith 'SecurityInsights('\n    | project wsId = tolower(tostring(properties.workspaceResourceId)), hasSolution = true) on wsId\n| join kind=leftouter (resourcecontainers\n    | where type =~ 'microsoft.resources/subscriptions'\n    | project subscriptionId, subscriptionName = name, subTenant = tenantId) on subscriptionId\n| project id, name, location, resourceGroup, subscriptionId, subscriptionName, tenantId, customerId, sku, retention, hasSolution";
        let ask = async |body: Value| {
            azure
                .arm(
                    "POST",
                    "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01",
                    Some(&body),
                )
                .await
                .with(200)
        };
        let answer = ask(json!({"query": query})).await;
        assert_eq!(answer["totalRecords"], 6, "the plant and the customer outside are not seen");
        let row = answer["data"]
            .as_array()
            .and_then(|rows| rows.iter().find(|row| row["name"] == "law-fabrikam"))
            .expect("a row")
            .clone();
        let names: Vec<&String> = row.as_object().expect("an object").keys().collect();
        assert_eq!(
            names,
            [
                "id",
                "name",
                "location",
                "resourceGroup",
                "subscriptionId",
                "subscriptionName",
                "tenantId",
                "customerId",
                "sku",
                "retention",
                "hasSolution"
            ]
        );
        assert_eq!(
            (row["hasSolution"].clone(), row["subscriptionName"].clone()),
            (json!(true), json!("fabrikam-it"))
        );
        let first = ask(json!({"query": query, "options": {"$top": 4}})).await;
        assert_eq!(first["count"], 4);
        let rest =
            ask(json!({"query": query, "options": {"$top": 4, "$skipToken": first["$skipToken"]}})).await;
        assert_eq!((rest["count"].clone(), rest.get("$skipToken")), (json!(2), None));
        let one = ask(json!({"query": query, "subscriptions": [row["subscriptionId"]]})).await;
        assert_eq!(one["totalRecords"], 1);
        let subscriptions = ask(json!({"query": "resourcecontainers | where type =~ 'microsoft.resources/subscriptions' | project subscriptionId, name, tenantId"})).await;
        assert_eq!(subscriptions["totalRecords"], 4);
    });
}

pub fn faults_happen_where_they_are_told_to(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let place = azure.sentinel("law-contoso");
        let rule =
            |name: &str| format!("{}{place}/alertRules/{name}?api-version={STABLE}", azure.simulator.arm_url);
        let body = json!({"kind": "MicrosoftSecurityIncidentCreation", "properties": {"displayName": "x", "enabled": true, "productFilter": "Azure Security Center"}});
        let send = async |name: &str| {
            azure
                .client
                .put(rule(name))
                .bearer_auth(azure.token("https://management.azure.com"))
                .json(&body)
                .send()
                .await
        };
        let exists = async |name: &str| {
            azure.get(&format!("{place}/alertRules/{name}?api-version={STABLE}")).await.status == 200
        };
        let set = |drop| {
            let mut fault = FaultRule::default();
            (fault.name, fault.method, fault.path, fault.nth, fault.drop) = (
                "cut".to_owned(),
                Some("PUT".to_owned()),
                Some("*/alertRules/*".to_owned()),
                vec![1],
                Some(drop),
            );
            azure.simulator.set_faults(vec![fault]).expect("is right");
        };
        set(ConnectionDrop::Before);
        assert!(send("before").await.is_err());
        assert!(!exists("before").await, "it was not done");
        set(ConnectionDrop::After);
        assert!(send("after").await.is_err());
        assert!(exists("after").await, "it was done, and nobody was told");
        set(ConnectionDrop::FirstByte);
        let answer = send("first-byte").await.expect("a head");
        assert_eq!(answer.status(), 201);
        assert!(answer.bytes().await.is_err(), "the body breaks off");
        assert!(exists("first-byte").await);
        assert_eq!(send("second").await.expect("an answer").status(), 201, "only the first is met");
        assert_eq!(
            azure.simulator.journal().iter().filter(|entry| entry.fault.as_deref() == Some("cut")).count(),
            3
        );

        let rules = parse_rules(
            "[[rule]]\nname = 'busy'\npath = '*/law-soc-hub/*'\nstatus = 429\nheaders = { retry-after = '7' }\nnth = [1]\n\
             [[rule]]\nname = 'slow'\npath = '*/law-soc-hub/*'\ndelay_ms = 30\ndrip_ms = 2\n\
             [[rule]]\nname = 'partial'\nsurface = 'query'\npartial = 'one shard is gone'\n\
             [[rule]]\nname = 'fails later'\nmethod = 'PUT'\npath = '*/tables/*'\nfail_operation = { code = 'InternalServerError', message = 'no capacity' }",
        );
        azure.simulator.set_faults(rules.expect("is right")).expect("is right");
        let hub = format!("{}/alertRules?api-version={STABLE}", azure.sentinel("law-soc-hub"));
        let busy = azure.get(&hub).await;
        assert_eq!(busy.header("retry-after"), Some("7"));
        busy.refused(429, "TooManyRequests");
        assert!(azure.get(&hub).await.with(200)["value"].as_array().is_some_and(|all| !all.is_empty()));
        let answer = azure
            .query(&azure.customer_id("law-contoso"), &json!({"query": "Usage | take 1"}))
            .await
            .with(200);
        assert_eq!(answer["error"]["code"], "PartialError");
        let table = format!("{}/tables/Mine_CL?api-version={LOGS}", azure.workspace("law-contoso"));
        let begun = azure.put(&table, &json!({"properties": {"schema": {"columns": [{"name": "TimeGenerated", "type": "dateTime"}]}}})).await;
        let status = begun.header("azure-asyncoperation").expect("an operation").to_owned();
        let ended = loop {
            let word = azure.get(&status).await.with(200);
            if word["status"] != "InProgress" {
                break word;
            }
        };
        assert_eq!(
            (ended["status"].clone(), ended["error"]["message"].clone()),
            (json!("Failed"), json!("no capacity"))
        );
        assert_eq!(azure.get(&table).await.with(200)["properties"]["provisioningState"], "Failed");
    });
}

pub fn its_own_paths_tell_and_change(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let own = |path: &str| format!("{}/_simulator/{path}", azure.simulator.arm_url);
        let get = async |path: &str| {
            got(azure.client.get(own(path)).send().await.expect("an answer")).await.with(200)
        };
        let put = async |path: &str, body: Value| {
            got(azure.client.put(own(path)).json(&body).send().await.expect("an answer")).await
        };
        assert!(
            get("").await["endpoints"]["query"].as_str().is_some_and(|url| url == azure.simulator.query_url)
        );
        assert!(!get("").await.to_string().contains("secret-of"), "no secrets");
        put("faults", json!([{"name": "down", "path": "*", "status": 503}])).await.with(200);
        azure.get("/subscriptions?api-version=2022-12-01").await.refused(503, "ServiceUnavailable");
        let refused = put("faults", json!([{"statsu": 503}])).await;
        assert!(refused.status == 400 && refused.body.to_string().contains("statsu"));
        assert_eq!(get("faults").await[0]["met"], 1);
        assert_eq!(
            got(azure.client.delete(own("faults")).send().await.expect("an answer")).await.status,
            204
        );
        azure.get("/subscriptions?api-version=2022-12-01").await.with(200);
        assert_eq!(get("counters").await["statuses"], json!({"200": 1, "503": 1}));
        assert_eq!(get("journal").await.as_array().map(Vec::len), Some(2));
        put("clock", json!({"offset_s": 3_600})).await.with(200);
        assert_eq!(get("clock").await["offset_s"], 3_600);
        let state = get("state?prefix=/subscriptions").await;
        assert!(state.as_array().is_some_and(|all| all.len() > 1_000));
        let rows = get("rows").await;
        assert!(rows[azure.workspace("law-contoso")]["SigninLogs"].as_u64().is_some_and(|rows| rows > 1_000));
        let token = azure
            .client
            .post(own("token"))
            .json(&json!({"app": "sim-reader", "audience": "https://management.azure.com", "seconds": 60}));
        let token = got(token.send().await.expect("an answer")).await.with(200);
        let bearer = token["access_token"].as_str().expect("a token").to_owned();
        let list = async || {
            let url = format!("{}/subscriptions?api-version=2022-12-01", azure.simulator.arm_url);
            got(azure.client.get(url).bearer_auth(&bearer).send().await.expect("an answer")).await
        };
        list().await.with(200);
        put("clock", json!({"offset_s": 3_700})).await.with(200);
        list().await.refused(401, "ExpiredAuthenticationToken");
    });
}

pub fn the_state_file_goes_on_where_it_stopped(context: &Context) {
    let file = context.scratch().join("azure.json");
    block(async {
        let start = async || Azure::start(Simulator::builder().incidents(5).state(&file)).await;
        let azure = start().await;
        let path = format!("{}/savedSearches/kept?api-version={LOGS}", azure.workspace("law-contoso"));
        azure
            .put(&path, &json!({"properties": {"category": "c", "displayName": "d", "query": "Usage"}}))
            .await;
        let before = azure.simulator.resources("/");
        drop(azure);
        let azure = start().await;
        assert_eq!(azure.simulator.resources("/"), before);
        assert_eq!(azure.get(&path).await.with(200)["properties"]["query"], "Usage");
        assert_eq!(
            azure
                .all(&format!("{}/alertRules?api-version={STABLE}", azure.sentinel("law-soc-hub")))
                .await
                .is_empty(),
            false
        );
        drop(azure);
        std::fs::write(&file, "{ half").expect("is written");
        let error = Simulator::builder().state(&file).start().await.expect_err("it is broken").to_string();
        assert!(error.contains("azure.json"), "{error}");
        assert_eq!(std::fs::read_to_string(&file).expect("is there"), "{ half", "nothing is overwritten");
    });
}
