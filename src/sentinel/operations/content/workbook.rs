//! Workbooks.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::Report;
use super::schema::Schema;
use crate::kql;
use crate::sentinel::Result;
use crate::sentinel::target::Target;

/// Checks a workbook: the document of its items.
pub(super) async fn check(
    report: &mut Report,
    target: &Target,
    schema: &Schema,
    name: &str,
    document: &Value,
) -> Result<()> {
    if !document["items"].is_array() {
        report.error(
            "items",
            "there is no list of items",
            "Export the workbook from its editor: advanced editor, gallery template.",
        );
    }
    if document["version"] != "Notebook/1.0" {
        report.warning(
            "version",
            format!("it is {}", document["version"]),
            "Workbooks of today are of the version Notebook/1.0.",
        );
    }
    items(report, schema, &document["items"], "items");
    for (found, _) in super::super::workbooks::listed(target, false).await? {
        if !name.is_empty()
            && found.text("/properties/displayName").is_some_and(|own| own.eq_ignore_ascii_case(name))
        {
            report.warning(
                "displayName",
                format!("there is a workbook of this name already, '{}'", found.name()),
                "Give this one another name, or change that one with Import-SentinelWorkbook -WorkbookId.",
            );
        }
    }
    report.info("displayName", format!("the workbook '{name}' would be created"), "");
    Ok(())
}

/// Looks at the queries of items, those in groups too.
fn items(report: &mut Report, schema: &Schema, items: &Value, place: &str) {
    for (index, item) in items.as_array().into_iter().flatten().enumerate() {
        let place = format!("{place}[{index}]");
        let content = &item["content"];
        // A query of logs; other types ask other services.
        if item["type"] == 3
            && content["queryType"].as_i64().unwrap_or(0) == 0
            && let Some(text) = content["query"].as_str()
        {
            logs_query(report, schema, text, &format!("{place}.content.query"));
        }
        self::items(report, schema, &content["items"], &format!("{place}.content.items"));
    }
}

/// Looks at the tables of a query. Parameters in braces are filled in when the workbook is shown; here, samples stand for them.
fn logs_query(report: &mut Report, schema: &Schema, text: &str, place: &str) {
    let parameters = parameters(text);
    let plain = kql::parse(text);
    let query = match plain {
        Ok(query) => query,
        Err(problem) if parameters.is_empty() => {
            report.warning(place, problem.headline(text), "Its part of the workbook will show an error.");
            return;
        }
        Err(_) => match SAMPLES.iter().find_map(|sample| kql::parse(&filled(text, sample)).ok()) {
            Some(query) => query,
            None => return not_checked(report, place, &parameters),
        },
    };
    let found = kql::analysis::references(&query);
    let depends = |name: &str| name.contains(['{', '}']) || name.contains(STANDS_FOR);
    if found.table_names().any(depends) {
        not_checked(report, place, &parameters);
    }
    for name in found.table_names().filter(|name| !name.contains('*') && !depends(name)) {
        if schema.plan(name).is_none() && !schema.has_function(name) && !super::schema::is_built_in(name) {
            report.warning(
                place,
                format!("the workspace has no table or function '{name}'"),
                "Its part of the workbook will show an error until the data is connected.",
            );
        }
    }
}

/// A name that stands for a parameter.
const STANDS_FOR: &str = "__parameter";
/// What may stand for a parameter: a name or a part of one, a text, a number, a list, nothing.
const SAMPLES: [&str; 5] = [STANDS_FOR, "'__parameter'", "1", "dynamic(['__parameter'])", ""];

fn not_checked(report: &mut Report, place: &str, parameters: &[String]) {
    let names = parameters.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ");
    report.info(
        place,
        format!("not checked: what it reads depends on {names}"),
        "Look at that part of the workbook once it is saved.",
    );
}

/// The parameters of a query, each once: `Name` of `{Name}` and `{Name:format}`.
fn parameters(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in PARAMETER.captures_iter(text).map(|found| found[1].to_owned()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A query with its parameters filled in. What the format says counts more than the sample.
fn filled(text: &str, sample: &str) -> String {
    let filled = PARAMETER.replace_all(text, |found: &regex::Captures<'_>| {
        let format = found.get(2).map_or("", |format| format.as_str());
        // `where TimeGenerated {TimeRange}`: the range brings its operator along.
        let after_time = text[..found.get(0).map_or(0, |all| all.start())].trim_end().ends_with(TIME);
        match format {
            "start" | "end" | "startISO" | "endISO" => "datetime(2026-01-01)".to_owned(),
            "grain" => "1h".to_owned(),
            "query" => "> ago(1d)".to_owned(),
            "seconds" | "milliseconds" | "minutes" | "hours" | "days" => "1".to_owned(),
            _ if after_time => "> ago(1d)".to_owned(),
            _ => sample.to_owned(),
        }
    });
    filled.into_owned()
}

/// The column that ranges of time are about.
const TIME: &str = "TimeGenerated";

static PARAMETER: LazyLock<Regex> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "the expression is a constant, and a test uses it")]
    Regex::new(r"\{([A-Za-z_][A-Za-z0-9_ ]*)(?::([A-Za-z0-9_.$\[\]]+))?\}").expect("is valid")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_and_filled_in() {
        let text = "SigninLogs | where TimeGenerated {TimeRange} and UserId in ({Users}) | summarize count() by bin(TimeGenerated, {TimeRange:grain})";
        assert_eq!(parameters(text), ["TimeRange", "Users"]);
        let query = SAMPLES.iter().find_map(|sample| kql::parse(&filled(text, sample)).ok()).expect("parses");
        let found = kql::analysis::references(&query);
        assert_eq!(found.table_names().collect::<Vec<_>>(), ["SigninLogs"]);
        assert!(parameters("let f = (x: int) { x + 1 }; print f(1)").is_empty());
    }
}
