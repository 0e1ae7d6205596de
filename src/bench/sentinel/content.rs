//! Real content into an empty workspace, out of it again, and compared: rules, queries, watchlists, workbooks, automation rules.

use std::path::{Path, PathBuf};

use runspaced::sentinel::{Call, Plan, Sentinel, State};
use runspaced::simulator::Simulator;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Context,
    probe::{Work, find, read, refused},
};
use crate::bench::{
    BenchError,
    figure::{Figure, Target, Unit},
    load::LoadMeter,
};

/// Names the folder.
const VARIABLE: &str = "RUNSPACED_CONTENT_DIR";

/// One kind of content: where it lies in the folder, and how it comes in and out.
struct Kind {
    folder: &'static str,
    /// How the names of its files end.
    ending: &'static str,
    import: &'static str,
    export: &'static str,
}

const KINDS: [Kind; 5] = [
    Kind {
        folder: "analytics-rules",
        ending: ".yaml",
        import: "Import-AnalyticsRules",
        export: "Export-AnalyticsRules",
    },
    Kind {
        folder: "hunting-queries",
        ending: ".yaml",
        import: "Import-SavedQueries",
        export: "Export-SavedQueries",
    },
    Kind {
        folder: "watchlists",
        ending: "watchlist.json",
        import: "Import-Watchlists",
        export: "Export-Watchlists",
    },
    Kind {
        folder: "automation-rules",
        ending: ".json",
        import: "Import-AutomationRules",
        export: "Export-AutomationRules",
    },
    Kind {
        folder: WORKBOOKS,
        ending: "workbook.json",
        import: "Import-SentinelWorkbook",
        export: "Export-SentinelWorkbook",
    },
];

/// These come one by one.
const WORKBOOKS: &str = "workbooks";

/// What came of one kind.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ContentAnswer {
    folder: String,
    files: usize,
    /// Objects that are in the workspace, and in what was exported from it, as they are in the files.
    equal: usize,
}

/// The folder of content.
fn folder() -> Result<PathBuf, BenchError> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    named.filter(|folder| folder.is_dir()).ok_or(BenchError::NoContent(VARIABLE))
}

pub(super) fn measure(context: &Context<'_>) -> Result<Vec<Figure>, BenchError> {
    let meter = LoadMeter::start();
    let folder = folder()?;
    let azure = Simulator::builder().content(&folder).incidents(5).polls(0).page_size(100).without_limits();
    let azure = context.azure(azure)?;
    let answers: Vec<ContentAnswer> = context.ask(&azure, Work::Content)?;
    let load = meter.read();
    let different: usize = answers.iter().map(|answer| answer.files - answer.equal.min(answer.files)).sum();
    let mut figures = vec![
        Figure::new(
            "sentinel.content.different",
            "objects that come out otherwise than they went in",
            Unit::Count,
            Figure::alone([different as f64]),
        )
        .isolation("-")
        .target(Target::AtMost { limit: 0.0 })
        .load(load),
    ];
    figures.extend(answers.into_iter().map(|answer| {
        Figure::new(
            format!("sentinel.content.{}", answer.folder),
            format!("{} imported, exported, equal", answer.folder.replace('-', " ")),
            Unit::Count,
            Figure::alone([answer.equal as f64]),
        )
        .isolation("-")
        .detail("files", answer.files)
        .load(load)
    }));
    Ok(figures)
}

/// Imports, exports and compares everything. `below` is the folder of exports, which the content is copied to.
pub(super) async fn compared(sentinel: &Sentinel, below: &Path) -> Result<Vec<ContentAnswer>, BenchError> {
    let folder = folder()?;
    copy(&folder, below).map_err(BenchError::system("copying the content"))?;
    // Rules call functions.
    import(sentinel, "Import-SavedQueries", json!({"path": "parsers"})).await?;
    let mut answers = Vec::new();
    for kind in &KINDS {
        let files = files(&below.join(kind.folder), kind.ending)
            .map_err(BenchError::system("looking for the content"))?;
        let equal = match kind.folder {
            WORKBOOKS => workbooks(sentinel, below, kind, &files).await?,
            _ => many(sentinel, kind).await?,
        };
        answers.push(ContentAnswer { folder: kind.folder.to_owned(), files: files.len(), equal });
    }
    Ok(answers)
}

async fn many(sentinel: &Sentinel, kind: &Kind) -> Result<usize, BenchError> {
    let given = |path: String| match kind.folder {
        // Some need tables of solutions that nobody has; such rules can only be disabled.
        "analytics-rules" => json!({"path": path, "enabled": false}),
        _ => json!({ "path": path }),
    };
    import(sentinel, kind.import, given(kind.folder.to_owned())).await?;
    let as_in_files = plan(sentinel, kind.import, given(kind.folder.to_owned())).await?.unchanged.len();
    let out = format!("out/{}", kind.folder);
    let exported = read(sentinel, kind.export, empty(json!({ "backup_path": out }))).await?;
    exported.collect_all().await.map_err(refused)?;
    let as_exported = plan(sentinel, kind.import, given(out)).await?.unchanged.len();
    Ok(as_in_files.min(as_exported))
}

async fn workbooks(
    sentinel: &Sentinel,
    below: &Path,
    kind: &Kind,
    files: &[PathBuf],
) -> Result<usize, BenchError> {
    let mut equal = 0;
    for file in files {
        let name = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let given = |path: &Path| {
            let path = path.strip_prefix(below).unwrap_or(path).to_string_lossy().into_owned();
            json!({"path": path, "display_name": name, "remap_resource_ids": false})
        };
        import(sentinel, kind.import, given(file)).await?;
        let in_file = plan(sentinel, kind.import, given(file)).await?;
        let one = json!({"display_name": name, "backup_path": "out/workbooks"});
        let exported = read(sentinel, kind.export, empty(one)).await?;
        let (rows, _) = exported.collect_all().await.map_err(refused)?;
        let written = rows.first().and_then(|row| row["File"].as_str()).unwrap_or_default();
        let in_export = plan(sentinel, kind.import, given(Path::new(written))).await?;
        equal += usize::from(in_file.changes.is_empty() && in_export.changes.is_empty());
    }
    Ok(equal)
}

/// Arguments for a workspace that has nothing.
fn empty(mut given: Value) -> Value {
    given["workspace_name"] = "law-sandbox".into();
    given["resource_group_name"] = "rg-test".into();
    given
}

async fn plan(sentinel: &Sentinel, name: &str, given: Value) -> Result<Plan, BenchError> {
    let arguments = empty(given).as_object().cloned().unwrap_or_default();
    sentinel.plan(find(name)?, arguments, &Call::default()).await.map_err(refused)
}

async fn import(sentinel: &Sentinel, name: &str, given: Value) -> Result<(), BenchError> {
    let arguments = empty(given).as_object().cloned().unwrap_or_default();
    let applied = sentinel.run(find(name)?, arguments, None, &Call::default()).await.map_err(refused)?;
    match applied.outcomes.iter().find(|outcome| outcome.state != State::Applied) {
        Some(outcome) => Err(BenchError::Server(format!("{}: {}", outcome.action, outcome.error))),
        None => Ok(()),
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

fn files(folder: &Path, ending: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, ending)?);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
