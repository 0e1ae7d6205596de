//! Every operation natively and through the module's function in a pooled runspace: the same rows.

use std::collections::BTreeSet;

use runspaced::Invocation;
use runspaced::sentinel::{Call, Kind, Operation, operation, operations};
use serde_json::{Map, Value, json};

use crate::both::Both;
use crate::setting::{Setting, WORKSPACE, map};
use crate::support::Context;
use crate::writes;

/// Arguments with which a read has something to answer. A new operation wants a row here.
pub async fn arguments(setting: &Setting, name: &str) -> Option<Value> {
    let first = async |operation: &str, column: &str| {
        setting.rows(operation, json!({"workspace_name": WORKSPACE})).await[0][column].clone()
    };
    Some(match name {
        "Get-SentinelWorkspaces" => json!({"sentinel_only": false}),
        "Get-SentinelWorkspaceNames"
        | "Get-DataCollectionEndpoints"
        | "Get-SentinelWorkbooks"
        | "View-TableRetention" => json!({}),
        "Get-SentinelTables" => json!({"table_type": "All", "include_schema": true}),
        "Get-AnalyticsRules" => json!({"include_query": true}),
        "Get-AnalyticsRuleDetails" => {
            json!({"rule_id": first("Get-AnalyticsRules", "RuleId").await, "include_actions": true, "include_template_diff": true})
        }
        "Get-SentinelIncidents" => json!({"status": ["New", "Active"], "top": 20}),
        "Show-IncidentDetails" | "Get-IncidentComments" => {
            json!({"incident_number": first("Get-SentinelIncidents", "IncidentNumber").await})
        }
        "Invoke-SentinelQuery" => {
            json!({"query": "SecurityIncident | project IncidentNumber, Title, Severity, Labels | take 20", "time_range": "90d"})
        }
        "Get-WorkbookDetails" => {
            json!({"workbook_id": first("Get-SentinelWorkbooks", "WorkbookId").await, "include_content": true})
        }
        "Export-SentinelWorkbook" => {
            json!({"workbook_id": first("Get-SentinelWorkbooks", "WorkbookId").await, "backup_path": "one", "force": true})
        }
        "Export-TableData" => {
            // Names of its files have the times in them.
            let now = jiff::Timestamp::now();
            let week = jiff::SignedDuration::from_hours(7 * 24);
            json!({"table_name": "Usage", "from": (now - week).to_string(), "to": now.to_string(), "backup_path": "data", "force": true})
        }

        "Export-AllWorkbooks"
        | "Export-AnalyticsRules"
        | "Export-AutomationRules"
        | "Export-Watchlists"
        | "Export-Functions"
        | "Export-SavedQueries" => json!({"backup_path": "out", "force": true}),
        "Backup-SentinelWorkspace" => json!({"backup_path": "kept"}),
        "Test-SentinelBackup" => {
            keep(setting).await;
            json!({"path": "kept", "compare_with": "kept"})
        }
        "Get-SentinelBackups" => json!({}),
        "Test-SentinelHealth" | "Test-SentinelPermission" => json!({}),
        "Test-SentinelContent" => json!({"content": {"name": "q", "query": "Usage | take 1"}}),
        "Get-DataCollectionRules" => json!({"include_associations": true}),
        _ => return None,
    })
}

/// Backs the workspace up.
async fn keep(setting: &Setting) {
    setting
        .rows("Backup-SentinelWorkspace", json!({"workspace_name": WORKSPACE, "backup_path": "kept"}))
        .await;
}

/// The call of an operation's function, with the names of PowerShell.
fn invocation(operation: &Operation, arguments: &Map<String, Value>, more: &[(&str, Value)]) -> Invocation {
    let parameters = operation.parameters();
    let mut named: Map<String, Value> = arguments
        .iter()
        .map(|(name, value)| {
            let known = parameters.iter().find(|parameter| parameter.name == *name);
            (
                known.unwrap_or_else(|| panic!("{} has no {name}", operation.name)).power_shell.clone(),
                value.clone(),
            )
        })
        .collect();
    named.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Invocation::command(operation.name).args_json(Value::Object(named).to_string())
}

/// The list that an export or backup writes has its time in it, and a check of health that of the check.
fn without_time(mut rows: Vec<Value>) -> Vec<Value> {
    for row in rows.iter_mut().filter(|row| row["Kind"] == "All") {
        assert!(row["Path"].is_string(), "{row}");
        (row["Path"], row["Bytes"]) = (Value::Null, Value::Null);
    }
    for row in rows.iter_mut().filter(|row| row.get("CheckedAt").is_some()) {
        row["CheckedAt"] = Value::Null;
    }
    for row in rows.iter_mut().filter(|row| row["Kind"] == "manifest") {
        (row["Sha256"], row["Bytes"]) = (Value::Null, Value::Null);
    }
    rows
}

/// Numbers that mean the same are the same.
pub fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Number(number), Value::from),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        other => other,
    }
}

fn compare(name: &str, native: Vec<Value>, through: Vec<Value>) {
    assert_eq!(native.len(), through.len(), "{name}: number of rows");
    for (native, through) in native.into_iter().map(plain).zip(through.into_iter().map(plain)) {
        let names =
            |row: &Value| -> Vec<String> { row.as_object().expect("an object").keys().cloned().collect() };
        assert_eq!(names(&native), names(&through), "{name}: columns");
        for column in names(&native) {
            assert_eq!(native[&column], through[&column], "{name}: {column}");
        }
    }
}

/// Fails unless every operation that should have been compared was.
pub fn all_of(kind: impl Fn(Kind) -> bool, compared: &BTreeSet<&str>) {
    let wanted: BTreeSet<&str> = operations()
        .iter()
        .filter(|operation| kind(operation.kind))
        .map(|operation| operation.name)
        .collect();
    assert!(!wanted.is_empty());
    assert_eq!(*compared, wanted, "what was compared is not what there is");
}

pub fn every_read_answers_the_same_through_a_runspace(context: &Context) {
    let both = Both::start(context);
    let mut compared = BTreeSet::new();
    for operation in operations().iter().filter(|operation| !operation.kind.writes()) {
        let given = both.runtime.block_on(arguments(&both.native, operation.name));
        let mut given =
            given.unwrap_or_else(|| panic!("{} has no row in the table of arguments", operation.name));
        if !operation.fleet {
            given["workspace_name"] = WORKSPACE.into();
        }
        let native = both.runtime.block_on(both.native.rows(operation.name, given.clone()));
        let output = both.invoke(invocation(operation, &map(given), &[]));
        assert!(output.errors().is_empty(), "{}: {:?}", operation.name, output.errors());
        let through = output.values().expect("JSON");
        assert!(
            !native.is_empty() || operation.name == "Get-IncidentComments",
            "{} answers nothing",
            operation.name
        );
        compare(operation.name, without_time(native), without_time(through));
        compared.insert(operation.name);
    }
    all_of(|kind| !kind.writes(), &compared);
}

/// Arguments with which each write has something to do, with what has to be done before.
pub async fn cases(setting: &Setting) -> Vec<(&'static str, Value, Option<(&'static str, Value)>)> {
    let mut cases: Vec<_> =
        writes::cases(setting).await.into_iter().map(|(name, arguments)| (name, arguments, None)).collect();
    let endpoint = json!({"workspace_name": WORKSPACE, "dce_name": "dce-probe"});
    cases.push(("Remove-DataCollectionEndpoint", endpoint.clone(), Some(("New-StandaloneDCE", endpoint))));
    let rules =
        setting.rows("Get-AnalyticsRules", json!({"workspace_name": WORKSPACE, "enabled": true})).await;
    cases.push((
        "Restore-SentinelWorkspace",
        json!({"workspace_name": WORKSPACE, "path": "kept", "kind": ["AnalyticsRules"]}),
        Some(("Disable-AnalyticsRule", json!({"workspace_name": WORKSPACE, "rule_id": rules[0]["RuleId"]}))),
    ));
    let rules = setting.rows("Get-DataCollectionRules", json!({"workspace_name": WORKSPACE})).await;
    let direct = rules.iter().find(|row| row["Kind"] == "Direct").expect("a direct rule");
    cases.push((
        "Test-DCRIngestion",
        json!({"workspace_name": WORKSPACE, "dcr_name": direct["DcrName"]}),
        None,
    ));
    cases
}

/// What differs from one run to the next.
fn lasting(mut rows: Vec<Value>) -> Vec<Value> {
    for row in &mut rows {
        assert!(row["Journal"].as_str().is_some_and(|entry| !entry.is_empty()), "{row}");
        row["Journal"] = "entry".into();
        // The object carries times and etags of its own.
        let object = row["Object"].take();
        row["Object"] = object.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>()).into();
    }
    rows
}

pub fn every_write_does_the_same_through_a_runspace(context: &Context) {
    let first = Both::start(context);
    let count = first.runtime.block_on(cases(&first.native)).len();
    let mut compared = BTreeSet::new();
    for index in 0..count {
        // Each on a state of its own.
        let [native, through] = [0, 1].map(|_| Both::start(context));
        let prepared = |both: &Both| {
            both.runtime.block_on(async {
                let (name, arguments, before) = cases(&both.native).await.remove(index);
                if name == "Restore-SentinelWorkspace" {
                    keep(&both.native).await;
                }
                if let Some((name, arguments)) = before {
                    let plan = both.native.plan(name, arguments.clone()).await.expect("plans");
                    both.native.apply(name, arguments, &plan).await.expect("applies");
                }
                let plan = both.native.plan(name, arguments.clone()).await;
                let plan = plan.unwrap_or_else(|error| panic!("{name}: {error:?}"));
                (operation(name).expect("is known"), map(arguments), plan.confirm)
            })
        };
        let (operation, arguments, confirm) = prepared(&native);
        let applied = native
            .runtime
            .block_on(native.native.sentinel.run(operation, arguments, confirm.as_deref(), &Call::default()))
            .unwrap_or_else(|error| panic!("{}: {error:?}", operation.name));
        let outcomes: Vec<Value> =
            applied.outcomes.iter().map(|outcome| serde_json::to_value(outcome).expect("JSON")).collect();

        let (operation, arguments, confirm) = prepared(&through);
        let mut more = vec![("Confirm", json!(false))];
        more.extend(confirm.map(|name| ("ConfirmName", json!(name))));
        let output = through.invoke(invocation(operation, &arguments, &more));
        assert!(output.errors().is_empty(), "{}: {:?}", operation.name, output.errors());
        assert_eq!(native.native.writes(), through.native.writes(), "{}: requests", operation.name);
        compare(operation.name, lasting(outcomes), lasting(output.values().expect("JSON")));
        compared.insert(operation.name);
    }
    all_of(Kind::writes, &compared);
}
