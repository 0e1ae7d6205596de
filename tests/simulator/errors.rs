//! The errors of Azure that state can bring about, each with status, code and what its text says.

use runspaced::simulator::{Simulator, app};
use serde_json::{Value, json};

use crate::azure::{Azure, COLLECTION, LOGS, PREVIEW, STABLE, block};
use crate::support::Context;

fn scheduled(query: &str) -> Value {
    json!({"kind": "Scheduled", "properties": {"displayName": "A rule", "enabled": true, "severity": "High", "query": query,
        "queryFrequency": "PT1H", "queryPeriod": "PT1H", "triggerOperator": "GreaterThan", "triggerThreshold": 0,
        "suppressionDuration": "PT5H", "suppressionEnabled": false}})
}

fn group(azure: &Azure, workspace: &str) -> String {
    azure.workspace(workspace).split("/providers/").next().expect("a group").to_owned()
}

pub fn places_that_are_not_there(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let nowhere = "/subscriptions/00000000-0000-0000-0000-000000000000";
        azure
            .get(&format!("{nowhere}/resourceGroups/a?api-version=2022-12-01"))
            .await
            .refused(404, "SubscriptionNotFound");
        let subscription =
            azure.workspace("law-contoso").split("/resourceGroups/").next().expect("one").to_owned();
        let other = format!(
            "{subscription}/resourceGroups/nope/providers/Microsoft.OperationalInsights/workspaces/w?api-version={LOGS}"
        );
        azure.get(&other).await.refused(404, "ResourceGroupNotFound");
        let workspace = azure.workspace("law-contoso").replace("/law-contoso", "/law-nope");
        let message =
            azure.get(&format!("{workspace}?api-version={LOGS}")).await.refused(404, "ResourceNotFound");
        assert!(message.contains("law-nope"), "{message}");
        azure
            .get(&format!("{workspace}/providers/Microsoft.SecurityInsights/alertRules?api-version={STABLE}"))
            .await
            .refused(404, "ResourceNotFound");
        azure
            .get(&format!("{}/alertRules/nope?api-version={STABLE}", azure.sentinel("law-contoso")))
            .await
            .refused(404, "NotFound");
        azure
            .get(&format!("{}/nonsense?api-version={STABLE}", azure.sentinel("law-contoso")))
            .await
            .refused(404, "InvalidResourceType");
        let lab = azure.simulator.resources("/").into_iter().find(|one| {
            one["id"].as_str().is_some_and(|id| id.contains("rg-lab") && id.ends_with("/law-sandbox"))
        });
        let lab = lab.expect("a workspace")["id"].as_str().expect("an id").to_owned();
        let message = azure
            .get(&format!("{lab}/providers/Microsoft.SecurityInsights/alertRules?api-version={STABLE}"))
            .await
            .refused(400, "BadRequest");
        let inner: Value = serde_json::from_str(&message).expect("JSON in the message");
        assert!(
            inner["error"]["message"]
                .as_str()
                .is_some_and(|text| text.contains("is not onboarded to Microsoft Sentinel"))
        );
        let state = format!(
            "{lab}/providers/Microsoft.SecurityInsights/onboardingStates/default?api-version={STABLE}"
        );
        assert_eq!(azure.get(&state).await.status, 404);
    });
}

pub fn versions_and_methods(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let rules = format!("{}/alertRules", azure.sentinel("law-contoso"));
        azure.get(&rules).await.refused(400, "MissingApiVersionParameter");
        azure.get(&format!("{rules}?api-version=latest")).await.refused(400, "InvalidApiVersionParameter");
        let message = azure
            .get(&format!("{rules}?api-version=2019-01-01"))
            .await
            .refused(400, "NoRegisteredProviderFound");
        assert!(message.contains(STABLE), "{message}");
        azure
            .put(&format!("{rules}?api-version={STABLE}"), &json!({}))
            .await
            .refused(405, "UnsupportedApiVersion");
        azure
            .arm("PATCH", &format!("{rules}/x?api-version={STABLE}"), Some(&json!({})))
            .await
            .refused(405, "UnsupportedApiVersion");
        azure
            .put(&format!("{rules}/x?api-version={STABLE}"), &json!([]))
            .await
            .refused(400, "InvalidRequestContent");
    });
}

pub fn etags(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let path = format!("{}/alertRules/etag-rule?api-version={STABLE}", azure.sentinel("law-contoso"));
        let made = azure.put(&path, &scheduled("SigninLogs | take 1")).await.with(201);
        let mut stale = scheduled("SigninLogs | take 2");
        azure.put(&path, &stale).await.with(200);
        stale["etag"] = made["etag"].clone();
        let message = azure.put(&path, &stale).await.refused(409, "Conflict");
        assert!(
            message.contains("Newer version of resource") && message.contains("Data was not saved"),
            "{message}"
        );
        assert_eq!(azure.get(&path).await.with(200)["properties"]["query"], "SigninLogs | take 2");
        // Saved searches want an etag or a star.
        let search = format!("{}/savedSearches/mine?api-version={LOGS}", azure.workspace("law-contoso"));
        let mut body = json!({"properties": {"category": "c", "displayName": "d", "query": "Usage"}});
        let made = azure.put(&search, &body).await;
        assert!((200..=201).contains(&made.status));
        azure.put(&search, &body).await.refused(409, "Conflict");
        body["etag"] = json!("*");
        azure.put(&search, &body).await.with(200);
        body["etag"] = azure.get(&search).await.with(200)["etag"].clone();
        azure.put(&search, &body).await.with(200);
        azure.put(&search, &body).await.refused(409, "Conflict");
        // Settings want the current one.
        let setting = format!("{}/settings/EyesOn?api-version={STABLE}", azure.sentinel("law-contoso"));
        let message = azure
            .put(&setting, &json!({"kind": "EyesOn", "properties": {}}))
            .await
            .refused(400, "BadRequest");
        assert_eq!(message, "Update request should provide ETag");
        let etag = azure.get(&setting).await.with(200)["etag"].clone();
        azure.put(&setting, &json!({"kind": "EyesOn", "etag": etag, "properties": {}})).await.with(200);
    });
}

pub fn rules_that_cannot_be(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let path = format!("{}/alertRules/bad?api-version={PREVIEW}", azure.sentinel("law-contoso"));
        let put = async |change: &dyn Fn(&mut Value)| {
            let mut rule = scheduled("SigninLogs | take 1");
            change(&mut rule);
            azure.put(&path, &rule).await.refused(400, "BadRequest")
        };
        let missing = put(&|rule| rule["properties"]["query"] = json!("NoSuchTable | take 1")).await;
        assert_eq!(missing, "Failed to run the analytics rule query. One of the tables does not exist.");
        let column =
            put(&|rule| rule["properties"]["query"] = json!("SigninLogs | where NoSuchColumn == 'a'")).await;
        assert!(column.starts_with("FailedToResolveScalarExpression; Message: "), "{column}");
        assert!(column.contains("SEM0100") && column.contains("NoSuchColumn"), "{column}");
        let other =
            put(&|rule| rule["properties"]["query"] = json!("workspace('law-tailwind').SigninLogs | take 1"))
                .await;
        assert!(other.contains("specifically on 'law-tailwind'. (Code: Unauthorized)"), "{other}");
        for (member, value) in [
            ("severity", json!("Extreme")),
            ("queryFrequency", json!("PT1M")),
            ("queryPeriod", json!("PT5M")),
            ("queryPeriod", json!("P15D")),
            ("triggerOperator", json!("gt")),
            ("triggerThreshold", json!("zero")),
            ("displayName", Value::Null),
            ("enabled", Value::Null),
            ("suppressionDuration", json!("5h")),
            ("techniques", json!(["T1078.004"])),
            ("description", json!("x".repeat(5001))),
            (
                "entityMappings",
                json!([{"entityType": "Person", "fieldMappings": [{"identifier": "a", "columnName": "b"}]}]),
            ),
            (
                "customDetails",
                (0..21).map(|n| (n.to_string(), json!("c"))).collect::<serde_json::Map<_, _>>().into(),
            ),
            ("alertDetailsOverride", json!({"alertColour": "red"})),
        ] {
            let message = put(&|rule| rule["properties"][member] = value.clone()).await;
            assert!(!message.is_empty(), "{member}");
        }
        let fusion =
            json!({"kind": "Fusion", "properties": {"enabled": true, "alertRuleTemplateName": "nope"}});
        azure.put(&path, &fusion).await.refused(400, "BadRequest");
        assert_eq!(azure.get(&path).await.status, 404, "nothing was kept");
    });
}

pub fn rules_that_are_too_many(_: &Context) {
    block(async {
        let azure = Azure::start(Simulator::builder().incidents(1).without_limits()).await;
        let place = format!("{}/alertRules", azure.sentinel("law-contoso"));
        let rule = json!({"kind": "NRT", "properties": {"displayName": "n", "enabled": true, "severity": "Low", "query": "SigninLogs | take 1", "suppressionDuration": "PT1H", "suppressionEnabled": false}});
        let mut made = 0;
        let message = loop {
            let answer = azure.put(&format!("{place}/nrt-{made}?api-version={PREVIEW}"), &rule).await;
            if answer.status != 201 {
                break answer.refused(400, "BadRequest");
            }
            made += 1;
            assert!(made <= 50);
        };
        assert!(message.contains("50"), "{message}");
        let mut off = rule.clone();
        off["properties"]["enabled"] = json!(false);
        azure.put(&format!("{place}/one-more?api-version={PREVIEW}"), &off).await.with(201);
    });
}

pub fn tables_that_cannot_be(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let table =
            |name: &str| format!("{}/tables/{name}?api-version={LOGS}", azure.workspace("law-contoso"));
        let schema = |columns: Value| json!({"properties": {"schema": {"columns": columns}}});
        let time = json!({"name": "TimeGenerated", "type": "dateTime"});
        let refuse = async |name: &str, body: Value| {
            azure.put(&table(name), &body).await.refused(400, "InvalidParameter")
        };
        assert!(refuse("Mine", schema(json!([time]))).await.contains("_CL"));
        assert!(
            refuse("Mine_CL", schema(json!([{"name": "A", "type": "string"}])))
                .await
                .contains("TimeGenerated")
        );
        assert!(
            refuse("Mine_CL", schema(json!([time, {"name": "x".repeat(46), "type": "string"}])))
                .await
                .contains("45")
        );
        assert!(
            refuse("Mine_CL", schema(json!([time, {"name": "Title", "type": "string"}])))
                .await
                .contains("reserved")
        );
        assert!(
            refuse("SigninLogs", schema(json!([{"name": "Own", "type": "string"}]))).await.contains("_CF")
        );
        azure
            .put(&table("Mine_CL"), &schema(json!([time, {"name": "A", "type": "text"}])))
            .await
            .refused(400, "BadRequest");
        azure.delete(&table("SigninLogs")).await.refused(400, "BadRequest");
        let patch = async |name: &str, properties: Value| {
            azure.arm("PATCH", &table(name), Some(&json!({"properties": properties}))).await
        };
        patch("Syslog", json!({"retentionInDays": 731})).await.refused(400, "BadRequest");
        patch("Syslog", json!({"retentionInDays": 90, "totalRetentionInDays": 30}))
            .await
            .refused(400, "InvalidParameter");
        let changed = patch("Syslog", json!({"plan": "Basic"})).await;
        assert_eq!(changed.status, 202);
        let message = patch("Syslog", json!({"plan": "Analytics"})).await.refused(400, "InvalidParameter");
        assert!(message.contains("less than a week ago"), "{message}");
        let message = patch("Syslog", json!({"retentionInDays": 60})).await.refused(400, "InvalidParameter");
        assert!(message.contains("not allowed"), "{message}");
        azure.simulator.set_clock_offset(jiff::SignedDuration::from_hours(8 * 24));
        assert_eq!(patch("Syslog", json!({"plan": "Analytics"})).await.status, 202);
    });
}

pub fn collection_rules_that_cannot_be(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let path = format!(
            "{}/providers/Microsoft.Insights/dataCollectionRules/bad?api-version={COLLECTION}",
            group(&azure, "law-contoso")
        );
        let rule = json!({"location": "westeurope", "kind": "Direct", "properties": {
            "streamDeclarations": {"Custom-A": {"columns": [{"name": "T", "type": "guid"}]}},
            "destinations": {"logAnalytics": [{"name": "law", "workspaceResourceId": azure.workspace("law-contoso")}]},
            "dataFlows": [{"streams": ["Custom-A", "Custom-B"], "destinations": ["law", "nowhere"], "transformKql": "source | where Nope == 1", "outputStream": "Custom-Nope_CL"}]}});
        let refused = azure.put(&path, &rule).await;
        assert_eq!((refused.status, &refused.body["error"]["code"]), (400, &json!("InvalidPayload")));
        assert_eq!(refused.body["error"]["message"], "Data collection rule is invalid");
        let details = refused.body["error"]["details"].as_array().expect("details");
        let codes: Vec<&str> = details.iter().filter_map(|one| one["code"].as_str()).collect();
        for code in ["InvalidStream", "InvalidDataFlow", "InvalidOutputTable", "InvalidTransformQuery"] {
            assert!(codes.contains(&code), "{codes:?}");
        }
        assert!(
            details
                .iter()
                .all(|one| one["target"].as_str().is_some_and(|target| target.starts_with("properties.")))
        );
        // Somebody else's workspace is not a destination.
        let mut linked = rule;
        linked["properties"] = json!({"destinations": {"logAnalytics": [{"name": "law", "workspaceResourceId": azure.workspace("law-fabrikam-plant")}]}, "dataFlows": []});
        let message = azure.put(&path, &linked).await.refused(403, "LinkedAuthorizationFailed");
        assert!(message.contains("law-fabrikam-plant"), "{message}");
    });
}

pub fn what_stands_in_the_way(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let eu = azure.workspace("law-contoso-eu");
        let locked = azure.delete(&format!("{eu}?api-version={LOGS}")).await;
        assert!(locked.refused(409, "ScopeLocked").contains("law-contoso-eu"));
        let endpoint = format!(
            "{}/providers/Microsoft.Insights/dataCollectionEndpoints/dce-new?api-version={COLLECTION}",
            group(&azure, "law-contoso-eu")
        );
        let mut body = json!({"location": "westeurope", "properties": {"networkAcls": {"publicNetworkAccess": "Enabled"}}});
        let refused = azure.put(&endpoint, &body).await;
        assert_eq!(
            (refused.status, &refused.body["error"]["code"]),
            (403, &json!("RequestDisallowedByPolicy"))
        );
        assert_eq!(refused.body["error"]["additionalInfo"][0]["type"], "PolicyViolation");
        body["properties"]["networkAcls"]["publicNetworkAccess"] = json!("Disabled");
        azure.put(&endpoint, &body).await.with(201);
        let fabrikam = format!(
            "{}/providers/Microsoft.Insights/dataCollectionEndpoints/dce-new?api-version={COLLECTION}",
            group(&azure, "law-tailwind")
        );
        let azure = azure.acting_as(app::CUSTOMER);
        let message = azure.put(&fabrikam, &body).await.refused(409, "MissingSubscriptionRegistration");
        assert!(message.contains("Microsoft.Insights"), "{message}");
        let subscription = fabrikam.split("/resourceGroups/").next().expect("one").to_owned();
        azure
            .arm(
                "POST",
                &format!("{subscription}/providers/Microsoft.Insights/register?api-version=2021-04-01"),
                None,
            )
            .await
            .with(200);
        azure.put(&fabrikam, &body).await.with(201);
    });
}

pub fn incidents_and_watchlists_that_cannot_be(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let place = azure.sentinel("law-contoso");
        let incident = format!("{place}/incidents/one");
        let put = async |body: Value| {
            azure.put(&format!("{incident}?api-version={STABLE}"), &json!({"properties": body})).await
        };
        put(json!({"title": "t", "severity": "High"})).await.refused(400, "BadRequest");
        put(json!({"title": "t", "severity": "High", "status": "New", "classification": "TruePositive"}))
            .await
            .refused(400, "BadRequest");
        put(json!({"title": "t", "severity": "High", "status": "Closed", "classification": "TruePositive", "classificationReason": "InaccurateData"})).await.refused(400, "BadRequest");
        put(json!({"title": "t", "severity": "High", "status": "New"})).await.with(201);
        let comment = format!("{incident}/comments/c?api-version={STABLE}");
        azure
            .put(&comment, &json!({"properties": {"message": "x".repeat(30_001)}}))
            .await
            .refused(400, "BadRequest");
        for filter in ["properties/title%20eq", "bogus(1)"] {
            azure
                .get(&format!("{place}/incidents?api-version={STABLE}&$filter={filter}"))
                .await
                .refused(400, "BadRequest");
        }
        azure
            .get(&format!("{place}/incidents?api-version={STABLE}&$top=1001"))
            .await
            .refused(400, "BadRequest");
        let watchlist = format!("{place}/watchlists/broken?api-version={STABLE}");
        let body = json!({"properties": {"displayName": "b", "provider": "Custom", "itemsSearchKey": "Nope", "contentType": "text/csv", "rawContent": "A\n1\n"}});
        let begun = azure.put(&watchlist, &body).await;
        let status = begun.header("azure-asyncoperation").expect("an operation").to_owned();
        let ended = loop {
            let word = azure.get(&status).await.with(200);
            if word["status"] != "InProgress" {
                break word;
            }
        };
        assert_eq!(ended["status"], "Failed");
        assert!(ended["error"]["message"].as_str().is_some_and(|text| text.contains("Nope")), "{ended}");
        assert_eq!(azure.get(&watchlist).await.with(200)["properties"]["provisioningState"], "Failed");
    });
}
