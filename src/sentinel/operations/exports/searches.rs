//! Saved queries and functions to files.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::template::{deployment, workspace_resource};
use super::{Destination, Format};
use crate::azure::Surface;
use crate::sentinel::cache::Family;
use crate::sentinel::content::server::own;
use crate::sentinel::content::{ContentKind, yaml};
use crate::sentinel::definition::{Read, Rows};
use crate::sentinel::export::{ExportRow, Writer};
use crate::sentinel::folder::file_name;
use crate::sentinel::read::rows_of;
use crate::sentinel::target::{Object, Target};
use crate::sentinel::wildcard::Wildcard;
use crate::sentinel::{Error, Result};

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Functions {
    #[serde(flatten)]
    place: Destination,
    /// Objects as Azure has them, a template that can be deployed, or YAML, a file for each
    #[serde(default)]
    format: Format,
    /// Only those of this category
    category: Option<String>,
    /// Only those whose names fit this pattern (* and ?)
    name: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Queries {
    #[serde(flatten)]
    place: Destination,
    /// Objects as Azure has them, a template that can be deployed, or YAML, a file for each
    #[serde(default)]
    format: Format,
    /// Only those of this category, such as Hunting Queries
    category: Option<String>,
    /// Functions too
    #[serde(default)]
    include_functions: bool,
}

impl Read for Functions {
    type Row = ExportRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let name = self.name.as_deref().map(Wildcard::new);
            let takes = |search: &Object| {
                let alias = property(search, "functionAlias");
                !alias.is_empty()
                    && name.as_ref().is_none_or(|name| {
                        name.matches(&alias) || name.matches(&property(search, "displayName"))
                    })
            };
            write(&target, &self.place, self.format, self.category.as_deref(), takes, "functions").await
        })
    }
}

impl Read for Queries {
    type Row = ExportRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let takes =
                |search: &Object| self.include_functions || property(search, "functionAlias").is_empty();
            write(&target, &self.place, self.format, self.category.as_deref(), takes, "saved-queries").await
        })
    }
}

/// A property, also where older answers spell its name with a capital.
fn property(search: &Object, name: &str) -> String {
    let capital = name[..1].to_ascii_uppercase() + &name[1..];
    search
        .text(&format!("/properties/{name}"))
        .or_else(|| search.text(&format!("/properties/{capital}")))
        .unwrap_or_default()
}

async fn write(
    target: &Target,
    to: &Destination,
    format: Format,
    category: Option<&str>,
    takes: impl Fn(&Object) -> bool,
    kind: &str,
) -> Result<Vec<Value>> {
    let request = target.get(&target.workspace.id.child(&["savedSearches"]), Surface::OperationalInsights);
    let mut chosen = Vec::new();
    for raw in target.list(Family::SavedSearches, request).await?.iter() {
        let search = Object::of(raw)?;
        let of_category =
            category.is_none_or(|wanted| property(&search, "category").eq_ignore_ascii_case(wanted));
        if of_category && takes(&search) {
            let mut object = json!({ "name": search.name() });
            if let (Some(object), Some(search)) =
                (object.as_object_mut(), own(ContentKind::SavedQueries, &search.0).as_object())
            {
                object.extend(search.clone());
            }
            chosen.push(object);
        }
    }
    let mut writer = Writer::new(target, &to.backup_path, to.timestamped, to.force)?;
    let title = format!("{} {kind}", chosen.len());
    let id = |search: &Value| search["name"].as_str().unwrap_or_default().to_owned();
    let document = match format {
        Format::Yaml => {
            for search in &chosen {
                let shown = property(&Object(search.clone()), "displayName");
                let text = yaml::of_query(&id(search), search).map_err(|problem| {
                    Error::File(format!("{shown} cannot be written as YAML: {problem}"))
                })?;
                let file = format!("{}_{}.yaml", file_name(&shown), file_name(&id(search)));
                writer.write(&file, &shown, kind, text.as_bytes())?;
            }
            None
        }
        Format::Json => Some(json!(chosen)),
        Format::ArmTemplate => Some(deployment(chosen.iter().map(|search| {
            workspace_resource(
                "savedSearches",
                &id(search),
                Surface::OperationalInsights,
                &own(ContentKind::SavedQueries, search),
            )
        }))),
    };
    if let Some(document) = document {
        let file = format!("{}.json", kind.replace('-', "_"));
        writer.write(&file, &title, kind, format!("{document:#}\n").as_bytes())?;
    }
    writer.manifest(kind)?;
    Ok(writer.rows())
}
