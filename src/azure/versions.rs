//! The versions of the interfaces that are spoken, in one place.

use std::collections::BTreeMap;

/// Interfaces of Azure that have a version each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Surface {
    /// `Microsoft.SecurityInsights`, but for alert rules.
    SecurityInsights,
    /// Alert rules and their templates: the stable version drops properties on the way (`subTechniques`, NRT rules).
    AlertRules,
    /// Workspaces, tables, saved searches, summary rules.
    OperationalInsights,
    /// Workbooks.
    Workbooks,
    /// Data collection rules, endpoints and associations.
    DataCollection,
    /// Logs ingestion.
    Ingestion,
    /// Resource Graph.
    ResourceGraph,
    /// Subscriptions and tenants.
    Subscriptions,
    /// Effective permissions.
    Permissions,
    /// Locks.
    Locks,
    /// Diagnostic settings.
    DiagnosticSettings,
}

impl Surface {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::SecurityInsights,
        Self::AlertRules,
        Self::OperationalInsights,
        Self::Workbooks,
        Self::DataCollection,
        Self::Ingestion,
        Self::ResourceGraph,
        Self::Subscriptions,
        Self::Permissions,
        Self::Locks,
        Self::DiagnosticSettings,
    ];

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::SecurityInsights => "security_insights",
            Self::AlertRules => "alert_rules",
            Self::OperationalInsights => "operational_insights",
            Self::Workbooks => "workbooks",
            Self::DataCollection => "data_collection",
            Self::Ingestion => "ingestion",
            Self::ResourceGraph => "resource_graph",
            Self::Subscriptions => "subscriptions",
            Self::Permissions => "permissions",
            Self::Locks => "locks",
            Self::DiagnosticSettings => "diagnostic_settings",
        }
    }

    /// The version that this program was written against.
    pub fn pinned(self) -> &'static str {
        match self {
            Self::SecurityInsights => "2025-09-01",
            Self::AlertRules => "2025-10-01-preview",
            Self::OperationalInsights => "2025-07-01",
            Self::Workbooks => "2023-06-01",
            Self::DataCollection => "2024-03-11",
            Self::Ingestion => "2023-01-01",
            Self::ResourceGraph => "2024-04-01",
            Self::Subscriptions => "2022-12-01",
            Self::Permissions => "2022-04-01",
            Self::Locks => "2016-09-01",
            Self::DiagnosticSettings => "2021-05-01-preview",
        }
    }
}

/// The versions in force: pinned, but for what is overridden. Sovereign clouds get versions later than the worldwide one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiVersions(BTreeMap<Surface, String>);

impl ApiVersions {
    /// From `name=version` pairs, such as `alert_rules=2025-09-01`.
    ///
    /// # Errors
    /// The first pair that is not one, and what would work.
    pub fn overridden<'a>(pairs: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut versions = Self::default();
        for pair in pairs {
            let names = || Surface::ALL.map(Surface::name).join(", ");
            let surface = |name: &str| Surface::ALL.into_iter().find(|surface| surface.name() == name);
            match pair.split_once('=').map(|(name, version)| (surface(name.trim()), version.trim())) {
                Some((Some(surface), version)) if is_version(version) => {
                    versions.0.insert(surface, version.to_owned());
                }
                _ => {
                    return Err(format!(
                        "{pair:?} is no version of an interface: write NAME=YYYY-MM-DD, with a name of {}",
                        names()
                    ));
                }
            }
        }
        Ok(versions)
    }

    /// The version to ask for.
    pub fn get(&self, surface: Surface) -> &str {
        self.0.get(&surface).map_or(surface.pinned(), String::as_str)
    }
}

fn is_version(text: &str) -> bool {
    let date = text.strip_suffix("-preview").unwrap_or(text);
    date.len() == 10 && date.parse::<jiff::civil::Date>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pin_is_a_version_and_every_name_is_its_own() {
        let names: std::collections::BTreeSet<&str> = Surface::ALL.map(Surface::name).into();
        assert_eq!(names.len(), Surface::ALL.len());
        assert!(Surface::ALL.into_iter().all(|surface| is_version(surface.pinned())));
    }

    #[test]
    fn an_override_replaces_one_version_and_nonsense_is_refused() {
        let versions = ApiVersions::overridden(["alert_rules = 2024-09-01"]).expect("is one");
        assert_eq!(versions.get(Surface::AlertRules), "2024-09-01");
        assert_eq!(versions.get(Surface::Workbooks), Surface::Workbooks.pinned());
        for wrong in ["alert_rules", "rules=2024-09-01", "alert_rules=latest", "alert_rules=2024-13-01"] {
            assert!(
                ApiVersions::overridden([wrong]).is_err_and(|text| text.contains("alert_rules")),
                "{wrong}"
            );
        }
    }
}
