//! Parameter sets: which of them a set of arguments fits.

use super::{
    parameter::{Parameter, Role},
    tool::ToolSpec,
};

/// Explains why the given parameters fit no parameter set; `None` if they fit one, or PowerShell is to decide.
///
/// What every set wants is reported elsewhere: `required` says it.
pub(crate) fn misfit(tool: &ToolSpec, given: &[&Parameter]) -> Option<String> {
    if tool.sets.len() < 2 {
        return None;
    }
    let possible: Vec<&str> = tool
        .sets
        .iter()
        .map(String::as_str)
        .filter(|set| given.iter().all(|parameter| parameter.membership.is_in(set)))
        .collect();
    if possible.is_empty() {
        return Some(not_together(tool, given));
    }
    let missing: Vec<Vec<&str>> = possible.iter().map(|set| missing_in(tool, set, given)).collect();
    if missing.iter().any(Vec::is_empty) {
        return None;
    }
    let mut ways: Vec<String> = Vec::new();
    for names in missing {
        let way = names.join(" and ");
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    let beside = match names_of(given) {
        names if names.is_empty() => String::new(),
        names => format!(" beside {names}"),
    };
    Some(format!("these parameters make no complete set: give {}{beside}", ways.join(", or ")))
}

/// The set that an example should be of: the default one, or the first that has all that is given.
pub(crate) fn preferred<'a>(tool: &'a ToolSpec, given: &[&Parameter]) -> Option<&'a str> {
    let fits = |set: &&str| given.iter().all(|parameter| parameter.membership.is_in(set));
    let mut sets = tool.sets.iter().map(String::as_str);
    let default = sets.clone().find(|set| tool.default_set.as_deref() == Some(set) && fits(set));
    default.or_else(|| sets.find(fits))
}

fn missing_in<'a>(tool: &'a ToolSpec, set: &str, given: &[&Parameter]) -> Vec<&'a str> {
    let has_input = given.iter().any(|parameter| parameter.role == Role::Input);
    tool.parameters
        .iter()
        .filter(|parameter| parameter.membership.is_in(set) && parameter.membership.is_mandatory_in(set))
        .filter(|parameter| !(has_input && parameter.membership.from_input))
        .filter(|parameter| !given.iter().any(|there| there.name == parameter.name))
        .map(|parameter| parameter.name.as_str())
        .collect()
}

fn not_together(tool: &ToolSpec, given: &[&Parameter]) -> String {
    let choosy: Vec<&&Parameter> =
        given.iter().filter(|parameter| !parameter.membership.sets.is_empty()).collect();
    for (index, one) in choosy.iter().enumerate() {
        for other in choosy.iter().skip(index + 1) {
            let together =
                tool.sets.iter().any(|set| one.membership.is_in(set) && other.membership.is_in(set));
            if !together {
                return format!(
                    "'{}' ({}) and '{}' ({}) cannot be given together: leave one of them out",
                    one.name,
                    sets_of(one),
                    other.name,
                    sets_of(other)
                );
            }
        }
    }
    let described: Vec<String> =
        choosy.iter().map(|parameter| format!("{} ({})", parameter.name, sets_of(parameter))).collect();
    format!("no parameter set has all of {}: leave out what is of another set", described.join(", "))
}

fn sets_of(parameter: &Parameter) -> String {
    match parameter.membership.sets.as_slice() {
        [one] => format!("set {one}"),
        several => format!("sets {}", several.join(", ")),
    }
}

fn names_of(given: &[&Parameter]) -> String {
    let choosy = given.iter().filter(|parameter| !parameter.membership.sets.is_empty());
    choosy.map(|parameter| parameter.name.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::tool::tests::command;

    fn tool() -> ToolSpec {
        let mut command = command(
            "Get-Thing",
            json!([
                {"name": "Id", "type": "int", "bindable": true, "mandatory_in": ["ById"], "sets": [{"name": "ById"}]},
                {"name": "Name", "type": "string", "bindable": true, "mandatory_in": ["ByName"], "sets": [{"name": "ByName"}]},
                {"name": "Exact", "type": "switch", "is_switch": true, "bindable": true, "sets": [{"name": "ByName"}]},
                {"name": "Force", "type": "switch", "is_switch": true, "bindable": true},
                {"name": "Where", "type": "scriptblock", "bindable": false, "mandatory_in": ["ByCode"],
                 "sets": [{"name": "ByCode"}]},
            ]),
        );
        command.parameter_sets = serde_json::from_value(
            json!([{"name": "ByName", "is_default": true}, {"name": "ById"}, {"name": "ByCode"}]),
        )
        .expect("sets");
        ToolSpec::of(&command).expect("a tool")
    }

    fn explained(names: &[&str]) -> Option<String> {
        let tool = tool();
        let given: Vec<&Parameter> =
            tool.parameters.iter().filter(|parameter| names.contains(&parameter.name.as_str())).collect();
        misfit(&tool, &given)
    }

    #[test]
    fn arguments_of_one_set_fit() {
        assert_eq!(explained(&["Id", "Force"]), None);
        assert_eq!(explained(&["Name", "Exact"]), None);
    }

    #[test]
    fn arguments_of_two_sets_are_named_with_their_sets() {
        let text = explained(&["Id", "Exact"]).expect("no set has both");
        assert_eq!(
            text,
            "'Id' (set ById) and 'Exact' (set ByName) cannot be given together: leave one of them out"
        );
    }

    #[test]
    fn incomplete_sets_say_what_completes_them() {
        assert_eq!(
            explained(&["Exact"]).as_deref(),
            Some("these parameters make no complete set: give Name beside Exact")
        );
        assert_eq!(
            explained(&["Force"]).as_deref(),
            Some("these parameters make no complete set: give Name, or Id")
        );
    }
}
