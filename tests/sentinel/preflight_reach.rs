//! How far the check of content reaches: other workspaces, parsers that come with Sentinel, workbooks with parameters.

use serde_json::{Value, json};

use super::setting::{Setting, WORKSPACE};

async fn check(setting: &Setting, content: Value) -> Vec<Value> {
    setting.rows("Test-SentinelContent", json!({"workspace_name": WORKSPACE, "content": content})).await
}

fn hunting(query: &str) -> Value {
    let lines: Vec<String> = query.lines().map(|line| format!("  {line}")).collect();
    json!(format!("name: Hunt\ndescription: d\nquery: |\n{}\ntactics:\n  - Discovery\n", lines.join("\n")))
}

/// What was found about queries, as `LEVEL what`.
fn found(rows: &[Value]) -> Vec<String> {
    let about = |row: &&Value| row["Where"].as_str().is_some_and(|place| place.contains("query"));
    let text = |row: &Value| {
        format!("{} {}", row["Level"].as_str().unwrap_or_default(), row["What"].as_str().unwrap_or_default())
    };
    rows.iter().filter(about).map(text).collect()
}

pub async fn other_workspaces_are_looked_into_where_they_are_seen() {
    let setting = Setting::start().await;
    let there = "workspace(\"law-fabrikam\")";
    for (query, expected) in [
        (
            "union SigninLogs, workspace(\"law-fabrikam\").SigninLogs | take 1",
            vec![format!("Info it reads {there} as well")],
        ),
        // Contoso has this table, Fabrikam has not.
        (
            "workspace(\"law-fabrikam\").Vpn_CL | take 1",
            vec![
                format!("Error {there} has no table or function 'Vpn_CL'"),
                format!("Info it reads {there} as well"),
            ],
        ),
    ] {
        assert_eq!(found(&check(&setting, hunting(query)).await), expected, "{query}");
    }
    let columns =
        check(&setting, hunting("workspace(\"law-fabrikam\").SigninLogs | where Nothing == 1")).await;
    assert!(found(&columns)[0].starts_with("Error SEM0100"), "{columns:?}");
    for (query, reason) in [
        (
            "workspace(\"law-nowhere\").SigninLogs | take 1",
            "Warning workspace(\"law-nowhere\") was not checked: ",
        ),
        ("app(\"shop\").requests | take 1", "Info app(\"shop\") was not checked: "),
        (
            "let w = \"law-fabrikam\"; workspace(w).Gone_CL | take 1",
            "Info workspace(\"...\") was not checked: ",
        ),
    ] {
        let rows = check(&setting, hunting(query)).await;
        let found = found(&rows);
        assert!(found.len() == 1 && found[0].starts_with(reason), "{query}: {found:?}");
    }
    // A function there is no mistake here.
    let rows = check(&setting, hunting("workspace(\"law-nowhere\").TheirParser() | where A == 1")).await;
    assert!(found(&rows).iter().all(|line| !line.starts_with("Error")), "{rows:?}");
}

pub async fn a_workspaces_own_parser_stands_for_that_of_sentinel() {
    let setting = Setting::start().await;
    let query = "_Im_Dns(starttime=ago(1d)) | where DnsQuery == 'x'";
    let rows = check(&setting, hunting(query)).await;
    assert_eq!(found(&rows), ["Warning '_Im_Dns' comes with Sentinel: what it gives was not checked"]);
    let function = |body: &str, parameters: &str| {
        json!([{"name": "imDns", "properties": {"category": "ASIM", "displayName": "imDns", "functionAlias": "imDns",
            "functionParameters": parameters, "query": body}}])
    };
    let save = async |body: &str, parameters: &str| {
        std::fs::create_dir_all(setting.backups()).expect("is made");
        std::fs::write(setting.backups().join("im.json"), function(body, parameters).to_string())
            .expect("is written");
        setting.done("Import-SavedQueries", json!({"workspace_name": WORKSPACE, "path": "im.json"})).await;
    };
    save("SigninLogs | project TimeGenerated, DnsQuery = Location", "starttime: datetime = datetime(null)")
        .await;
    let rows = check(&setting, hunting(query)).await;
    assert_eq!(
        found(&rows),
        ["Info '_Im_Dns' comes with Sentinel: the workspace's own 'imDns' was taken for it"]
    );
    // It gives other columns than Sentinel's may: that is no error of the query.
    save("SigninLogs | project TimeGenerated", "starttime: datetime = datetime(null)").await;
    let found = found(&check(&setting, hunting(query)).await);
    assert!(found[0].starts_with("Warning it was not checked with the workspace's own parser"), "{found:?}");
    assert!(found.iter().all(|line| !line.starts_with("Error")), "{found:?}");
}

pub async fn queries_of_workbooks_are_checked_with_samples_of_their_parameters() {
    let setting = Setting::start().await;
    let workbook = |query: &str| {
        let content = json!({"version": "Notebook/1.0", "items": [
            {"type": 3, "content": {"version": "KqlItem/1.0", "query": query, "queryType": 0}}]});
        json!({"properties": {"displayName": "Book", "serializedData": content.to_string()}})
    };
    for (query, expected) in [
        (
            "SigninLogs | where TimeGenerated {TimeRange} | where UserId in ({Users}) | summarize count() by bin(TimeGenerated, {TimeRange:grain})",
            None,
        ),
        ("SigninLogs | where Location == '{Place}' | take {Count}", None),
        (
            "Gone_CL | where TimeGenerated {TimeRange} | take {Count}",
            Some("Warning the workspace has no table or function 'Gone_CL'"),
        ),
        ("{Table} | take 1", Some("Info not checked: what it reads depends on {Table}")),
        (
            "{Table}_CL | where TimeGenerated {TimeRange}",
            Some("Info not checked: what it reads depends on {Table}, {TimeRange}"),
        ),
        (
            "SigninLogs | {Operator} {Rest}} )",
            Some("Info not checked: what it reads depends on {Operator}, {Rest}"),
        ),
        ("let f = (n: int) { SigninLogs | take n }; f(1)", None),
        ("SigninLogs | wher x", Some("Warning SYN")),
    ] {
        let rows = check(&setting, workbook(query)).await;
        let found = found(&rows);
        match expected {
            None => assert!(found.is_empty(), "{query}: {found:?}"),
            Some(expected) => assert!(found.len() == 1 && found[0].contains(expected), "{query}: {found:?}"),
        }
    }
}
