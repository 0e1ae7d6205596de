//! Filling a workspace: content with some drift, connectors, feeds.

use serde_json::{Value, json};

use super::Seeding;
use super::incidents;
use super::library::{Library, Rule};
use super::places::{Condition, Place};
use crate::simulator::clock::stamp_precise;
use crate::simulator::exchange::Object;
use crate::simulator::ids::Dice;
use crate::simulator::logs::FAILING;
use crate::simulator::logs::feeds::Feed;
use jiff::SignedDuration;

/// Tables that get rows: name, rows an hour, megabytes an hour.
const FEEDS: &[(&str, u32, f64)] = &[
    ("SigninLogs", 12, 160.0),
    ("AADNonInteractiveUserSignInLogs", 12, 420.0),
    ("AuditLogs", 6, 14.0),
    ("OfficeActivity", 12, 90.0),
    ("SecurityEvent", 20, 610.0),
    ("AzureActivity", 6, 4.0),
    ("CommonSecurityLog", 20, 900.0),
    ("Syslog", 12, 75.0),
    ("DeviceProcessEvents", 12, 320.0),
    ("DeviceNetworkEvents", 12, 510.0),
    ("DeviceFileEvents", 6, 180.0),
    ("EmailEvents", 6, 25.0),
    ("MicrosoftGraphActivityLogs", 12, 240.0),
    ("Heartbeat", 12, 1.2),
    ("ThreatIntelIndicators", 2, 3.0),
    ("Firewall_CL", 12, 130.0),
    ("Vpn_CL", 4, 6.0),
    ("AzureDiagnostics", 6, 22.0),
];
/// The template of Fusion.
const FUSION: &str = "f71aba3d-28fb-450b-b192-4e76a83015c8";
/// Rules of a workspace that is one of many.
const FLEET_RULES: usize = 24;

/// Fills a workspace as its condition asks.
pub(super) fn fill(seeding: &mut Seeding<'_>, place: &Place, library: &Library, incidents: usize) {
    if place.state == Condition::NotOnboarded {
        feed(seeding, place, &[("Heartbeat", 12, 1.0), ("Syslog", 6, 8.0)]);
        return;
    }
    solution(seeding, place);
    let sentinel = place.sentinel();
    seeding.put(
        format!("{sentinel}/onboardingStates/default"),
        "Microsoft.SecurityInsights/onboardingStates",
        json!({"properties": {"customerManagedKey": false}}),
    );
    settings(seeding, place);
    fusion_template(seeding, place);
    if place.state == Condition::Empty {
        return;
    }
    tables(seeding, place, library);
    templates(seeding, place, library);
    rules(seeding, place, library);
    contents(seeding, place, library);
    watchlists(seeding, place, library);
    connectors(seeding, place);
    collection(seeding, place);
    feed(seeding, place, FEEDS);
    let count = match place.workspace.as_str() {
        "law-contoso" => incidents,
        _ if place.state == Condition::Fleet => incidents.min(10),
        _ => incidents.min(120),
    };
    incidents::fill(seeding, place, count);
}

fn solution(seeding: &mut Seeding<'_>, place: &Place) {
    // Newer workspaces are onboarded without it.
    if place.state == Condition::Late {
        return;
    }
    let id = format!(
        "{}/providers/Microsoft.OperationsManagement/solutions/SecurityInsights({})",
        place.group_id(),
        place.workspace
    );
    let body = json!({"location": place.location, "plan": {"name": format!("SecurityInsights({})", place.workspace), "publisher": "Microsoft", "product": "OMSGallery/SecurityInsights", "promotionCode": ""},
        "properties": {"workspaceResourceId": place.workspace_id(), "provisioningState": "Succeeded"}});
    seeding.put(id, "Microsoft.OperationsManagement/solutions", body);
}

fn settings(seeding: &mut Seeding<'_>, place: &Place) {
    let kind = "Microsoft.SecurityInsights/settings";
    for (name, properties) in [
        ("Anomalies", json!({"isEnabled": true})),
        ("EyesOn", json!({"isEnabled": true})),
        ("EntityAnalytics", json!({"entityProviders": ["AzureActiveDirectory"]})),
        ("Ueba", json!({"dataSources": ["AuditLogs", "SigninLogs"]})),
    ] {
        if place.state == Condition::Empty && ["Ueba", "EntityAnalytics"].contains(&name) {
            continue;
        }
        seeding.put(
            format!("{}/settings/{name}", place.sentinel()),
            kind,
            json!({"kind": name, "properties": properties}),
        );
    }
}

fn tables(seeding: &mut Seeding<'_>, place: &Place, library: &Library) {
    let kind = "Microsoft.OperationalInsights/workspaces/tables";
    for table in &library.tables {
        // Its rule stays: it will name a table that is not there.
        if place.state == Condition::Ailing && table.name == "Vpn_CL" {
            continue;
        }
        let columns: Vec<Value> = table
            .columns
            .iter()
            .map(|(name, kind)| json!({"name": name, "type": kind, "isDefaultDisplay": false, "isHidden": false}))
            .collect();
        let body = json!({"properties": {"plan": "Analytics", "tableType": "CustomLog", "provisioningState": "Succeeded", "totalRetentionInDays": 365, "schema": {"columns": columns}}});
        seeding.put(format!("{}/tables/{}", place.workspace_id(), table.name), kind, body);
    }
    if place.state == Condition::Ailing {
        let changed = seeding.ago(24 * 60);
        let body = json!({"properties": {"plan": "Basic", "lastPlanModifiedDate": changed, "provisioningState": "Succeeded"}});
        seeding.put(format!("{}/tables/AzureDiagnostics", place.workspace_id()), kind, body);
    }
}

/// The template of Fusion, which every workspace has.
fn fusion_template(seeding: &mut Seeding<'_>, place: &Place) {
    let kind = "Microsoft.SecurityInsights/alertRuleTemplates";
    let base = format!("{}/alertRuleTemplates", place.sentinel());
    let fusion = json!({"kind": "Fusion", "properties": {"displayName": "Advanced Multistage Attack Detection", "severity": "High", "status": "Available",
        "description": "Finds attacks that show in several places.", "tactics": ["Persistence", "LateralMovement"], "techniques": [], "alertRulesCreatedByTemplateCount": 1}});
    seeding.put(format!("{base}/{FUSION}"), kind, fusion);
}

fn templates(seeding: &mut Seeding<'_>, place: &Place, library: &Library) {
    let kind = "Microsoft.SecurityInsights/alertRuleTemplates";
    let base = format!("{}/alertRuleTemplates", place.sentinel());
    for rule in library.rules.iter().take(12) {
        let mut properties = rule.properties.clone();
        let Some(name) =
            properties.remove("alertRuleTemplateName").and_then(|name| name.as_str().map(str::to_owned))
        else {
            continue;
        };
        for name in [
            "enabled",
            "templateVersion",
            "suppressionDuration",
            "suppressionEnabled",
            "incidentConfiguration",
        ] {
            properties.remove(name);
        }
        properties.insert("version".to_owned(), json!("1.1.0"));
        properties.insert("status".to_owned(), json!("Available"));
        properties.insert("alertRulesCreatedByTemplateCount".to_owned(), json!(1));
        seeding.put(format!("{base}/{name}"), kind, json!({"kind": rule.kind, "properties": properties}));
    }
}

fn rules(seeding: &mut Seeding<'_>, place: &Place, library: &Library) {
    let mut dice = Dice::new(seeding.seed, &place.workspace_id());
    let many = if place.state == Condition::Fleet { FLEET_RULES } else { usize::MAX };
    for (index, rule) in library.rules.iter().take(many).enumerate() {
        let healthy = place.state == Condition::Healthy;
        if !healthy && index > 0 && dice.chance(4) {
            continue;
        }
        let mut properties = drifted(rule, &mut dice, healthy);
        if place.state == Condition::Ailing && index == 0 {
            let name = properties.get("displayName").and_then(Value::as_str).unwrap_or_default();
            let name = format!("{name} {FAILING}");
            properties.insert("displayName".to_owned(), json!(name));
            properties.insert("enabled".to_owned(), json!(true));
        }
        add_rule(seeding, place, &rule.id, rule.kind, properties, index);
    }
    let mut fusion = Object::new();
    fusion.insert("displayName".to_owned(), json!("Advanced Multistage Attack Detection"));
    fusion.insert("description".to_owned(), json!("Finds attacks that show in several places."));
    fusion.insert("alertRuleTemplateName".to_owned(), json!(FUSION));
    fusion.insert("severity".to_owned(), json!("High"));
    fusion.insert("tactics".to_owned(), json!(["Persistence", "LateralMovement"]));
    fusion.insert("techniques".to_owned(), json!([]));
    // Defender takes over from it.
    fusion.insert("enabled".to_owned(), json!(place.state != Condition::Late));
    add_rule(seeding, place, "BuiltInFusion", "Fusion", fusion, 0);
    let mut creation = Object::new();
    for (name, value) in [
        ("productFilter", json!("Microsoft Cloud App Security")),
        ("severitiesFilter", Value::Null),
        ("displayNamesFilter", Value::Null),
        ("displayNamesExcludeFilter", Value::Null),
        ("displayName", json!("Incidents of Cloud App Security")),
        ("enabled", json!(place.state != Condition::Late)),
        ("description", Value::Null),
        ("alertRuleTemplateName", Value::Null),
    ] {
        creation.insert(name.to_owned(), value);
    }
    let id = seeding.id(&format!("creation/{}", place.workspace_id()));
    add_rule(seeding, place, &id, "MicrosoftSecurityIncidentCreation", creation, 1);
    if place.state == Condition::Ailing {
        let mut missing = library
            .rules
            .iter()
            .find(|rule| rule.kind == "Scheduled")
            .map(|rule| rule.properties.clone())
            .unwrap_or_default();
        missing.insert("displayName".to_owned(), json!("Long VPN sessions"));
        missing.insert(
            "query".to_owned(),
            json!("Vpn_CL\n| where SessionSeconds > 86400\n| project TimeGenerated, UserName"),
        );
        missing.insert("alertRuleTemplateName".to_owned(), Value::Null);
        let id = seeding.id("rule/missing-table");
        add_rule(seeding, place, &id, "Scheduled", missing, 2);
    }
}

/// A rule as somebody has changed it in the meantime, or not.
fn drifted(rule: &Rule, dice: &mut Dice, healthy: bool) -> Object {
    let mut properties = rule.properties.clone();
    if dice.chance(6) {
        properties.insert("enabled".to_owned(), json!(false));
    }
    if healthy {
        return properties;
    }
    if dice.chance(6) {
        properties.insert("severity".to_owned(), json!(*dice.pick(&["High", "Medium", "Low"])));
    }
    if dice.chance(5) && properties.get("templateVersion").is_some_and(Value::is_string) {
        properties.insert("templateVersion".to_owned(), json!("1.0.0"));
    }
    if dice.chance(4) {
        let query = properties.get("query").and_then(Value::as_str).unwrap_or_default();
        let changed = format!("{query}\n| where TimeGenerated > ago(12h)");
        properties.insert("query".to_owned(), json!(changed));
    }
    properties
}

fn add_rule(
    seeding: &mut Seeding<'_>,
    place: &Place,
    id: &str,
    kind: &str,
    mut properties: Object,
    index: usize,
) {
    let hours = i64::try_from(index).unwrap_or(0) * 7 + 30;
    let time = seeding.now.saturating_sub(SignedDuration::from_hours(hours)).unwrap_or(seeding.now);
    properties.insert("lastModifiedUtc".to_owned(), json!(stamp_precise(time)));
    let path = format!("{}/alertRules/{id}", place.sentinel());
    seeding.put(
        path,
        "Microsoft.SecurityInsights/alertRules",
        json!({"kind": kind, "properties": properties}),
    );
}

fn contents(seeding: &mut Seeding<'_>, place: &Place, library: &Library) {
    for search in &library.searches {
        let id = format!("{}/savedSearches/{}", place.workspace_id(), search.id);
        seeding.put(
            id.clone(),
            "Microsoft.OperationalInsights/workspaces/savedSearches",
            json!({"properties": search.properties}),
        );
        let etag = format!("W/\"datetime'{}'\"", seeding.ago(800).replace(':', "%3A"));
        if let Some(stored) = seeding.state.get_mut(&id) {
            stored.etag = etag;
        }
    }
    let mut automation = library.automation.clone();
    automation.extend(library.rules.first().map(|rule| about_a_rule(place, rule)));
    for (id, mut properties) in automation {
        let who = json!({"objectId": seeding.id("user/admin"), "email": "admin@northwind.example", "name": "Admin", "userPrincipalName": "admin@northwind.example"});
        properties["createdTimeUtc"] = json!(seeding.ago(900));
        properties["lastModifiedTimeUtc"] = json!(seeding.ago(300));
        properties["createdBy"] = who.clone();
        properties["lastModifiedBy"] = who;
        seeding.put(
            format!("{}/automationRules/{id}", place.sentinel()),
            "Microsoft.SecurityInsights/automationRules",
            json!({"properties": properties}),
        );
    }
    for book in &library.workbooks {
        let id = seeding.id(&format!("workbook/{}/{}", place.workspace_id(), book.name));
        let revision = seeding.id(&format!("revision/{id}")).replace('-', "");
        let content = book.content.replace(
            "\"fallbackResourceIds\":[]",
            &format!("\"fallbackResourceIds\":[\"{}\"]", place.workspace_id()),
        );
        let body = json!({"location": place.location, "kind": "shared", "tags": {"hidden-title": book.name}, "properties": {
            "displayName": book.name, "serializedData": content, "version": "Notebook/1.0", "category": "sentinel",
            "sourceId": place.workspace_id().to_ascii_lowercase(), "description": null, "tags": [], "timeModified": seeding.ago(500),
            "userId": seeding.id("user/admin"), "revision": revision}});
        seeding.put(
            format!("{}/providers/Microsoft.Insights/workbooks/{id}", place.group_id()),
            "Microsoft.Insights/workbooks",
            body,
        );
    }
    for summary in &library.summaries {
        let id = format!("{}/summaryLogs/{}", place.workspace_id(), summary.name);
        seeding.put(
            id,
            "Microsoft.OperationalInsights/workspaces/summaryLogs",
            json!({"properties": summary.properties}),
        );
    }
    for (name, title) in [
        ("azuresentinel.azure-sentinel-solution-entraid", "Microsoft Entra ID"),
        ("azuresentinel.azure-sentinel-solution-office365", "Microsoft 365"),
    ] {
        for (kind, version) in [("contentPackages", "3.0.1"), ("contentProductPackages", "3.1.0")] {
            let body = json!({"properties": {"contentId": name, "contentKind": "Solution", "displayName": title, "version": version,
                "source": {"kind": "Solution", "name": title}, "contentSchemaVersion": "3.0.0"}});
            seeding.put(
                format!("{}/{kind}/{name}", place.sentinel()),
                &format!("Microsoft.SecurityInsights/{kind}"),
                body,
            );
        }
    }
    for rule in library.rules.iter().take(6) {
        let name = rule.properties.get("displayName").cloned().unwrap_or_default();
        let body = json!({"properties": {"contentId": rule.id, "contentKind": "AnalyticsRule", "displayName": name, "version": "1.1.0",
            "packageId": "azuresentinel.azure-sentinel-solution-entraid", "source": {"kind": "Solution", "name": "Microsoft Entra ID"},
            "mainTemplate": {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.1.0",
                "resources": [{"type": "Microsoft.SecurityInsights/AlertRuleTemplates", "name": rule.id, "kind": rule.kind, "properties": rule.properties}]}}});
        seeding.put(
            format!("{}/contentTemplates/{}", place.sentinel(), rule.id),
            "Microsoft.SecurityInsights/contentTemplates",
            body,
        );
    }
}

/// An automation rule that is about one analytics rule, which it names by the id that it has in the workspace.
fn about_a_rule(place: &Place, rule: &Rule) -> (String, Value) {
    let name = "Task for incidents of one rule";
    let id = format!("{}/alertRules/{}", place.sentinel(), rule.id);
    let properties = json!({"displayName": name, "order": 20, "triggeringLogic": {"isEnabled": true, "triggersOn": "Incidents", "triggersWhen": "Created",
        "conditions": [{"conditionType": "Property", "conditionProperties": {"propertyName": "IncidentRelatedAnalyticRuleIds", "operator": "Contains", "propertyValues": [id]}}]},
        "actions": [{"order": 1, "actionType": "AddIncidentTask", "actionConfiguration": {"title": "Look at the rule", "description": "It may be too wide."}}]});
    (crate::simulator::ids::id_of(0, &format!("automation/{name}")), properties)
}

fn watchlists(seeding: &mut Seeding<'_>, place: &Place, library: &Library) {
    let who =
        json!({"objectId": seeding.id("user/admin"), "email": "admin@northwind.example", "name": "Admin"});
    for (index, list) in library.watchlists.iter().enumerate() {
        let id = format!("{}/watchlists/{}", place.sentinel(), list.alias);
        // One hangs in its upload and will not come out of it.
        let stuck = place.state == Condition::Ailing && index == 0;
        let status = if stuck { ("Uploading", "InProgress") } else { ("Succeeded", "Complete") };
        let time = seeding.ago(700);
        let body = json!({"properties": {"watchlistId": seeding.id(&format!("watchlist/{id}")), "displayName": list.name, "provider": "Custom",
            "source": "data.csv", "sourceType": "Local", "itemsSearchKey": list.key, "description": list.description, "watchlistType": "watchlist",
            "watchlistAlias": list.alias, "isDeleted": false, "labels": [], "defaultDuration": "P1279DT12H30M5S", "tenantId": place.tenant(),
            "uploadStatus": status.1, "provisioningState": status.0, "created": time, "updated": time, "createdBy": who, "updatedBy": who}});
        seeding.put(id.clone(), "Microsoft.SecurityInsights/watchlists", body);
        for (number, row) in list.rows.iter().enumerate() {
            let item = seeding.id(&format!("item/{id}/{number}"));
            let body = json!({"properties": {"itemsKeyValue": row, "watchlistItemType": "watchlist-item", "watchlistItemId": item, "isDeleted": false,
                "entityMapping": {}, "created": time, "updated": time, "createdBy": who, "updatedBy": who}});
            seeding.put(
                format!("{id}/watchlistItems/{item}"),
                "Microsoft.SecurityInsights/watchlists/watchlistItems",
                body,
            );
        }
    }
}

fn connectors(seeding: &mut Seeding<'_>, place: &Place) {
    let tenant = place.tenant();
    let on = |names: &[&str]| -> Value {
        names.iter().map(|name| ((*name).to_owned(), json!({"state": "Enabled"}))).collect::<Object>().into()
    };
    let mut office = on(&["exchange", "sharePoint", "teams"]);
    if place.state == Condition::Late {
        office["teams"]["state"] = json!("Disabled");
    }
    let definition = format!("{}/dataConnectorDefinitions/VpnDefinition", place.sentinel());
    seeding.put(definition, "Microsoft.SecurityInsights/dataConnectorDefinitions", json!({"kind": "Customizable", "properties": {"connectorUiConfig": {
        "id": "VpnDefinition", "title": "VPN gateway (codeless)", "publisher": "Northwind", "descriptionMarkdown": "Sessions of the VPN gateway."}}}));
    for (kind, properties) in [
        ("Office365", json!({"tenantId": tenant, "dataTypes": office})),
        ("AzureActiveDirectory", json!({"tenantId": tenant, "dataTypes": on(&["alerts"])})),
        ("MicrosoftThreatProtection", json!({"tenantId": tenant, "dataTypes": on(&["incidents", "alerts"])})),
        (
            "RestApiPoller",
            json!({"connectorDefinitionName": "VpnDefinition", "dataType": "Vpn_CL", "isActive": true,
            "dcrConfig": {"dataCollectionEndpoint": "", "dataCollectionRuleImmutableId": "", "streamName": "Custom-Vpn_CL"},
            "auth": {"type": "APIKey", "apiKeyName": "Authorization"}, "request": {"apiEndpoint": "https://vpn.example/api", "httpMethod": "GET", "queryWindowInMin": 5}}),
        ),
    ] {
        let name = seeding.id(&format!("connector/{kind}/{}", place.workspace_id()));
        seeding.put(
            format!("{}/dataConnectors/{name}", place.sentinel()),
            "Microsoft.SecurityInsights/dataConnectors",
            json!({"kind": kind, "properties": properties}),
        );
    }
    let id =
        format!("{}/providers/Microsoft.Insights/diagnosticSettings/sentinel-health", place.workspace_id());
    let logs = json!([{"category": "Audit", "enabled": true, "retentionPolicy": {"enabled": false, "days": 0}}, {"category": "SummaryLogs", "enabled": false, "retentionPolicy": {"enabled": false, "days": 0}}]);
    seeding.put(
        id,
        "Microsoft.Insights/diagnosticSettings",
        json!({"properties": {"workspaceId": place.workspace_id(), "logs": logs, "metrics": []}}),
    );
}

/// A data collection endpoint, a rule for a custom table, one for machines, a machine with its association, a playbook.
fn collection(seeding: &mut Seeding<'_>, place: &Place) {
    let insights = format!("{}/providers/Microsoft.Insights", place.group_id());
    let short = place.workspace.trim_start_matches("law-");
    let compact = |seeding: &Seeding<'_>, label: &str| {
        seeding.id(&format!("{label}/{}", place.workspace_id())).replace('-', "")
    };
    let system = json!({"createdBy": "Admin", "createdByType": "User", "createdAt": seeding.ago(2_000), "lastModifiedBy": "Admin", "lastModifiedByType": "User", "lastModifiedAt": seeding.ago(900)});
    let endpoint = format!("{insights}/dataCollectionEndpoints/dce-{short}");
    let body = json!({"location": place.location, "tags": {}, "properties": {"immutableId": format!("dce-{}", compact(seeding, "dce")),
        "networkAcls": {"publicNetworkAccess": "Enabled"}, "provisioningState": "Succeeded"}, "systemData": system});
    seeding.put(endpoint.clone(), "Microsoft.Insights/dataCollectionEndpoints", body);
    let destinations =
        json!({"logAnalytics": [{"name": "law", "workspaceResourceId": place.workspace_id()}]});
    let rule = "Microsoft.Insights/dataCollectionRules";
    let custom = json!({"location": place.location, "kind": "Direct", "tags": {}, "systemData": system, "properties": {
        "immutableId": format!("dcr-{}", compact(seeding, "dcr-firewall")), "dataCollectionEndpointId": endpoint,
        "streamDeclarations": {"Custom-Firewall_CL": {"columns": [{"name": "TimeGenerated", "type": "datetime"}, {"name": "Action", "type": "string"},
            {"name": "SrcIp", "type": "string"}, {"name": "DstIp", "type": "string"}, {"name": "DstPort", "type": "int"}, {"name": "Bytes", "type": "long"}]}},
        "destinations": destinations, "dataFlows": [{"streams": ["Custom-Firewall_CL"], "destinations": ["law"], "transformKql": "source | where Action != 'ignore'", "outputStream": "Custom-Firewall_CL"}],
        "provisioningState": "Succeeded"}});
    seeding.put(format!("{insights}/dataCollectionRules/dcr-firewall-{short}"), rule, custom);
    let windows = format!("{insights}/dataCollectionRules/dcr-windows-{short}");
    let agents = json!({"location": place.location, "kind": "Windows", "tags": {}, "systemData": system, "properties": {
        "immutableId": format!("dcr-{}", compact(seeding, "dcr-windows")), "dataCollectionEndpointId": null,
        "dataSources": {"windowsEventLogs": [{"name": "security", "streams": ["Microsoft-SecurityEvent"], "xPathQueries": ["Security!*"]}]},
        "destinations": destinations, "dataFlows": [{"streams": ["Microsoft-SecurityEvent"], "destinations": ["law"]}], "provisioningState": "Succeeded"}});
    seeding.put(windows.clone(), rule, agents);
    let machine = format!("{}/providers/Microsoft.Compute/virtualMachines/vm-{short}-dc01", place.group_id());
    seeding.put(
        machine.clone(),
        "Microsoft.Compute/virtualMachines",
        json!({"location": place.location, "properties": {"provisioningState": "Succeeded"}}),
    );
    let association = json!({"properties": {"description": "Security events", "dataCollectionRuleId": windows}, "systemData": system});
    seeding.put(
        format!("{machine}/providers/Microsoft.Insights/dataCollectionRuleAssociations/security-events"),
        "Microsoft.Insights/dataCollectionRuleAssociations",
        association,
    );
    let playbook = format!("{}/providers/Microsoft.Logic/workflows/pb-enrich-{short}", place.group_id());
    seeding.put(playbook, "Microsoft.Logic/workflows", json!({"location": place.location, "tags": {}, "properties": {"state": "Enabled", "provisioningState": "Succeeded"}}));
}

fn feed(seeding: &mut Seeding<'_>, place: &Place, feeds: &[(&str, u32, f64)]) {
    let customer = seeding.id(&format!("customer/{}", place.workspace_id()));
    let mut all = std::collections::BTreeMap::new();
    for (table, rows, megabytes) in feeds {
        if seeding.state.get(&format!("{}/tables/{table}", place.workspace_id())).is_none() {
            continue;
        }
        let mut feed = Feed::new(*rows, *megabytes);
        match (place.state, *table) {
            (Condition::Late, "OfficeActivity") => feed.lag_minutes = 5 * 60,
            (Condition::Ailing, "CommonSecurityLog") => {
                feed.silent_since = seeding.now.checked_sub(SignedDuration::from_hours(31)).ok();
            }
            (Condition::Fleet, _) => feed.rows_an_hour = feed.rows_an_hour.min(2),
            _ => {}
        }
        all.insert((*table).to_owned(), feed);
    }
    seeding.state.feeds.insert(customer, all);
}
