//! The content folder that `RUNSPACED_CONTENT_DIR` names: real rules, hunting queries, parsers, workbooks.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::content;

/// A query and where it is from.
pub struct Query {
    pub origin: String,
    pub text: String,
}

/// There is a content folder, or why not.
pub fn present() -> Result<(), String> {
    folder().map(drop)
}

fn folder() -> Result<PathBuf, String> {
    let folder = content::folder()?;
    if folder.join("kql").is_dir() {
        Ok(folder)
    } else {
        Err(format!("{} has no folder kql", folder.display()))
    }
}

fn files(below: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![below.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap().trim_start_matches('\u{feff}').to_owned()
}

/// The files of queries; a file may hold several, with empty lines between.
pub fn files_of_queries() -> Vec<Query> {
    let folder = folder().unwrap();
    let query = |path: PathBuf| Query { origin: path.display().to_string(), text: read(&path) };
    files(&folder.join("kql"), &["kql"]).into_iter().map(query).collect()
}

/// The queries of rules, hunting queries and parsers.
pub fn yaml(kind: &str) -> Vec<Query> {
    let mut queries = Vec::new();
    for path in files(&folder().unwrap().join(kind), &["yaml", "yml"]) {
        let document: Value = serde_saphyr::from_str(&read(&path)).unwrap();
        let text = document["query"].as_str().unwrap_or_else(|| panic!("{} has no query", path.display()));
        queries.push(Query { origin: path.display().to_string(), text: text.to_owned() });
    }
    queries
}

/// The queries of JSON files, wherever they are in them.
pub fn json(kind: &str) -> Vec<Query> {
    let mut queries = Vec::new();
    for path in files(&folder().unwrap().join(kind), &["json"]) {
        collect(&serde_json::from_str(&read(&path)).unwrap(), &path.display().to_string(), &mut queries);
    }
    queries
}

fn collect(value: &Value, origin: &str, queries: &mut Vec<Query>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "query" => {
                        queries.push(Query { origin: origin.to_owned(), text: text.clone() });
                    }
                    other => collect(other, origin, queries),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, origin, queries)),
        _ => {}
    }
}

/// All texts of the folder.
pub fn everything() -> Vec<Query> {
    let mut all = files_of_queries();
    for kind in ["analytics-rules", "hunting-queries", "parsers"] {
        all.extend(yaml(kind));
    }
    for kind in ["summary-rules", "workbooks"] {
        all.extend(json(kind));
    }
    all
}
