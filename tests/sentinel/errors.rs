//! Known errors of Azure, each met by an operation: the advice of its row reaches whoever called, with the command that helps.

use runspaced::simulator::{FaultRule, Surface};
use serde_json::{Value, json};

use super::setting::{Setting, WORKSPACE};

/// What is asked when the error comes.
#[derive(Clone, Copy)]
enum Asked {
    Rules,
    Query,
    NewRule,
    NewCollection,
    Retention,
    Ingestion,
}

fn body(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

fn of_query(code: &str, message: &str) -> Value {
    json!({"error": {"code": "BadArgumentError", "message": "The request had some invalid properties",
        "innererror": {"code": if code.starts_with("SYN") { "SyntaxError" } else { "SemanticError" }, "message": "m",
            "innererror": {"code": code, "message": message}}}})
}

/// The error that a call brought, as JSON.
async fn met(setting: &Setting, asked: Asked) -> Value {
    let given = |mut arguments: Value| {
        arguments["workspace_name"] = WORKSPACE.into();
        arguments
    };
    let write = match asked {
        Asked::Rules | Asked::Query => None,
        Asked::NewRule => Some((
            "New-AnalyticsRule",
            json!({"display_name": "r", "severity": "Low", "query": "SecurityEvent | take 1"}),
        )),
        Asked::NewCollection => Some(("New-StandaloneDCE", json!({"dce_name": "dce-probe"}))),
        Asked::Retention => Some((
            "Update-TableRetention",
            json!({"table_name": "Firewall_CL", "total_retention_in_days": 400}),
        )),
        Asked::Ingestion => Some(("Test-DCRIngestion", json!({"dcr_name": "dcr-firewall-contoso"}))),
    };
    match write {
        Some((name, arguments)) => {
            let arguments = given(arguments);
            let plan = setting.plan(name, arguments.clone()).await.expect("plans");
            let applied = setting.apply(name, arguments, &plan).await.expect("is tried");
            serde_json::to_value(&applied.outcomes[0]).expect("is JSON")["Error"].clone()
        }
        None => {
            let (name, arguments) = match asked {
                Asked::Query => ("Invoke-SentinelQuery", json!({"query": "SigninLogs | take 1"})),
                _ => ("Get-AnalyticsRules", json!({"no_cache": true})),
            };
            setting.read(name, given(arguments)).await.expect_err("fails").json()
        }
    }
}

pub async fn each_error_comes_with_its_advice() {
    const SCOPE: &str = "/subscriptions/S/resourceGroups/rg-soc/providers/Microsoft.OperationalInsights/workspaces/law-contoso";
    let refused = format!(
        "The client 'c' with object id 'OID' does not have authorization to perform action 'Microsoft.SecurityInsights/alertRules/read' over scope '{SCOPE}' or the scope is invalid."
    );
    let cases: Vec<(u64, Asked, u16, Value, &str)> = vec![
        (
            1,
            Asked::Rules,
            403,
            body("AuthorizationFailed", &refused),
            "--assignee-object-id OID --assignee-principal-type ServicePrincipal --role \"Microsoft Sentinel Reader\" --scope \"/subscriptions/S/resourceGroups/rg-soc\"",
        ),
        (
            2,
            Asked::NewCollection,
            403,
            body(
                "LinkedAuthorizationFailed",
                "The client 'c' with object id 'OID' has permission to perform action 'x' on scope 'y'; however, it does not have permission to perform action(s) 'Microsoft.OperationalInsights/workspaces/read' on the linked scope(s) '/subscriptions/S/resourceGroups/rg-b' (respectively)",
            ),
            "--role \"Log Analytics Reader\" --scope \"/subscriptions/S/resourceGroups/rg-b\"",
        ),
        (
            3,
            Asked::Rules,
            401,
            body(
                "InvalidAuthenticationTokenTenant",
                "The access token is from the wrong issuer 'https://sts.windows.net/AAA/'. It must match the tenant 'https://sts.windows.net/BBB/' associated with this subscription.",
            ),
            "belongs to BBB",
        ),
        (
            4,
            Asked::Rules,
            401,
            body(
                "ExpiredAuthenticationToken",
                "The access token expiry UTC time is earlier than current UTC time",
            ),
            "clock",
        ),
        (
            5,
            Asked::Rules,
            404,
            body("SubscriptionNotFound", "The subscription 'S' could not be found."),
            "az account list",
        ),
        (
            6,
            Asked::Rules,
            404,
            body("ResourceGroupNotFound", "Resource group 'rg' could not be found."),
            "list_workspaces",
        ),
        (
            7,
            Asked::Rules,
            400,
            body(
                "BadRequest",
                "{\"error\":{\"code\":\"BadRequest\",\"message\":\"Workspace 'law-contoso' is not onboarded to Microsoft Sentinel\"}}",
            ),
            "/workspaces/law-contoso/providers/Microsoft.SecurityInsights/onboardingStates/default?api-version=",
        ),
        (
            8,
            Asked::NewRule,
            409,
            body("Conflict", "Newer version of resource 'r' exists. Data was not saved"),
            "Plan again",
        ),
        (
            11,
            Asked::NewRule,
            405,
            body("", "The requested resource does not support HTTP method 'PUT'."),
            "report",
        ),
        (
            12,
            Asked::Rules,
            400,
            body(
                "NoRegisteredProviderFound",
                "No registered resource provider found for location 'x' and API version '2099'",
            ),
            "azure.api_versions",
        ),
        (
            13,
            Asked::NewCollection,
            409,
            body(
                "MissingSubscriptionRegistration",
                "The subscription is not registered to use namespace 'Microsoft.Insights'.",
            ),
            "az provider register --namespace Microsoft.Insights --subscription ",
        ),
        (
            14,
            Asked::NewRule,
            400,
            body(
                "BadRequest",
                "FailedToResolveScalarExpression; Message: {\"error\":{\"code\":\"SEM0100\",\"message\":\"named 'X'\"}}",
            ),
            "save the rule disabled",
        ),
        (
            15,
            Asked::NewRule,
            400,
            body("BadRequest", "Failed to run the analytics rule query. One of the tables does not exist."),
            "create the table",
        ),
        (
            16,
            Asked::NewRule,
            400,
            body(
                "BadRequest",
                "Make sure you have the necessary permissions on all the workspaces in your query, specifically on 'law-b'. (Code: Unauthorized)",
            ),
            "--role \"Microsoft Sentinel Reader\"",
        ),
        (17, Asked::Query, 400, of_query("SYN0002", "Query could not be parsed at '|'"), "no valid KQL"),
        (
            18,
            Asked::Query,
            400,
            of_query("SEM0100", "Failed to resolve table or column expression named 'Foo_CL'"),
            "Get-SentinelTables",
        ),
        (
            19,
            Asked::Query,
            400,
            of_query(
                "UnsupportedApiQueryValidationError",
                "Query of Basic Logs table is not supported with the API '.../query'.",
            ),
            "search",
        ),
        (
            20,
            Asked::Query,
            400,
            of_query("x", "The query should contain a single Basic or Auxiliary Logs table."),
            "split",
        ),
        (
            21,
            Asked::Query,
            403,
            body("InsufficientAccessError", "The provided credentials have insufficient access"),
            "--role \"Log Analytics Reader\"",
        ),
        (
            22,
            Asked::Query,
            403,
            body(
                "InvalidAuthenticationTokenAudience",
                "The access token has been obtained for wrong audience",
            ),
            "azure.cloud",
        ),
        (
            23,
            Asked::Query,
            404,
            body("WorkspaceNotFoundError", "The workspace could not be found"),
            "customer id",
        ),
        (26, Asked::Query, 504, json!({}), "shorter"),
        (27, Asked::Rules, 429, body("TooManyRequests", "slow down"), "asks to wait"),
        (
            28,
            Asked::NewCollection,
            400,
            json!({"error": {"code": "InvalidPayload", "message": "Data collection rule is invalid", "details": [{"code": "InvalidOutputTable", "message": "T", "target": "p"}]}}),
            "has to be in the workspace",
        ),
        (
            29,
            Asked::Ingestion,
            403,
            body(
                "OperationFailed",
                "The authentication token provided does not have access to ingest data for the data collection rule with immutable Id 'dcr-1'",
            ),
            "--role \"Monitoring Metrics Publisher\"",
        ),
        (30, Asked::Ingestion, 404, body("NotFound", "no such stream"), "Custom-"),
        (31, Asked::Ingestion, 413, body("", "too large"), "1 MB"),
        (
            32,
            Asked::Retention,
            400,
            body("InvalidParameter", "Plan of table can be changed once a week"),
            "once a week",
        ),
        (
            34,
            Asked::NewRule,
            409,
            body(
                "ScopeLocked",
                "The scope cannot perform write operation because following scope(s) are locked: '/subscriptions/S'. Please remove the lock",
            ),
            "az lock list --resource \"/subscriptions/S\"",
        ),
        (
            35,
            Asked::NewCollection,
            403,
            json!({"error": {"code": "RequestDisallowedByPolicy", "message": "m", "additionalInfo": [{"type": "PolicyViolation", "info": {"policyDefinitionDisplayName": "Allowed locations"}}]}}),
            "Allowed locations",
        ),
    ];
    let setting = Setting::start().await;
    // What is asked beside the request that fails is known before.
    setting.rows("Get-AnalyticsRules", json!({"workspace_name": WORKSPACE})).await;
    for (row, asked, status, body, text) in cases {
        let mut rule = FaultRule::default();
        let (surface, method, path) = match asked {
            Asked::Rules => (Surface::Arm, "GET", "*/alertRules"),
            Asked::Query => (Surface::Query, "POST", "*"),
            Asked::NewRule => (Surface::Arm, "PUT", "*/alertRules/*"),
            Asked::NewCollection => (Surface::Arm, "PUT", "*/dataCollectionEndpoints/*"),
            Asked::Retention => (Surface::Arm, "PATCH", "*/tables/*"),
            Asked::Ingestion => (Surface::Ingest, "POST", "*"),
        };
        rule.surface = Some(surface);
        rule.method = Some(method.to_owned());
        rule.path = Some(path.to_owned());
        rule.status = Some(status);
        rule.body = Some(body);
        setting.azure.set_faults(vec![rule]).expect("is fine");
        let error = met(&setting, asked).await;
        setting.azure.set_faults(Vec::new()).expect("is fine");
        assert_eq!(error["advice"]["row"], row, "{error}");
        let advice = &error["advice"];
        let said = format!(
            "{} {}",
            advice["text"].as_str().unwrap_or_default(),
            advice["command"].as_str().unwrap_or_default()
        );
        assert!(said.contains(text), "row {row}: {said}");
        assert!(!error["message"].as_str().unwrap_or_default().is_empty(), "row {row}: {error}");
        assert_eq!(error["status"], status, "row {row}: {error}");
    }
}
