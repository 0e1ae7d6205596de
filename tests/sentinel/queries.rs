//! Queries with many rows.

use runspaced::azure::{IdentityKind, IngestTarget, Scope};
use runspaced::simulator::{Simulator, app};
use serde_json::{Value, json};

use super::setting::{Setting, WORKSPACE, account, secret_of};

const ROWS: usize = 100_000;
/// What such a row may take of memory on its way, in each of the forms that it has at once: bytes.
const LARGEST_ROW: u64 = 8_000;

/// Sends rows through a data collection rule into its table.
async fn send(setting: &Setting) {
    let rules =
        setting.rows("Get-DataCollectionRules", json!({"workspace_name": WORKSPACE, "raw": true})).await;
    let rule = rules.iter().find(|rule| rule["name"] == "dcr-firewall-contoso").expect("is there");
    let text = |place: &str| rule.pointer(place).and_then(Value::as_str).expect("has one").to_owned();
    let target = IngestTarget {
        endpoint: text("/properties/endpoints/logsIngestion"),
        rule: text("/properties/immutableId"),
        stream: "Custom-Firewall_CL".to_owned(),
    };
    let now = jiff::Timestamp::now().to_string();
    let rows: Vec<Value> = (0..ROWS)
        .map(|number| json!({"TimeGenerated": now, "Action": "probe", "SrcIp": format!("198.51.100.{}", number % 250), "DstPort": number % 1_000, "Bytes": number}))
        .collect();
    let client =
        account(&setting.azure, IdentityKind::Secret, &secret_of(&setting.azure, app::CONTRIBUTOR)).client;
    assert_eq!(client.ingest(&Scope::new(), &target, &rows).await.expect("are taken"), ROWS);
}

/// The most memory that this process has had: bytes.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}

pub async fn a_hundred_thousand_rows_are_counted_grouped_and_read() {
    let setting = Setting::of(Simulator::builder().incidents(5), app::CONTRIBUTOR).await;
    send(&setting).await;
    let given = |query: &str| json!({"workspace_name": WORKSPACE, "query": format!("Firewall_CL | where Action == 'probe' {query}")});
    let counted = setting.rows("Invoke-SentinelQuery", given("| count")).await;
    assert_eq!(counted[0]["Count"], ROWS, "{counted:?}");
    let grouped = setting
        .rows(
            "Invoke-SentinelQuery",
            given("| summarize Bytes = sum(Bytes), Rows = count() by SrcIp | sort by SrcIp asc"),
        )
        .await;
    assert_eq!(grouped.len(), 250);
    let sum = |name: &str| grouped.iter().filter_map(|row| row[name].as_u64()).sum::<u64>();
    let all = ROWS as u64;
    assert_eq!((sum("Rows"), sum("Bytes")), (all, all * (all - 1) / 2));

    let before = peak();
    let rows = setting.rows("Invoke-SentinelQuery", given("| project DstPort, Bytes")).await;
    assert_eq!(rows.len(), ROWS);
    let bytes: u64 = rows.iter().filter_map(|row| row["Bytes"].as_u64()).sum();
    assert_eq!(bytes, all * (all - 1) / 2, "each row once");
    if let (Some(before), Some(after)) = (before, peak()) {
        let grown = after - before;
        assert!(grown < all * LARGEST_ROW, "{} MB for {ROWS} rows", grown >> 20);
    }
    let mut few = given("| project Bytes");
    few["max_rows"] = 10.into();
    assert_eq!(setting.rows("Invoke-SentinelQuery", few).await.len(), 10);
}
