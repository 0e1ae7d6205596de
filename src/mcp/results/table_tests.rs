//! The text of values, read back: what is in the rows is in the text.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::table::text;

fn shown(values: Value) -> String {
    text(values.as_array().expect("an array"))
}

/// The cells of a table by row and column, as its text says.
fn read(text: &str) -> Vec<HashMap<String, String>> {
    let mut lines = text.lines().peekable();
    let mut shared = HashMap::new();
    let (mut links, mut prefixes) = (Vec::new(), HashMap::new());
    while let Some(line) = lines.peek() {
        if let Some(list) = line.strip_prefix("In every row: ") {
            shared.extend(list.split("; ").filter_map(|pair| pair.split_once(" = ")));
        } else if !line.contains('\t') && line.contains(" = ") && line.contains('{') {
            links.push(line.split_once(" = ").expect("a link"));
        } else if !line.contains('\t') && line.contains(" begins with ") {
            prefixes.extend(line.split_once(" begins with "));
        } else {
            break;
        }
        lines.next();
    }
    let names: Vec<&str> = lines.next().expect("columns").split('\t').collect();
    let row = |line: &str| {
        let mut row: HashMap<String, String> =
            shared.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        for (name, cell) in names.iter().zip(line.split('\t')) {
            let prefix = prefixes.get(name).filter(|_| !cell.is_empty()).copied().unwrap_or_default();
            row.insert((*name).to_owned(), format!("{prefix}{cell}"));
        }
        for (name, form) in &links {
            let (before, rest) = form.split_once('{').expect("a link");
            let (origin, after) = rest.split_once('}').expect("a link");
            let value = row.get(origin).cloned().unwrap_or_default();
            let value = if value.is_empty() { value } else { format!("{before}{value}{after}") };
            row.insert((*name).to_owned(), value);
        }
        row
    };
    lines.map(row).collect()
}

/// All leaves of a row that have a value.
fn leaves(value: &Value, path: &str, into: &mut HashMap<String, String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                leaves(value, &if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, into);
            }
        }
        Value::Null => {}
        Value::Array(list) if list.is_empty() => {}
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => {
            into.insert(path.to_owned(), text.clone());
        }
        other => {
            into.insert(path.to_owned(), other.to_string());
        }
    }
}

fn guid(n: u64) -> String {
    let mixed = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!(
        "{:08x}-{:04x}-4{:03x}-9{:03x}-{:012x}",
        mixed as u32,
        n & 0xffff,
        (mixed >> 32) & 0xfff,
        (mixed >> 44) & 0xfff,
        mixed >> 16
    )
}

/// An incident as the service gives it.
fn incident(n: u64) -> Value {
    const SCOPE: &str = "/subscriptions/6b1ceacd-5731-4780-8f96-2078dd96fd96/resourceGroups/rg-soc-weu/providers/\
        Microsoft.OperationalInsights/workspaces/law-soc-weu/providers/Microsoft.SecurityInsights";
    const TITLES: [&str; 5] = [
        "Suspicious sign-in from an unfamiliar location",
        "Multiple failed logons followed by success",
        "Rare process on a domain controller",
        "Mass download by a single user",
        "Malware detected and not cleaned",
    ];
    let pick = |choices: &[&str]| choices[(n as usize * 7 + 3) % choices.len()].to_owned();
    let user = format!("analyst{}@contoso.example", n % 6);
    let owner = match n % 3 {
        0 => json!({"objectId": null, "email": null, "assignedTo": null, "userPrincipalName": null}),
        _ => json!({"objectId": guid(n % 6 + 900), "email": user, "assignedTo": format!("Analyst {}", n % 6),
                    "userPrincipalName": user, "ownerType": "User"}),
    };
    let time = |minutes: u64| {
        format!(
            "2026-11-{:02}T{:02}:{:02}:{:02}.{:07}Z",
            1 + n % 20,
            (n * 5 + minutes) % 24,
            (n * 11 + minutes) % 60,
            n % 60,
            n * 7919 % 10_000_000
        )
    };
    json!({
        "id": format!("{SCOPE}/Incidents/{}", guid(n)),
        "name": guid(n),
        "etag": format!("\"{}\"", guid(n + 5_000)),
        "type": "Microsoft.SecurityInsights/Incidents",
        "properties": {
            "title": format!("{} ({})", TITLES[n as usize % 5], n % 17),
            "description": if n.is_multiple_of(4) { "Identifies activity that deviates from the baseline of the account.".to_owned() } else { String::new() },
            "severity": pick(&["High", "Medium", "Low", "Informational"]),
            "status": pick(&["New", "Active", "Closed"]),
            "classification": if n % 3 == 2 { json!("BenignPositive") } else { Value::Null },
            "owner": owner,
            "labels": if n.is_multiple_of(5) { json!([{"labelName": "vip", "labelType": "User"}]) } else { json!([]) },
            "firstActivityTimeUtc": time(1), "lastActivityTimeUtc": time(4),
            "lastModifiedTimeUtc": time(9), "createdTimeUtc": time(6),
            "incidentNumber": 41_000 + n,
            "additionalData": {"alertsCount": 1 + n % 4, "bookmarksCount": 0, "commentsCount": n % 3,
                "alertProductNames": ["Azure Sentinel"], "tactics": [pick(&["InitialAccess", "Execution", "Exfiltration"])], "techniques": []},
            "relatedAnalyticRuleIds": [format!("{SCOPE}/alertRules/{}", guid(n % 9 + 700))],
            "incidentUrl": format!("https://portal.azure.com/#asset/Microsoft_Azure_Security_Insights/Incident{SCOPE}/Incidents/{}", guid(n)),
            "providerName": "Azure Sentinel", "providerIncidentId": (41_000 + n).to_string(),
        },
    })
}

#[test]
fn text_of_100_incidents_holds_every_value_in_two_fifths_of_the_json() {
    let incidents: Vec<Value> = (1..=100).map(incident).collect();
    let text = text(&incidents);
    let json = Value::Array(incidents.clone()).to_string();
    assert!(text.len() * 5 <= json.len() * 2, "{} of {} bytes:\n{text}", text.len(), json.len());
    let rows = read(&text);
    assert_eq!(rows.len(), incidents.len());
    for (row, incident) in rows.iter().zip(&incidents) {
        let mut expected = HashMap::new();
        leaves(incident, "", &mut expected);
        for (path, value) in expected {
            let there = row.get(&path).map(String::as_str);
            let quoted = Value::String(value.clone()).to_string();
            assert!(
                there == Some(value.as_str()) || there == Some(quoted.as_str()),
                "{path}: {there:?}, not {value}"
            );
        }
    }
}

#[test]
fn text_is_a_table_of_objects_with_all_their_columns() {
    let rows = json!([{"Id": 1, "Name": "a", "Owner": null}, {"Name": "b\tc", "Owner": "", "Tags": ["x", {"y": null}]}]);
    assert_eq!(shown(rows), "Id\tName\tTags\n1\ta\t\n\t\"b\\tc\"\t[\"x\",{\"y\":null}]");
}

#[test]
fn objects_in_rows_are_columns_of_their_own() {
    let rows = json!([{"Id": 1, "Owner": {"Name": "a", "Mail": null}}, {"Id": 2, "Owner": {"Name": "b"}}]);
    assert_eq!(shown(rows), "Id\tOwner.Name\n1\ta\n2\tb");
}

#[test]
fn what_all_rows_share_stands_above_them_once() {
    let rows = json!([
        {"Name": "first", "Kind": "k", "Path": "/a/b/c/d/first", "At": "2026-11-02T10:00"},
        {"Name": "second", "Kind": "k", "Path": "/a/b/c/d/second", "At": "2026-11-02T11:30"},
        {"Name": "third.", "Kind": "k", "Path": "/a/b/c/d/third.", "At": "2026-11-02T12:00"},
    ]);
    let text = shown(rows);
    assert!(text.starts_with("In every row: Kind = k\n"), "{text}");
    assert!(text.contains("At begins with 2026-11-"), "{text}");
    assert_eq!(read(&text)[1]["Path"], "/a/b/c/d/second");
    assert_eq!(read(&text)[2]["At"], "2026-11-02T12:00");
}

#[test]
fn rows_that_are_all_the_same_are_still_rows() {
    assert_eq!(shown(json!([{"a": 1}, {"a": 1}, {"a": 1}])), "a\n1\n1\n1");
}

#[test]
fn text_of_one_object_is_its_properties() {
    assert_eq!(shown(json!([{"Id": 1, "Name": "a b", "Gone": null}])), "Id: 1\nName: a b");
}

#[test]
fn text_of_scalars_and_mixtures_is_one_a_line() {
    assert_eq!(shown(json!(["a", 1, true, 2.5])), "a\n1\ntrue\n2.5");
    assert_eq!(shown(json!(["a\nb", {"x": 1}])), "\"a\\nb\"\n{\"x\":1}");
    assert_eq!(shown(json!([])), "");
}
