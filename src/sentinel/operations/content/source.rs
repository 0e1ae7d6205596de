//! Reading content: what it is, and its parts, whichever of the usual layouts it has.

use serde_json::{Map, Value, json};

use super::ContentKind;
use crate::sentinel::content::{self, Piece, files};
use crate::sentinel::folder::below;
use crate::sentinel::target::Target;
use crate::sentinel::{Error, Result};

/// Largest file that is read, bytes.
const LARGEST: u64 = 8 << 20;

/// Content, ready to be checked.
#[derive(Debug)]
pub(super) enum Content {
    Rule(Piece),
    Hunting(Value),
    Workbook { name: String, document: Value },
    Watchlist { alias: String, properties: Value, items: Option<String> },
    Automation { properties: Value, id: Option<String> },
}

/// The document, and the items of a watchlist that lie beside it.
pub(super) struct Source {
    document: Value,
    beside: Option<String>,
}

/// Reads a file below the folder of backups, or what was given in its place.
pub(super) fn read(target: &Target, file: Option<&str>, given: Option<&Value>) -> Result<Source> {
    match (file, given) {
        (Some(path), None) => {
            let path = below(&target.backups, path)?;
            let failed =
                |problem: &dyn std::fmt::Display| Error::file("no content can be read from", &path, problem);
            let document = files::text(&path, LARGEST)
                .and_then(|text| files::document(&text))
                .map_err(|problem| failed(&problem))?;
            let beside = files::text(&path.with_file_name("data.csv"), LARGEST).ok();
            Ok(Source { document, beside })
        }
        (None, Some(Value::String(text))) => {
            let document = files::document(text)
                .map_err(|problem| Error::arguments(target.operation, format!("Content: {problem}")))?;
            Ok(Source { document, beside: None })
        }
        (None, Some(document)) => Ok(Source { document: document.clone(), beside: None }),
        _ => Err(Error::arguments(target.operation, "either FromFile or Content is wanted")),
    }
}

impl Source {
    /// Takes it for content of a kind; of the kind that it looks like, if none is given.
    ///
    /// # Errors
    /// What keeps it from being that.
    pub(super) fn content(self, kind: Option<ContentKind>) -> std::result::Result<Content, String> {
        let document = only(self.document)?;
        let kind = match kind.or_else(|| kind_of(&document)) {
            Some(kind) => kind,
            None => {
                return Err(
                    "it looks like no rule, hunting query, workbook, watchlist or automation rule".to_owned()
                );
            }
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let id = text(&document["name"]).filter(|name| uuid::Uuid::try_parse(name).is_ok());
        // Exports have everything in properties, repositories at the top.
        let properties = if document["properties"].is_object() { &document["properties"] } else { &document };
        Ok(match kind {
            ContentKind::AnalyticsRule => {
                Content::Rule(files::one_of(content::ContentKind::AnalyticsRules, document)?)
            }
            ContentKind::HuntingQuery => Content::Hunting(hunting(&document, properties)),
            ContentKind::Workbook => workbook(&document, properties)?,
            ContentKind::Watchlist => Content::Watchlist {
                alias: text(&properties["watchlistAlias"])
                    .or_else(|| text(&document["name"]))
                    .unwrap_or_default(),
                properties: properties.clone(),
                items: text(&properties["rawContent"]).or(self.beside),
            },
            ContentKind::AutomationRule => Content::Automation {
                id: id.or_else(|| text(&properties["automationRuleId"])),
                properties: properties.clone(),
            },
        })
    }
}

/// The one object of a document that may be a list, a template or an export.
fn only(document: Value) -> std::result::Result<Value, String> {
    let list = match document {
        Value::Array(list) => list,
        Value::Object(mut fields) => {
            match ["resources", "automationRules"]
                .into_iter()
                .find(|name| fields.get(*name).is_some_and(Value::is_array))
            {
                Some(name) => match fields.remove(name) {
                    Some(Value::Array(list)) => list,
                    _ => Vec::new(),
                },
                None => return Ok(Value::Object(fields)),
            }
        }
        _ => return Err("it is no object".to_owned()),
    };
    let count = list.len();
    let mut list = list.into_iter();
    match (list.next(), count) {
        (Some(one), 1) => Ok(one),
        _ => Err(format!("it holds {count} objects, and one is wanted")),
    }
}

fn kind_of(document: &Value) -> Option<ContentKind> {
    let properties = if document["properties"].is_object() { &document["properties"] } else { document };
    let has = |name: &str| !properties[name].is_null();
    let of_type =
        |part: &str| document["type"].as_str().is_some_and(|kind| kind.to_ascii_lowercase().ends_with(part));
    if has("triggeringLogic") || of_type("/automationrules") {
        Some(ContentKind::AutomationRule)
    } else if has("itemsSearchKey") || has("watchlistAlias") || of_type("/watchlists") {
        Some(ContentKind::Watchlist)
    } else if has("serializedData") || document["items"].is_array() || of_type("/workbooks") {
        Some(ContentKind::Workbook)
    } else if has("category") && has("query") || of_type("/savedsearches") {
        Some(ContentKind::HuntingQuery)
    } else if document["kind"].is_string()
        || has("severity")
        || has("queryFrequency")
        || of_type("/alertrules")
    {
        Some(ContentKind::AnalyticsRule)
    } else if has("query") {
        Some(ContentKind::HuntingQuery)
    } else {
        None
    }
}

/// As a saved query with its tags taken apart, or as YAML of the community.
fn hunting(document: &Value, properties: &Value) -> Value {
    let text = |name: &str| properties[name].as_str().map(str::to_owned);
    let mut made = Map::new();
    let saved = document["properties"].is_object();
    made.insert(
        "displayName".to_owned(),
        json!(text("displayName").or_else(|| if saved { None } else { text("name") })),
    );
    made.insert("query".to_owned(), json!(text("query")));
    made.insert("name".to_owned(), if saved { document["name"].clone() } else { document["id"].clone() });
    let tag = |wanted: &str| -> Value {
        let tags = properties["tags"].as_array().into_iter().flatten();
        let found = tags
            .into_iter()
            .find(|tag| tag["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(wanted)));
        match found.and_then(|tag| tag["value"].as_str()) {
            Some(list) => list.split(',').map(|one| json!(one.trim())).collect(),
            None => Value::Null,
        }
    };
    for (name, other) in [("tactics", "tactics"), ("techniques", "relevantTechniques")] {
        let own = [&properties[name], &properties[other]].into_iter().find(|list| list.is_array()).cloned();
        made.insert(name.to_owned(), own.unwrap_or_else(|| tag(name)));
    }
    Value::Object(made)
}

fn workbook(document: &Value, properties: &Value) -> std::result::Result<Content, String> {
    let name = properties["displayName"].as_str().unwrap_or_default().to_owned();
    let document = match properties["serializedData"].as_str() {
        Some(text) => {
            serde_json::from_str(text).map_err(|error| format!("its serializedData is no JSON: {error}"))?
        }
        None => document.clone(),
    };
    Ok(Content::Workbook { name, document })
}
