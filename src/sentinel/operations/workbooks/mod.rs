//! Workbooks.

mod change;
mod export;
mod read;

use serde_json::value::RawValue;

use crate::azure::{Request, ResourceId, Surface};
use crate::sentinel::cache::Family;
use crate::sentinel::definition::{Example, Kind, Operation, Undo};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::{Error, Result};

pub(super) fn operations() -> Vec<Operation> {
    const READ: &[&str] = &["Microsoft.Insights/workbooks/read"];
    vec![
        Operation::read::<read::List>(
            "Get-SentinelWorkbooks",
            "get_sentinel_workbooks",
            "workbooks",
            "Lists the workbooks of Sentinel that are saved for a workspace.",
        )
        .alias(&["get_sentinelworkbooks"])
        .needs(READ)
        .view(&["WorkspaceName", "DisplayName", "TimeModified", "WorkbookId"])
        .examples(&[Example { about: "All of them", power_shell: "Get-SentinelWorkbooks -WorkspaceName law-contoso" }]),
        Operation::read::<read::Details>(
            "Get-WorkbookDetails",
            "get_workbook_details",
            "workbooks",
            "Shows a workbook: the tables it queries, the resources it names and, if wanted, its content.",
        )
        .alias(&["get_workbookdetails"])
        .needs(READ)
        .view(&["DisplayName", "Tables", "ResourceIds", "TimeModified"])
        .examples(&[Example { about: "With its content", power_shell: "Get-WorkbookDetails -WorkspaceName law-contoso -DisplayName 'SOC overview' -IncludeContent" }]),
        Operation::write::<change::Remove>(
            "Remove-SentinelWorkbook",
            "remove_sentinel_workbook",
            "workbooks",
            "Removes a workbook; what it was is kept in the journal and, with BackupPath, in a file.",
            Kind::Destructive,
            Undo::Compensating,
        )
        .alias(&["remove_sentinelworkbook"])
        .details("Undoing makes it again with its content; its earlier revisions are lost.")
        .needs(&["Microsoft.Insights/workbooks/read", "Microsoft.Insights/workbooks/delete"])
        .examples(&[Example { about: "By name", power_shell: "Remove-SentinelWorkbook -WorkspaceName law-contoso -DisplayName 'SOC overview' -WhatIf" }]),
        Operation::read::<export::One>(
            "Export-SentinelWorkbook",
            "export_sentinel_workbook",
            "workbooks",
            "Writes a workbook to a file.",
        )
        .alias(&["export_sentinelworkbook"])
        .needs(READ)
        .view(&["WorkspaceName", "Name", "Kind", "File", "Bytes"])
        .examples(&[Example { about: "As a gallery template", power_shell: "Export-SentinelWorkbook -WorkspaceName law-contoso -DisplayName 'SOC overview' -BackupPath workbooks" }]),
        Operation::write::<change::Import>(
            "Import-SentinelWorkbook",
            "import_sentinel_workbook",
            "workbooks",
            "Saves a workbook from a file.",
            Kind::Write,
            Undo::Compensating,
        )
        .alias(&["import_sentinelworkbook"])
        .details("The file may be a gallery template, an ARM template or what Export-SentinelWorkbook -Format Raw wrote.")
        .needs(&["Microsoft.Insights/workbooks/read", "Microsoft.Insights/workbooks/write"])
        .examples(&[Example { about: "Under another name", power_shell: "Import-SentinelWorkbook -WorkspaceName law-contoso -Path workbooks/law-soc/SOC.json -DisplayName 'SOC copy'" }]),
        Operation::read::<export::All>(
            "Export-AllWorkbooks",
            "export_all_workbooks",
            "workbooks",
            "Writes all workbooks of a workspace to files.",
        )
        .alias(&["export_allworkbooks"])
        .needs(READ)
        .view(&["WorkspaceName", "Name", "Kind", "File", "Bytes"])
        .examples(&[Example { about: "All of them", power_shell: "Export-AllWorkbooks -WorkspaceName law-contoso -BackupPath workbooks -Timestamped" }]),
    ]
}

fn place(target: &Target, id: &str) -> ResourceId {
    target.insights(&["workbooks", id])
}

fn with_content(target: &Target, id: &str) -> Request {
    target.get(&place(target, id), Surface::Workbooks).query("canFetchContent", "true")
}

/// The workbooks of the workspace's resource group; those of the workspace itself unless `all` is true.
pub(super) async fn listed(target: &Target, all: bool) -> Result<Vec<(Object, Box<RawValue>)>> {
    let request =
        target.get(&target.insights(&["workbooks"]), Surface::Workbooks).query("category", "sentinel");
    let mut found = Vec::new();
    for raw in target.list(Family::Workbooks, request).await?.iter() {
        let workbook = Object::of(raw)?;
        let source = workbook.text("/properties/sourceId").map(ResourceId::new);
        if all || source.as_ref() == Some(&target.workspace.id) {
            found.push((workbook, raw.clone()));
        }
    }
    Ok(found)
}

/// The one workbook that an id or a name means.
async fn one(target: &Target, id: Option<&String>, name: Option<&String>) -> Result<String> {
    match (id, name) {
        (Some(id), None) => Ok(id.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned()),
        (None, Some(name)) => {
            let all = listed(target, false).await?;
            let shown = |workbook: &Object| workbook.text("/properties/displayName").unwrap_or_default();
            let found: Vec<String> = all
                .iter()
                .filter(|(workbook, _)| shown(workbook).eq_ignore_ascii_case(name))
                .map(|(workbook, _)| workbook.name())
                .collect();
            match found.as_slice() {
                [only] => Ok(only.clone()),
                [] => {
                    let names: Vec<String> = all.iter().map(|(workbook, _)| shown(workbook)).collect();
                    let nearest =
                        crate::nearest::nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
                    Err(Error::Object {
                        what: format!("there is no workbook called {name:?} in {}", target.workspace.name),
                        candidates: nearest.into_iter().collect(),
                    })
                }
                many => Err(Error::Object {
                    what: format!("{} workbooks are called {name:?}: name one by WorkbookId", many.len()),
                    candidates: many.to_vec(),
                }),
            }
        }
        _ => Err(Error::arguments(target.operation, "either WorkbookId or DisplayName is wanted")),
    }
}
