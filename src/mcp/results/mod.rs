//! Results as a model reads them: as many rows as fit, the same rows as structured content, and the rest behind a handle.

mod condition;
mod fields;
mod query;
mod shorten;
mod store;
mod table;
#[cfg(test)]
mod table_tests;
mod tool;

use serde_json::Value;

pub(crate) use fields::{FieldPath, select};
pub(crate) use query::{Query, QueryError};
pub(crate) use store::{Kept, ResultStore, StoreLimits};
pub(crate) use table::text;
pub(crate) use tool::{NAME as GET_RESULT, answer, schema};

/// How much of a result a client gets at once. The common caps are 25,000 tokens a result, about 100 KB, and a warning from
/// 10,000 on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// Bytes of the text.
    pub(crate) text: usize,
    /// Bytes of the same rows as JSON.
    pub(crate) json: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { text: 40_000, json: 90_000 }
    }
}

/// The rows that a client gets.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Shown {
    pub(crate) rows: Vec<Value>,
    pub(crate) text: String,
    /// A row was too long by itself, and is shortened where marked.
    pub(crate) shortened: bool,
}

/// As many of these rows as fit, from the first on; at least one.
pub(crate) fn fit(rows: impl IntoIterator<Item = Value>, budget: Budget) -> Shown {
    let mut shown = Shown::default();
    let mut json = 2;
    for row in rows {
        let size = json_size(&row) + 1;
        if json + size <= budget.json {
            json += size;
            shown.rows.push(row);
        } else {
            if shown.rows.is_empty() {
                shown.rows.push(shorten::to_fit(row, budget.json.min(budget.text)));
                shown.shortened = true;
            }
            break;
        }
    }
    shown.text = text(&shown.rows);
    // A table's columns depend on its rows, so that its length is only known when it is made.
    while shown.text.len() > budget.text && shown.rows.len() > 1 {
        let keep = (shown.rows.len() * budget.text / shown.text.len()).clamp(1, shown.rows.len() - 1);
        shown.rows.truncate(keep);
        shown.text = text(&shown.rows);
    }
    if shown.text.len() > budget.text {
        shown.rows = shown.rows.drain(..).map(|row| shorten::to_fit(row, budget.text * 3 / 4)).collect();
        shown.shortened = true;
        shown.text = text(&shown.rows);
    }
    shown
}

/// Those of the fields that no row has, and what the rows have; `None` if all are there.
pub(crate) fn fields_of(fields: &[FieldPath], rows: &[Value]) -> Option<(String, String)> {
    let unknown = fields::unknown(fields, rows);
    (!unknown.is_empty() && !rows.is_empty()).then(|| (unknown.join(", "), fields::known(rows).join(", ")))
}

/// A value that says nothing.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    }
}

/// Bytes of a value as JSON.
fn json_size(value: &Value) -> usize {
    let mut counter = Counter(0);
    // Writing to a counter cannot fail.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BUDGET: Budget = Budget { text: 1_000, json: 2_000 };

    #[test]
    fn rows_that_fit_are_shown_and_no_more() {
        let rows: Vec<Value> = (0..500).map(|n| json!({"Id": n, "Name": format!("name {n}")})).collect();
        let shown = fit(rows.clone(), BUDGET);
        assert!(shown.text.len() <= BUDGET.text && json_size(&json!(shown.rows)) <= BUDGET.json);
        assert!(shown.rows.len() > 20 && shown.rows.len() < 500, "{}", shown.rows.len());
        assert_eq!(shown.rows, rows[..shown.rows.len()]);
        assert!(!shown.shortened);
        assert_eq!(fit(rows[..5].to_vec(), BUDGET).rows.len(), 5);
    }

    #[test]
    fn row_that_is_too_long_by_itself_is_shortened() {
        for huge in [
            json!("x".repeat(9_000)),
            json!({"Id": 1, "Text": "x".repeat(9_000)}),
            json!({"List": vec![7; 9_000]}),
        ] {
            let shown = fit([huge, json!(1)], BUDGET);
            assert_eq!(shown.rows.len(), 1);
            assert!(shown.shortened && shown.text.len() <= BUDGET.text, "{}", shown.text.len());
        }
    }
}
