//! The steps of the morning. Each asks tools, looks at what came, and says what it found; what is not as it should be ends
//! the step with an error.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::morning::{Finding, Incident, Morning};

/// A step.
pub struct Step {
    /// What somebody would ask.
    pub question: &'static str,
    /// Tools without which there is no such step.
    pub tools: &'static [&'static str],
    pub take: for<'m> fn(&'m mut Morning<'_>) -> BoxFuture<'m, Result<Finding, String>>,
}

/// All steps, in order.
pub const STEPS: &[Step] = &[
    Step {
        question: "Which workspaces are there, in all tenants?",
        tools: &["list_workspaces"],
        take: |morning| Box::pin(workspaces(morning)),
    },
    Step {
        question: "How are they?",
        tools: &["sentinel_health_check"],
        take: |morning| Box::pin(health(morning)),
    },
    Step {
        question: "Are rules switched off anywhere?",
        tools: &["get_analytics_rules"],
        take: |morning| Box::pin(disabled_rules(morning)),
    },
    Step {
        question: "What is new and serious?",
        tools: &["get_sentinel_incidents"],
        take: |morning| Box::pin(new_incidents(morning)),
    },
    Step {
        question: "I take the latest one.",
        tools: &["assign_incident_owner", "add_incident_comment", "show_incident_details"],
        take: |morning| Box::pin(take_incident(morning)),
    },
    Step {
        question: "Whose sign-ins fail, at two customers?",
        tools: &["invoke_sentinel_query"],
        take: |morning| Box::pin(query(morning)),
    },
    Step {
        question: "Export every rule.",
        tools: &["export_analytics_rules"],
        take: |morning| Box::pin(export(morning)),
    },
    Step {
        question: "Switch a noisy rule off. No, take that back.",
        tools: &["get_analytics_rule_details", "disable_analytics_rule", "undo_change"],
        take: |morning| Box::pin(change_and_undo(morning)),
    },
    Step {
        question: "Back up a workspace and restore it into an empty one.",
        tools: &["backup_sentinel_workspace", "restore_sentinel_workspace", "test_sentinel_backup"],
        take: |morning| Box::pin(backup_and_restore(morning)),
    },
];

/// A text of a row.
fn text<'r>(row: &'r Value, column: &str) -> &'r str {
    row[column].as_str().unwrap_or_default()
}

/// How many different texts a column has.
fn different(rows: &[Value], column: &str) -> usize {
    rows.iter().map(|row| text(row, column)).collect::<BTreeSet<_>>().len()
}

/// `1 rule`, `2 rules`.
fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

async fn workspaces(morning: &mut Morning<'_>) -> Result<Finding, String> {
    let rows = morning.rows("list_workspaces", json!({})).await?;
    ensure(!rows.is_empty(), || "no workspace is visible".to_owned())?;
    let said =
        format!("{} in {}.", count(rows.len(), "workspace"), count(different(&rows, "TenantName"), "tenant"));
    let columns =
        vec!["TenantName", "WorkspaceName", "ResourceGroup", "Location", "Onboarded", "RetentionInDays"];
    Ok(Finding { said, columns, rows })
}

async fn health(morning: &mut Morning<'_>) -> Result<Finding, String> {
    let rows = morning.rows("sentinel_health_check", json!({})).await?;
    ensure(!rows.is_empty(), || "no workspace was checked".to_owned())?;
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        *states.entry(text(row, "State")).or_default() += 1;
    }
    let states: Vec<String> = states.iter().map(|(state, number)| format!("{number} {state}")).collect();
    let said = format!("{} checked: {}.", count(rows.len(), "workspace"), states.join(", "));
    let columns =
        vec!["TenantName", "WorkspaceName", "State", "IngestionGb", "SilentTables", "FailingRules", "Issues"];
    Ok(Finding { said, columns, rows })
}

async fn disabled_rules(morning: &mut Morning<'_>) -> Result<Finding, String> {
    let columns = vec!["TenantName", "WorkspaceName", "DisplayName", "Kind", "Severity"];
    let arguments = json!({"workspace_name": ["*"], "enabled": false, "_fields": columns});
    let mut rows = morning.rows("get_analytics_rules", arguments).await?;
    rows.sort_by(|one, other| {
        let key = |row| ["TenantName", "WorkspaceName", "DisplayName"].map(|column| text(row, column));
        key(one).cmp(&key(other))
    });
    let said = match rows.len() {
        0 => "No rule is switched off.".to_owned(),
        some => format!(
            "{} switched off, in {}.",
            count(some, "rule"),
            count(different(&rows, "WorkspaceName"), "workspace")
        ),
    };
    Ok(Finding { said, columns, rows })
}

async fn new_incidents(morning: &mut Morning<'_>) -> Result<Finding, String> {
    let columns =
        vec!["WorkspaceName", "IncidentNumber", "Title", "CreatedTimeUtc", "AlertsCount", "TenantName"];
    let arguments = json!({
        "workspace_name": ["*"], "status": ["New"], "severity": ["High"], "top": 20, "_fields": columns,
    });
    let mut rows = morning.rows("get_sentinel_incidents", arguments).await?;
    rows.sort_by(|one, other| text(other, "CreatedTimeUtc").cmp(text(one, "CreatedTimeUtc")));
    let said = format!(
        "{} of high severity, in {}.",
        count(rows.len(), "new incident"),
        count(different(&rows, "WorkspaceName"), "workspace")
    );
    morning.incident = rows.first().and_then(|row| {
        Some(Incident {
            workspace: text(row, "WorkspaceName").to_owned(),
            number: row["IncidentNumber"].as_i64()?,
            title: text(row, "Title").to_owned(),
        })
    });
    Ok(Finding { said, columns, rows })
}

async fn take_incident(morning: &mut Morning<'_>) -> Result<Finding, String> {
    const OWNER: &str = "adele@northwind.example";
    const COMMENT: &str = "On it. First look: who signed in from this address before?";
    let incident = morning.incident.clone().ok_or("there is no new incident of high severity")?;
    let one = json!({"workspace_name": [incident.workspace], "incident_number": incident.number});
    let mut assign = one.clone();
    assign["incident_number"] = json!([incident.number]);
    assign["owner_upn"] = json!(OWNER);
    assign["set_active"] = json!(true);
    morning.change("assign_incident_owner", assign).await?;
    let mut comment = one.clone();
    comment["message"] = json!(COMMENT);
    morning.change("add_incident_comment", comment).await?;
    let mut show = one;
    show["include"] = json!(["Comments"]);
    let rows = morning.rows("show_incident_details", show).await?;
    let shown = rows.first().ok_or("the incident is gone")?;
    let as_wanted = text(shown, "Owner") == OWNER && text(shown, "Status") == "Active";
    ensure(as_wanted, || format!("the incident is of {} and {}", shown["Owner"], shown["Status"]))?;
    ensure(shown["Comments"].to_string().contains(COMMENT), || "the comment is missing".to_owned())?;
    let said =
        format!("Incident {} ({}) is {OWNER}'s, active, and has a comment.", incident.number, incident.title);
    let columns = vec!["WorkspaceName", "IncidentNumber", "Title", "Status", "Owner", "CommentsCount"];
    Ok(Finding { said, columns, rows })
}

async fn query(morning: &mut Morning<'_>) -> Result<Finding, String> {
    const QUERY: &str = "SigninLogs\n| where ResultType != \"0\"\n| summarize Failed = count(), Codes = make_set(ResultType), Latest = max(TimeGenerated) by UserPrincipalName\n| top 5 by Failed";
    let both = ["law-contoso", "law-fabrikam"];
    let arguments = json!({"workspace_name": both, "query": QUERY, "time_range": "24h"});
    let mut rows = morning.rows("invoke_sentinel_query", arguments).await?;
    rows.sort_by(|one, other| text(one, "WorkspaceName").cmp(text(other, "WorkspaceName")));
    let answered: BTreeSet<&str> = rows.iter().map(|row| text(row, "WorkspaceName")).collect();
    ensure(answered == BTreeSet::from(both), || format!("only {answered:?} have failed sign-ins"))?;
    let failed: i64 = rows.iter().filter_map(|row| row["Failed"].as_i64()).sum();
    let said = format!(
        "{failed} failed sign-ins of {} within a day, the five worst of each workspace.",
        count(different(&rows, "UserPrincipalName"), "account")
    );
    let columns = vec!["TenantName", "WorkspaceName", "UserPrincipalName", "Failed", "Codes", "Latest"];
    Ok(Finding { said, columns, rows })
}

async fn export(morning: &mut Morning<'_>) -> Result<Finding, String> {
    let all = json!({"workspace_name": ["*"], "_fields": ["WorkspaceName", "RuleId"]});
    let known = morning.rows("get_analytics_rules", all).await?.len();
    let arguments = json!({"workspace_name": ["*"], "backup_path": "rules"});
    let files = morning.rows("export_analytics_rules", arguments).await?;
    let mut written = 0;
    let mut rows = Vec::new();
    for file in files.iter().filter(|file| text(file, "Kind") == "analytics rules") {
        let path = text(file, "File");
        let content = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
        let rules: Vec<Value> = serde_json::from_str(&content).map_err(|error| format!("{path}: {error}"))?;
        written += rules.len();
        let shown =
            std::path::Path::new(path).strip_prefix(morning.folder()).map(|path| path.display().to_string());
        rows.push(json!({
            "TenantName": file["TenantName"], "WorkspaceName": file["WorkspaceName"], "Rules": rules.len(),
            "Bytes": file["Bytes"], "File": shown.unwrap_or_else(|_| path.to_owned()),
        }));
    }
    ensure(written == known, || format!("{written} of {known} rules are in the files"))?;
    let said = format!("All {} are in {}.", count(written, "rule"), count(rows.len(), "file"));
    Ok(Finding { said, columns: vec!["TenantName", "WorkspaceName", "Rules", "Bytes", "File"], rows })
}

async fn change_and_undo(morning: &mut Morning<'_>) -> Result<Finding, String> {
    const PLACE: &str = "law-contoso";
    let list = json!({"workspace_name": [PLACE], "enabled": true, "kind": ["Scheduled"], "severity": ["Medium"], "_first": 1});
    let listed = morning.rows("get_analytics_rules", list).await?;
    let rule = listed.first().ok_or("no such rule is enabled")?;
    let (id, name) = (text(rule, "RuleId").to_owned(), text(rule, "DisplayName").to_owned());
    let show = json!({"workspace_name": [PLACE], "rule_id": id, "no_cache": true});
    let before = details(morning, &show).await?;
    let off = json!({"workspace_name": [PLACE], "rule_id": [id], "reason": "noisy since the last update"});
    let entry = morning.change("disable_analytics_rule", off).await?;
    let changed = details(morning, &show).await?;
    ensure(changed["Enabled"] == false, || "the rule still runs".to_owned())?;
    morning.change("undo_change", json!({"entry": entry})).await?;
    let after = details(morning, &show).await?;
    ensure(after["Enabled"] == true && same_rule(&before, &after), || {
        "the rule is not as it was".to_owned()
    })?;
    let row = |when: &str, rule: &Value| json!({"When": when, "DisplayName": rule["DisplayName"], "Enabled": rule["Enabled"], "LastModifiedUtc": rule["LastModifiedUtc"], "Etag": rule["Etag"]});
    let rows = vec![row("before", &before), row("switched off", &changed), row("taken back", &after)];
    let said = format!("'{name}' was switched off and is again as it was.");
    Ok(Finding { said, columns: vec!["When", "DisplayName", "Enabled", "LastModifiedUtc", "Etag"], rows })
}

async fn details(morning: &mut Morning<'_>, show: &Value) -> Result<Value, String> {
    let rows = morning.rows("get_analytics_rule_details", show.clone()).await?;
    rows.into_iter().next().ok_or_else(|| "the rule is gone".to_owned())
}

/// Everything but what every write changes.
fn same_rule(one: &Value, other: &Value) -> bool {
    let plain = |rule: &Value| {
        let mut rule = rule.clone();
        rule["Etag"] = Value::Null;
        rule["LastModifiedUtc"] = Value::Null;
        rule
    };
    plain(one) == plain(other)
}

async fn backup_and_restore(morning: &mut Morning<'_>) -> Result<Finding, String> {
    // Two workspaces have this name; the group says which one.
    let empty = json!({"workspace_name": ["law-sandbox"], "resource_group_name": "rg-test"});
    let with = |more: Value| {
        let mut arguments = empty.clone();
        for (name, value) in more.as_object().into_iter().flatten() {
            arguments[name] = value.clone();
        }
        arguments
    };
    let before = morning.rows("get_analytics_rules", empty.clone()).await?;
    ensure(before.is_empty(), || {
        format!("the workspace is not empty: it has {}", count(before.len(), "rule"))
    })?;
    let original =
        backup(morning, json!({"workspace_name": ["law-contoso"], "backup_path": "original"})).await?;
    morning.change("restore_sentinel_workspace", with(json!({"path": original}))).await?;
    let copy = backup(morning, with(json!({"backup_path": "copy"}))).await?;
    let compared =
        morning.rows("test_sentinel_backup", json!({"path": original, "compare_with": copy})).await?;
    let (whole, objects): (Vec<&Value>, Vec<&Value>) =
        compared.iter().partition(|row| text(row, "Kind").is_empty());
    ensure(whole.iter().all(|row| text(row, "State") == "whole"), || {
        "a file is not as it was written".to_owned()
    })?;
    // A machine is associated with one workspace's rules: it stays where it is.
    let (stay, objects): (Vec<&Value>, Vec<&Value>) = objects
        .into_iter()
        .partition(|row| text(row, "Kind") == "Associations" && text(row, "State") == "only here");
    let other: Vec<&&Value> = objects.iter().filter(|row| text(row, "State") != "same").collect();
    ensure(other.is_empty(), || {
        let named: Vec<String> = other
            .iter()
            .take(3)
            .map(|row| format!("{} ({})", text(row, "Name"), text(row, "State")))
            .collect();
        format!("{} not the same: {}", count(other.len(), "object"), named.join(", "))
    })?;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &objects {
        *kinds.entry(text(row, "Kind")).or_default() += 1;
    }
    let rows = kinds
        .iter()
        .map(|(kind, number)| json!({"Kind": kind, "Objects": number, "State": "same"}))
        .collect();
    let mut said = format!(
        "{} of {} are in the empty workspace now; a backup of it is the same.",
        count(objects.len(), "object"),
        count(kinds.len(), "kind")
    );
    if !stay.is_empty() {
        said.push_str(&format!(
            " {} of machines with data collection rules stays as it was.",
            count(stay.len(), "association")
        ));
    }
    Ok(Finding { said, columns: vec!["Kind", "Objects", "State"], rows })
}

/// Backs up, and answers the backup's folder below that of all backups.
async fn backup(morning: &mut Morning<'_>, arguments: Value) -> Result<String, String> {
    let rows = morning.rows("backup_sentinel_workspace", arguments).await?;
    let whole = rows.iter().find(|row| text(row, "State") == "whole").ok_or("the backup is not whole")?;
    let root = morning.folder().join("backups");
    let folder = std::path::Path::new(text(whole, "Path"));
    let below = folder.strip_prefix(&root).map_err(|_| format!("the backup is in {}", folder.display()))?;
    Ok(below.display().to_string())
}
