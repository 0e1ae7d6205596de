//! Whether answers look like Azure's: the same members, of the same types.

use serde_json::{Value, json};

use crate::azure::{Azure, COLLECTION, LOGS, PREVIEW, STABLE, block};
use crate::support::{Context, content};

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// What the sample has and the answer has not, or has differently. `null` fits everything; of lists the first entries are
/// compared; `open` names objects whose members are data, not shape.
fn differences(sample: &Value, answer: &Value, path: &str, open: &[&str], found: &mut Vec<String>) {
    if open.contains(&path) || sample.is_null() || answer.is_null() {
        return;
    }
    if type_of(sample) != type_of(answer) {
        found.push(format!("{path}: {} instead of {}", type_of(answer), type_of(sample)));
        return;
    }
    match (sample, answer) {
        (Value::Object(sample), Value::Object(answer)) => {
            for (name, value) in sample {
                let place = format!("{path}/{name}");
                match answer.get(name) {
                    Some(own) => differences(value, own, &place, open, found),
                    None if open.contains(&place.as_str()) => {}
                    None => found.push(format!("{place}: missing")),
                }
            }
        }
        (Value::Array(sample), Value::Array(answer)) => {
            if let (Some(sample), Some(answer)) = (sample.first(), answer.first()) {
                differences(sample, answer, &format!("{path}/0"), open, found);
            }
        }
        _ => {}
    }
}

#[track_caller]
fn alike(what: &str, sample: &Value, answer: &Value, open: &[&str]) {
    let mut found = Vec::new();
    differences(sample, answer, "", open, &mut found);
    assert!(found.is_empty(), "{what}:\n{}\n{answer:#}", found.join("\n"));
}

async fn first(azure: &Azure, path: &str, choose: impl Fn(&Value) -> bool) -> Value {
    azure.all(path).await.into_iter().find(choose).expect("there is one")
}

/// The samples are the examples of Azure's published specification, shortened.
pub fn answers_have_the_shape_of_the_reference(_: &Context) {
    block(async {
        let azure = Azure::small().await;
        let (workspace, sentinel) = (azure.workspace("law-contoso"), azure.sentinel("law-contoso"));
        let insights = format!(
            "{}/providers/Microsoft.Insights",
            workspace.split("/providers/").next().expect("a group")
        );
        let rules = format!("{sentinel}/alertRules?api-version={PREVIEW}");
        let id = json!("/subscriptions/S");
        let grouping = json!({"enabled": true, "reopenClosedIncident": false, "lookbackDuration": "PT5H", "matchingMethod": "Selected", "groupByEntities": ["Account"], "groupByAlertDetails": [], "groupByCustomDetails": []});
        for (what, path, choose, sample, open) in [
            (
                "workspace",
                format!("{workspace}?api-version={LOGS}"),
                None,
                json!({"id": id, "name": "w", "type": "t", "location": "l", "properties": {"customerId": "c", "provisioningState": "Succeeded", "sku": {"name": "PerGB2018"}, "retentionInDays": 90, "publicNetworkAccessForIngestion": "Enabled", "publicNetworkAccessForQuery": "Enabled"}}),
                &[][..],
            ),
            (
                "scheduled rule",
                rules.clone(),
                Some(("kind", "Scheduled")),
                json!({"id": id, "name": "n", "type": "t", "kind": "Scheduled", "etag": "\"e\"", "properties": {"alertRuleTemplateName": null, "templateVersion": null, "displayName": "d", "description": "..", "severity": "High", "enabled": true, "tactics": ["CredentialAccess"], "techniques": ["T1110"], "query": "q", "queryFrequency": "PT1H", "queryPeriod": "PT1H", "triggerOperator": "GreaterThan", "triggerThreshold": 0, "suppressionDuration": "PT5H", "suppressionEnabled": false, "lastModifiedUtc": "2026-03-01T13:17:30Z", "eventGroupingSettings": {"aggregationKind": "AlertPerResult"}, "customDetails": {"Attempts": "c"}, "entityMappings": [{"entityType": "Account", "fieldMappings": [{"identifier": "FullName", "columnName": "UserPrincipalName"}]}], "alertDetailsOverride": null, "incidentConfiguration": {"createIncident": true, "groupingConfiguration": grouping}}}),
                &["/properties/customDetails"][..],
            ),
            (
                "NRT rule",
                rules.clone(),
                Some(("kind", "NRT")),
                json!({"kind": "NRT", "name": "n", "etag": "\"e\"", "properties": {"displayName": "d", "severity": "High", "enabled": true, "query": "q", "suppressionDuration": "PT5H", "suppressionEnabled": false, "tactics": [], "techniques": [], "subTechniques": [], "eventGroupingSettings": {"aggregationKind": "SingleAlert"}, "lastModifiedUtc": "t"}}),
                &[],
            ),
            (
                "Fusion rule",
                rules.clone(),
                Some(("kind", "Fusion")),
                json!({"kind": "Fusion", "name": "n", "etag": "\"e\"", "properties": {"displayName": "d", "alertRuleTemplateName": "t", "severity": "High", "enabled": true, "tactics": [], "lastModifiedUtc": "t"}}),
                &[],
            ),
            (
                "incident creation rule",
                rules,
                Some(("kind", "MicrosoftSecurityIncidentCreation")),
                json!({"kind": "k", "name": "n", "properties": {"productFilter": "p", "severitiesFilter": null, "displayNamesFilter": null, "displayNamesExcludeFilter": null, "displayName": "d", "enabled": true, "description": null, "alertRuleTemplateName": null, "lastModifiedUtc": "t"}}),
                &[],
            ),
            (
                "incident",
                format!("{sentinel}/incidents?api-version={STABLE}"),
                None,
                json!({"id": id, "name": "n", "type": "t", "etag": "\"e\"", "properties": {"title": "t", "description": "..", "severity": "High", "status": "New", "owner": {"objectId": null, "email": null, "userPrincipalName": null, "assignedTo": null}, "labels": [], "incidentNumber": 3177, "incidentUrl": "https://portal.azure.com/", "providerName": "Azure Sentinel", "providerIncidentId": "3177", "relatedAnalyticRuleIds": [""], "firstActivityTimeUtc": "t", "lastActivityTimeUtc": "t", "createdTimeUtc": "t", "lastModifiedTimeUtc": "t", "additionalData": {"alertsCount": 1, "bookmarksCount": 0, "commentsCount": 0, "alertProductNames": [""], "tactics": [""]}}}),
                &[],
            ),
            (
                "automation rule",
                format!("{sentinel}/automationRules?api-version={STABLE}"),
                None,
                json!({"id": id, "name": "n", "type": "t", "etag": "\"e\"", "properties": {"displayName": "d", "order": 1, "triggeringLogic": {"isEnabled": true, "triggersOn": "Incidents", "triggersWhen": "Created", "conditions": [{"conditionType": "Property", "conditionProperties": {"propertyName": "p", "operator": "Contains", "propertyValues": [""]}}]}, "actions": [{"order": 1, "actionType": "AddIncidentTask", "actionConfiguration": {}}], "createdTimeUtc": "t", "lastModifiedTimeUtc": "t", "createdBy": {"objectId": "..", "email": "..", "name": "..", "userPrincipalName": ".."}, "lastModifiedBy": {}}}),
                &[],
            ),
            (
                "watchlist",
                format!("{sentinel}/watchlists?api-version={STABLE}"),
                None,
                json!({"id": id, "name": "n", "type": "t", "etag": "\"e\"", "properties": {"watchlistId": "w", "displayName": "d", "provider": "Custom", "source": "hva.csv", "sourceType": "Local", "itemsSearchKey": "Hostname", "description": "..", "watchlistType": "watchlist", "watchlistAlias": "a", "isDeleted": false, "labels": [], "defaultDuration": "P1279DT12H30M5S", "tenantId": "..", "uploadStatus": "Complete", "provisioningState": "Succeeded", "created": "t", "updated": "t", "createdBy": {"name": ".."}, "updatedBy": {"name": ".."}}}),
                &[],
            ),
            (
                "watchlist item",
                format!("{sentinel}/watchlists/HighValueAssets/watchlistItems?api-version={STABLE}"),
                None,
                json!({"name": "n", "type": "t", "etag": "\"e\"", "properties": {"watchlistItemType": "watchlist-item", "watchlistItemId": "i", "isDeleted": false, "itemsKeyValue": {"Hostname": "DC01"}, "entityMapping": {}}}),
                &["/properties/itemsKeyValue"],
            ),
            (
                "function",
                format!("{workspace}/savedSearches?api-version={LOGS}"),
                Some(("/properties/functionAlias", "FailedSignins")),
                json!({"id": id, "name": "n", "type": "t", "etag": "W/\"e\"", "properties": {"category": "Security", "displayName": "d", "query": "q", "functionAlias": "f", "functionParameters": "p", "version": 2}}),
                &[],
            ),
            (
                "hunting query",
                format!("{workspace}/savedSearches?api-version={LOGS}"),
                Some(("/properties/category", "Hunting Queries")),
                json!({"properties": {"tags": [{"name": "Group", "value": "Parsers"}]}}),
                &[],
            ),
            (
                "table",
                format!("{workspace}/tables/Firewall_CL?api-version={LOGS}"),
                None,
                json!({"id": id, "name": "n", "type": "t", "properties": {"plan": "Analytics", "retentionInDays": 90, "retentionInDaysAsDefault": true, "totalRetentionInDays": 365, "totalRetentionInDaysAsDefault": false, "archiveRetentionInDays": 275, "provisioningState": "Succeeded", "schema": {"name": "f", "tableType": "CustomLog", "tableSubType": "DataCollectionRuleBased", "columns": [{"name": "TimeGenerated", "type": "dateTime"}], "standardColumns": [{"name": "TenantId", "type": "guid", "isDefaultDisplay": false, "isHidden": false}], "solutions": ["LogManagement"], "labels": null}}}),
                &[],
            ),
            (
                "workbook",
                format!("{insights}/workbooks?api-version=2023-06-01&category=sentinel&canFetchContent=true"),
                None,
                json!({"id": id, "name": "n", "type": "t", "location": "l", "kind": "shared", "etag": "\"e\"", "tags": {"hidden-title": "x"}, "properties": {"displayName": "d", "serializedData": "{}", "version": "Notebook/1.0", "category": "sentinel", "sourceId": "s", "timeModified": "t", "userId": "..", "revision": "r", "tags": []}}),
                &[],
            ),
            (
                "data collection rule",
                format!("{insights}/dataCollectionRules?api-version={COLLECTION}"),
                Some(("kind", "Direct")),
                json!({"id": id, "name": "n", "type": "t", "etag": "e", "location": "l", "kind": "Direct", "tags": {}, "properties": {"immutableId": "dcr-b", "dataCollectionEndpointId": null, "streamDeclarations": {"Custom-Firewall_CL": {"columns": [{"name": "T", "type": "datetime"}]}}, "destinations": {"logAnalytics": [{"name": "law", "workspaceResourceId": "w", "workspaceId": "c"}]}, "dataFlows": [{"streams": [""], "destinations": [""], "transformKql": "source", "outputStream": "o"}], "endpoints": {"logsIngestion": "https://x"}, "provisioningState": "Succeeded"}, "systemData": {"createdAt": "t", "createdBy": "u", "createdByType": "User"}}),
                &[],
            ),
            (
                "data collection endpoint",
                format!("{insights}/dataCollectionEndpoints?api-version={COLLECTION}"),
                None,
                json!({"id": id, "name": "n", "type": "t", "etag": "e", "location": "l", "properties": {"immutableId": "dce-c", "configurationAccess": {"endpoint": "e"}, "logsIngestion": {"endpoint": "e"}, "metricsIngestion": {"endpoint": "e"}, "networkAcls": {"publicNetworkAccess": "Enabled"}, "provisioningState": "Succeeded"}}),
                &[],
            ),
            (
                "onboarding state",
                format!("{sentinel}/onboardingStates/default?api-version={STABLE}"),
                None,
                json!({"id": id, "name": "default", "properties": {"customerManagedKey": false}}),
                &[],
            ),
            (
                "subscription",
                "/subscriptions?api-version=2022-12-01".to_owned(),
                Some(("displayName", "contoso-prod")),
                json!({"id": id, "subscriptionId": "S", "tenantId": "c", "displayName": "d", "state": "Enabled", "managedByTenants": [{"tenantId": "msp"}], "authorizationSource": "RoleBased"}),
                &[],
            ),
        ] {
            let answer = azure.get(&path).await.with(200);
            let answer = if answer["value"].is_array() {
                let fits = |one: &Value| match choose {
                    None => true,
                    Some((place, text)) => {
                        one.get(place).or_else(|| one.pointer(place)).is_some_and(|value| value == text)
                    }
                };
                first(&azure, &path, fits).await
            } else {
                answer
            };
            alike(what, &sample, &answer, open);
            for (name, quoted) in [("incident", true), ("data collection rule", false), ("workbook", true)] {
                if what == name {
                    assert_eq!(
                        answer["etag"].as_str().is_some_and(|etag| etag.starts_with('"')),
                        quoted,
                        "{what}"
                    );
                }
            }
        }
    });
}

/// Answers of a real workspace, written down endpoint by endpoint.
pub fn answers_have_the_shape_of_real_ones(_: &Context) {
    let folder = content::folder().expect("the condition holds").join("workspace-export");
    let read = |name: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(folder.join(name)).expect("is readable");
        match serde_json::from_str(&text).expect("is JSON") {
            Value::Array(all) => all,
            one => vec![one],
        }
    };
    block(async {
        let azure = Azure::small().await;
        let (workspace, sentinel) = (azure.workspace("law-contoso"), azure.sentinel("law-contoso"));
        let eu = azure.workspace("law-contoso-eu");
        let insights = format!(
            "{}/providers/Microsoft.Insights",
            workspace.split("/providers/").next().expect("a group")
        );
        // Members that these answers have and the simulator has not, on purpose:
        // the default rule, replication and more features of a workspace; `DataTypes` whose names are data.
        let workspace_open = &[
            "/properties/defaultDataCollectionRuleResourceId",
            "/properties/replication",
            "/properties/features",
            "/properties/workspaceCapping",
        ][..];
        for (file, path, same, open) in [
            ("workspace.json", format!("{workspace}?api-version={LOGS}"), "", workspace_open),
            ("alert-rules.json", format!("{sentinel}/alertRules?api-version={PREVIEW}"), "kind", &[][..]),
            (
                "alert-rule-templates.json",
                format!("{sentinel}/alertRuleTemplates?api-version={STABLE}"),
                "kind",
                &[],
            ),
            (
                "data-connectors-classic.json",
                format!("{sentinel}/dataConnectors?api-version={STABLE}"),
                "kind",
                &["/properties/dataTypes"],
            ),
            (
                "data-connector-definitions.json",
                format!("{sentinel}/dataConnectorDefinitions?api-version={STABLE}"),
                "kind",
                &[],
            ),
            ("content-packages.json", format!("{sentinel}/contentPackages?api-version={STABLE}"), "", &[]),
            (
                "content-product-packages.json",
                format!("{sentinel}/contentProductPackages?api-version={STABLE}"),
                "",
                &[],
            ),
            // There the member is `RuleDefinition` with names in Pascal case: read either.
            (
                "summary-rules.json",
                format!("{workspace}/summaryLogs?api-version={LOGS}"),
                "",
                &["/properties/RuleDefinition"],
            ),
            (
                "diagnostic-settings.json",
                format!(
                    "{workspace}/providers/Microsoft.Insights/diagnosticSettings?api-version=2021-05-01-preview"
                ),
                "",
                &[],
            ),
            (
                "workspace-locks.json",
                format!("{eu}/providers/Microsoft.Authorization/locks?api-version=2016-09-01"),
                "",
                &[],
            ),
            (
                "dcrs.json",
                format!("{insights}/dataCollectionRules?api-version={COLLECTION}"),
                "kind",
                &["/properties/dataFlows/0/outputStream"],
            ),
            ("dces.json", format!("{insights}/dataCollectionEndpoints?api-version={COLLECTION}"), "", &[]),
            ("workspace-tables.json", format!("{workspace}/tables?api-version={LOGS}"), "", &[]),
            (
                "playbooks.json",
                format!(
                    "{}/providers/Microsoft.Logic/workflows?api-version=2019-05-01",
                    workspace.split("/providers/").next().expect("a group")
                ),
                "",
                &["/identity", "/tags", "/properties/kind", "/properties/description"],
            ),
        ] {
            let answer = azure.get(&path).await.with(200);
            let own = if answer["value"].is_array() { azure.all(&path).await } else { vec![answer] };
            for sample in read(file) {
                let same_kind = |one: &&Value| same.is_empty() || one.get(same) == sample.get(same);
                let Some(counterpart) = own.iter().find(same_kind) else {
                    panic!("{file}: nothing of {:?}", sample.get(same));
                };
                alike(file, &sample, counterpart, open);
            }
        }
        let settings = azure.all(&format!("{sentinel}/settings?api-version={STABLE}")).await;
        for name in ["EntityAnalytics", "EyesOn", "Anomalies"] {
            assert!(
                settings.iter().any(|one| one["name"] == name && one["properties"].is_object()),
                "{name}"
            );
        }
    });
}
