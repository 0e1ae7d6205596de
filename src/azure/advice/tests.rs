//! Each row, from an answer as Azure gives it.

use std::time::Duration;

use serde_json::json;

use super::{Mover, Situation, advise, operation_failed};
use crate::azure::Reason;
use crate::azure::cloud::Audience::{self, Ingestion, Logs, ResourceManager};

const RULE: &str = "/subscriptions/S/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/w/providers/Microsoft.SecurityInsights/alertRules/r";
const WATCHLIST: &str = "/x/watchlists/w";
const TABLE: &str = "/x/tables/T_CL";

fn error(code: &str, message: &str) -> serde_json::Value {
    json!({"error": {"code": code, "message": message}})
}

fn query(code: &str, message: &str) -> serde_json::Value {
    json!({"error": {"code": "BadArgumentError", "message": "m", "innererror": {"code": "SemanticError", "message": "s",
        "innererror": {"code": code, "message": message}}}})
}

#[test]
fn every_row_is_recognised() {
    let cases: Vec<(u8, u16, &str, Audience, serde_json::Value, Mover, &str)> = vec![
        (
            1,
            403,
            RULE,
            ResourceManager,
            error(
                "AuthorizationFailed",
                "The client 'c' with object id 'OID' does not have authorization to perform action 'Microsoft.SecurityInsights/alertRules/write' over scope '/subscriptions/S/resourceGroups/rg/providers/x' or the scope is invalid.",
            ),
            Mover::Administrator,
            "Microsoft Sentinel Contributor",
        ),
        (
            2,
            403,
            RULE,
            ResourceManager,
            error(
                "LinkedAuthorizationFailed",
                "The client 'c' with object id 'OID' has permission to perform action 'Microsoft.Insights/dataCollectionRules/write' on scope '/x'; however, it does not have permission to perform action(s) 'Microsoft.OperationalInsights/workspaces/sharedKeys/action' on the linked scope(s) '/subscriptions/S/x' (respectively) or the linked scope(s) are invalid.",
            ),
            Mover::Administrator,
            "/subscriptions/S/x",
        ),
        (
            3,
            401,
            RULE,
            ResourceManager,
            error(
                "InvalidAuthenticationTokenTenant",
                "The access token is from the wrong issuer 'https://sts.windows.net/AAA/'. It must match the tenant 'https://sts.windows.net/BBB/' associated with this subscription.",
            ),
            Mover::Operator,
            "tenant AAA; the subscription belongs to BBB",
        ),
        (
            4,
            401,
            RULE,
            ResourceManager,
            error("ExpiredAuthenticationToken", "expired"),
            Mover::Operator,
            "clock",
        ),
        (
            5,
            404,
            RULE,
            ResourceManager,
            error("SubscriptionNotFound", "The subscription 'S' could not be found."),
            Mover::Administrator,
            "Azure hides",
        ),
        (
            6,
            404,
            RULE,
            ResourceManager,
            error("ResourceGroupNotFound", "Resource group 'rg' could not be found."),
            Mover::Caller,
            "no such resource",
        ),
        (
            7,
            400,
            RULE,
            ResourceManager,
            error(
                "BadRequest",
                "{\"error\":{\"code\":\"BadRequest\",\"message\":\"Workspace 'X' is not onboarded to Microsoft Sentinel. use the OnboardingStates ARM api\"}}",
            ),
            Mover::Administrator,
            "not switched on",
        ),
        (
            8,
            409,
            RULE,
            ResourceManager,
            error("Conflict", "Newer version of resource 'r' exists for etag 'e'. Data was not saved"),
            Mover::Caller,
            "Plan again",
        ),
        (
            9,
            409,
            "/x/savedSearches/q",
            ResourceManager,
            error("Conflict", "exists"),
            Mover::Caller,
            "Plan again",
        ),
        (
            10,
            400,
            "/x/settings/Ueba",
            ResourceManager,
            error("BadRequest", "Update request should provide ETag"),
            Mover::Caller,
            "read first",
        ),
        (
            11,
            405,
            "/x",
            ResourceManager,
            error("", "The requested resource does not support HTTP method 'PUT'."),
            Mover::Program,
            "/x",
        ),
        (
            12,
            400,
            RULE,
            ResourceManager,
            error("InvalidApiVersionParameter", "The api-version '2099' is invalid"),
            Mover::Operator,
            "azure.api_versions",
        ),
        (
            13,
            409,
            RULE,
            ResourceManager,
            error(
                "MissingSubscriptionRegistration",
                "The subscription is not registered to use namespace 'Microsoft.Insights'.",
            ),
            Mover::Administrator,
            "Microsoft.Insights",
        ),
        (
            14,
            400,
            RULE,
            ResourceManager,
            error(
                "BadRequest",
                "FailedToResolveScalarExpression; Message: {\"error\":{\"code\":\"SEM0100\",\"message\":\"named 'X'\"}}",
            ),
            Mover::Caller,
            "save the rule disabled",
        ),
        (
            15,
            400,
            RULE,
            ResourceManager,
            error("BadRequest", "Failed to run the analytics rule query. One of the tables does not exist."),
            Mover::Caller,
            "create the table",
        ),
        (
            16,
            400,
            RULE,
            ResourceManager,
            error(
                "BadRequest",
                "Make sure you have the necessary permissions on all the workspaces in your query, specifically on 'law-b'. (Code: Unauthorized)",
            ),
            Mover::Administrator,
            "law-b",
        ),
        (
            17,
            400,
            "/v1/workspaces/w/query",
            Logs,
            query("SYN0002", "Query could not be parsed at '|'"),
            Mover::Caller,
            "no valid KQL",
        ),
        (
            18,
            400,
            "/v1/workspaces/w/query",
            Logs,
            query("SEM0100", "Failed to resolve table or column expression named 'Foo_CL'"),
            Mover::Caller,
            "'Foo_CL'",
        ),
        (
            18,
            400,
            "/v1/workspaces/w/query",
            Logs,
            query("SEM0003", "must return tabular results"),
            Mover::Caller,
            "print",
        ),
        (
            19,
            400,
            "/v1/workspaces/w/query",
            Logs,
            query(
                "UnsupportedApiQueryValidationError",
                "Query of Basic Logs table is not supported with the API '.../query'.",
            ),
            Mover::Caller,
            "search",
        ),
        (
            20,
            400,
            "/v1/workspaces/w/search",
            Logs,
            query("x", "The query should contain a single Basic or Auxiliary Logs table."),
            Mover::Caller,
            "split",
        ),
        (
            21,
            403,
            "/v1/workspaces/w/query",
            Logs,
            error("InsufficientAccessError", "no"),
            Mover::Administrator,
            "Log Analytics Reader",
        ),
        (
            22,
            403,
            "/v1/workspaces/w/query",
            Logs,
            error("InvalidAuthenticationTokenAudience", "no"),
            Mover::Operator,
            "the-scope",
        ),
        (
            23,
            404,
            "/v1/workspaces/w/query",
            Logs,
            error("PathNotFoundError", "no"),
            Mover::Caller,
            "customer id",
        ),
        (24, 204, "/v1/$batch", Logs, error("WorkspaceNotPlacedError", ""), Mover::Time, "no rows"),
        (
            25,
            200,
            "/v1/workspaces/w/query",
            Logs,
            json!({"code": "PartialError", "message": "some", "details": [{"code": "EngineError", "message": "x",
            "innererror": {"code": "-2133196790", "message": "limit 64000000 (E_QUERY_RESULT_SET_TOO_LARGE)."}}]}),
            Mover::Caller,
            "summarize",
        ),
        (26, 504, "/v1/workspaces/w/query", Logs, json!({}), Mover::Caller, "shorter"),
        (27, 429, RULE, ResourceManager, error("TooManyRequests", "slow down"), Mover::Time, "17 s"),
        (
            28,
            400,
            "/x/dataCollectionRules/d",
            ResourceManager,
            json!({"error": {"code": "InvalidPayload", "message": "Data collection rule is invalid", "details": [{"code": "InvalidOutputTable", "message": "T", "target": "p"}]}}),
            Mover::Caller,
            "has to be in the workspace",
        ),
        (
            29,
            403,
            "/dataCollectionRules/dcr-1/streams/s",
            Ingestion,
            error(
                "OperationFailed",
                "The authentication token provided does not have access to ingest data for the data collection rule with immutable Id 'dcr-1'",
            ),
            Mover::Administrator,
            "dcr-1",
        ),
        (
            30,
            404,
            "/dataCollectionRules/dcr-1/streams/s",
            Ingestion,
            error("NotFound", "no"),
            Mover::Caller,
            "Custom-",
        ),
        (
            31,
            413,
            "/dataCollectionRules/dcr-1/streams/s",
            Ingestion,
            error("", "too large"),
            Mover::Program,
            "1 MB",
        ),
        (
            32,
            400,
            TABLE,
            ResourceManager,
            error("InvalidParameter", "Plan of table can be changed once a week"),
            Mover::Caller,
            "once a week",
        ),
        (
            33,
            409,
            WATCHLIST,
            ResourceManager,
            error("Conflict", "Delete is currently in progress"),
            Mover::Time,
            "24 hours",
        ),
        (
            34,
            409,
            RULE,
            ResourceManager,
            error(
                "ScopeLocked",
                "cannot perform write operation because following scope(s) are locked: '/subscriptions/S'. Please remove the lock",
            ),
            Mover::Administrator,
            "lock",
        ),
        (
            35,
            403,
            RULE,
            ResourceManager,
            json!({"error": {"code": "RequestDisallowedByPolicy", "message": "m", "additionalInfo": [{"type": "PolicyViolation", "info": {"policyDefinitionDisplayName": "Allowed locations"}}]}}),
            Mover::Administrator,
            "Allowed locations",
        ),
        (
            36,
            400,
            "/t/oauth2/v2.0/token",
            ResourceManager,
            json!({"error": "invalid_client", "error_description": "AADSTS7000222: expired", "error_codes": [7_000_222]}),
            Mover::Administrator,
            "expired",
        ),
    ];
    // What somebody with more rights has to do comes as a command, where there is one.
    let with_command = [1, 2, 5, 7, 13, 16, 21, 29, 34, 36];
    let mut seen = std::collections::BTreeSet::new();
    for (row, status, path, audience, body, mover, text) in cases {
        let situation = Situation {
            status,
            method: "PUT",
            path,
            audience,
            scope: "the-scope",
            retry_after: Some(Duration::from_secs(17)),
            attempts: 3,
        };
        let reason = Reason::of(&body);
        let advice = advise(&situation, &reason).unwrap_or_else(|| panic!("row {row}: {reason:?}"));
        assert_eq!(advice.row, row, "{reason:?}: {}", advice.text);
        assert_eq!(advice.mover, mover, "row {row}");
        assert!(advice.text.contains(text), "row {row}: {}", advice.text);
        assert_eq!(advice.command.is_some(), with_command.contains(&row), "row {row}: {:?}", advice.command);
        seen.insert(row);
    }
    let failed =
        operation_failed(&Reason::of(&json!({"code": "Internal", "message": "boom"}))).expect("is known");
    assert!(failed.text.contains("boom"));
    seen.insert(failed.row);
    assert_eq!(seen, (1..=37).collect());
}

#[test]
fn missing_role_comes_with_the_command_that_gives_it() {
    let situation = Situation {
        status: 403,
        method: "PUT",
        path: RULE,
        audience: ResourceManager,
        scope: "s",
        retry_after: None,
        attempts: 1,
    };
    let message = "The client 'c' with object id 'OID' does not have authorization to perform action 'Microsoft.SecurityInsights/incidents/write' over scope '/subscriptions/S/resourceGroups/rg/providers/x'";
    let advice = advise(&situation, &Reason::of(&error("AuthorizationFailed", message))).expect("is known");
    assert_eq!(
        advice.command.as_deref(),
        Some(
            "az role assignment create --assignee-object-id OID --assignee-principal-type ServicePrincipal --role \"Microsoft Sentinel Responder\" --scope \"/subscriptions/S/resourceGroups/rg\""
        )
    );
}

#[test]
fn unknown_errors_get_no_advice() {
    let situation = Situation {
        status: 418,
        method: "GET",
        path: "/x",
        audience: ResourceManager,
        scope: "s",
        retry_after: None,
        attempts: 1,
    };
    assert_eq!(advise(&situation, &Reason::of(&error("Teapot", "short and stout"))), None);
}
