//! Files that imports read: what exports wrote, what the portal and Azure give, and what repositories keep.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::server::UPLOAD;
use super::watchlist::rows;
use super::{ContentKind, Piece, yaml};
use crate::azure::ResourceId;
use crate::sentinel::folder::below;
use crate::sentinel::{Error, Result};

/// Largest file that is read, bytes.
const LARGEST: u64 = 16 << 20;
/// Files of one folder.
const MANY: usize = 20_000;

/// What files have.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) pieces: Vec<Piece>,
    /// Names of analytics rules by id, where a file of automation rules has them.
    pub(crate) rule_names: BTreeMap<String, String>,
    /// Files of a folder that have nothing of the kind.
    pub(crate) passed_over: usize,
}

/// Reads everything of a kind from a file or from a folder and what is in it.
///
/// # Errors
/// [`Error::File`] if the path leads out of the folder of backups, if a file cannot be read, or a file that is named has
/// nothing of the kind.
pub(crate) fn read(root: &Path, path: &str, kind: ContentKind) -> Result<Files> {
    let place = below(root, path)?;
    let mut found = Files::default();
    if place.is_dir() {
        for file in walk(&place)? {
            if let Err(problem) = one(&file, kind, &mut found) {
                // A folder may have other things too; what is broken is said.
                match problem {
                    Problem::OfAnotherKind(_) => found.passed_over += 1,
                    Problem::Broken(problem) => return Err(failed(kind, &file, problem)),
                }
            }
        }
        if found.pieces.is_empty() {
            return Err(failed(kind, &place, format!("no {} is in it", kind.word())));
        }
    } else {
        one(&place, kind, &mut found).map_err(|problem| match problem {
            Problem::OfAnotherKind(problem) | Problem::Broken(problem) => failed(kind, &place, problem),
        })?;
    }
    Ok(found)
}

/// Reads the one rule of a file.
///
/// # Errors
/// Those of [`read`], and if it has several.
pub(crate) fn read_one(root: &Path, path: &str, kind: ContentKind) -> Result<Piece> {
    let mut found = read(root, path, kind)?;
    match (found.pieces.pop(), found.pieces.len()) {
        (Some(only), 0) => Ok(only),
        (_, more) => {
            Err(failed(kind, Path::new(path), format!("it has {} of them, and one is wanted", more + 1)))
        }
    }
}

/// The one object of a document, in any of the forms that files have.
///
/// # Errors
/// If it is none of the kind, or several.
pub(crate) fn one_of(kind: ContentKind, document: Value) -> Result<Piece, String> {
    match objects(document, kind).as_slice() {
        // A resource that was taken out of its template.
        [only] if only["apiVersion"].is_string() => piece(kind, &resource(only)),
        [only] => piece(kind, only),
        several => Err(format!("it holds {} of them, and one is wanted", several.len())),
    }
}

fn failed(kind: ContentKind, path: &Path, problem: String) -> Error {
    Error::file(&format!("no {} can be read from", kind.word()), path, problem)
}

#[derive(Debug)]
enum Problem {
    OfAnotherKind(String),
    Broken(String),
}

/// Files of a folder and of those in it, in order. Links are not followed: they could lead out of it.
fn walk(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |error: std::io::Error| Error::file("the folder cannot be read:", &folder, error);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if kind.is_dir() && !hidden {
                folders.push(path);
            } else if kind.is_file() && !hidden && is_content(&path) {
                files.push(path);
            }
            if files.len() > MANY {
                return Err(Error::File(format!("{} has more than {MANY} files", folder.display())));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// True for files that may hold objects; manifests, and the items beside a watchlist, do not.
fn is_content(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default();
    ["json", "yaml", "yml"].contains(&ending)
        && !name.ends_with("manifest.json")
        && !["data.json", "metadata.json"].contains(&name.as_str())
}

fn one(path: &Path, kind: ContentKind, found: &mut Files) -> Result<(), Problem> {
    let document = text(path, LARGEST).and_then(|text| document(&text)).map_err(Problem::Broken)?;
    for (id, name) in document["analyticsRules"].as_object().into_iter().flatten() {
        found.rule_names.insert(id.clone(), name.as_str().unwrap_or_default().to_owned());
    }
    let mut pieces = Vec::new();
    for mut object in objects(document, kind) {
        // Rows of our own, as they were answered with Raw, say where they are of.
        if let Some(fields) = object.as_object_mut() {
            fields.shift_remove("TenantName");
            fields.shift_remove("WorkspaceName");
        }
        let mut piece = piece(kind, &object).map_err(Problem::OfAnotherKind)?;
        if kind == ContentKind::Watchlists {
            items(path, &mut piece).map_err(Problem::Broken)?;
        }
        pieces.push(piece);
    }
    if pieces.is_empty() {
        return Err(Problem::OfAnotherKind(format!("no {} is in it", kind.word())));
    }
    found.pieces.append(&mut pieces);
    Ok(())
}

/// The text of a file of at most so many bytes.
///
/// # Errors
/// What keeps it from being read.
pub(crate) fn text(path: &Path, most: u64) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > most {
        return Err(format!("it has {size} bytes, {most} at most"));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

/// A text as a document: JSON or YAML, whatever it begins like.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn document(text: &str) -> Result<Value, String> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with(['{', '[']) {
        serde_json::from_str(text).map_err(|error| error.to_string())
    } else {
        serde_saphyr::from_str(text).map_err(|error| error.to_string())
    }
}

/// The objects of a document: of a template those of the kind, of an answer or a list all.
fn objects(document: Value, kind: ContentKind) -> Vec<Value> {
    if let Some(resources) = document["resources"].as_array() {
        let of_kind = |resource: &&Value| {
            let kind_of = resource["type"].as_str().unwrap_or_default().to_ascii_lowercase();
            kind_of.rsplit('/').next() == Some(kind.segment())
        };
        return resources.iter().filter(of_kind).map(resource).collect();
    }
    match document {
        Value::Array(objects) => objects,
        Value::Object(mut fields) => {
            // Answers of Azure have `value`, our own exports of automation rules a list beside the names of rules.
            for name in ["value", "automationRules"] {
                if let Some(Value::Array(objects)) = fields.get_mut(name).map(Value::take) {
                    return objects;
                }
            }
            vec![Value::Object(fields)]
        }
        other => vec![other],
    }
}

/// A resource of a template as an object: texts are no expressions, the name is the last part of its own.
fn resource(resource: &Value) -> Value {
    let mut object = unescaped(resource);
    let name = resource["name"].as_str().and_then(name_of);
    if let Some(fields) = object.as_object_mut() {
        for name in ["apiVersion", "dependsOn", "condition", "comments", "scope", "id"] {
            fields.shift_remove(name);
        }
        match name {
            Some(name) => fields.insert("name".to_owned(), name.into()),
            None => fields.shift_remove("name"),
        };
    }
    object
}

/// The name that the expression of a template ends in, if it is written out.
fn name_of(text: &str) -> Option<String> {
    let last = text.rsplit('/').next()?;
    let name = match text.strip_prefix('[') {
        Some(_) => last.split_once('\'').filter(|(_, rest)| rest.chars().all(|c| ")] ".contains(c)))?.0,
        None => last,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_. ".contains(c);
    (!name.is_empty() && name.chars().all(plain)).then(|| name.to_owned())
}

/// A text that begins with `[[` stands for one that begins with `[` in a template.
fn unescaped(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("[[") => text[1..].into(),
        Value::Array(items) => items.iter().map(unescaped).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), unescaped(value))).collect())
        }
        other => other.clone(),
    }
}

/// An object of a file as what is wanted of it.
fn piece(kind: ContentKind, object: &Value) -> Result<Piece, String> {
    let properties = &object["properties"];
    let none = || format!("no {} is in it", kind.word());
    match kind {
        ContentKind::AnalyticsRules if properties.is_object() && object["kind"].is_string() => {
            Ok(Piece::of_object(kind, object))
        }
        ContentKind::AnalyticsRules if properties.is_null() => yaml::rule(object),
        ContentKind::AutomationRules if properties["triggeringLogic"].is_object() => {
            Ok(Piece::of_object(kind, object))
        }
        ContentKind::AutomationRules if object["triggeringLogic"].is_object() => {
            Ok(flat(kind, object, "automationRuleId"))
        }
        ContentKind::SavedQueries if properties.is_object() => {
            let query = ["query", "Query"].iter().any(|name| properties[name].is_string());
            query.then(|| Piece::of_object(kind, object)).ok_or_else(none)
        }
        ContentKind::SavedQueries if properties.is_null() => yaml::query(object),
        ContentKind::Watchlists if properties["itemsSearchKey"].is_string() => {
            Ok(Piece::of_object(kind, object))
        }
        ContentKind::Watchlists if object["itemsSearchKey"].is_string() => {
            Ok(flat(kind, object, "watchlistAlias"))
        }
        ContentKind::DataCollectionRules if properties.is_object() => Ok(Piece::of_object(kind, object)),
        _ => Err(none()),
    }
}

/// An object whose properties are not below `properties`, as repositories keep them.
fn flat(kind: ContentKind, object: &Value, id: &str) -> Piece {
    let mut properties = object.clone();
    if let Some(fields) = properties.as_object_mut()
        && kind == ContentKind::AutomationRules
    {
        fields.shift_remove(id);
    }
    let mut named = json!({ "properties": properties });
    if let Some(name) = object[id].as_str() {
        named["name"] = name.into();
    }
    Piece { whole: false, ..Piece::of_object(kind, &named) }
}

/// The items of a watchlist: in its own document, or in a file beside it.
fn items(path: &Path, piece: &mut Piece) -> Result<(), String> {
    let alias = piece.body["properties"]["watchlistAlias"].as_str().map(str::to_owned);
    // Older answers have an id there, and the alias in the properties.
    if let Some(alias) = alias.filter(|alias| !alias.is_empty()) {
        piece.name = Some(alias);
    }
    if let Some(fields) = piece.body.as_object_mut() {
        fields.shift_remove("itemCount");
    }
    let properties = piece.body["properties"].as_object_mut().ok_or("it has no properties")?;
    let [content, ..] = UPLOAD.map(|name| properties.shift_remove(name));
    if let Some(Value::String(content)) = content {
        piece.items = Some(rows(&content, false)?);
        return Ok(());
    }
    if path.file_name().is_none_or(|name| name != "watchlist.json") {
        return Ok(());
    }
    for (name, json) in [("data.csv", false), ("data.json", true)] {
        let beside = path.with_file_name(name);
        if beside.is_file() {
            piece.items =
                Some(rows(&text(&beside, LARGEST)?, json).map_err(|problem| format!("{name}: {problem}"))?);
            return Ok(());
        }
    }
    Ok(())
}

/// The id of an object of a file, if it is one of Azure.
pub(crate) fn workspace_of(id: &ResourceId) -> Option<ResourceId> {
    let lower = id.as_str().to_ascii_lowercase();
    let at = lower.find("/workspaces/")? + "/workspaces/".len();
    let end = lower[at..].find('/').map_or(lower.len(), |end| at + end);
    Some(ResourceId::new(&id.as_str()[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(document: Value) -> Result<Vec<Piece>, String> {
        let kind = ContentKind::AnalyticsRules;
        objects(document, kind).iter().map(|object| piece(kind, object)).collect()
    }

    #[test]
    fn exports_and_templates_come_back() {
        let properties = json!({"displayName": "r", "query": "[[x]", "lastModifiedUtc": "t"});
        let template = |name: &str| {
            json!({"resources": [{"type": "Microsoft.OperationalInsights/workspaces/providers/alertRules",
            "apiVersion": "1", "name": name, "kind": "NRT", "properties": properties}, {"type": "x/workbooks"}]})
        };
        let found =
            rules(template("[concat(parameters('workspace'),'/x', variables('y'))]")).expect("is one");
        assert_eq!(found[0].body, json!({"kind": "NRT", "properties": {"displayName": "r", "query": "[x]"}}));
        assert!(found.len() == 1 && found[0].name.is_none());
        let id = "11111111-0000-0000-0000-000000000000";
        let named = format!("[concat(parameters('workspace'),'/Microsoft.SecurityInsights/{id}')]");
        assert_eq!(rules(template(&named)).expect("is one")[0].name.as_deref(), Some(id));
        let object = json!({"name": id, "etag": "1", "kind": "NRT", "properties": {"displayName": "r"}});
        for document in [json!([object]), json!({"value": [object]}), object.clone()] {
            let found = rules(document).expect("is one");
            assert_eq!(found[0].name.as_deref(), Some(id));
            assert_eq!(found[0].body, json!({"kind": "NRT", "properties": {"displayName": "r"}}));
        }
        assert!(rules(json!([1, 2])).is_err());
        assert!(rules(json!({"x": 1})).is_err());
    }

    #[test]
    fn the_workspace_of_an_id_is_found() {
        let id = ResourceId::new(
            "/subscriptions/S/resourceGroups/g/providers/P/workspaces/law/providers/X/alertRules/r",
        );
        assert_eq!(
            workspace_of(&id).map(|id| id.as_str().to_owned()).as_deref(),
            Some("/subscriptions/S/resourceGroups/g/providers/P/workspaces/law")
        );
        assert!(workspace_of(&ResourceId::new("/subscriptions/S/x")).is_none());
    }
}
