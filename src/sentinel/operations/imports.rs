//! Imports: content of files into a workspace, as one plan.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::sentinel::Result;
use crate::sentinel::content::{ContentKind, Mode, Piece, Settling, files};
use crate::sentinel::definition::{Example, Kind, Operation, Undo, Write};
use crate::sentinel::plan::Draft;
use crate::sentinel::target::Target;
use crate::sentinel::wildcard::Wildcard;

/// What is imported, and how.
#[derive(Debug, Deserialize, JsonSchema)]
struct Source {
    /// File or folder below that of backups; of a folder everything of the kind that is in it
    #[schemars(extend("x-aliases" = ["FromFile"]))]
    path: String,
    /// What becomes of objects that are there already and other than in the files
    #[serde(default)]
    mode: Mode,
    /// Only objects whose names fit this pattern (* and ?)
    name: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Rules {
    #[serde(flatten)]
    source: Source,
    /// Whether the rules run, whatever the files say
    enabled: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct AutomationRules {
    #[serde(flatten)]
    source: Source,
    /// Whether the rules run, whatever the files say
    enabled: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Watchlists {
    #[serde(flatten)]
    source: Source,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct SavedQueries {
    #[serde(flatten)]
    source: Source,
}

impl Write for Rules {
    async fn plan(self, target: Target) -> Result<Draft> {
        let enabled = self.enabled;
        import(&target, ContentKind::AnalyticsRules, self.source, |piece| {
            if let Some(enabled) = enabled {
                piece.body["properties"]["enabled"] = enabled.into();
            }
        })
        .await
    }
}

impl Write for AutomationRules {
    async fn plan(self, target: Target) -> Result<Draft> {
        let enabled = self.enabled;
        import(&target, ContentKind::AutomationRules, self.source, |piece| {
            if let Some(enabled) = enabled {
                piece.body["properties"]["triggeringLogic"]["isEnabled"] = enabled.into();
            }
        })
        .await
    }
}

impl Write for Watchlists {
    async fn plan(self, target: Target) -> Result<Draft> {
        import(&target, ContentKind::Watchlists, self.source, |_| {}).await
    }
}

impl Write for SavedQueries {
    async fn plan(self, target: Target) -> Result<Draft> {
        import(&target, ContentKind::SavedQueries, self.source, |_| {}).await
    }
}

async fn import(
    target: &Target,
    kind: ContentKind,
    source: Source,
    edit: impl Fn(&mut Piece),
) -> Result<Draft> {
    let (root, path) = (target.backups.clone(), source.path);
    let read = tokio::task::spawn_blocking(move || files::read(&root, &path, kind));
    let mut found = read.await.unwrap_or_else(|error| {
        Err(crate::sentinel::Error::File(format!("the files were not read: {error}")))
    })?;
    if let Some(name) = source.name.as_deref().map(Wildcard::new) {
        found.pieces.retain(|piece| name.matches(&piece.title));
    }
    found.pieces.iter_mut().for_each(edit);
    let mut settling = Settling::new(target, source.mode);
    for piece in &found.pieces {
        if let Some(workspace) = piece.source.as_ref().and_then(files::workspace_of) {
            settling.remap.add(workspace.as_str(), target.workspace.id.as_str());
        }
    }
    // Rules are mentioned by the id that they had there; which they are here is found by their names.
    settling.rule_names = found.rule_names;
    if found.passed_over > 0 {
        settling.notice(format!("{} files have no {}", found.passed_over, kind.word()));
    }
    settling.settle(kind, found.pieces).await?;
    settling.finish()
}

pub(super) fn operations() -> Vec<Operation> {
    const MODES: &str = "Files are those that exports and backups write, lists and objects as Azure sends them, ARM templates, and the layouts of repositories. Objects are known again by id, then by name; what is equal stays untouched. A change that fails leaves the others alone.";
    vec![
        Operation::write::<Rules>(
            "Import-AnalyticsRules",
            "import_analytics_rules",
            "imports",
            "Creates and changes analytics rules as files have them: JSON, ARM templates or YAML.",
            Kind::Idempotent,
            Undo::Exact,
        )
        .alias(&["import_analyticsrules"])
        .details(MODES)
        .patient()
        .needs(&["Microsoft.SecurityInsights/alertRules/read", "Microsoft.SecurityInsights/alertRules/write"])
        .examples(&[
            Example { about: "Rules of a repository, disabled at first", power_shell: "Import-AnalyticsRules -WorkspaceName law-contoso -Path analytics-rules -Enabled:$false -WhatIf" },
            Example { about: "Only what is not there yet", power_shell: "Import-AnalyticsRules -WorkspaceName law-contoso -Path rules/law-soc -Mode Skip" },
        ]),
        Operation::write::<AutomationRules>(
            "Import-AutomationRules",
            "import_automation_rules",
            "imports",
            "Creates and changes automation rules as files have them; analytics rules that they mention are found by id or name.",
            Kind::Idempotent,
            Undo::Exact,
        )
        .alias(&["import_automationrules"])
        .details(MODES)
        .patient()
        .needs(&[
            "Microsoft.SecurityInsights/automationRules/read",
            "Microsoft.SecurityInsights/automationRules/write",
            "Microsoft.SecurityInsights/alertRules/read",
        ])
        .examples(&[Example { about: "What Export-AutomationRules wrote", power_shell: "Import-AutomationRules -WorkspaceName law-contoso -Path automation/law-soc/automation_rules.json" }]),
        Operation::write::<Watchlists>(
            "Import-Watchlists",
            "import_watchlists",
            "imports",
            "Creates watchlists with their items, and adds and changes items of those that are there.",
            Kind::Idempotent,
            Undo::Exact,
        )
        .details(MODES)
        .patient()
        .needs(&["Microsoft.SecurityInsights/watchlists/read", "Microsoft.SecurityInsights/watchlists/write"])
        .examples(&[Example { about: "A folder of them", power_shell: "Import-Watchlists -WorkspaceName law-contoso -Path watchlists" }]),
        Operation::write::<SavedQueries>(
            "Import-SavedQueries",
            "import_saved_queries",
            "imports",
            "Creates and changes saved queries, hunting queries and functions as files have them: JSON, ARM templates or YAML.",
            Kind::Idempotent,
            Undo::Exact,
        )
        .alias(&["import_savedqueries", "Import-Functions"])
        .details(MODES)
        .patient()
        .needs(&[
            "Microsoft.OperationalInsights/workspaces/savedSearches/read",
            "Microsoft.OperationalInsights/workspaces/savedSearches/write",
        ])
        .examples(&[Example { about: "Hunting queries of a repository", power_shell: "Import-SavedQueries -WorkspaceName law-contoso -Path hunting-queries" }]),
    ]
}
