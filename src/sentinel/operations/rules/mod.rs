//! Analytics rules.

mod author;
mod details;
mod list;
mod switch;

pub(super) use list::{RuleKind, Severity};

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::azure::Surface;
use crate::sentinel::cache::Family;
use crate::sentinel::definition::{Example, Kind, Operation, Undo};
use crate::sentinel::target::{Object, Target};
use crate::sentinel::wildcard::Wildcard;
use crate::sentinel::{Error, Result};

pub(super) fn operations() -> Vec<Operation> {
    const READ: &[&str] = &["Microsoft.SecurityInsights/alertRules/read"];
    const WRITE: &[&str] =
        &["Microsoft.SecurityInsights/alertRules/read", "Microsoft.SecurityInsights/alertRules/write"];
    vec![
        Operation::read::<list::List>(
            "Get-AnalyticsRules",
            "get_analytics_rules",
            "rules",
            "Lists analytics rules, with what they need to be judged by: state, severity, schedule, tactics.",
        )
        .alias(&["get_analyticsrules"])
        .needs(READ)
        .view(&["WorkspaceName", "DisplayName", "Kind", "Severity", "Enabled", "Tactics", "RuleId"])
        .examples(&[
            Example { about: "Disabled rules anywhere", power_shell: "Get-AnalyticsRules -WorkspaceName * -Enabled:$false" },
            Example { about: "Rules that read a table", power_shell: "Get-AnalyticsRules -WorkspaceName law-contoso -TableName SigninLogs" },
        ]),
        Operation::read::<details::Details>(
            "Get-AnalyticsRuleDetails",
            "get_analytics_rule_details",
            "rules",
            "Shows everything about one analytics rule: query, schedule, entity mappings, incident settings.",
        )
        .alias(&["get_analyticsruledetails"])
        .needs(READ)
        .view(&["DisplayName", "Kind", "Severity", "Enabled", "QueryFrequency", "QueryPeriod", "Query"])
        .examples(&[Example {
            about: "A rule by name, with its last run",
            power_shell: "Get-AnalyticsRuleDetails -WorkspaceName law-contoso -RuleName 'Brute force against Entra ID' -IncludeHealth",
        }]),
        Operation::write::<switch::Enable>(
            "Enable-AnalyticsRule",
            "enable_analytics_rule",
            "rules",
            "Enables analytics rules.",
            Kind::Idempotent,
            Undo::Exact,
        )
        .alias(&["enable_analyticsrule"])
        .needs(WRITE)
        .examples(&[Example {
            about: "One rule by name",
            power_shell: "Enable-AnalyticsRule -WorkspaceName law-contoso -RuleName 'Brute force against Entra ID'",
        }]),
        Operation::write::<switch::Disable>(
            "Disable-AnalyticsRule",
            "disable_analytics_rule",
            "rules",
            "Disables analytics rules: they make no alerts until they are enabled again.",
            Kind::Idempotent,
            Undo::Exact,
        )
        .alias(&["disable_analyticsrule"])
        .needs(WRITE)
        .examples(&[Example {
            about: "All rules whose names begin with TEST",
            power_shell: "Disable-AnalyticsRule -WorkspaceName law-contoso -All -Filter 'TEST*' -Reason 'end of the exercise' -WhatIf",
        }]),
        Operation::write::<switch::Remove>(
            "Remove-AnalyticsRule",
            "remove_analytics_rule",
            "rules",
            "Removes analytics rules; what they were is kept in the journal and, with BackupPath, in files.",
            Kind::Destructive,
            Undo::Exact,
        )
        .alias(&["remove_analyticsrule"])
        .needs(&["Microsoft.SecurityInsights/alertRules/read", "Microsoft.SecurityInsights/alertRules/delete"])
        .examples(&[Example {
            about: "One rule by id",
            power_shell: "Remove-AnalyticsRule -WorkspaceName law-contoso -RuleId 73e01a99-5cd7-4139-a149-9f2736ff2ab5 -BackupPath rules",
        }]),
        Operation::write::<author::New>(
            "New-AnalyticsRule",
            "new_analytics_rule",
            "rules",
            "Creates an analytics rule.",
            Kind::Write,
            Undo::Exact,
        )
        .alias(&["new_analyticsrule"])
        .details("FromFile takes what Export-AnalyticsRules or the portal wrote, or YAML as in the repository Azure/Azure-Sentinel. Rules are enabled unless Enabled is false. A query that the workspace cannot run is refused by Azure; such a rule can be saved with Enabled false.")
        .needs(WRITE)
        .examples(&[Example {
            about: "A scheduled rule",
            power_shell: "New-AnalyticsRule -WorkspaceName law-contoso -DisplayName 'Many failures' -Severity Medium -Query 'SigninLogs | where ResultType != 0 | summarize c = count() by UserPrincipalName | where c > 50' -QueryFrequency 1h -QueryPeriod 1h -Tactics CredentialAccess -Techniques T1110",
        }]),
    ]
}

/// Which rules a call means.
#[derive(Debug, Default)]
struct Choice<'a> {
    ids: &'a [String],
    names: &'a [String],
    all: bool,
    filter: Option<&'a str>,
}

pub(super) async fn all(target: &Target) -> Result<Arc<Vec<Box<RawValue>>>> {
    let request = target.get(&target.sentinel(&["alertRules"]), Surface::AlertRules);
    target.list(Family::Rules, request).await
}

impl Choice<'_> {
    /// Ids and names of the rules.
    async fn find(&self, target: &Target) -> Result<Vec<(String, String)>> {
        if self.ids.is_empty() && self.names.is_empty() && !self.all {
            return Err(Error::arguments(
                target.operation,
                "name the rules with RuleId or RuleName, or say All",
            ));
        }
        let mut found: Vec<(String, String)> = Vec::new();
        let mut add = |id: String, name: String| {
            if !found.iter().any(|(known, _)| known.eq_ignore_ascii_case(&id)) {
                found.push((id, name));
            }
        };
        let mut listed = Vec::new();
        if self.all || !self.names.is_empty() {
            for raw in all(target).await?.iter() {
                let rule = Object::of(raw)?;
                listed.push((rule.name(), rule.text("/properties/displayName").unwrap_or_default()));
            }
        }
        for id in self.ids {
            // A full id is taken as well, as rows carry it.
            let short = id.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            add(short.to_owned(), short.to_owned());
        }
        for name in self.names {
            let exact: Vec<_> = listed.iter().filter(|(_, own)| own.eq_ignore_ascii_case(name)).collect();
            let matching: Vec<_> = match exact.as_slice() {
                [] if Wildcard::is_pattern(name) => {
                    let pattern = Wildcard::new(name);
                    listed.iter().filter(|(_, own)| pattern.matches(own)).collect()
                }
                [_, _, ..] => {
                    return Err(Error::Object {
                        what: format!("{} rules are called {name:?}: name one by RuleId", exact.len()),
                        candidates: exact.iter().map(|(id, _)| id.clone()).collect(),
                    });
                }
                _ => exact,
            };
            if matching.is_empty() {
                let names = listed.iter().map(|(_, own)| own.as_str());
                return Err(Error::Object {
                    what: format!("there is no rule called {name:?} in {}", target.workspace.name),
                    candidates: crate::nearest::nearest(name, names).map(str::to_owned).into_iter().collect(),
                });
            }
            for (id, own) in matching {
                add(id.clone(), own.clone());
            }
        }
        if self.all {
            let filter = self.filter.map(Wildcard::new);
            for (id, own) in &listed {
                if filter.as_ref().is_none_or(|filter| filter.matches(own)) {
                    add(id.clone(), own.clone());
                }
            }
        }
        Ok(found)
    }
}

/// True if a query names a table, as a word of its own.
pub(super) fn mentions(query: &str, table: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    query.match_indices(table).any(|(at, _)| {
        let before = query[..at].chars().next_back();
        let after = query[at + table.len()..].chars().next();
        !before.is_some_and(word) && !after.is_some_and(word)
    })
}

/// Rules, by display name, that read a table.
pub(super) async fn that_read(target: &Target, table: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for raw in all(target).await?.iter() {
        let rule = Object::of(raw)?;
        if rule.text("/properties/query").is_some_and(|query| mentions(&query, table)) {
            names.push(rule.text("/properties/displayName").unwrap_or_default());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn a_table_is_a_word_of_its_own() {
        assert!(mentions("SigninLogs | take 1", "SigninLogs"));
        assert!(mentions("union (SigninLogs), X", "SigninLogs"));
        assert!(!mentions("AADNonInteractiveSigninLogs", "SigninLogs"));
        assert!(!mentions("SigninLogs_CL", "SigninLogs"));
    }
}
