//! Real content: all of it parses, nearly all of it runs.

use std::collections::BTreeMap;

use runspaced::kql::{self, Column, Options, ProblemKind, Row, Table, Tables, Type, Value};

use super::content::{self, Query};
use super::support::Context;

/// Least share of queries that must run, of those that are complete queries.
const RUNNING: f64 = 0.9;

pub fn every_file_of_queries_parses(_: &Context) {
    let files = content::files_of_queries();
    assert!(files.len() >= 200, "{} files", files.len());
    let mut queries = 0;
    for file in &files {
        match kql::parse_script(&file.text) {
            Ok(found) => queries += found.len(),
            Err(problem) => panic!("{}\n{}", file.origin, problem.render(&file.text)),
        }
    }
    println!("{} files, {queries} queries", files.len());
    assert!(queries > files.len(), "some files hold several queries");
}

pub fn every_rule_and_hunting_query_parses(_: &Context) {
    for (kind, least) in [("analytics-rules", 80), ("hunting-queries", 60), ("parsers", 1)] {
        let queries = content::yaml(kind);
        assert!(queries.len() >= least, "{} of {kind}", queries.len());
        for query in &queries {
            if let Err(problem) = kql::parse(&query.text) {
                panic!("{}\n{}", query.origin, problem.render(&query.text));
            }
        }
    }
}

/// Tables of every name, without rows. Of their columns only those that all tables have are known.
struct AnyTable;

impl Tables for AnyTable {
    fn schema(&self, table: &str) -> Option<Vec<Column>> {
        let is_table = table.starts_with(|c: char| c.is_ascii_uppercase())
            || table.ends_with("_CL")
            || table == "resources";
        let known = [
            ("TimeGenerated", Type::DateTime),
            ("Timestamp", Type::DateTime),
            ("DataType", Type::String),
            ("Quantity", Type::Real),
            ("Computer", Type::String),
            ("Account", Type::String),
            ("AccountType", Type::String),
        ];
        is_table.then(|| known.into_iter().map(|(name, ty)| Column::new(name, ty)).collect())
    }

    fn is_open(&self, _: &str) -> bool {
        true
    }

    fn rows(&self, _: &str) -> kql::Result<Vec<Row>> {
        Ok(Vec::new())
    }

    fn names(&self) -> Vec<String> {
        vec!["SigninLogs".to_owned(), "AuditLogs".to_owned()]
    }

    fn call(&self, name: &str, _: &[Value]) -> Option<kql::Result<Table>> {
        (name == "_GetWatchlist").then(|| Ok(Table { open: true, ..Table::default() }))
    }

    fn elsewhere(&self, _: &str, _: &str) -> Option<&dyn Tables> {
        Some(self)
    }
}

/// Complete queries: many of the workbooks have parameters in braces, which only the workbook can fill in.
fn complete() -> Vec<Query> {
    let mut all = content::everything();
    all.retain(|query| !has_parameter(&query.text) && kql::parse_script(&query.text).is_ok());
    all
}

/// The text has `{Name}` or `{Name:part}`.
fn has_parameter(text: &str) -> bool {
    text.match_indices('{').any(|(at, _)| {
        let inner = &text[at + 1..];
        let end =
            inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':').unwrap_or(inner.len());
        end > 0 && inner.starts_with(|c: char| c.is_ascii_alphabetic()) && inner[end..].starts_with('}')
    })
}

pub fn nearly_all_content_runs_over_empty_tables(_: &Context) {
    let (mut total, mut running) = (0_u32, 0_u32);
    let mut reasons: BTreeMap<String, u32> = BTreeMap::new();
    for query in complete() {
        for (_, parsed) in kql::parse_script(&query.text).unwrap() {
            total += 1;
            match kql::run(&parsed, &AnyTable, &Options::default()) {
                Ok(_) => running += 1,
                Err(problem) => {
                    assert!(
                        matches!(problem.kind, ProblemKind::Semantic | ProblemKind::Unsupported),
                        "{}\n{}",
                        query.origin,
                        problem.render(&query.text)
                    );
                    *reasons.entry(problem.message).or_default() += 1;
                }
            }
        }
    }
    println!("{running} of {total} queries run");
    for (reason, count) in &reasons {
        println!("{count:4} {reason}");
    }
    assert!(total > 400, "only {total} queries are complete");
    assert!(f64::from(running) >= RUNNING * f64::from(total), "{running} of {total} queries run");
}
