//! Backing up workspaces, and restoring them.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sentinel::backup::{Backup, Problem, Taking, compare, list};
use crate::sentinel::content::{ContentKind, Mode, Settling};
use crate::sentinel::definition::{Example, Fleet, Kind, Operation, Read, Rows, Undo, Write};
use crate::sentinel::plan::Draft;
use crate::sentinel::service::Inner;
use crate::sentinel::target::Target;
use crate::sentinel::wildcard::Wildcard;
use crate::sentinel::workspace::Onboarded;
use crate::sentinel::{Error, Result};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Save {
    /// Folder below that of backups; that folder itself if there is none
    backup_path: String,
    /// Only these kinds of content
    kind: Vec<ContentKind>,
    /// Begins anew, also where a backup was broken off
    anew: bool,
}

/// What was written of a kind.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SavedRow {
    /// The kind of content
    kind: String,
    /// Objects
    objects: usize,
    /// Items of watchlists
    items: usize,
    /// Size of the files
    bytes: u64,
    /// written, or resumed if a backup that was broken off had it; whole for the last row, of all kinds
    state: String,
    /// Folder of the backup; only in the last row
    path: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restore {
    /// Folder of a backup below that of backups; of several backups of one workspace the latest
    path: String,
    /// Only these kinds of content
    #[serde(default)]
    kind: Vec<ContentKind>,
    /// Only objects whose names fit this pattern (* and ?)
    name: Option<String>,
    /// What becomes of objects that are there already and other than in the backup
    #[serde(default)]
    mode: Mode,
    /// Associates machines with the rules of this workspace that are associated with others now
    #[serde(default)]
    move_associations: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    /// Folder of a backup below that of backups; of several backups of one workspace the latest
    path: String,
    /// Folder of another backup: objects are compared, without what Azure sets by itself
    compare_with: Option<String>,
}

/// What a check found.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CheckRow {
    /// The tenant's name
    tenant_name: String,
    /// The workspace's name
    workspace_name: String,
    /// The kind of content; empty for the backup as a whole
    kind: String,
    /// The object's name, the file, or the folder of the backup
    name: String,
    /// whole, or altered; of objects that are compared: same, differs, only here, only there
    state: String,
    /// What is wrong or differs
    detail: String,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Listing {
    /// Only backups of workspaces whose names fit this pattern (* and ?)
    name: Option<String>,
}

/// A backup.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BackupRow {
    /// The tenant's name
    tenant_name: String,
    /// The workspace's name
    workspace_name: String,
    /// When it was begun
    started_at: String,
    /// Objects
    objects: usize,
    /// Size of the files
    bytes: u64,
    /// The kinds of content that it has
    kinds: Vec<String>,
    /// Its folder below that of backups
    path: String,
    /// The workspace's id
    workspace_id: String,
}

impl Read for Save {
    type Row = SavedRow;

    fn rows(self, target: Target) -> Rows {
        enum Step {
            Begin(Box<Target>, Save),
            Kinds(Box<Taking>, std::vec::IntoIter<ContentKind>, SavedRow),
            End,
        }
        let whole = SavedRow {
            kind: "All".to_owned(),
            objects: 0,
            items: 0,
            bytes: 0,
            state: "whole".to_owned(),
            path: None,
        };
        let begin = (Step::Begin(Box::new(target), self), Some(whole));
        stream::unfold(begin, |(step, mut whole)| async move {
            let (mut taking, mut kinds, mut sum) = match step {
                Step::Begin(target, given) => {
                    let begun =
                        blocking(move || Taking::begin(&target, &given.backup_path, &given.kind, given.anew));
                    match begun.await {
                        Ok(taking) => {
                            let kinds = taking.wanted().into_iter();
                            (Box::new(taking), kinds, whole.take()?)
                        }
                        Err(error) => return Some((Err(error), (Step::End, None))),
                    }
                }
                Step::Kinds(taking, kinds, sum) => (taking, kinds, sum),
                Step::End => return None,
            };
            let row = match kinds.next() {
                Some(kind) => match taking.take(kind).await {
                    Ok(written) => {
                        sum.objects += written.objects;
                        sum.items += written.items;
                        sum.bytes += written.bytes;
                        SavedRow {
                            kind: written.kind.name().to_owned(),
                            objects: written.objects,
                            items: written.items,
                            bytes: written.bytes,
                            state: if written.resumed { "resumed" } else { "written" }.to_owned(),
                            path: None,
                        }
                    }
                    Err(error) => return Some((Err(error), (Step::End, None))),
                },
                None => {
                    let row = blocking(move || taking.finish()).await.map(|backup| {
                        value(&SavedRow { path: Some(backup.folder.display().to_string()), ..sum })
                    });
                    return Some((row, (Step::End, None)));
                }
            };
            Some((Ok(value(&row)), (Step::Kinds(taking, kinds, sum), None)))
        })
        .boxed()
    }
}

fn value(row: &impl Serialize) -> Value {
    serde_json::to_value(row).unwrap_or_default()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Error::File(format!("work with files broke off: {error}"))))
}

impl Write for Restore {
    async fn plan(self, target: Target) -> Result<Draft> {
        let (root, path) = (target.backups.clone(), self.path.clone());
        // What is not as it was written is not restored.
        let backup = Arc::new(
            blocking(move || {
                let backup = Backup::find(&root, &path)?;
                backup.check()?;
                Ok(backup)
            })
            .await?,
        );
        if target.workspace.onboarded == Onboarded::No {
            return Err(Error::declined(
                format!("Microsoft Sentinel is not on in {}", target.workspace.name),
                "Switch it on there first: rules and watchlists have no place without it.",
            ));
        }
        let origin = &backup.manifest.workspace;
        let mut settling = Settling::new(&target, self.mode);
        settling.remap.add(origin.id.as_str(), target.workspace.id.as_str());
        settling.remap.add(&origin.customer_id, &target.workspace.customer_id);
        settling.region = Some(origin.location.clone());
        settling.moves_associations = self.move_associations;
        settling.rule_names = backup
            .manifest
            .objects(ContentKind::AnalyticsRules)
            .map(|rule| (rule.id.clone(), rule.title.clone()))
            .collect();
        if origin.id != target.workspace.id {
            settling.notice(format!(
                "the backup is of {} ({}): what names that workspace names this one",
                origin.name, origin.tenant_name
            ));
        }
        let name = self.name.as_deref().map(Wildcard::new);
        for kind in ContentKind::ALL {
            let backup = backup.clone();
            let pieces = blocking(move || backup.pieces(kind)).await?;
            let (wanted, others): (Vec<_>, Vec<_>) = pieces.into_iter().partition(|piece| {
                (self.kind.is_empty() || self.kind.contains(&kind))
                    && name.as_ref().is_none_or(|name| name.matches(&piece.title))
            });
            // Rules and associations mention these by id.
            if [ContentKind::DataCollectionEndpoints, ContentKind::DataCollectionRules].contains(&kind) {
                settling.recognise(kind, others).await?;
            }
            settling.settle(kind, wanted).await?;
        }
        settling.finish()
    }
}

impl Fleet for Check {
    type Row = CheckRow;

    async fn rows(self, service: Arc<Inner>) -> Result<Vec<Value>> {
        let root = service.backups();
        blocking(move || {
            let backup = Backup::find(&root, &self.path)?;
            let row = |kind: &str, name: &str, state: &str, detail: &str| {
                value(&CheckRow {
                    tenant_name: backup.manifest.workspace.tenant_name.clone(),
                    workspace_name: backup.manifest.workspace.name.clone(),
                    kind: kind.to_owned(),
                    name: name.to_owned(),
                    state: state.to_owned(),
                    detail: detail.to_owned(),
                })
            };
            let problems = backup.problems();
            let mut rows: Vec<Value> =
                problems.iter().map(|Problem { file, what }| row("", file, "altered", what)).collect();
            let files = backup.manifest.files.len();
            let (state, detail) = match problems.len() {
                0 => ("whole", format!("{files} files as they were written")),
                wrong => ("altered", format!("{wrong} files are not as they were written")),
            };
            if let Some(other) = &self.compare_with {
                let other = Backup::find(&root, other)?;
                other.check()?;
                backup.check()?;
                rows.extend(
                    compare(&backup, &other)?
                        .iter()
                        .map(|found| row(found.kind.name(), &found.title, found.state, &found.detail)),
                );
            }
            rows.push(row("", &backup.folder.display().to_string(), state, &detail));
            Ok(rows)
        })
        .await
    }
}

impl Fleet for Listing {
    type Row = BackupRow;

    async fn rows(self, service: Arc<Inner>) -> Result<Vec<Value>> {
        let root = service.backups();
        let name = self.name.as_deref().map(Wildcard::new);
        let found = {
            let root = root.clone();
            blocking(move || Ok(list(&root))).await?
        };
        Ok(found
            .iter()
            .filter(|backup| name.as_ref().is_none_or(|name| name.matches(&backup.manifest.workspace.name)))
            .map(|backup| {
                let manifest = &backup.manifest;
                let path = backup.folder.strip_prefix(&root).unwrap_or(&backup.folder);
                value(&BackupRow {
                    tenant_name: manifest.workspace.tenant_name.clone(),
                    workspace_name: manifest.workspace.name.clone(),
                    started_at: manifest.started_at.to_string(),
                    objects: manifest.files.iter().filter(|file| file.items.is_none()).count(),
                    bytes: manifest.files.iter().map(|file| file.bytes).sum(),
                    kinds: manifest.kinds.iter().map(|kind| kind.name().to_owned()).collect(),
                    path: path.display().to_string(),
                    workspace_id: manifest.workspace.id.to_string(),
                })
            })
            .collect())
    }
}

pub(super) fn operations() -> Vec<Operation> {
    const READ: &[&str] = &[
        "Microsoft.OperationalInsights/workspaces/tables/read",
        "Microsoft.OperationalInsights/workspaces/savedSearches/read",
        "Microsoft.OperationalInsights/workspaces/summaryLogs/read",
        "Microsoft.Insights/dataCollectionRules/read",
        "Microsoft.Insights/dataCollectionEndpoints/read",
        "Microsoft.Insights/dataCollectionRuleAssociations/read",
        "Microsoft.Insights/workbooks/read",
        "Microsoft.SecurityInsights/watchlists/read",
        "Microsoft.SecurityInsights/alertRules/read",
        "Microsoft.SecurityInsights/automationRules/read",
        "Microsoft.SecurityInsights/settings/read",
    ];
    const WRITE: &[&str] = &[
        "Microsoft.OperationalInsights/workspaces/tables/write",
        "Microsoft.OperationalInsights/workspaces/savedSearches/write",
        "Microsoft.OperationalInsights/workspaces/summaryLogs/write",
        "Microsoft.Insights/dataCollectionRules/write",
        "Microsoft.Insights/dataCollectionEndpoints/write",
        "Microsoft.Insights/dataCollectionRuleAssociations/write",
        "Microsoft.Insights/workbooks/write",
        "Microsoft.SecurityInsights/watchlists/write",
        "Microsoft.SecurityInsights/alertRules/write",
        "Microsoft.SecurityInsights/automationRules/write",
        "Microsoft.SecurityInsights/settings/write",
    ];
    vec![
        Operation::read::<Save>(
            "Backup-SentinelWorkspace",
            "backup_sentinel_workspace",
            "backup",
            "Writes everything that a workspace has to files, as Azure sends it, with a manifest of their hashes.",
        )
        .details("Nothing in Azure is changed. A backup that was broken off goes on with the kinds that it lacks. It has its name once it is whole and was read again.")
        .patient()
        .needs(READ)
        .view(&["WorkspaceName", "Kind", "Objects", "Items", "Bytes", "State", "Path"])
        .examples(&[
            Example { about: "One workspace", power_shell: "Backup-SentinelWorkspace -WorkspaceName law-contoso" },
            Example { about: "Rules and watchlists of all", power_shell: "Backup-SentinelWorkspace -WorkspaceName * -Kind AnalyticsRules,Watchlists -BackupPath nightly" },
        ]),
        Operation::write::<Restore>(
            "Restore-SentinelWorkspace",
            "restore_sentinel_workspace",
            "backup",
            "Brings a workspace to have what a backup has: what is missing is created, what differs is changed, the rest stays.",
            Kind::Write,
            Undo::Compensating,
        )
        .costly()
        .details("The workspace may be another one than that of the backup: what names the old one names the new one then, and rules that automation rules mention are found again. Objects that the backup does not have stay. A backup that is not whole is refused. A restore that was broken off is safe to run again.")
        .patient()
        .needs(WRITE)
        .examples(&[
            Example { about: "The latest backup, as a plan", power_shell: "Restore-SentinelWorkspace -WorkspaceName law-contoso -Path law-contoso_1a2b3c4d -WhatIf" },
            Example { about: "Only analytics rules that are missing", power_shell: "Restore-SentinelWorkspace -WorkspaceName law-contoso -Path law-contoso_1a2b3c4d -Kind AnalyticsRules -Mode Skip" },
        ]),
        Operation::over_fleet::<Check>(
            "Test-SentinelBackup",
            "test_sentinel_backup",
            "backup",
            "Compares the files of a backup with their hashes, and its objects with those of another backup.",
        )
        .view(&["WorkspaceName", "Kind", "Name", "State", "Detail"])
        .examples(&[
            Example { about: "Is it whole?", power_shell: "Test-SentinelBackup -Path law-contoso_1a2b3c4d" },
            Example { about: "What changed between two", power_shell: "Test-SentinelBackup -Path law-contoso_1a2b3c4d/20260301T020000Z -CompareWith law-contoso_1a2b3c4d/20260302T020000Z | Where-Object State -ne same" },
        ]),
        Operation::over_fleet::<Listing>(
            "Get-SentinelBackups",
            "get_sentinel_backups",
            "backup",
            "Lists the whole backups below the folder of backups.",
        )
        .view(&["WorkspaceName", "StartedAt", "Objects", "Bytes", "Path"])
        .examples(&[Example { about: "All of them", power_shell: "Get-SentinelBackups" }]),
    ]
}
