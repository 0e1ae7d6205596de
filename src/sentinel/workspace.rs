//! Workspaces, and which of them a call means.

use std::sync::Arc;

use serde::Serialize;

use super::wildcard::Wildcard;
use super::{Error, Result};
use crate::azure::ResourceId;

/// Whether Sentinel is switched on in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Onboarded {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// This identity may not see it.
    Unknown,
}

/// A Log Analytics workspace.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Its resource id.
    pub id: ResourceId,
    /// Its name, as Azure writes it.
    pub name: String,
    /// Its resource group.
    pub resource_group: String,
    /// Its subscription's id.
    pub subscription_id: String,
    /// Its subscription's name.
    pub subscription_name: String,
    /// The tenant it belongs to.
    pub tenant_id: String,
    /// That tenant's name: configured, or as Azure shows it, or the id.
    pub tenant_name: String,
    /// The GUID by which queries name it.
    pub customer_id: String,
    /// Its region.
    pub location: String,
    /// Its pricing tier.
    pub sku: String,
    /// Default retention, days.
    pub retention_days: Option<i64>,
    /// What it may take in, and at what price.
    pub capacity: Capacity,
    /// Whether Sentinel is switched on.
    pub onboarded: Onboarded,
    /// True if it is delegated from another tenant; `None` if the own tenant is not known.
    pub delegated: Option<bool>,
    /// Which identity sees it: index of the account.
    pub(crate) account: usize,
}

/// What a workspace may take in, as its own settings say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Capacity {
    /// GB a day, beyond which it takes nothing in; `None`: no cap.
    pub daily_quota_gb: Option<f64>,
    /// What Azure says about the cap: `RespectQuota`, `OverQuota`, ...; empty if it was not told.
    pub ingestion_status: String,
    /// GB a day that are paid for in any case.
    pub commitment_gb: Option<i64>,
}

impl Workspace {
    /// As candidates are shown: name, group, tenant.
    pub(crate) fn label(&self) -> String {
        format!("{} ({}, {})", self.name, self.resource_group, self.tenant_name)
    }
}

/// Which workspaces a call means.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    /// Names, ids, customer ids or patterns.
    pub(crate) workspaces: Vec<String>,
    pub(crate) resource_group: Option<String>,
    pub(crate) subscription: Option<String>,
    pub(crate) tenant: Option<String>,
    /// Expression over names and ids of tenants.
    pub(crate) tenant_filter: Option<String>,
}

impl Selection {
    /// True if it means whatever there is, so that what cannot be seen is missing from it.
    pub(crate) fn is_open(&self) -> bool {
        self.tenant_filter.is_some() || self.workspaces.iter().any(|text| Wildcard::is_pattern(text))
    }

    /// The workspaces that are meant.
    ///
    /// # Errors
    /// [`Error::Workspace`] if a name means none or several; [`Error::Arguments`] for an expression that is none.
    pub(crate) fn choose(
        &self,
        all: &[Arc<Workspace>],
        default: Option<&str>,
    ) -> Result<Vec<Arc<Workspace>>> {
        let filter =
            self.tenant_filter.as_deref().map(|text| expression("TenantFilter", text)).transpose()?;
        let same = |wanted: &Option<String>, own: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(own))
        };
        let visible: Vec<&Arc<Workspace>> = all
            .iter()
            .filter(|workspace| {
                same(&self.resource_group, &workspace.resource_group)
                    && same(&self.subscription, &workspace.subscription_id)
                    && (same(&self.tenant, &workspace.tenant_id)
                        || same(&self.tenant, &workspace.tenant_name))
                    && filter.as_ref().is_none_or(|filter| {
                        filter.is_match(&workspace.tenant_name) || filter.is_match(&workspace.tenant_id)
                    })
            })
            .collect();
        let default: Vec<String> = default.map(str::to_owned).into_iter().collect();
        let everything = ["*".to_owned()];
        let wanted: &[String] = match self.workspaces.as_slice() {
            [] if filter.is_some() => &everything,
            [] if !default.is_empty() => &default,
            [] => match visible.as_slice() {
                [only] => return Ok(vec![(*only).clone()]),
                many => {
                    return Err(Error::Workspace {
                        what: "no workspace was named: name one, several, a pattern, or * for all".to_owned(),
                        candidates: many.iter().map(|workspace| workspace.name.clone()).take(12).collect(),
                    });
                }
            },
            given => given,
        };
        let mut chosen: Vec<Arc<Workspace>> = Vec::new();
        for text in wanted {
            for workspace in matching(text, &visible)? {
                if !chosen.iter().any(|other| other.id == workspace.id) {
                    chosen.push(workspace);
                }
            }
        }
        Ok(chosen)
    }
}

/// A regular expression that a parameter was given. Case makes no difference.
pub(crate) fn expression(parameter: &str, text: &str) -> Result<regex::Regex> {
    regex::RegexBuilder::new(text)
        .case_insensitive(true)
        .size_limit(1 << 20)
        .build()
        .map_err(|error| Error::arguments(parameter, format!("{text:?} is no regular expression: {error}")))
}

fn matching(text: &str, visible: &[&Arc<Workspace>]) -> Result<Vec<Arc<Workspace>>> {
    let text = text.trim();
    let unknown = || {
        let names = visible.iter().map(|workspace| workspace.name.as_str());
        Error::Workspace {
            what: format!("there is no workspace {text:?} among the {} that are visible", visible.len()),
            candidates: crate::nearest::nearest(text, names).map(str::to_owned).into_iter().collect(),
        }
    };
    if Wildcard::is_pattern(text) {
        let pattern = Wildcard::new(text);
        let found: Vec<_> = visible
            .iter()
            .filter(|workspace| workspace.onboarded != Onboarded::No && pattern.matches(&workspace.name))
            .map(|workspace| (*workspace).clone())
            .collect();
        return if found.is_empty() { Err(unknown()) } else { Ok(found) };
    }
    let by = |is: &dyn Fn(&Workspace) -> bool| -> Vec<Arc<Workspace>> {
        visible.iter().filter(|workspace| is(workspace)).map(|workspace| (*workspace).clone()).collect()
    };
    let found = if text.starts_with('/') {
        let id = ResourceId::new(text);
        by(&|workspace| workspace.id == id)
    } else if uuid::Uuid::try_parse(text).is_ok() {
        by(&|workspace| workspace.customer_id.eq_ignore_ascii_case(text))
    } else {
        by(&|workspace| workspace.name.eq_ignore_ascii_case(text))
    };
    match found.len() {
        0 => Err(unknown()),
        1 => Ok(found),
        _ => Err(Error::Workspace {
            what: format!(
                "{text:?} is the name of {} workspaces: add ResourceGroupName, SubscriptionId or TenantId, or give the id",
                found.len()
            ),
            candidates: found.iter().map(|workspace| workspace.label()).collect(),
        }),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn workspace(name: &str, group: &str, tenant: &str, customer: u8) -> Arc<Workspace> {
        Arc::new(Workspace {
            id: ResourceId::new(format!(
                "/subscriptions/S/resourceGroups/{group}/providers/Microsoft.OperationalInsights/workspaces/{name}"
            )),
            name: name.to_owned(),
            resource_group: group.to_owned(),
            subscription_id: "S".to_owned(),
            subscription_name: "sub".to_owned(),
            tenant_id: format!("{tenant}-id"),
            tenant_name: tenant.to_owned(),
            customer_id: format!("00000000-0000-0000-0000-0000000000{customer:02}"),
            location: "westeurope".to_owned(),
            sku: "PerGB2018".to_owned(),
            retention_days: Some(90),
            capacity: Capacity::default(),
            onboarded: if name.starts_with("plain") { Onboarded::No } else { Onboarded::Yes },
            delegated: None,
            account: 0,
        })
    }

    fn choose(selection: Selection, default: Option<&str>) -> Result<Vec<String>> {
        let all = [
            workspace("law-contoso", "rg-a", "Contoso", 1),
            workspace("law-shared", "rg-a", "Contoso", 2),
            workspace("law-shared", "rg-b", "Fabrikam", 3),
            workspace("plain-logs", "rg-b", "Fabrikam", 4),
        ];
        Ok(selection.choose(&all, default)?.iter().map(|workspace| workspace.label()).collect())
    }

    fn named(name: &str) -> Selection {
        Selection { workspaces: vec![name.to_owned()], ..Selection::default() }
    }

    #[test]
    fn a_workspace_is_found_by_name_id_and_customer_id() {
        for text in [
            "LAW-Contoso",
            "/subscriptions/s/resourcegroups/RG-A/providers/microsoft.operationalinsights/workspaces/law-contoso",
            "00000000-0000-0000-0000-000000000001",
        ] {
            assert_eq!(
                choose(named(text), None).expect("is there"),
                ["law-contoso (rg-a, Contoso)"],
                "{text}"
            );
        }
        assert_eq!(choose(named("plain-logs"), None).expect("by name all are reachable").len(), 1);
    }

    #[test]
    fn ambiguous_and_unknown_names_are_refused_with_candidates() {
        let error = choose(named("law-shared"), None).expect_err("two have it");
        assert!(error.to_string().contains("law-shared (rg-b, Fabrikam)"), "{error}");
        let narrowed = Selection { tenant: Some("fabrikam".to_owned()), ..named("law-shared") };
        assert_eq!(choose(narrowed, None).expect("is one").len(), 1);
        let error = choose(named("law-contosso"), None).expect_err("is none");
        assert!(error.to_string().contains("Did you mean law-contoso?"), "{error}");
        assert_eq!(error.code(), "E721");
        for hostile in ["'; Remove-Item x; '", "$( )", "law-contoso'", "../law-contoso"] {
            assert!(choose(named(hostile), None).is_err(), "{hostile}");
        }
    }

    #[test]
    fn patterns_take_workspaces_of_sentinel_only_and_each_once() {
        let all =
            Selection { workspaces: vec!["*".to_owned(), "law-contoso".to_owned()], ..Selection::default() };
        assert_eq!(choose(all, None).expect("three").len(), 3);
        let filter = Selection { tenant_filter: Some("^fab".to_owned()), ..Selection::default() };
        assert_eq!(choose(filter, None).expect("one"), ["law-shared (rg-b, Fabrikam)"]);
        assert!(
            choose(Selection { tenant_filter: Some("(".to_owned()), ..Selection::default() }, None).is_err()
        );
        assert!(choose(named("nothing*"), None).is_err());
    }

    #[test]
    fn without_a_name_the_default_counts() {
        assert_eq!(choose(Selection::default(), Some("law-contoso")).expect("is there").len(), 1);
        let error = choose(Selection::default(), None).expect_err("none was named");
        assert!(error.to_string().contains("plain-logs"), "{error}");
    }
}
