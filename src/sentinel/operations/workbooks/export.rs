//! Workbooks to files.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sentinel::Result;
use crate::sentinel::definition::{Read, Rows};
use crate::sentinel::export::{ExportRow, Writer};
use crate::sentinel::folder::file_name;
use crate::sentinel::read::rows_of;
use crate::sentinel::target::{Object, Target};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
enum Format {
    #[default]
    Gallery,
    ArmTemplate,
    Raw,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct One {
    /// The workbook's id
    #[schemars(extend("x-aliases" = ["Id"]))]
    workbook_id: Option<String>,
    /// The workbook's name
    #[schemars(extend("x-aliases" = ["Name"]))]
    display_name: Option<String>,
    /// Folder below that of backups
    backup_path: String,
    /// The content for the gallery, a template that can be deployed, or the object as Azure has it
    #[serde(default)]
    format: Format,
    /// Replaces files that are there
    #[serde(default)]
    force: bool,
    /// Makes a folder named after the time
    #[serde(default)]
    timestamped: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct All {
    /// Folder below that of backups
    backup_path: String,
    /// The content for the gallery, templates that can be deployed, or the objects as Azure has them
    #[serde(default)]
    format: Format,
    /// Replaces files that are there
    #[serde(default)]
    force: bool,
    /// Makes a folder named after the time
    #[serde(default)]
    timestamped: bool,
}

impl Read for One {
    type Row = ExportRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let id = super::one(&target, self.workbook_id.as_ref(), self.display_name.as_ref()).await?;
            let mut writer = Writer::new(&target, &self.backup_path, self.timestamped, self.force)?;
            write(&target, &mut writer, &id, self.format).await?;
            Ok(writer.rows())
        })
    }
}

impl Read for All {
    type Row = ExportRow;

    fn rows(self, target: Target) -> Rows {
        rows_of(async move {
            let mut writer = Writer::new(&target, &self.backup_path, self.timestamped, self.force)?;
            for (workbook, _) in super::listed(&target, false).await? {
                write(&target, &mut writer, &workbook.name(), self.format).await?;
            }
            writer.manifest("workbooks")?;
            Ok(writer.rows())
        })
    }
}

async fn write(target: &Target, writer: &mut Writer, id: &str, format: Format) -> Result<()> {
    let raw = target.read_request(&super::with_content(target, id)).await?;
    let workbook = Object::of(&raw)?;
    let name = workbook.text("/properties/displayName").unwrap_or_default();
    let text = match format {
        Format::Raw => raw.get().to_owned(),
        Format::Gallery => format!("{:#}\n", super::read::content(&workbook)),
        Format::ArmTemplate => format!("{:#}\n", template(target, &workbook)),
    };
    // Names need not be unique; ids are.
    writer.write(&format!("{}_{id}.json", file_name(&name)), &name, "workbook", text.as_bytes())
}

/// A template that makes the workbook in another resource group.
fn template(target: &Target, workbook: &Object) -> Value {
    let property = |name: &str| workbook.at(&format!("/properties/{name}")).clone();
    json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            "workbookId": { "type": "string", "defaultValue": workbook.name() },
            "workspaceId": { "type": "string", "defaultValue": target.workspace.id.as_str() },
        },
        "resources": [{
            "type": "microsoft.insights/workbooks",
            "apiVersion": crate::azure::Surface::Workbooks.pinned(),
            "name": "[parameters('workbookId')]",
            "location": "[resourceGroup().location]",
            "kind": "shared",
            "properties": {
                "displayName": property("displayName"),
                "serializedData": property("serializedData"),
                "version": property("version"),
                "category": property("category"),
                "sourceId": "[parameters('workspaceId')]",
            },
        }],
    })
}
