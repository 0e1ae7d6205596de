//! Where a call comes from, for whom, and what it may.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::call::Caller;
use crate::wildcard;

/// Where a call comes from.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// Takes turns with the others: a connection or a session.
    pub(crate) name: Arc<str>,
    pub(crate) caller: Caller,
    /// Whose runspaces it uses. `None`: the one local user's.
    pub(crate) affinity: Option<Arc<str>>,
    pub(crate) grants: Grants,
}

impl Default for Client {
    /// The client at the other end of standard input and output.
    fn default() -> Self {
        Self { name: "stdio".into(), caller: Caller::local(), affinity: None, grants: Grants::All }
    }
}

impl Client {
    /// One that calls for a principal over HTTP.
    pub(crate) fn of(principal: Arc<str>, grants: Grants) -> Self {
        let (name, affinity) = (Arc::clone(&principal), Some(Arc::clone(&principal)));
        Self { name, caller: Caller(principal), affinity, grants }
    }
}

/// What a caller may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Grants {
    /// Everything that the server offers.
    #[default]
    All,
    /// What one of these allows.
    Some(Arc<[Grant]>),
}

/// What a scope of a token allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) scope: Arc<str>,
    /// Patterns of tools' names.
    pub(crate) tools: Vec<String>,
    /// Patterns of workspaces. Empty: any, and tools that take none.
    pub(crate) workspaces: Vec<String>,
}

impl Grants {
    /// True if the caller may see the tool.
    pub(crate) fn shows(&self, tool: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(grants) => grants.iter().any(|grant| grant.covers(tool)),
        }
    }

    /// True if the caller sees every tool.
    pub(crate) fn shows_everything(&self) -> bool {
        matches!(self, Self::All)
    }

    /// True if the caller may call the tool with these arguments.
    pub(crate) fn allow(&self, tool: &str, arguments: &Map<String, Value>) -> bool {
        match self {
            Self::All => true,
            Self::Some(grants) => {
                let named = workspaces(arguments);
                grants.iter().any(|grant| grant.covers(tool) && grant.reaches(named.as_deref()))
            }
        }
    }
}

impl Grant {
    /// From `SCOPE: TOOL... [in WORKSPACE...]`.
    ///
    /// # Errors
    /// What it must be.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wanted = || {
            format!(
                "{text:?} is not a rule; it must be `SCOPE: TOOL... [in WORKSPACE...]`, such as `Tools.Read: get_* list_* in dev-*`"
            )
        };
        let (scope, rest) = text.split_once(": ").ok_or_else(wanted)?;
        let mut words = rest.split_whitespace();
        let tools: Vec<String> = words.by_ref().take_while(|word| *word != "in").map(str::to_owned).collect();
        let limited = rest.split_whitespace().any(|word| word == "in");
        let workspaces: Vec<String> = words.map(str::to_owned).collect();
        if scope.trim().is_empty() || scope.contains(char::is_whitespace) || tools.is_empty() {
            return Err(wanted());
        }
        if limited && workspaces.is_empty() {
            return Err(wanted());
        }
        Ok(Self { scope: scope.into(), tools, workspaces })
    }

    fn covers(&self, tool: &str) -> bool {
        self.tools.iter().any(|pattern| wildcard::fits(pattern, tool))
    }

    /// A call that names no workspace may go to any: a rule that names some does not reach it.
    fn reaches(&self, named: Option<&[&str]>) -> bool {
        self.workspaces.is_empty()
            || named.is_some_and(|named| {
                !named.is_empty()
                    && named
                        .iter()
                        .all(|name| self.workspaces.iter().any(|pattern| wildcard::fits(pattern, name)))
            })
    }
}

/// The workspaces that a call names; `None` if it names none, or not as texts.
fn workspaces(arguments: &Map<String, Value>) -> Option<Vec<&str>> {
    let mut all = Vec::new();
    for (name, value) in arguments {
        if !["workspace", "workspaces", "workspace_name"].iter().any(|known| name.eq_ignore_ascii_case(known))
        {
            continue;
        }
        match value {
            Value::String(one) => all.push(one.as_str()),
            Value::Array(several) => {
                for one in several {
                    all.push(one.as_str()?);
                }
            }
            _ => return None,
        }
    }
    (!all.is_empty()).then_some(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, text, expected) in [
            ("get_date", "get_date", true),
            ("get_date", "get_dates", false),
            ("get_*", "get_", true),
            ("GET_*", "get_x", true),
            ("get_*", "forget_x", false),
            ("*_date", "get_date", true),
            ("*a*b*", "xaybz", true),
            ("*a*b*", "xbya", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("", "x", false),
        ] {
            assert_eq!(wildcard::fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    fn grants(rules: &[&str]) -> Grants {
        Grants::Some(rules.iter().map(|rule| Grant::parse(rule).expect("a rule")).collect())
    }

    fn allowed(grants: &Grants, tool: &str, arguments: Value) -> bool {
        grants.allow(tool, arguments.as_object().expect("an object"))
    }

    #[test]
    fn rules_bound_tools_and_workspaces() {
        let grants = grants(&["Read: get_* list_rules", "Write: set_rule in dev-* test"]);
        assert!(grants.shows("get_x") && grants.shows("set_rule") && !grants.shows("remove_rule"));
        assert!(allowed(&grants, "get_x", json!({"Workspace": "prod"})));
        assert!(allowed(&grants, "set_rule", json!({"Workspace": "dev-1"})));
        assert!(allowed(&grants, "set_rule", json!({"workspaces": ["dev-1", "test"]})));
        for refused in [
            json!({}),
            json!({"Workspace": "prod"}),
            json!({"Workspace": ["dev-1", "prod"]}),
            json!({"Workspace": []}),
            json!({"Workspace": 7}),
            json!({"Workspace": "dev-1", "WORKSPACES": ["prod"]}),
        ] {
            assert!(!allowed(&grants, "set_rule", refused.clone()), "{refused}");
        }
        assert!(!allowed(&grants, "list_rulesets", json!({})));
        assert!(allowed(&Grants::All, "anything", json!({})));
    }

    #[test]
    fn rules_that_are_none_are_refused() {
        for text in
            ["", "Read", "Read:", "Read: ", ": get_*", "Re ad: get_*", "Read: in dev", "Read: get_* in"]
        {
            assert!(Grant::parse(text).is_err(), "{text}");
        }
        assert!(Grant::parse("api://x/Tools.Read: get_*").is_ok());
    }
}
