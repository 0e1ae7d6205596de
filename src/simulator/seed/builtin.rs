//! Content of the simulator's own, small and plausible.

use serde_json::{Value, json};

use super::library::{CustomTable, Library, Rule, Search, Summary, Watchlist, Workbook};
use crate::simulator::exchange::Object;
use crate::simulator::ids::id_of;

/// Name, severity, tactic, technique, entity column, query.
type Pattern = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const PATTERNS: &[Pattern] = &[
    (
        "Many failed sign-ins of one account",
        "Medium",
        "CredentialAccess",
        "T1110",
        "UserPrincipalName",
        "SigninLogs\n| where ResultType == \"50126\"\n| summarize Attempts = count() by UserPrincipalName, IPAddress\n| where Attempts > 20",
    ),
    (
        "Sign-in of a break-glass account",
        "High",
        "InitialAccess",
        "T1078",
        "UserPrincipalName",
        "SigninLogs\n| where UserPrincipalName startswith \"bg-\"\n| project TimeGenerated, UserPrincipalName, IPAddress",
    ),
    (
        "Sign-in from a country not seen before",
        "Low",
        "InitialAccess",
        "T1078",
        "UserPrincipalName",
        "SigninLogs\n| where ResultType == \"0\"\n| summarize Countries = dcount(Location) by UserPrincipalName\n| where Countries > 2",
    ),
    (
        "Sign-in blocked by conditional access, then allowed",
        "Medium",
        "DefenseEvasion",
        "T1556",
        "UserPrincipalName",
        "SigninLogs\n| summarize Blocked = countif(ResultType == \"53003\"), Allowed = countif(ResultType == \"0\") by UserPrincipalName\n| where Blocked > 0 and Allowed > 0",
    ),
    (
        "Token used from two networks at once",
        "High",
        "CredentialAccess",
        "T1528",
        "UserPrincipalName",
        "AADNonInteractiveUserSignInLogs\n| summarize Networks = dcount(AutonomousSystemNumber) by UserPrincipalName, bin(TimeGenerated, 1h)\n| where Networks > 1",
    ),
    (
        "Role given outside of the privileged workflow",
        "High",
        "PrivilegeEscalation",
        "T1098",
        "Identity",
        "AuditLogs\n| where OperationName == \"Add member to role\"\n| extend Actor = tostring(InitiatedBy.user.userPrincipalName)\n| project TimeGenerated, Actor, Identity",
    ),
    (
        "Credential added to an application",
        "Medium",
        "Persistence",
        "T1098",
        "Identity",
        "AuditLogs\n| where OperationName == \"Add service principal credentials\"\n| project TimeGenerated, Identity, Result",
    ),
    (
        "Consent to an application",
        "Medium",
        "Persistence",
        "T1528",
        "Identity",
        "AuditLogs\n| where OperationName == \"Consent to application\"\n| project TimeGenerated, Identity",
    ),
    (
        "Inbox rule created",
        "Medium",
        "Collection",
        "T1114",
        "UserId",
        "OfficeActivity\n| where Operation == \"New-InboxRule\"\n| project TimeGenerated, UserId, ClientIP",
    ),
    (
        "Mass download from SharePoint",
        "Medium",
        "Exfiltration",
        "T1567",
        "UserId",
        "OfficeActivity\n| where Operation == \"FileDownloaded\"\n| summarize Files = count() by UserId, bin(TimeGenerated, 1h)\n| where Files > 200",
    ),
    (
        "Security log cleared",
        "High",
        "DefenseEvasion",
        "T1070",
        "Computer",
        "SecurityEvent\n| where EventID == 1102\n| project TimeGenerated, Computer, Account",
    ),
    (
        "Local account created",
        "Low",
        "Persistence",
        "T1136",
        "Computer",
        "SecurityEvent\n| where EventID == 4720\n| project TimeGenerated, Computer, TargetUserName",
    ),
    (
        "Member added to a privileged group",
        "High",
        "PrivilegeEscalation",
        "T1098",
        "Computer",
        "SecurityEvent\n| where EventID in (4728, 4732)\n| project TimeGenerated, Computer, TargetUserName, SubjectUserName",
    ),
    (
        "Brute force on a server",
        "Medium",
        "CredentialAccess",
        "T1110",
        "Computer",
        "SecurityEvent\n| where EventID == 4625\n| summarize Failures = count() by Computer, IpAddress\n| where Failures > 50",
    ),
    (
        "Command on a virtual machine through Azure",
        "Medium",
        "Execution",
        "T1059",
        "Caller",
        "AzureActivity\n| where OperationNameValue has \"runCommand\"\n| project TimeGenerated, Caller, CallerIpAddress, ResourceGroup",
    ),
    (
        "Access keys of a storage account read",
        "Low",
        "CredentialAccess",
        "T1552",
        "Caller",
        "AzureActivity\n| where OperationNameValue has \"listKeys\"\n| project TimeGenerated, Caller, CallerIpAddress",
    ),
    (
        "Role assignment by a new caller",
        "Medium",
        "PrivilegeEscalation",
        "T1098",
        "Caller",
        "AzureActivity\n| where OperationNameValue has \"roleAssignments\"\n| summarize First = min(TimeGenerated) by Caller\n| where First > ago(1d)",
    ),
    (
        "Firewall denies from one source",
        "Low",
        "Discovery",
        "T1046",
        "SourceIP",
        "CommonSecurityLog\n| where DeviceAction == \"deny\"\n| summarize Ports = dcount(DestinationPort) by SourceIP\n| where Ports > 20",
    ),
    (
        "Large upload to an unknown host",
        "Medium",
        "Exfiltration",
        "T1048",
        "SourceIP",
        "CommonSecurityLog\n| summarize Sent = sum(SentBytes) by SourceIP, DestinationIP\n| where Sent > 1000000000",
    ),
    (
        "Encoded PowerShell command",
        "High",
        "Execution",
        "T1059",
        "DeviceName",
        "DeviceProcessEvents\n| where FileName =~ \"powershell.exe\" and ProcessCommandLine has_any (\"-enc\", \"-EncodedCommand\")\n| project TimeGenerated, DeviceName, AccountName, ProcessCommandLine",
    ),
    (
        "Office program starts a shell",
        "High",
        "Execution",
        "T1204",
        "DeviceName",
        "DeviceProcessEvents\n| where InitiatingProcessFileName in~ (\"winword.exe\", \"excel.exe\") and FileName in~ (\"cmd.exe\", \"powershell.exe\")\n| project TimeGenerated, DeviceName, AccountName",
    ),
    (
        "Connection to a rare port",
        "Low",
        "CommandAndControl",
        "T1571",
        "DeviceName",
        "DeviceNetworkEvents\n| summarize Hosts = dcount(DeviceName) by RemotePort\n| where Hosts == 1",
    ),
    (
        "Executable in a temporary folder",
        "Low",
        "Execution",
        "T1204",
        "DeviceName",
        "DeviceFileEvents\n| where FolderPath has \"Temp\" and FileName endswith \".exe\"\n| project TimeGenerated, DeviceName, FileName, SHA256",
    ),
    (
        "Root login over SSH",
        "Medium",
        "InitialAccess",
        "T1021",
        "HostName",
        "Syslog\n| where Facility == \"auth\" and SyslogMessage has \"root\"\n| project TimeGenerated, HostName, SyslogMessage",
    ),
    (
        "Cloud trail stopped",
        "High",
        "DefenseEvasion",
        "T1562",
        "UserIdentityArn",
        "AWSCloudTrail\n| where EventName in (\"StopLogging\", \"DeleteTrail\")\n| project TimeGenerated, UserIdentityArn, SourceIpAddress",
    ),
    (
        "Phishing mail delivered",
        "Medium",
        "InitialAccess",
        "T1566",
        "RecipientEmailAddress",
        "EmailEvents\n| where ThreatTypes has \"Phish\" and DeliveryAction == \"Delivered\"\n| project TimeGenerated, RecipientEmailAddress, SenderFromAddress, Subject",
    ),
    (
        "Clicked through a warning",
        "Medium",
        "InitialAccess",
        "T1566",
        "AccountUpn",
        "UrlClickEvents\n| where IsClickedThrough\n| project TimeGenerated, AccountUpn, Url",
    ),
    (
        "Directory read by an application",
        "Low",
        "Discovery",
        "T1087",
        "AppId",
        "MicrosoftGraphActivityLogs\n| where RequestUri has \"/users\" and RequestMethod == \"GET\"\n| summarize Requests = count() by AppId\n| where Requests > 1000",
    ),
    (
        "Risky user signed in",
        "High",
        "InitialAccess",
        "T1078",
        "UserPrincipalName",
        "SigninLogs\n| join kind=inner (AADRiskyUsers | where RiskLevel == \"high\") on UserPrincipalName\n| project TimeGenerated, UserPrincipalName, RiskLevel",
    ),
    (
        "Connection of a firewall rule to a bad address",
        "High",
        "CommandAndControl",
        "T1071",
        "SrcIp",
        "Firewall_CL\n| where Action == \"allow\"\n| join kind=inner (ThreatIntelIndicators | project ObservableValue) on $left.DstIp == $right.ObservableValue\n| project TimeGenerated, SrcIp, DstIp",
    ),
    (
        "Data volume drops",
        "Informational",
        "Impact",
        "T1562",
        "DataType",
        "Usage\n| where TimeGenerated > ago(1d)\n| summarize MB = sum(Quantity) by DataType\n| where MB < 1",
    ),
    (
        "Heartbeat of a server missing",
        "Informational",
        "Impact",
        "T1489",
        "Computer",
        "Heartbeat\n| summarize Last = max(TimeGenerated) by Computer\n| where Last < ago(1h)",
    ),
];

fn map(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

fn rule(pattern: &Pattern, variant: &str, filter: &str, frequency: &str) -> Rule {
    let (name, severity, tactic, technique, column, query) = pattern;
    let display = format!("{name}{variant}");
    let entity = match *column {
        "Computer" | "DeviceName" | "HostName" => ("Host", "HostName"),
        "SourceIP" | "SrcIp" => ("IP", "Address"),
        "AppId" => ("CloudApplication", "AppId"),
        _ => ("Account", "FullName"),
    };
    Rule {
        id: id_of(0, &format!("rule/{display}")),
        kind: "Scheduled",
        properties: map(json!({
            "queryFrequency": frequency, "queryPeriod": if frequency == "P1D" { "P7D" } else { frequency },
            "triggerOperator": "GreaterThan", "triggerThreshold": 0, "severity": severity, "query": format!("{query}{filter}"),
            "suppressionDuration": "PT5H", "suppressionEnabled": false,
            "incidentConfiguration": {"createIncident": severity != &"Informational", "groupingConfiguration": {
                "enabled": true, "reopenClosedIncident": false, "lookbackDuration": "PT5H", "matchingMethod": "AllEntities",
                "groupByEntities": [], "groupByAlertDetails": [], "groupByCustomDetails": []}},
            "entityMappings": [{"entityType": entity.0, "fieldMappings": [{"identifier": entity.1, "columnName": column}]}],
            "customDetails": null, "eventGroupingSettings": {"aggregationKind": "SingleAlert"}, "alertDetailsOverride": null,
            "displayName": display, "enabled": true, "description": format!("{name}: finds it in the last {frequency}."),
            "alertRuleTemplateName": id_of(0, &format!("template/{display}")), "templateVersion": "1.0.2",
            "tactics": [tactic], "techniques": [technique],
        })),
    }
}

/// The content.
pub(super) fn library() -> Library {
    let mut rules: Vec<Rule> = PATTERNS.iter().map(|pattern| rule(pattern, "", "", "PT1H")).collect();
    rules.extend(PATTERNS.iter().map(|pattern| rule(pattern, " (daily)", "\n| take 1000", "P1D")));
    for place in [1, 10] {
        // Two that run near real time.
        let made = &mut rules[place];
        made.kind = "NRT";
        for name in ["queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold"] {
            made.properties.remove(name);
        }
        made.properties.insert("subTechniques".to_owned(), json!([]));
    }
    Library {
        rules,
        searches: searches(),
        watchlists: watchlists(),
        workbooks: workbooks(),
        automation: automation(),
        summaries: vec![Summary {
            name: "SigninsByCountry".to_owned(),
            properties: json!({"ruleType": "User", "isActive": true, "provisioningState": "Succeeded", "ruleDefinition": {
                "query": "SigninLogs | summarize Signins = count() by Location", "binSize": 60, "binDelay": 5,
                "destinationTable": "SigninsByCountry_CL"}}),
        }],
        tables: vec![
            custom(
                "Firewall_CL",
                &[
                    ("Action", "string"),
                    ("SrcIp", "string"),
                    ("DstIp", "string"),
                    ("DstPort", "int"),
                    ("Bytes", "long"),
                ],
            ),
            custom(
                "Vpn_CL",
                &[
                    ("UserName", "string"),
                    ("ClientIp", "string"),
                    ("Gateway", "string"),
                    ("SessionSeconds", "int"),
                ],
            ),
            custom("SigninsByCountry_CL", &[("Location", "string"), ("Signins", "long")]),
        ],
    }
}

fn custom(name: &str, columns: &[(&str, &str)]) -> CustomTable {
    let columns = std::iter::once(&("TimeGenerated", "dateTime")).chain(columns);
    CustomTable {
        name: name.to_owned(),
        columns: columns.map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect(),
    }
}

fn searches() -> Vec<Search> {
    let mut all: Vec<Search> = PATTERNS
        .iter()
        .step_by(3)
        .map(|(name, _, tactic, technique, _, query)| Search {
            id: id_of(0, &format!("hunt/{name}")),
            properties: json!({"category": "Hunting Queries", "displayName": format!("Hunt: {name}"), "query": query, "version": 2,
                "tags": [{"name": "description", "value": format!("Looks for: {name}")}, {"name": "tactics", "value": tactic}, {"name": "techniques", "value": technique}]}),
        })
        .collect();
    for (alias, parameters, query) in [
        ("AllSignins", "", "union isfuzzy=true SigninLogs, AADNonInteractiveUserSignInLogs"),
        (
            "FailedSignins",
            "since:datetime=datetime(null)",
            "SigninLogs | where ResultType != \"0\" and (isnull(since) or TimeGenerated > since)",
        ),
        ("FirewallDenies", "", "Firewall_CL | where Action == \"deny\""),
    ] {
        let mut properties = json!({"category": "Security", "displayName": alias, "query": query, "functionAlias": alias, "version": 2});
        if !parameters.is_empty() {
            properties["functionParameters"] = json!(parameters);
        }
        all.push(Search { id: id_of(0, &format!("function/{alias}")), properties });
    }
    all
}

fn watchlists() -> Vec<Watchlist> {
    let list = |alias: &str, name: &str, key: &str, rows: &[Value]| Watchlist {
        alias: alias.to_owned(),
        name: name.to_owned(),
        description: format!("{name}, kept by the security team"),
        key: key.to_owned(),
        rows: rows.iter().cloned().map(map).collect(),
    };
    vec![
        list(
            "HighValueAssets",
            "High value assets",
            "Hostname",
            &[
                json!({"Hostname": "DC01", "Owner": "Platform", "Criticality": "High"}),
                json!({"Hostname": "SQL-PROD-01", "Owner": "Databases", "Criticality": "High"}),
                json!({"Hostname": "FILE-01", "Owner": "Platform", "Criticality": "Medium"}),
            ],
        ),
        list(
            "BreakGlassAccounts",
            "Break-glass accounts",
            "UserPrincipalName",
            &[json!({"UserPrincipalName": "bg-admin@contoso.example", "Contact": "SOC lead"})],
        ),
        list(
            "OfficeNetworks",
            "Networks of the offices",
            "Network",
            &[
                json!({"Network": "10.0.0.0/16", "Site": "Headquarters"}),
                json!({"Network": "10.2.0.0/16", "Site": "Plant"}),
            ],
        ),
    ]
}

fn workbooks() -> Vec<Workbook> {
    let book = |name: &str, query: &str| {
        Workbook {
        name: name.to_owned(),
        content: json!({"version": "Notebook/1.0", "items": [
            {"type": 1, "content": {"json": format!("# {name}")}, "name": "title"},
            {"type": 3, "content": {"version": "KqlItem/1.0", "query": query, "size": 0, "queryType": 0}, "name": "query"}],
            "fallbackResourceIds": []}).to_string(),
    }
    };
    vec![
        book("SOC overview", "SecurityIncident | summarize Incidents = count() by Severity, Status"),
        book("Data volume", "Usage | summarize MB = sum(Quantity) by DataType"),
    ]
}

fn automation() -> Vec<(String, Value)> {
    let rule = |name: &str, order: u32, property: &str, value: &str, action: Value| {
        (
            id_of(0, &format!("automation/{name}")),
            json!({"displayName": name, "order": order, "triggeringLogic": {"isEnabled": true, "triggersOn": "Incidents", "triggersWhen": "Created",
                "conditions": [{"conditionType": "Property", "conditionProperties": {"propertyName": property, "operator": "Equals", "propertyValues": [value]}}]},
                "actions": [action]}),
        )
    };
    vec![
        rule(
            "Close what is only information",
            100,
            "IncidentSeverity",
            "Informational",
            json!({"order": 1, "actionType": "ModifyProperties",
            "actionConfiguration": {"status": "Closed", "classification": "BenignPositive", "classificationReason": "SuspiciousButExpected"}}),
        ),
        rule(
            "Task for high incidents",
            10,
            "IncidentSeverity",
            "High",
            json!({"order": 1, "actionType": "AddIncidentTask",
            "actionConfiguration": {"title": "Call the customer", "description": "The number is in the run book."}}),
        ),
    ]
}
