//! Files that exports write: a folder a workspace, and a manifest of what is in it.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Result;
use super::folder::{below, file_name, save};
use super::target::Target;

/// A file that was written.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ExportRow {
    /// What the object is called
    name: String,
    /// What it is
    kind: String,
    /// The file
    file: String,
    /// Its size
    bytes: usize,
    /// SHA-256 of its content
    sha256: String,
}

/// Writes the files of one workspace.
pub(crate) struct Writer {
    folder: PathBuf,
    replace: bool,
    rows: Vec<ExportRow>,
    about: Value,
}

impl Writer {
    /// A folder for the workspace below `path`, which is below the folder of backups.
    pub(crate) fn new(target: &Target, path: &str, timestamped: bool, replace: bool) -> Result<Self> {
        let mut folder = below(&target.backups, path)?.join(file_name(&target.workspace.name));
        if timestamped {
            folder.push(target.now.strftime("%Y%m%dT%H%M%SZ").to_string());
        }
        let about = json!({
            "workspace": target.workspace.id.as_str(),
            "workspaceName": target.workspace.name,
            "tenantName": target.workspace.tenant_name,
            "operation": target.operation,
            "exportedAt": target.now.to_string(),
            "program": concat!("runspaced ", env!("CARGO_PKG_VERSION")),
        });
        Ok(Self { folder, replace, rows: Vec::new(), about })
    }

    /// Writes one file.
    pub(crate) fn write(&mut self, file: &str, name: &str, kind: &str, content: &[u8]) -> Result<()> {
        let path = self.folder.join(file);
        save(&path, content, self.replace)?;
        self.rows.push(ExportRow {
            name: name.to_owned(),
            kind: kind.to_owned(),
            file: path.display().to_string(),
            bytes: content.len(),
            sha256: format!("{:x}", Sha256::digest(content)),
        });
        Ok(())
    }

    /// Writes what is in the folder beside it: files with their hashes, and what `kind` of things they are.
    pub(crate) fn manifest(&mut self, kind: &str) -> Result<()> {
        let files: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let file = PathBuf::from(&row.file);
                let relative = file.strip_prefix(&self.folder).unwrap_or(&file).display().to_string();
                json!({ "file": relative, "name": row.name, "kind": row.kind, "bytes": row.bytes, "sha256": row.sha256 })
            })
            .collect();
        let mut manifest = self.about.clone();
        manifest["kind"] = kind.into();
        manifest["count"] = files.len().into();
        manifest["files"] = files.into();
        let text = format!("{manifest:#}\n");
        self.write(&format!("{kind}.manifest.json"), "manifest", "manifest", text.as_bytes())
    }

    /// What was written.
    pub(crate) fn rows(&self) -> Vec<Value> {
        self.rows.iter().filter_map(|row| serde_json::to_value(row).ok()).collect()
    }
}
