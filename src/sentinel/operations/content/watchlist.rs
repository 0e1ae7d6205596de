//! Watchlists.

use serde_json::Value;

use super::Report;
use super::schema::Schema;

/// Bytes that can be uploaded with the watchlist itself.
const UPLOAD: usize = 3_800_000;
/// Characters of a line.
const LINE: usize = 10_240;

/// Checks a watchlist: its alias, its properties and its items as CSV, where they are given.
pub(super) fn check(
    report: &mut Report,
    schema: &Schema,
    alias: &str,
    properties: &Value,
    items: Option<&str>,
) {
    let fits = alias.len() >= 3
        && alias.len() <= 64
        && alias.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && alias.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !fits {
        report.error(
            "watchlistAlias",
            format!("'{alias}' is no alias"),
            "3 to 64 letters, digits, '_' and '-', a letter or digit first.",
        );
    }
    for name in ["displayName", "provider", "itemsSearchKey"] {
        if properties[name].as_str().is_none_or(|text| text.trim().is_empty()) {
            report.error(&format!("properties.{name}"), "it is missing", "The watchlist has to have it.");
        }
    }
    match items {
        Some(items) => rows(report, properties, items),
        None => report.warning(
            "data",
            "there are no items",
            "Without rows the watchlist stays empty: put them into rawContent, or into data.csv beside it.",
        ),
    }
    if schema.has_watchlist(alias) {
        report.warning(
            "watchlistAlias",
            format!("there is a watchlist '{alias}' already"),
            "Its items would be added to those that are there; the search key cannot be changed.",
        );
    }
    report.info("watchlistAlias", format!("the watchlist '{alias}' would be created or filled"), "");
}

fn rows(report: &mut Report, properties: &Value, items: &str) {
    if items.len() > UPLOAD {
        report.error(
            "data",
            format!("it has {} bytes, {UPLOAD} at most", items.len()),
            "Upload it through Azure Storage in the portal, or split it.",
        );
    }
    let skipped =
        properties["numberOfLinesToSkip"].as_u64().and_then(|lines| usize::try_from(lines).ok()).unwrap_or(0);
    if let Some((number, _)) = items.lines().enumerate().find(|(_, line)| line.chars().count() > LINE) {
        report.error(
            &format!("data, line {}", number + 1),
            format!("it has more than {LINE} characters"),
            "Shorten it.",
        );
    }
    let text: String =
        items.trim_start_matches('\u{feff}').lines().skip(skipped).flat_map(|line| [line, "\n"]).collect();
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => {
            return report.error(
                "data, line 1",
                format!("it is no CSV: {error}"),
                "The first line names the columns.",
            );
        }
    };
    let key = properties["itemsSearchKey"].as_str().unwrap_or_default();
    if !key.is_empty() && !headers.iter().any(|name| name.trim() == key) {
        let near = crate::nearest::nearest(key, headers.iter());
        report.error(
            "properties.itemsSearchKey",
            format!("the data has no column '{key}'"),
            near.map_or_else(
                || format!("It has {}.", headers.iter().collect::<Vec<_>>().join(", ")),
                |near| format!("Did you mean '{near}'?"),
            ),
        );
    }
    let mut seen = std::collections::HashSet::new();
    let mut count = 0_usize;
    let column = headers.iter().position(|name| name.trim() == key);
    for (number, row) in reader.records().enumerate() {
        match row {
            Ok(row) => {
                count += 1;
                if let Some(value) = column.and_then(|column| row.get(column))
                    && !seen.insert(value.to_owned())
                {
                    report.info(
                        &format!("data, row {}", number + 1),
                        format!("'{value}' is there more than once"),
                        "",
                    );
                }
            }
            Err(error) => {
                return report.error(
                    &format!("data, row {}", number + 1),
                    format!("it is no CSV: {error}"),
                    "Every row has as many cells as there are columns.",
                );
            }
        }
    }
    if count == 0 {
        report.warning("data", "there are no rows", "Azure refuses a watchlist without any.");
    }
}
