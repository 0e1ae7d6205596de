//! Removing workbooks, and saving them from files.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::azure::Surface;
use crate::sentinel::content::replace_id;
use crate::sentinel::definition::{Undo, Write};
use crate::sentinel::folder::{self, file_name};
use crate::sentinel::plan::{Change, Draft, edited};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

/// Largest file that is read, bytes.
const LARGEST: u64 = 16 << 20;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Remove {
    /// The workbook's id
    #[schemars(extend("x-aliases" = ["Id"]))]
    workbook_id: Option<String>,
    /// The workbook's name
    #[schemars(extend("x-aliases" = ["Name"]))]
    display_name: Option<String>,
    /// Does not ask; the plan and its digest are needed all the same
    force: bool,
    /// Folder below that of backups in which it is written to a file first
    backup_path: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Import {
    /// The file, below the folder of backups
    path: String,
    /// Its name; the file's if it has one
    #[schemars(extend("x-aliases" = ["Name"]))]
    display_name: Option<String>,
    /// Its id, a GUID; that of a workbook that is there overwrites it
    #[schemars(regex(pattern = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"))]
    workbook_id: Option<String>,
    /// Permits to overwrite a workbook
    #[serde(default)]
    overwrite: bool,
    /// Replaces the id of the workspace that it was saved for by the id of this one
    #[serde(default = "yes")]
    remap_resource_ids: bool,
}

fn yes() -> bool {
    true
}

impl Write for Remove {
    async fn plan(self, target: Target) -> Result<Draft> {
        let id = super::one(&target, self.workbook_id.as_ref(), self.display_name.as_ref()).await?;
        let before = target.read_request(&super::with_content(&target, &id)).await?;
        let workbook = Object::of(&before)?;
        let name = workbook.text("/properties/displayName").unwrap_or_default();
        let file = match &self.backup_path {
            Some(path) => {
                let folder = folder::below(&target.backups, path)?.join(file_name(&target.workspace.name));
                Some(folder.join(format!("{}_{id}.json", file_name(&name))))
            }
            None => None,
        };
        let change = Change::delete(
            super::place(&target, &id),
            Surface::Workbooks,
            name.clone(),
            before,
            Undo::Compensating,
        );
        Ok(Draft::of(change.titled(format!("remove workbook '{name}'")).keeping(file)))
    }
}

impl Write for Import {
    async fn plan(self, target: Target) -> Result<Draft> {
        let path = folder::below(&target.backups, &self.path)?;
        let failed =
            |error: &dyn std::fmt::Display| Error::file("the workbook cannot be read from", &path, error);
        let size = std::fs::metadata(&path).map_err(|error| failed(&error))?.len();
        if size > LARGEST {
            return Err(failed(&format!("it has {size} bytes, {LARGEST} at most")));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| failed(&error))?;
        let file: Value = serde_json::from_str(&text).map_err(|error| failed(&error))?;
        let found = Found::of(&file).ok_or_else(|| {
            failed(&"it is neither a gallery template (items), nor an ARM template with a workbook, nor a workbook")
        })?;
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let name = self.display_name.clone().or(found.name).unwrap_or(stem);
        let mut notices = Vec::new();
        let mut content = found.content;
        if self.remap_resource_ids
            && let Some(source) = found.source.or_else(|| source_of(&content))
            && !source.eq_ignore_ascii_case(target.workspace.id.as_str())
        {
            let count = replace_id(&mut content, &source, target.workspace.id.as_str());
            notices.push(format!("{count} mentions of {source} now mean this workspace"));
        }
        let namesakes: Vec<String> = super::listed(&target, false)
            .await?
            .iter()
            .filter(|(workbook, _)| {
                workbook.text("/properties/displayName").is_some_and(|own| own.eq_ignore_ascii_case(&name))
            })
            .map(|(workbook, _)| workbook.name())
            .collect();
        let id = match (&self.workbook_id, namesakes.as_slice(), self.overwrite) {
            (Some(id), ..) => id.clone(),
            (None, [only], true) => only.clone(),
            (None, [_, ..], _) => {
                return Err(Error::declined(
                    format!("{} workbooks are called '{name}' already", namesakes.len()),
                    "Say Overwrite to replace the one, WorkbookId to name it, or give another DisplayName.",
                ));
            }
            (None, [], _) => target.fresh_id(&[&name, &content]),
        };
        let place = super::place(&target, &id);
        let source = target.workspace.id.as_str().to_ascii_lowercase();
        let change = match target.find_request(&super::with_content(&target, &id)).await? {
            Some(_) if !self.overwrite => {
                return Err(Error::declined(
                    format!("there is a workbook with the id {id} already"),
                    "Say Overwrite to replace it.",
                ));
            }
            Some(before) => {
                let after = edited(&before, |properties: &mut Map<String, Value>| {
                    properties.insert("displayName".to_owned(), name.as_str().into());
                    properties.insert("serializedData".to_owned(), content.as_str().into());
                    for field in ["revision", "userId"] {
                        properties.remove(field);
                    }
                })?;
                Change::replace(place, Surface::Workbooks, name.clone(), before, &after)
                    .titled(format!("overwrite workbook '{name}'"))
            }
            None => {
                let body = json!({
                    "location": target.workspace.location,
                    "kind": "shared",
                    "tags": { "hidden-title": name },
                    "properties": {
                        "displayName": name, "serializedData": content, "version": "Notebook/1.0", "category": "sentinel", "sourceId": source,
                    },
                });
                Change::create(place, Surface::Workbooks, name.clone(), &body)
                    .titled(format!("save workbook '{name}'"))
            }
        };
        let change = change.parameter("sourceId", &source).undoable(Undo::Compensating);
        Ok(Draft { changes: vec![change], notices, ..Draft::default() })
    }
}

/// A workbook as a file has it.
struct Found {
    name: Option<String>,
    source: Option<String>,
    content: String,
}

impl Found {
    fn of(file: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().filter(|text| !text.starts_with('[')).map(str::to_owned);
        // What is deployed is one of a template's resources.
        let resource = file["resources"].as_array().and_then(|resources| {
            resources.iter().find(|resource| {
                resource["type"]
                    .as_str()
                    .is_some_and(|kind| kind.eq_ignore_ascii_case("microsoft.insights/workbooks"))
            })
        });
        let object = resource.unwrap_or(file);
        if let Some(content) = object["properties"]["serializedData"].as_str() {
            return Some(Self {
                name: text(&object["properties"]["displayName"]),
                source: text(&object["properties"]["sourceId"]),
                content: content.to_owned(),
            });
        }
        file["items"].is_array().then(|| Self { name: None, source: None, content: file.to_string() })
    }
}

/// The workspace that a content was saved for.
fn source_of(content: &str) -> Option<String> {
    let content: Value = serde_json::from_str(content).ok()?;
    content["fallbackResourceIds"]
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .find(|id| id.to_ascii_lowercase().contains("/workspaces/"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_kinds_of_files_are_workbooks() {
        for file in [
            json!({"version": "Notebook/1.0", "items": []}),
            json!({"properties": {"serializedData": "{}", "displayName": "n"}}),
            json!({"resources": [{"type": "Microsoft.Insights/workbooks", "properties": {"serializedData": "{}", "displayName": "[parameters('n')]"}}]}),
        ] {
            assert!(Found::of(&file).is_some_and(|found| found.content.starts_with('{')), "{file}");
        }
        assert!(Found::of(&json!({"x": 1})).is_none());
    }
}
