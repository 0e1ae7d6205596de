//! The content of `externaldata`.

use crate::kql::error::{Problem, Result};
use crate::kql::table::{Column, Row};
use crate::kql::value::{Value, convert, json};

/// Appends the rows of a text in the given format.
pub fn read(
    content: &str,
    format: &str,
    skip_first: bool,
    columns: &[Column],
    rows: &mut Vec<Row>,
) -> Result<()> {
    match format {
        "csv" | "tsv" | "scsv" | "psv" | "sohsv" => delimited(content, format, skip_first, columns, rows),
        "txt" | "raw" => {
            let lines: Vec<&str> = if format == "raw" { vec![content] } else { content.lines().collect() };
            for line in lines.into_iter().skip(usize::from(skip_first)) {
                rows.push(row(columns, |at| (at == 0).then(|| Value::from(line))));
            }
            Ok(())
        }
        "json" | "multijson" => {
            for record in records(content) {
                rows.push(row(columns, |at| {
                    record.as_bag().and_then(|bag| bag.get(columns[at].name.as_str())).cloned()
                }));
            }
            Ok(())
        }
        other => Err(Problem::unsupported(format!("the format '{other}'"))),
    }
}

fn row(columns: &[Column], mut cell: impl FnMut(usize) -> Option<Value>) -> Row {
    let stored = |(at, column): (usize, &Column)| {
        cell(at).map_or_else(|| column.ty.nothing(), |value| convert::cast(&value, column.ty))
    };
    columns.iter().enumerate().map(stored).collect()
}

fn delimited(
    content: &str,
    format: &str,
    skip_first: bool,
    columns: &[Column],
    rows: &mut Vec<Row>,
) -> Result<()> {
    let delimiter = match format {
        "tsv" => b'\t',
        "scsv" => b';',
        "psv" => b'|',
        "sohsv" => 1,
        _ => b',',
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(content.as_bytes());
    for record in reader.records().skip(usize::from(skip_first)) {
        let record =
            record.map_err(|error| Problem::runtime(format!("the external data cannot be read: {error}")))?;
        rows.push(row(columns, |at| record.get(at).map(Value::from)));
    }
    Ok(())
}

/// One document after the other, or an array of them.
fn records(content: &str) -> Vec<Value> {
    let documents = serde_json::Deserializer::from_str(content).into_iter::<serde_json::Value>();
    let values = documents.map_while(std::result::Result::ok).map(|document| json::from_json(&document));
    values.flat_map(|value| value.as_array().map_or_else(|| vec![value.clone()], <[_]>::to_vec)).collect()
}
