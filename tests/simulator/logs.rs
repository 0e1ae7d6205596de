//! Queries and ingestion.

use std::io::Write as _;

use reqwest::Method;
use runspaced::simulator::{Limits, Simulator, app};
use serde_json::{Value, json};

use crate::azure::{Azure, COLLECTION, STABLE, block, got};
use crate::support::Context;

const LOGS: &str = "https://api.loganalytics.io";
const MONITOR: &str = "https://monitor.azure.com";

fn deepest(body: &Value) -> &Value {
    let mut error = &body["error"];
    while error["innererror"].is_object() {
        error = &error["innererror"];
    }
    error
}

pub fn queries_answer_in_the_shape_of_the_service(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let id = azure.customer_id("law-contoso");
        let url = format!("{}/v1/workspaces/{id}/query", azure.simulator.query_url);
        let request = azure
            .client
            .post(&url)
            .bearer_auth(azure.token(LOGS))
            .header("prefer", "wait=600,include-statistics=true");
        let body = json!({"query": "SigninLogs | project TimeGenerated, UserPrincipalName, DeviceDetail, TenantId | take 3", "timespan": "PT24H"});
        let answer = got(request.json(&body).send().await.expect("an answer")).await.with(200);
        let table = &answer["tables"][0];
        assert_eq!(table["name"], "PrimaryResult");
        let types: Vec<&str> = table["columns"]
            .as_array()
            .expect("columns")
            .iter()
            .filter_map(|column| column["type"].as_str())
            .collect();
        assert_eq!(types, ["datetime", "string", "dynamic", "string"]);
        let row = &table["rows"][0];
        assert!(row[2].as_str().is_some_and(|text| text.starts_with('{')), "dynamic cells are texts: {row}");
        assert_eq!(row[3], id.as_str());
        assert_eq!(answer["statistics"]["query"]["datasetStatistics"][0]["tableRowCount"], 3);
        // Without its content type the service answers with nothing at all.
        let silent = azure
            .client
            .post(&url)
            .bearer_auth(azure.token(LOGS))
            .body(body.to_string())
            .send()
            .await
            .expect("an answer");
        assert_eq!((silent.status().as_u16(), silent.text().await.expect("a text")), (200, String::new()));
    });
}

pub fn mistakes_in_queries_are_named(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let id = azure.customer_id("law-contoso");
        for (query, kind, code, message) in [
            (
                "NoSuchTable | where A == 1 | take 1",
                "SemanticError",
                "SEM0100",
                "'where' operator: Failed to resolve table or column expression named 'NoSuchTable'",
            ),
            (
                "SigninLogs | extend A = NoSuchColumn",
                "SemanticError",
                "SEM0100",
                "'extend' operator: Failed to resolve scalar expression named 'NoSuchColumn'",
            ),
            ("SigninLogs | extend A = nosuch(1)", "SemanticError", "SEM0260", "Unknown function: 'nosuch'"),
            (
                "workspace('nope').Usage | count",
                "SemanticError",
                "SEM0100",
                "'count' operator: Failed to resolve workspace 'nope'",
            ),
            (
                "SigninLogs\n| joi Usage",
                "SyntaxError",
                "SYN0002",
                "Query could not be parsed at 'joi' on line [2,2]",
            ),
            (
                "SigninLogs | where (",
                "SyntaxError",
                "SYN0001",
                "Query could not be parsed at '' on line [1,20]",
            ),
        ] {
            let refused = azure.query(&id, &json!({"query": query})).await;
            assert_eq!(refused.status, 400, "{query}");
            let error = &refused.body["error"];
            assert_eq!(error["code"], "BadArgumentError", "{query}");
            assert_eq!(error["message"], "The request had some invalid properties", "{query}");
            assert_eq!(error["innererror"]["code"], kind, "{query}");
            let inner = deepest(&refused.body);
            assert_eq!((&inner["code"], &inner["message"]), (&json!(code), &json!(message)), "{query}");
            // The place is told of what cannot be read, and of nothing else.
            assert_eq!(inner["line"].is_number(), kind == "SyntaxError", "{query}: {inner}");
        }
        azure.query("law-contoso", &json!({"query": "Usage"})).await.refused(404, "PathNotFoundError");
        azure
            .query("00000000-0000-0000-0000-000000000000", &json!({"query": "Usage"}))
            .await
            .refused(404, "WorkspaceNotFoundError");
        let azure = azure.acting_as(app::NO_ACCESS);
        azure.query(&id, &json!({"query": "Usage"})).await.refused(403, "InsufficientAccessError");
    });
}

pub fn cheap_plans_want_the_other_path(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let id = azure.customer_id("law-fabrikam");
        let refused =
            azure.query(&id, &json!({"query": "AzureDiagnostics | take 1", "timespan": "P1D"})).await;
        assert_eq!(deepest(&refused.body)["code"], "UnsupportedApiQueryValidationError", "{}", refused.body);
        let search = format!("{}/v1/workspaces/{id}/search", azure.simulator.query_url);
        let ask = async |body: Value| azure.send(Method::POST, &search, LOGS, Some(&body)).await;
        assert_eq!(ask(json!({"query": "AzureDiagnostics | take 1", "timespan": "P1D"})).await.status, 200);
        assert_eq!(
            ask(json!({"query": "AzureDiagnostics | take 1"})).await.status,
            400,
            "the span is mandatory"
        );
    });
}

pub fn too_large_a_result_is_cut_and_says_so(_: &Context) {
    block(async {
        let mut limits = Limits::default();
        limits.query_rows = 10;
        let azure = Azure::start(Simulator::builder().incidents(5).limits(limits)).await;
        let answer = azure
            .query(&azure.customer_id("law-contoso"), &json!({"query": "SigninLogs", "timespan": "P1D"}))
            .await
            .with(200);
        assert_eq!(answer["tables"][0]["rows"].as_array().map(Vec::len), Some(10));
        assert_eq!(answer["error"]["code"], "PartialError");
        assert!(
            answer["error"]["details"][0]["innererror"]["message"]
                .as_str()
                .is_some_and(|text| text.contains("E_QUERY_RESULT_SET_TOO_LARGE"))
        );
    });
}

pub fn what_is_silent_and_late_shows_in_the_rows(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let count = async |workspace: &str, query: &str, span: &str| {
            let answer = azure
                .query(&azure.customer_id(workspace), &json!({"query": query, "timespan": span}))
                .await
                .with(200);
            answer["tables"][0]["rows"][0][0].as_i64().expect("a number")
        };
        assert_eq!(count("law-fabrikam", "CommonSecurityLog | count", "P1D").await, 0, "silent");
        assert!(count("law-fabrikam", "CommonSecurityLog | count", "P7D").await > 0);
        assert!(count("law-contoso", "CommonSecurityLog | count", "P1D").await > 0);
        assert_eq!(count("law-contoso-eu", "OfficeActivity | count", "PT4H").await, 0, "late");
        assert!(count("law-contoso-eu", "OfficeActivity | count", "PT8H").await > 0);
        assert!(count("law-fabrikam", "SentinelHealth | where Status == 'Failure' | count", "P1D").await > 0);
        assert_eq!(
            count("law-contoso", "SentinelHealth | where Status == 'Failure' | count", "P1D").await,
            0
        );
        assert!(count("law-contoso", "Usage | where DataType == 'SigninLogs' | count", "P1D").await >= 20);
        assert_eq!(count("law-contoso", "SecurityIncident | count", "P14D").await, 30);
    });
}

pub fn several_workspaces_answer_as_one(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let (one, two) = (azure.customer_id("law-contoso"), azure.customer_id("law-soc-hub"));
        let count = async |body: Value| {
            azure.query(&one, &body).await.with(200)["tables"][0]["rows"][0][0].as_i64().expect("a number")
        };
        let alone = count(json!({"query": "Heartbeat | count", "timespan": "PT6H"})).await;
        let both =
            count(json!({"query": "Heartbeat | count", "timespan": "PT6H", "workspaces": [two]})).await;
        assert_eq!(both, 2 * alone);
        let named =
            count(json!({"query": "Heartbeat | count", "timespan": "PT6H", "workspaces": ["law-soc-hub"]}))
                .await;
        assert_eq!(named, both);
        let denied = azure
            .query(
                &one,
                &json!({"query": "Heartbeat | count", "workspaces": [azure.customer_id("law-tailwind")]}),
            )
            .await;
        denied.refused(403, "InsufficientAccessError");
    });
}

pub fn a_query_names_other_workspaces(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let id = azure.customer_id("law-contoso");
        let count = async |query: &str| {
            let body = json!({"query": query, "timespan": "PT6H"});
            azure.query(&id, &body).await.with(200)["tables"][0]["rows"][0][0].as_i64().expect("a number")
        };
        let alone = count("Heartbeat | count").await;
        assert_eq!(count("union Heartbeat, workspace('law-soc-hub').Heartbeat | count").await, 2 * alone);
        let query = format!("workspace('{}').Heartbeat | count", azure.customer_id("law-soc-hub"));
        assert_eq!(count(&query).await, alone, "by its customer id");
        let tenants = "union Heartbeat, workspace('law-soc-hub').Heartbeat | summarize dcount(TenantId)";
        assert_eq!(count(tenants).await, 2);
        assert_eq!(count("Heartbeat | where '' != \"workspace('law-tailwind').Usage\" | count").await, alone);
        let denied = azure.query(&id, &json!({"query": "workspace('law-tailwind').Heartbeat | count"})).await;
        denied.refused(403, "InsufficientAccessError");
    });
}

pub fn queries_are_computed(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let id = azure.customer_id("law-contoso");
        let ask = async |query: &str| {
            let answer = azure.query(&id, &json!({"query": query, "timespan": "P1D"})).await.with(200);
            answer["tables"][0]["rows"].as_array().expect("rows").clone()
        };
        let all = ask("SigninLogs | count").await[0][0].as_i64().expect("a number");
        let groups =
            ask("SigninLogs | summarize n = count(), Latest = arg_max(TimeGenerated, IPAddress) by ResultType | sort by n desc")
                .await;
        assert!(groups.len() > 1, "{groups:?}");
        assert_eq!(groups.iter().filter_map(|group| group[1].as_i64()).sum::<i64>(), all);
        let failed = ask("let bad = SigninLogs | where ResultType != '0'; bad | count").await[0][0].as_i64();
        let good = groups.iter().find(|group| group[0] == "0").and_then(|group| group[1].as_i64());
        assert_eq!(failed.zip(good).map(|(failed, good)| failed + good), Some(all));
        let hours = ask("SigninLogs | summarize count() by bin(TimeGenerated, 1h) | count").await;
        assert!((24..=25).contains(&hours[0][0].as_i64().expect("a number")), "{hours:?}");
        // A stored function, and a watchlist.
        assert_eq!(ask("AllSignins | getschema | count").await.len(), 1);
        let names =
            azure.all(&format!("{}/watchlists?api-version={STABLE}", azure.sentinel("law-contoso"))).await;
        let alias = names[0]["name"].as_str().expect("a name").to_owned();
        let items = ask(&format!("_GetWatchlist('{alias}') | count")).await;
        assert!(items[0][0].as_i64() > Some(0), "{alias}");
        // A row is the same row whichever of its columns are asked for.
        let whole = ask("SigninLogs | sort by TimeGenerated desc | take 3").await;
        let some =
            ask("SigninLogs | sort by TimeGenerated desc | take 3 | project UserPrincipalName, IPAddress")
                .await;
        let part = ask("SigninLogs | sort by TimeGenerated desc | take 3 | extend Both = strcat(UserPrincipalName, '/', IPAddress) | project Both").await;
        for (row, (some, part)) in whole.iter().zip(some.iter().zip(&part)) {
            let (name, address) = (some[0].as_str().expect("a text"), some[1].as_str().expect("a text"));
            let cells = row.as_array().expect("cells");
            assert!(cells.contains(&json!(name)) && cells.contains(&json!(address)), "{row} {some}");
            assert_eq!(part[0], format!("{name}/{address}"));
            assert!(!name.is_empty() && !address.is_empty());
        }
        let query = "SigninLogs | take 1 | join kind=inner (SigninLogs | take 1) on CorrelationId";
        let joined = azure.query(&id, &json!({"query": query, "timespan": "P1D"})).await.with(200);
        let columns = joined["tables"][0]["columns"].as_array().expect("columns");
        let of_the_right =
            columns.iter().position(|column| column["name"] == "UserPrincipalName1").expect("is there");
        assert!(
            joined["tables"][0]["rows"][0][of_the_right].as_str().is_some_and(|cell| !cell.is_empty()),
            "{joined}"
        );
        // What is not here is refused, never empty.
        let refused = azure.query(&id, &json!({"query": "SigninLogs | reduce by UserPrincipalName"})).await;
        assert_eq!(
            (refused.status, &refused.body["error"]["innererror"]["code"]),
            (400, &json!("SimulatorUnsupported"))
        );
    });
}

pub fn batches_and_metadata(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let (full, empty) = (azure.customer_id("law-contoso"), {
            let all = azure.simulator.resources("/subscriptions");
            let found = all.iter().find(|one| {
                one["id"]
                    .as_str()
                    .is_some_and(|id| id.contains("rg-test") && id.ends_with("workspaces/law-sandbox"))
            });
            found.expect("a workspace")["properties"]["customerId"].as_str().expect("an id").to_owned()
        });
        let request = |id: &str, workspace: &str, query: &str| json!({"id": id, "headers": {}, "body": {"query": query}, "method": "POST", "path": "/query", "workspace": workspace});
        let body = json!({"requests": [request("a", &full, "Usage | take 1"), request("b", &full, "Nope"), request("c", &empty, "Usage")]});
        let url = format!("{}/v1/$batch", azure.simulator.query_url);
        let answer = azure.send(Method::POST, &url, LOGS, Some(&body)).await.with(200);
        let status = |id: &str| {
            answer["responses"]
                .as_array()
                .and_then(|all| all.iter().find(|one| one["id"] == id))
                .map(|one| one["status"].clone())
        };
        assert_eq!(
            [status("a"), status("b"), status("c")],
            [Some(json!(200)), Some(json!(400)), Some(json!(204))]
        );
        let metadata = azure
            .send(
                Method::GET,
                &format!("{}/v1/workspaces/{full}/metadata", azure.simulator.query_url),
                LOGS,
                None,
            )
            .await
            .with(200);
        assert!(
            metadata["tables"]
                .as_array()
                .is_some_and(|tables| tables.iter().any(|table| table["name"] == "Firewall_CL"))
        );
        assert!(
            metadata["functions"]
                .as_array()
                .is_some_and(|functions| functions.iter().any(|function| function["name"] == "AllSignins"))
        );
    });
}

pub fn rows_come_in_through_a_rule_and_its_transform(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let group = azure.workspace("law-contoso").split("/providers/").next().expect("a group").to_owned();
        let rule = azure.get(&format!("{group}/providers/Microsoft.Insights/dataCollectionRules/dcr-firewall-contoso?api-version={COLLECTION}")).await.with(200);
        let endpoint =
            rule["properties"]["endpoints"]["logsIngestion"].as_str().expect("an endpoint").to_owned();
        let immutable = rule["properties"]["immutableId"].as_str().expect("an id").to_owned();
        let url = |endpoint: &str, id: &str, stream: &str| {
            format!("{endpoint}/dataCollectionRules/{id}/streams/{stream}?api-version=2023-01-01")
        };
        let now = jiff::Timestamp::now().to_string();
        let rows = json!([
            {"TimeGenerated": now, "Action": "probe", "SrcIp": "192.0.2.1", "DstPort": "no number", "Unknown": 1},
            {"TimeGenerated": now, "Action": "ignore", "SrcIp": "192.0.2.2"},
        ]);
        let good = url(&endpoint, &immutable, "Custom-Firewall_CL");
        let sent = azure.send(Method::POST, &good, MONITOR, Some(&rows)).await;
        assert_eq!(sent.status, 204, "{}", sent.body);
        let found = azure.query(&azure.customer_id("law-contoso"), &json!({"query": "Firewall_CL | where SrcIp == '192.0.2.1' | project Action, DstPort", "timespan": "PT1H"})).await.with(200);
        assert_eq!(found["tables"][0]["rows"], json!([["probe", null]]), "what does not fit is nothing");
        let dropped = azure
            .query(
                &azure.customer_id("law-contoso"),
                &json!({"query": "Firewall_CL | where SrcIp == '192.0.2.2' | count", "timespan": "PT1H"}),
            )
            .await
            .with(200);
        assert_eq!(dropped["tables"][0]["rows"], json!([[0]]), "the transform drops it");
        // Compressed, and by the endpoint of the data collection endpoint.
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(rows.to_string().as_bytes()).expect("packs");
        let dce = azure.get(&format!("{group}/providers/Microsoft.Insights/dataCollectionEndpoints/dce-contoso?api-version={COLLECTION}")).await.with(200);
        let other = dce["properties"]["logsIngestion"]["endpoint"].as_str().expect("an endpoint").to_owned();
        let request = azure
            .client
            .post(url(&other, &immutable, "Custom-Firewall_CL"))
            .bearer_auth(azure.token(MONITOR));
        let request = request
            .header("content-encoding", "gzip")
            .header("content-type", "application/json")
            .body(packed.finish().expect("packs"));
        assert_eq!(got(request.send().await.expect("an answer")).await.status, 204);
        for (url, body, status, code) in [
            (url(&endpoint, "dcr-nope", "Custom-Firewall_CL"), rows.clone(), 404, "NotFound"),
            (url(&endpoint, &immutable, "Custom-Nope"), rows.clone(), 404, "InvalidStream"),
            (
                url(&format!("{}/dce-nope", azure.simulator.ingest_url), &immutable, "Custom-Firewall_CL"),
                rows.clone(),
                404,
                "NotFound",
            ),
            (good.clone(), json!({"a": 1}), 400, "InvalidRequestPayload"),
            (good.clone(), json!([{"Action": "x".repeat(1024 * 1024)}]), 413, "ContentLengthLimitExceeded"),
        ] {
            let refused = azure.send(Method::POST, &url, MONITOR, Some(&body)).await;
            assert_eq!(refused.header("x-ms-error-code"), Some(code), "{}", refused.body);
            refused.refused(status, code);
        }
        azure
            .send(Method::POST, &good, LOGS, Some(&rows))
            .await
            .refused(403, "InvalidAuthenticationTokenAudience");
        let azure = azure.acting_as(app::READER);
        let message =
            azure.send(Method::POST, &good, MONITOR, Some(&rows)).await.refused(403, "OperationFailed");
        assert!(message.contains(&immutable), "{message}");
    });
}
