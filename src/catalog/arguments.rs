//! Arguments of a call against what the tool takes: what can be said before PowerShell is asked.

use serde_json::{Map, Number, Value};

use super::{
    parameter::{Bound, Kind, Parameter},
    tool::ToolSpec,
};

/// Longest piece of a given value that a message repeats.
const SHOWN_CHARS: usize = 60;

/// Brings arguments into PowerShell's form: canonical parameter names, single values where a list is taken as lists.
///
/// # Errors
/// Every mistake, each one line: the parameter, what was given, what it takes.
pub(crate) fn bind(
    tool: &ToolSpec,
    arguments: Map<String, Value>,
) -> Result<Map<String, Value>, Vec<String>> {
    let mut bound = Map::new();
    let mut mistakes = Vec::new();
    for (given, value) in arguments {
        let Some(parameter) = find(&tool.parameters, &given) else {
            mistakes.push(unknown(tool, &given));
            continue;
        };
        if value.is_null() && !parameter.required && !parameter.nullable {
            continue; // Left out, as many clients say it.
        }
        match check(parameter, value) {
            Ok(value) => {
                if bound.insert(parameter.name.clone(), value).is_some() {
                    mistakes.push(format!("'{}' was given more than once", parameter.name));
                }
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    for parameter in &tool.parameters {
        let named = format!("'{}' ", parameter.name);
        let mistaken = mistakes.iter().any(|mistake| mistake.starts_with(&named));
        if parameter.required && !bound.contains_key(&parameter.name) && !mistaken {
            mistakes.push(format!("'{}' is missing: it takes {}", parameter.name, parameter.takes()));
        }
    }
    if mistakes.is_empty() { Ok(bound) } else { Err(mistakes) }
}

fn find<'a>(parameters: &'a [Parameter], given: &str) -> Option<&'a Parameter> {
    let named = |name: &str| name.eq_ignore_ascii_case(given);
    parameters
        .iter()
        .find(|parameter| named(&parameter.name))
        .or_else(|| parameters.iter().find(|parameter| parameter.aliases.iter().any(|alias| named(alias))))
}

fn unknown(tool: &ToolSpec, given: &str) -> String {
    if let Some(left_out) = tool.left_out.iter().find(|left_out| left_out.name.eq_ignore_ascii_case(given)) {
        return format!("'{}' is not offered: {}", left_out.name, left_out.reason);
    }
    let names: Vec<&str> = tool.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    if names.is_empty() {
        return format!("'{}' is not a parameter; this tool takes none", shortened(given));
    }
    format!("'{}' is not a parameter; there are {}", shortened(given), names.join(", "))
}

fn check(parameter: &Parameter, value: Value) -> Result<Value, String> {
    if value.is_null() && parameter.nullable {
        return Ok(value);
    }
    let wrong = |value: &Value| {
        format!("'{}' was given {}, it takes {}", parameter.name, shown(value), parameter.takes())
    };
    if !parameter.list {
        return check_one(parameter, value).map_err(|mistake| mistake.unwrap_or_else(wrong));
    }
    let elements = match value {
        Value::Array(elements) => elements,
        single => vec![single],
    };
    let count = elements.len() as u64;
    let rules = &parameter.rules;
    if rules.min_items.is_some_and(|min| count < min) || rules.max_items.is_some_and(|max| count > max) {
        return Err(format!(
            "'{}' was given {count} elements, it takes {}",
            parameter.name,
            range(rules.min_items, rules.max_items, "elements")
        ));
    }
    elements
        .into_iter()
        .map(|element| check_one(parameter, element).map_err(|mistake| mistake.unwrap_or_else(wrong)))
        .collect::<Result<Vec<_>, _>>()
        .map(Value::Array)
}

/// What is wrong with a value: a text of its own, or what it is and what is taken.
enum Mistake {
    Text(String),
    Kind(Value),
}

impl Mistake {
    fn unwrap_or_else(self, wrong: impl Fn(&Value) -> String) -> String {
        match self {
            Self::Text(text) => text,
            Self::Kind(value) => wrong(&value),
        }
    }
}

fn check_one(parameter: &Parameter, value: Value) -> Result<Value, Mistake> {
    let rules = &parameter.rules;
    match (parameter.kind, value) {
        (Kind::Text | Kind::Converted | Kind::Formatted(_) | Kind::Described(_), Value::String(text)) => {
            check_text(parameter, &text)?;
            Ok(Value::String(text))
        }
        // Names and versions that look like numbers: `"Name": 7`.
        (Kind::Text | Kind::Converted, Value::Number(number)) if rules.choices.is_empty() => {
            check_text(parameter, &number.to_string())?;
            Ok(Value::String(number.to_string()))
        }
        (Kind::Integer, Value::Number(number)) if is_integer(&number) => {
            check_range(parameter, &number)?;
            Ok(Value::Number(number))
        }
        (Kind::Number, Value::Number(number)) => {
            check_range(parameter, &number)?;
            Ok(Value::Number(number))
        }
        (Kind::Boolean | Kind::Switch, value @ Value::Bool(_))
        | (Kind::Object, value @ Value::Object(_))
        | (Kind::Any, value) => Ok(value),
        (_, value) => Err(Mistake::Kind(value)),
    }
}

fn check_text(parameter: &Parameter, text: &str) -> Result<(), Mistake> {
    let rules = &parameter.rules;
    if !rules.choices.is_empty() {
        let known = |part: &str| rules.choices.iter().any(|choice| choice.eq_ignore_ascii_case(part.trim()));
        // Flags of an enum may be combined with commas.
        if !known(text) && !text.split(',').all(known) {
            return Err(Mistake::Kind(Value::String(text.to_owned())));
        }
    }
    let chars = text.chars().count() as u64;
    if rules.min_chars.is_some_and(|min| chars < min) || rules.max_chars.is_some_and(|max| chars > max) {
        return Err(Mistake::Text(format!(
            "'{}' was given a text of {chars} characters, it takes {}",
            parameter.name,
            range(rules.min_chars, rules.max_chars, "characters")
        )));
    }
    Ok(())
}

fn check_range(parameter: &Parameter, number: &Number) -> Result<(), Mistake> {
    let Some(value) = number.as_f64() else { return Ok(()) };
    let below =
        |bound: &Bound| bound.value.as_f64().is_some_and(|b| value < b || (bound.exclusive && value <= b));
    let above =
        |bound: &Bound| bound.value.as_f64().is_some_and(|b| value > b || (bound.exclusive && value >= b));
    let rules = &parameter.rules;
    if !rules.minimum.as_ref().is_some_and(below) && !rules.maximum.as_ref().is_some_and(above) {
        return Ok(());
    }
    let says = |bound: &Bound, inclusive, exclusive| {
        format!("{} {}", if bound.exclusive { exclusive } else { inclusive }, bound.value)
    };
    let limits: Vec<String> = [
        rules.minimum.as_ref().map(|bound| says(bound, "at least", "more than")),
        rules.maximum.as_ref().map(|bound| says(bound, "at most", "less than")),
    ]
    .into_iter()
    .flatten()
    .collect();
    Err(Mistake::Text(format!(
        "'{}' was given {number}, it must be {}",
        parameter.name,
        limits.join(" and ")
    )))
}

fn is_integer(number: &Number) -> bool {
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|value| value.fract() == 0.0)
}

fn range(min: Option<u64>, max: Option<u64>, what: &str) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("{min} to {max} {what}"),
        (Some(min), None) => format!("at least {min} {what}"),
        (None, Some(max)) => format!("at most {max} {what}"),
        (None, None) => format!("any number of {what}"),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", shortened(text)),
        Value::Array(elements) => format!("a list of {} elements", elements.len()),
        Value::Object(_) => "an object".to_owned(),
        other => other.to_string(),
    }
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
    use crate::catalog::tool::tests::spec;

    fn bound(arguments: Value) -> Result<Value, Vec<String>> {
        let tool = spec(json!([
            {"name": "Name", "type": "string[]", "type_full_name": "System.String[]", "element_type": "string",
             "mandatory_in": ["__AllParameterSets"], "aliases": ["ProcessName"], "bindable": true},
            {"name": "Count", "type": "int", "type_full_name": "System.Int32", "bindable": true,
             "validate_range": {"min": 1, "max": 10}},
            {"name": "Level", "type": "string", "type_full_name": "System.String", "bindable": true,
             "validate_set": ["Low", "High"]},
            {"name": "Force", "type": "switch", "type_full_name": "System.Management.Automation.SwitchParameter",
             "is_switch": true, "bindable": true},
            {"name": "Filter", "type": "scriptblock", "type_full_name": "x", "bindable": false},
        ]));
        let Value::Object(arguments) = arguments else { panic!("not an object") };
        bind(&tool, arguments).map(Value::Object)
    }

    #[test]
    fn bind_accepts_names_in_any_case_aliases_and_single_values() {
        assert_eq!(
            bound(
                json!({"processname": "pwsh", "COUNT": 3, "level": "high", "Force": true, "Nothing": null})
            ),
            Err(vec!["'Nothing' is not a parameter; there are Name, Count, Level, Force".to_owned()])
        );
        assert_eq!(
            bound(json!({"processname": "pwsh", "COUNT": 3, "level": "high", "Force": null})),
            Ok(json!({"Name": ["pwsh"], "Count": 3, "Level": "high"}))
        );
        assert_eq!(bound(json!({"Name": ["a", 7]})), Ok(json!({"Name": ["a", "7"]})));
    }

    #[test]
    fn bind_names_what_was_given_and_what_would_work() {
        let mistakes =
            bound(json!({"Count": 11, "Level": "Middle", "Force": "yes", "Filter": "{}"})).unwrap_err();
        assert_eq!(
            mistakes,
            [
                "'Count' was given 11, it must be at least 1 and at most 10",
                "'Level' was given \"Middle\", it takes one of Low, High",
                "'Force' was given \"yes\", it takes true or false",
                "'Filter' is not offered: no JSON value stands for its type",
                "'Name' is missing: it takes a list, each element a string",
            ]
        );
    }

    #[test]
    fn bind_refuses_the_same_parameter_under_two_names() {
        let mistakes = bound(json!({"Name": "a", "ProcessName": "b"})).unwrap_err();
        assert_eq!(mistakes, ["'Name' was given more than once"]);
    }

    #[test]
    fn bind_repeats_only_the_beginning_of_a_long_value() {
        let mistakes = bound(json!({"Name": "a", "Level": "x".repeat(10_000)})).unwrap_err();
        assert!(mistakes[0].len() < 200, "{mistakes:?}");
    }
}
