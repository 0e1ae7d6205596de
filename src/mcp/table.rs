//! Values as compact text: what a model reads. The same values are in the structured content, in full.

use serde_json::{Map, Value};

/// Longest text of all rows, bytes.
const MAX_TEXT_BYTES: usize = 48 << 10;

/// Rows of values: scalars one a line, objects as a table or, one alone, as a list of its properties.
pub(crate) fn text(values: &[Value]) -> String {
    match values {
        [] => String::new(),
        [Value::Object(one)] => properties(one),
        values => match columns(values) {
            Some(columns) => table(&columns, values),
            None => bounded(values.iter().map(cell), values.len()),
        },
    }
}

/// One object: its properties that have a value, one a line.
fn properties(object: &Map<String, Value>) -> String {
    let lines = object.iter().filter(|(_, value)| !is_blank(value));
    lines.map(|(name, value)| format!("{name}: {}", cell(value))).collect::<Vec<_>>().join("\n")
}

/// The columns, if all values are objects with at least one property: every name that has a value anywhere, in the
/// order of appearance.
fn columns(values: &[Value]) -> Option<Vec<&str>> {
    let mut columns: Vec<&str> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for value in values {
        let object = value.as_object().filter(|object| !object.is_empty())?;
        let filled = object.iter().filter(|(_, value)| !is_blank(value)).map(|(name, _)| name.as_str());
        columns.extend(filled.filter(|name| known.insert(*name)));
    }
    Some(columns).filter(|columns| !columns.is_empty())
}

fn table(columns: &[&str], values: &[Value]) -> String {
    let empty = Map::new();
    let row = |value: &Value| {
        let object = value.as_object().unwrap_or(&empty);
        columns
            .iter()
            .map(|name| object.get(*name).map(cell).unwrap_or_default())
            .collect::<Vec<_>>()
            .join("\t")
    };
    let rows = bounded(values.iter().map(row), values.len());
    format!("{}\n{rows}", columns.join("\t"))
}

/// Lines up to the limit, and how many are missing.
fn bounded(lines: impl Iterator<Item = String>, count: usize) -> String {
    let mut text = String::new();
    for (shown, line) in lines.enumerate() {
        if text.len() + line.len() > MAX_TEXT_BYTES && shown > 0 {
            text.push_str(&format!("\n… {} of {count} rows are left out here; select fewer", count - shown));
            break;
        }
        if shown > 0 {
            text.push('\n');
        }
        text.push_str(&line);
    }
    text
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// One value on one line: texts as they are unless that could be mistaken for the table itself, the rest as JSON.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if !text.contains(['\t', '\n', '\r']) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(values: Value) -> String {
        text(values.as_array().expect("an array"))
    }

    #[test]
    fn text_is_a_table_of_objects_with_all_their_columns() {
        assert_eq!(
            shown(
                json!([{"Id": 1, "Name": "a", "Owner": null}, {"Name": "b\tc", "Owner": "", "Tags": ["x", {"y": null}]}])
            ),
            "Id\tName\tTags\n1\ta\t\n\t\"b\\tc\"\t[\"x\",{\"y\":null}]"
        );
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

    #[test]
    fn text_says_how_many_rows_it_leaves_out() {
        let values: Vec<Value> = (0..1000).map(|n| json!(format!("{n} {}", "x".repeat(100)))).collect();
        let text = text(&values);
        assert!(text.len() < MAX_TEXT_BYTES + 200);
        let shown = text.lines().count() - 1;
        assert!(text.ends_with(&format!("… {} of 1000 rows are left out here; select fewer", 1000 - shown)));
    }
}
