//! What was wrong with the arguments of a call, so that a model can put it right.

use serde_json::{Map, Value};

use super::{
    parameter::{Parameter, Role},
    sample, sets,
    tool::ToolSpec,
};

/// Longest piece of a given value that a message repeats.
const SHOWN_CHARS: usize = 60;
/// Most names that a message lists.
const LISTED: usize = 40;
/// How alike (0 to 1) two names have to be for the one to be meant by the other.
const ALIKE: f64 = 0.75;

/// Every mistake, and a call without them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Correction {
    tool: String,
    mistakes: Vec<Mistake>,
    /// Arguments that fit; what was right of those given is kept.
    example: Option<Value>,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mistake {
    /// The parameter it is about; empty: several.
    parameter: String,
    text: String,
    /// What was probably meant.
    meant: Option<Value>,
}

impl Mistake {
    /// About one parameter: the text goes on after its name.
    pub(crate) fn of(parameter: &Parameter, text: String) -> Self {
        Self { parameter: parameter.name.clone(), text: format!("'{}' {text}", parameter.name), meant: None }
    }

    /// A word that is none of those taken.
    pub(crate) fn of_choice(parameter: &Parameter, given: &str) -> Self {
        let choices = &parameter.rules.choices;
        let nearest = nearest(given, choices.iter().map(String::as_str));
        let hint = nearest.map(|near| format!("; the nearest is \"{near}\"")).unwrap_or_default();
        let meant = nearest.map(|near| Value::String(near.to_owned()));
        let meant = meant.map(|one| if parameter.list { Value::Array(vec![one]) } else { one });
        let text = format!("was given {}, it takes {}{hint}", quoted(given), parameter.takes());
        Self { meant, ..Self::of(parameter, text) }
    }

    /// About parameters that do not go together.
    pub(crate) fn together(text: String) -> Self {
        Self { parameter: String::new(), text, meant: None }
    }

    /// A name that is no parameter's.
    pub(crate) fn unknown(tool: &ToolSpec, given: &str) -> Self {
        let same = |name: &str| name.eq_ignore_ascii_case(given);
        if let Some(left_out) = tool.left_out.iter().find(|left_out| same(&left_out.name)) {
            return Self::together(format!("'{}' is not offered: {}", left_out.name, left_out.reason));
        }
        let names: Vec<&str> = tool.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let given = shortened(given);
        if names.is_empty() {
            return Self::together(format!("'{given}' is not a parameter; this tool takes none"));
        }
        let hint = nearest(&given, names.iter().copied())
            .map(|near| format!("the nearest is '{near}'. There are "))
            .unwrap_or_else(|| "there are ".to_owned());
        let more = if names.len() > LISTED { ", …" } else { "" };
        let listed = names.into_iter().take(LISTED).collect::<Vec<_>>().join(", ");
        Self::together(format!("'{given}' is not a parameter; {hint}{listed}{more}"))
    }

    /// True if it is about this parameter.
    pub(crate) fn is_about(&self, parameter: &Parameter) -> bool {
        self.parameter == parameter.name
    }
}

impl Correction {
    /// `given` are the arguments that are right by themselves.
    pub(crate) fn new(tool: &ToolSpec, mistakes: Vec<Mistake>, given: Vec<(&Parameter, Value)>) -> Self {
        let example = example(tool, &mistakes, given);
        Self { tool: tool.name.clone(), mistakes, example }
    }

    /// The mistakes, each one line.
    #[cfg(test)]
    pub(crate) fn lines(&self) -> Vec<String> {
        self.mistakes.iter().map(|mistake| mistake.text.clone()).collect()
    }

    /// Arguments that fit.
    #[cfg(test)]
    pub(crate) fn example(&self) -> Option<&Value> {
        self.example.as_ref()
    }

    /// All of it in words, for the model.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("The arguments do not fit {}:", self.tool);
        for mistake in &self.mistakes {
            text.push_str("\n- ");
            text.push_str(&mistake.text);
        }
        if let Some(example) = &self.example {
            text.push_str(&format!("\nArguments that fit: {example}"));
        }
        text
    }
}

/// Arguments that fit: those that were right, what was probably meant, and samples for the rest that is needed.
fn example(tool: &ToolSpec, mistakes: &[Mistake], given: Vec<(&Parameter, Value)>) -> Option<Value> {
    let right: Vec<&Parameter> = given.iter().map(|(parameter, _)| *parameter).collect();
    let mistaken =
        tool.parameters.iter().filter(|parameter| mistakes.iter().any(|mistake| mistake.is_about(parameter)));
    let meant: Vec<&Parameter> = right.iter().copied().chain(mistaken).collect();
    // Where what was given does not go together, only what one set has is kept.
    let set = [meant.as_slice(), &right, &[]].into_iter().find_map(|given| sets::preferred(tool, given));
    let mut example = Map::new();
    for parameter in &tool.parameters {
        let membership = &parameter.membership;
        if !set.is_none_or(|set| membership.is_in(set)) {
            continue;
        }
        let there =
            given.iter().find(|(there, _)| there.name == parameter.name).map(|(_, value)| value.clone());
        let mistaken = mistakes.iter().find(|mistake| mistake.is_about(parameter));
        let needed = parameter.required || set.is_some_and(|set| membership.is_mandatory_in(set));
        let value = match (there, mistaken) {
            (Some(value), _) => Some(shorter(value)),
            (None, Some(mistake)) => mistake.meant.clone().or_else(|| sample::of(parameter)),
            (None, None) if needed && parameter.role != Role::DryRun => sample::of(parameter),
            (None, None) => continue,
        };
        match value {
            Some(value) => drop(example.insert(parameter.name.clone(), value)),
            None if needed => return None,
            None => {}
        }
    }
    Some(Value::Object(example)).filter(|example| fits(tool, example))
}

/// Nothing is proposed that would be refused again.
fn fits(tool: &ToolSpec, example: &Value) -> bool {
    let Value::Object(arguments) = example else { return false };
    let known = |name: &String| tool.parameters.iter().any(|parameter| parameter.name == *name);
    arguments.keys().all(known) && super::arguments::passes(tool, arguments)
}

/// Big values are not repeated.
fn shorter(value: Value) -> Value {
    match value {
        Value::Array(elements) => Value::Array(elements.into_iter().take(3).map(shorter).collect()),
        other => other,
    }
}

/// The name that was probably meant.
pub(super) fn nearest<'a>(given: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = given.to_lowercase();
    names
        .map(|name| (strsim::jaro_winkler(&lower, &name.to_lowercase()), name))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

/// A value as a message shows it.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(elements) => format!("a list of {} elements", elements.len()),
        Value::Object(_) => "an object".to_owned(),
        other => other.to_string(),
    }
}

/// The beginning of a text, in quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", shortened(text))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::{bind, tool::tests::command};

    fn corrected(given: Value) -> Value {
        let mut command = command(
            "Get-Thing",
            json!([
                {"name": "Id", "type": "int", "bindable": true, "mandatory_in": ["ById"], "sets": [{"name": "ById"}],
                 "validate_range": {"min": 100, "max": 999}},
                {"name": "Name", "type": "string[]", "element_type": "string", "bindable": true,
                 "mandatory_in": ["ByName"], "sets": [{"name": "ByName"}]},
                {"name": "Level", "type": "string", "bindable": true, "mandatory_in": ["__AllParameterSets"],
                 "validate_set": ["Low", "High"]},
            ]),
        );
        command.parameter_sets =
            serde_json::from_value(json!([{"name": "ByName", "is_default": true}, {"name": "ById"}]))
                .expect("sets");
        let tool = ToolSpec::of(&command).expect("a tool");
        let Value::Object(given) = given else { panic!("not an object") };
        let correction = bind(&tool, given).expect_err("does not fit");
        let example = correction.example().cloned().expect("an example");
        let Value::Object(again) = example.clone() else { panic!("not an object") };
        assert!(bind(&tool, again).is_ok(), "{example}");
        example
    }

    #[test]
    fn example_keeps_what_was_right_and_replaces_the_rest() {
        assert_eq!(corrected(json!({"Id": 5, "Level": "Hgih"})), json!({"Level": "High", "Id": 100}));
        assert_eq!(corrected(json!({"Name": "a", "Lvel": "Low"})), json!({"Level": "Low", "Name": ["a"]}));
        assert_eq!(
            corrected(json!({"Name": "a", "Id": 100, "Level": "Low"})),
            json!({"Level": "Low", "Name": ["a"]})
        );
        assert_eq!(corrected(json!({})), json!({"Level": "Low", "Name": ["text"]}));
    }

    #[test]
    fn text_lists_mistakes_and_a_call_that_fits() {
        let tool = crate::catalog::tool::tests::spec(json!([
            {"name": "Count", "type": "int", "bindable": true, "validate_range": {"min": 1, "max": 10}}
        ]));
        let Value::Object(given) = json!({"Count": 11}) else { return };
        let text = bind(&tool, given).expect_err("does not fit").text();
        assert_eq!(
            text,
            "The arguments do not fit get_thing:\n- 'Count' was given 11, it must be at least 1 and at most 10\n\
             Arguments that fit: {\"Count\":1}"
        );
    }
}
