//! The manifest of a backup.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::azure::{ResourceId, Surface};
use crate::sentinel::content::ContentKind;
use crate::sentinel::folder::save;
use crate::sentinel::workspace::Workspace;
use crate::sentinel::{Error, Result};

/// Version of this layout.
pub(crate) const FORMAT: u32 = 1;
/// Name of the file.
pub(crate) const NAME: &str = "manifest.json";
/// Folder of a backup that is not finished.
pub(crate) const UNFINISHED: &str = ".unfinished";
/// Largest manifest that is read, bytes.
const LARGEST: u64 = 256 << 20;

/// What a backup has.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    pub(crate) program: String,
    pub(crate) workspace: Origin,
    pub(crate) started_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) finished_at: Option<Timestamp>,
    /// Versions of the interfaces that the objects are of.
    pub(crate) api_versions: BTreeMap<String, String>,
    /// The kinds that it has to the end.
    pub(crate) kinds: Vec<ContentKind>,
    pub(crate) files: Vec<FileEntry>,
    /// SHA-256 over the list of files.
    pub(crate) sha256: String,
}

/// The workspace that it is of.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Origin {
    pub(crate) id: ResourceId,
    pub(crate) name: String,
    pub(crate) customer_id: String,
    pub(crate) location: String,
    pub(crate) tenant_id: String,
    pub(crate) tenant_name: String,
}

/// A file of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileEntry {
    /// Below the folder of the backup, with `/`.
    pub(crate) file: String,
    pub(crate) kind: ContentKind,
    /// The object's name in Azure.
    pub(crate) name: String,
    /// The name that people know it by.
    pub(crate) title: String,
    pub(crate) id: String,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
    /// It has so many items of the watchlist, one a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) items: Option<usize>,
}

impl Manifest {
    pub(crate) fn of(workspace: &Workspace, now: Timestamp) -> Self {
        Self {
            format: FORMAT,
            program: concat!("runspaced ", env!("CARGO_PKG_VERSION")).to_owned(),
            workspace: Origin {
                id: workspace.id.clone(),
                name: workspace.name.clone(),
                customer_id: workspace.customer_id.clone(),
                location: workspace.location.clone(),
                tenant_id: workspace.tenant_id.clone(),
                tenant_name: workspace.tenant_name.clone(),
            },
            started_at: now,
            finished_at: None,
            api_versions: ContentKind::ALL
                .into_iter()
                .map(|kind| kind.surface())
                .map(|surface: Surface| (surface.name().to_owned(), surface.pinned().to_owned()))
                .collect(),
            kinds: Vec::new(),
            files: Vec::new(),
            sha256: String::new(),
        }
    }

    /// Hash of the list of files.
    pub(crate) fn hash(&self) -> String {
        format!("{:x}", Sha256::digest(serde_json::to_vec(&self.files).unwrap_or_default()))
    }

    pub(crate) fn write(&mut self, folder: &Path) -> Result<()> {
        self.sha256 = self.hash();
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::File(format!("the manifest cannot be written: {error}")))?;
        save(&folder.join(NAME), (text + "\n").as_bytes(), true)
    }

    /// Reads the manifest of a folder; `None` if it has none.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be read, is of another layout, or was altered.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(NAME);
        let failed =
            |error: &dyn std::fmt::Display| Error::file("the manifest cannot be read:", &path, error);
        let size = match std::fs::metadata(&path) {
            Ok(about) => about.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        if size > LARGEST {
            return Err(failed(&format!("it has {size} bytes, {LARGEST} at most")));
        }
        let text = std::fs::read(&path).map_err(|error| failed(&error))?;
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| failed(&error))?;
        if manifest.format != FORMAT {
            let known = format!("it is of layout {}, and this program reads {FORMAT}", manifest.format);
            return Err(failed(&known));
        }
        if manifest.sha256 != manifest.hash() {
            return Err(failed(&"its list of files was altered"));
        }
        Ok(Some(manifest))
    }

    /// Objects of a kind.
    pub(crate) fn objects(&self, kind: ContentKind) -> impl Iterator<Item = &FileEntry> {
        self.files.iter().filter(move |file| file.kind == kind && file.items.is_none())
    }
}
