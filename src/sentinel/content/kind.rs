//! The kinds of content of a workspace.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::azure::{ResourceId, Surface};
use crate::sentinel::target::Target;

/// A kind of content. The order is the one in which they depend on one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub(crate) enum ContentKind {
    Tables,
    DataCollectionEndpoints,
    DataCollectionRules,
    Associations,
    Watchlists,
    SavedQueries,
    SummaryRules,
    AnalyticsRules,
    AutomationRules,
    Workbooks,
    Settings,
}

impl ContentKind {
    pub(crate) const ALL: [Self; 11] = [
        Self::Tables,
        Self::DataCollectionEndpoints,
        Self::DataCollectionRules,
        Self::Associations,
        Self::Watchlists,
        Self::SavedQueries,
        Self::SummaryRules,
        Self::AnalyticsRules,
        Self::AutomationRules,
        Self::Workbooks,
        Self::Settings,
    ];

    /// Its name as a value of parameters and in manifests.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tables => "Tables",
            Self::DataCollectionEndpoints => "DataCollectionEndpoints",
            Self::DataCollectionRules => "DataCollectionRules",
            Self::Associations => "Associations",
            Self::Watchlists => "Watchlists",
            Self::SavedQueries => "SavedQueries",
            Self::SummaryRules => "SummaryRules",
            Self::AnalyticsRules => "AnalyticsRules",
            Self::AutomationRules => "AutomationRules",
            Self::Workbooks => "Workbooks",
            Self::Settings => "Settings",
        }
    }

    /// One of it, in a sentence.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tables => "table",
            Self::DataCollectionEndpoints => "data collection endpoint",
            Self::DataCollectionRules => "data collection rule",
            Self::Associations => "association",
            Self::Watchlists => "watchlist",
            Self::SavedQueries => "saved query",
            Self::SummaryRules => "summary rule",
            Self::AnalyticsRules => "analytics rule",
            Self::AutomationRules => "automation rule",
            Self::Workbooks => "workbook",
            Self::Settings => "setting",
        }
    }

    /// The folder of a backup that has it.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Tables => "tables",
            Self::DataCollectionEndpoints => "data-collection-endpoints",
            Self::DataCollectionRules => "data-collection-rules",
            Self::Associations => "associations",
            Self::Watchlists => "watchlists",
            Self::SavedQueries => "saved-queries",
            Self::SummaryRules => "summary-rules",
            Self::AnalyticsRules => "analytics-rules",
            Self::AutomationRules => "automation-rules",
            Self::Workbooks => "workbooks",
            Self::Settings => "settings",
        }
    }

    /// The last part of its type, lower case: what ids and templates name it by.
    pub(crate) fn segment(self) -> &'static str {
        match self {
            Self::Tables => "tables",
            Self::DataCollectionEndpoints => "datacollectionendpoints",
            Self::DataCollectionRules => "datacollectionrules",
            Self::Associations => "datacollectionruleassociations",
            Self::Watchlists => "watchlists",
            Self::SavedQueries => "savedsearches",
            Self::SummaryRules => "summarylogs",
            Self::AnalyticsRules => "alertrules",
            Self::AutomationRules => "automationrules",
            Self::Workbooks => "workbooks",
            Self::Settings => "settings",
        }
    }

    pub(crate) fn surface(self) -> Surface {
        match self {
            Self::Tables | Self::SavedQueries | Self::SummaryRules => Surface::OperationalInsights,
            Self::DataCollectionEndpoints | Self::DataCollectionRules | Self::Associations => {
                Surface::DataCollection
            }
            Self::Watchlists | Self::AutomationRules => Surface::SecurityInsights,
            // Settings have preview versions only, as what rules lose in stable ones.
            Self::AnalyticsRules | Self::Settings => Surface::AlertRules,
            Self::Workbooks => Surface::Workbooks,
        }
    }

    /// Where an object of that name lies for a workspace. Associations lie at machines; theirs is never asked for.
    pub(crate) fn place(self, target: &Target, name: &str) -> ResourceId {
        match self {
            Self::Tables => target.workspace.id.child(&["tables", name]),
            Self::SavedQueries => target.workspace.id.child(&["savedSearches", name]),
            Self::SummaryRules => target.workspace.id.child(&["summaryLogs", name]),
            Self::DataCollectionEndpoints => target.insights(&["dataCollectionEndpoints", name]),
            Self::DataCollectionRules => target.insights(&["dataCollectionRules", name]),
            Self::Associations => target.insights(&["dataCollectionRuleAssociations", name]),
            Self::Workbooks => target.insights(&["workbooks", name]),
            Self::Watchlists => target.sentinel(&["watchlists", name]),
            Self::AnalyticsRules => target.sentinel(&["alertRules", name]),
            Self::AutomationRules => target.sentinel(&["automationRules", name]),
            Self::Settings => target.sentinel(&["settings", name]),
        }
    }

    /// The path of the name that people know an object by.
    pub(crate) fn title_path(self) -> &'static str {
        match self {
            Self::Watchlists => "/properties/watchlistAlias",
            Self::SavedQueries | Self::AnalyticsRules | Self::AutomationRules | Self::Workbooks => {
                "/properties/displayName"
            }
            _ => "/name",
        }
    }
}
