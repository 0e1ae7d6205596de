//! What the functions do with pipelines, consent and errors.

use std::time::Duration;

use runspaced::simulator::FaultRule;
use runspaced::{Error, Invocation};
use serde_json::json;

use crate::both::Both;
use crate::support::Context;

const NEW: &str =
    "Get-SentinelIncidents -WorkspaceName law-contoso -Status New -Top 0 | Where-Object Severity -eq High";

pub fn a_pipeline_closes_what_it_lets_through(context: &Context) {
    let both = Both::start(context);
    let chosen = both.values(NEW);
    assert!(!chosen.is_empty());
    // Nothing is done yet, and everything is said.
    let plans =
        both.values(&format!("{NEW} | Close-SentinelIncident -Classification BenignPositive -WhatIf"));
    assert_eq!(plans.len(), chosen.len());
    assert_eq!(plans[0]["WorkspaceName"], "law-contoso");
    assert!(plans[0]["Summary"].as_str().is_some_and(|text| text.starts_with("close incident")), "{plans:?}");
    assert_eq!(both.native.writes(), Vec::<String>::new());
    let done = both.values(&format!("{NEW} | Close-SentinelIncident -Classification BenignPositive"));
    assert_eq!(done.len(), chosen.len());
    assert!(done.iter().all(|row| row["State"] == "applied" && row["Journal"].is_string()), "{done:?}");
    assert_eq!(both.native.writes().len(), chosen.len());
    assert_eq!(both.values(NEW).len(), 0);
    // Rows of a workspace whose name is ambiguous are of that workspace all the same.
    let script = "Get-SentinelWorkspaces -Name '^law-sandbox$' -SentinelOnly $false |
        ForEach-Object { $_ | Get-SentinelTables -TableType All | Select-Object -First 1 } | View-TableRetention | ForEach-Object Id";
    let ids = both.values(script);
    assert_eq!(ids.len(), 2, "{ids:?}");
    let of = |group: &str| ids.iter().any(|id| id.as_str().is_some_and(|id| id.contains(group)));
    assert!(of("/rg-lab/") && of("/rg-test/"), "{ids:?}");
}

pub fn what_if_shows_the_plan_and_does_nothing(context: &Context) {
    let both = Both::start(context);
    let rule = "Get-AnalyticsRules -WorkspaceName law-contoso -Enabled $true | Select-Object -First 1";
    let output = both.run(&format!("{rule} | Disable-AnalyticsRule -WhatIf"));
    let plan = &output.values().expect("JSON")[0];
    assert_eq!(plan["Changes"][0]["Differences"][0]["Path"], "properties.enabled", "{plan}");
    assert!(
        output.records_json().contains("What if: Disable-AnalyticsRule in law-contoso"),
        "{}",
        output.records_json()
    );
    // It is applied by its digest, unless something changed.
    let digest = plan["Digest"].as_str().expect("has one");
    let stale = both.error(&format!("{rule} | Disable-AnalyticsRule -PlanDigest 0123456789abcdef"));
    assert_eq!(stale.fully_qualified_error_id, "E724,Disable-AnalyticsRule");
    let done = both.values(&format!("{rule} | Disable-AnalyticsRule -PlanDigest {digest}"));
    assert_eq!(done[0]["State"], "applied");
    // What is as wanted is left alone.
    let name = plan["Changes"][0]["Name"].as_str().expect("has one");
    let again =
        both.run(&format!("Disable-AnalyticsRule -WorkspaceName law-contoso -RuleName '{name}' -Verbose"));
    assert_eq!(again.json(), "[]");
    assert!(again.records_json().contains("as wanted already"), "{}", again.records_json());
    assert_eq!(both.native.writes().len(), 1);
    // What cannot be undone wants its name, however it is forced.
    both.values("New-SentinelTable -WorkspaceName law-contoso -TableName Old_CL -Schema @{ TimeGenerated = 'datetime'; Note = 'string' }");
    let remove = "Remove-SentinelTable -WorkspaceName law-contoso -TableName Old_CL -Force";
    let refused = both.error(remove);
    assert_eq!(refused.fully_qualified_error_id, "E725,Remove-SentinelTable");
    assert!(
        refused.recommended_action.as_deref().is_some_and(|text| text.contains("-ConfirmName 'Old_CL'")),
        "{refused:?}"
    );
    assert_eq!(both.values(&format!("{remove} -ConfirmName Old_CL"))[0]["State"], "applied");
}

pub fn errors_are_those_of_the_function(context: &Context) {
    let both = Both::start(context);
    let mut rule = FaultRule::default();
    rule.path = Some("*/workspaces/law-contoso/*/alertRules".to_owned());
    rule.status = Some(403);
    rule.body = Some(json!({"error": {"code": "AuthorizationFailed", "message":
        "The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.SecurityInsights/alertRules/read' over scope '/subscriptions/S/resourceGroups/rg'"}}));
    both.native.azure.set_faults(vec![rule]).expect("is fine");
    let output = both.run("Get-AnalyticsRules -WorkspaceName 'law-*'");
    assert!(!output.values().expect("JSON").is_empty(), "the others answer");
    let errors = output.errors();
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    assert_eq!(error.fully_qualified_error_id, "E704,Get-AnalyticsRules");
    assert_eq!(error.category, "PermissionDenied");
    assert_eq!(error.command_name.as_deref(), Some("Get-AnalyticsRules"));
    assert!(error.message.starts_with("law-contoso ("), "{}", error.message);
    assert!(
        error.recommended_action.as_deref().is_some_and(|text| text.contains("Microsoft Sentinel Reader")),
        "{error:?}"
    );
    both.native.azure.set_faults(Vec::new()).expect("is fine");
    // One that fails leaves the rest of the pipeline alone, and can be made to end it.
    let numbers = "999999, (Get-SentinelIncidents -WorkspaceName law-contoso -Top 1).IncidentNumber |
        ForEach-Object { [pscustomobject]@{ WorkspaceName = 'law-contoso'; IncidentNumber = $_ } } | Show-IncidentDetails";
    let output = both.run(numbers);
    assert_eq!((output.values().expect("JSON").len(), output.errors().len()), (1, 1));
    let caught = both.values(&format!(
        "try {{ {numbers} -ErrorAction Stop }} catch {{ \"caught $($_.FullyQualifiedErrorId)\" }}"
    ));
    assert_eq!(caught, ["caught E723,Show-IncidentDetails"]);
    // An error further down is not taken for one of the operation.
    let thrown =
        both.values("try { Get-SentinelWorkspaces | ForEach-Object { throw 'mine' } } catch { \"$_\" }");
    assert_eq!(thrown, ["mine"]);
    let unknown = both.error("Get-AnalyticsRules -WorkspaceName law-contosso");
    assert_eq!(unknown.fully_qualified_error_id, "E721,Get-AnalyticsRules");
}

pub fn the_module_is_like_any_other(context: &Context) {
    let both = Both::start(context);
    // It warns of nothing, has help, and its names lead to the same functions.
    let output = both.run("Import-Module SentinelManager; (Get-Command -Module SentinelManager).Count");
    assert_eq!(output.records_json(), "[]");
    let help = both.values(
        "$h = Get-Help Get-SentinelIncidents -Full; $h.Synopsis; ($h.parameters.parameter | Where-Object name -eq Top).description.Text; @($h.examples.example).Count",
    );
    assert_eq!(help[0], "Lists incidents, the newest first.");
    assert!(help[1].as_str().is_some_and(|text| text.contains("50 if it is not given")), "{help:?}");
    assert_eq!(help[2], 2);
    assert_eq!(
        both.values("(Get-Alias View-TableRetention).Definition; (Get-Command Assign-IncidentOwner).ResolvedCommand.Name"),
        ["Get-TableRetention", "Set-IncidentOwner"]
    );
    // Rows have a type with a view; raw objects do not.
    let types = both.values(
        "(Get-SentinelIncidents -WorkspaceName law-contoso -Top 1).PSTypeNames[0]; (Get-SentinelIncidents -WorkspaceName law-contoso -Top 1 -Raw).PSTypeNames[0]",
    );
    assert_eq!(types, ["SentinelManager.SentinelIncidents", "System.Management.Automation.PSCustomObject"]);
    let table = both.values("(Get-SentinelIncidents -WorkspaceName law-contoso -Top 1 | Out-String -Width 200).Trim() -split '\\s+' | Select-Object -First 4");
    assert_eq!(table, ["WorkspaceName", "IncidentNumber", "Title", "Severity"]);
    // Mistakes are PowerShell's own.
    for (script, id) in [
        (
            "Close-SentinelIncident -IncidentNumber 1 -Classification Maybe",
            "ParameterArgumentValidationError",
        ),
        ("Get-SentinelIncidents -Top -1", "ParameterArgumentValidationError"),
        ("Get-SentinelIncidents -Staus New", "NamedParameterNotFound"),
    ] {
        let error = both.error(script);
        assert!(
            error.fully_qualified_error_id.starts_with(id),
            "{script}: {}",
            error.fully_qualified_error_id
        );
    }
    // Strict mode of whoever calls changes nothing, and neither does a `$_` of its own.
    let rows = both.values(
        "Set-StrictMode -Version Latest; 1 | ForEach-Object { Get-SentinelWorkspaceNames | Select-Object -First 1 | ForEach-Object WorkspaceName }",
    );
    assert_eq!(rows.len(), 1);
}

pub fn a_stopped_script_ends_the_requests(context: &Context) {
    let both = Both::start(context);
    both.values("Get-SentinelWorkspaceNames");
    let mut rule = FaultRule::default();
    rule.path = Some("*/alertRules".to_owned());
    rule.delay_ms = 60_000;
    both.native.azure.set_faults(vec![rule]).expect("is fine");
    let script = "Get-AnalyticsRules -WorkspaceName law-contoso";
    let call = Invocation::script(script).timeout(Duration::from_secs(2));
    match both.engine.blocking().invoke(call) {
        Err(Error::Timeout { .. }) => {}
        other => panic!("{other:?}"),
    }
    // The slot is not lost, and the next call has nothing of the one before.
    both.native.azure.set_faults(Vec::new()).expect("is fine");
    assert!(!both.values(script).is_empty());
    assert_eq!(both.engine.stats().abandoned, 0);
}
