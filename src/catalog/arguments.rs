//! Arguments of a call against what the tool takes: what can be said before PowerShell is asked.

use serde_json::{Map, Number, Value};

use super::{
    correction::{Correction, Mistake, quoted, shown},
    kind::{Kind, TRISTATE},
    parameter::{Parameter, Role},
    rules::Bound,
    sets,
    tool::ToolSpec,
};

/// Arguments in PowerShell's form.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Arguments {
    pub(crate) parameters: Map<String, Value>,
    /// Objects for the pipeline.
    pub(crate) input: Option<Vec<Value>>,
    /// The call only says what it would do.
    pub(crate) dry_run: bool,
}

/// Brings arguments into PowerShell's form: canonical parameter names, single values where a list is taken as lists.
///
/// # Errors
/// Every mistake, and a call without them.
pub(crate) fn bind(tool: &ToolSpec, arguments: Map<String, Value>) -> Result<Arguments, Correction> {
    let (given, mistakes) = examine(tool, arguments);
    if mistakes.is_empty() { Ok(bound(given)) } else { Err(Correction::new(tool, mistakes, given)) }
}

/// True if nothing is wrong with the arguments.
pub(super) fn passes(tool: &ToolSpec, arguments: &Map<String, Value>) -> bool {
    examine(tool, arguments.clone()).1.is_empty()
}

/// What was given and is right by itself, and everything that is wrong.
fn examine(tool: &ToolSpec, arguments: Map<String, Value>) -> (Vec<(&Parameter, Value)>, Vec<Mistake>) {
    let mut given: Vec<(&Parameter, Value)> = Vec::new();
    let mut mistakes = Vec::new();
    for (name, value) in arguments {
        let Some(parameter) = find(&tool.parameters, &name) else {
            mistakes.push(Mistake::unknown(tool, &name));
            continue;
        };
        if value.is_null() && !parameter.required && !parameter.nullable {
            continue; // Left out, as many clients say it.
        }
        match check(parameter, value) {
            Ok(_) if given.iter().any(|(there, _)| there.name == parameter.name) => {
                mistakes.push(Mistake::of(parameter, "was given more than once".to_owned()));
            }
            Ok(value) => given.push((parameter, value)),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    for parameter in tool.parameters.iter().filter(|parameter| parameter.required) {
        let there = given.iter().any(|(there, _)| there.name == parameter.name);
        if !there && !mistakes.iter().any(|mistake| mistake.is_about(parameter)) {
            mistakes.push(Mistake::of(parameter, format!("is missing: it takes {}", parameter.takes())));
        }
    }
    // A switch that is off is a switch that is not there: it must not choose the parameter set either.
    given.retain(|(parameter, value)| !(parameter.kind == Kind::Switch && *value == Value::Bool(false)));
    if mistakes.is_empty() {
        let parameters: Vec<&Parameter> = given.iter().map(|(parameter, _)| *parameter).collect();
        mistakes.extend(sets::misfit(tool, &parameters).map(Mistake::together));
    }
    (given, mistakes)
}

fn bound(given: Vec<(&Parameter, Value)>) -> Arguments {
    let mut arguments = Arguments::default();
    for (parameter, value) in given {
        match (parameter.role, value) {
            (Role::Input, Value::Array(objects)) => arguments.input = Some(objects),
            (Role::DryRun, value) => {
                arguments.dry_run = true;
                arguments.parameters.insert("WhatIf".to_owned(), value);
            }
            (_, Value::String(word)) if parameter.kind == Kind::Tristate => {
                arguments.parameters.insert(parameter.name.clone(), Value::Bool(word == TRISTATE[0]));
            }
            (_, value) => {
                arguments.parameters.insert(parameter.name.clone(), value);
            }
        }
    }
    arguments
}

fn find<'a>(parameters: &'a [Parameter], given: &str) -> Option<&'a Parameter> {
    parameters
        .iter()
        .find(|parameter| parameter.name.eq_ignore_ascii_case(given))
        .or_else(|| parameters.iter().find(|parameter| parameter.is_called(given)))
}

fn check(parameter: &Parameter, value: Value) -> Result<Value, Mistake> {
    if value.is_null() && parameter.nullable {
        return Ok(value);
    }
    if !parameter.list {
        return check_one(parameter, value);
    }
    let elements = match value {
        Value::Array(elements) => elements,
        single => vec![single],
    };
    let count = elements.len() as u64;
    let rules = &parameter.rules;
    if rules.min_items.is_some_and(|min| count < min) || rules.max_items.is_some_and(|max| count > max) {
        let wanted = range(rules.min_items, rules.max_items, "elements");
        return Err(Mistake::of(parameter, format!("was given {count} elements, it takes {wanted}")));
    }
    elements
        .into_iter()
        .map(|element| check_one(parameter, element))
        .collect::<Result<Vec<_>, _>>()
        .map(Value::Array)
}

fn check_one(parameter: &Parameter, value: Value) -> Result<Value, Mistake> {
    let rules = &parameter.rules;
    match (parameter.kind, value) {
        (Kind::Text | Kind::Converted | Kind::Formatted(_) | Kind::Described(_), Value::String(text)) => {
            check_text(parameter, &text)?;
            Ok(Value::String(canonical(parameter, text)))
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
        (Kind::Tristate, Value::String(text))
            if TRISTATE.iter().any(|word| text.eq_ignore_ascii_case(word)) =>
        {
            Ok(Value::String(text.to_ascii_lowercase()))
        }
        (Kind::Tristate, Value::Bool(on)) => Ok(Value::String(TRISTATE[usize::from(!on)].to_owned())),
        (Kind::Boolean | Kind::Switch, value @ Value::Bool(_))
        | (Kind::Object, value @ Value::Object(_))
        | (Kind::Any, value) => Ok(value),
        (_, value) => Err(wrong(parameter, &value)),
    }
}

/// A permitted word as the command writes it.
fn canonical(parameter: &Parameter, text: String) -> String {
    let known = parameter.rules.choices.iter().find(|choice| choice.eq_ignore_ascii_case(text.trim()));
    known.cloned().unwrap_or(text)
}

fn wrong(parameter: &Parameter, value: &Value) -> Mistake {
    Mistake::of(parameter, format!("was given {}, it takes {}", shown(value), parameter.takes()))
}

fn check_text(parameter: &Parameter, text: &str) -> Result<(), Mistake> {
    let rules = &parameter.rules;
    if !rules.choices.is_empty() {
        let known = |part: &str| rules.choices.iter().any(|choice| choice.eq_ignore_ascii_case(part.trim()));
        // Flags of an enum may be combined with commas.
        if !known(text) && !text.split(',').all(known) {
            return Err(Mistake::of_choice(parameter, text));
        }
    }
    let chars = text.chars().count() as u64;
    if rules.min_chars.is_some_and(|min| chars < min) || rules.max_chars.is_some_and(|max| chars > max) {
        let wanted = range(rules.min_chars, rules.max_chars, "characters");
        return Err(Mistake::of(
            parameter,
            format!("was given a text of {chars} characters, it takes {wanted}"),
        ));
    }
    match rules.pattern.as_deref().map(|pattern| (pattern, rules.certainly_mismatches(text))) {
        Some((pattern, true)) => {
            Err(Mistake::of(parameter, format!("was given {}, it must match {pattern}", quoted(text))))
        }
        _ => Ok(()),
    }
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
    Err(Mistake::of(parameter, format!("was given {number}, it must be {}", limits.join(" and "))))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::tool::tests::spec;

    fn tool() -> ToolSpec {
        spec(json!([
            {"name": "Name", "type": "string[]", "type_full_name": "System.String[]", "element_type": "string",
             "mandatory_in": ["__AllParameterSets"], "aliases": ["ProcessName"], "bindable": true},
            {"name": "Count", "type": "int", "type_full_name": "System.Int32", "bindable": true,
             "validate_range": {"min": 1, "max": 10}},
            {"name": "Level", "type": "string", "type_full_name": "System.String", "bindable": true,
             "validate_set": ["Low", "High"]},
            {"name": "Force", "type": "switch", "type_full_name": "System.Management.Automation.SwitchParameter",
             "is_switch": true, "bindable": true},
            {"name": "Colour", "type": "switch", "is_switch": true, "bindable": true, "absence_matters": true},
            {"name": "Code", "type": "string", "bindable": true, "validate_pattern": "^[a-z]{3}$"},
            {"name": "Filter", "type": "scriptblock", "type_full_name": "x", "bindable": false},
        ]))
    }

    fn bound(arguments: Value) -> Result<Value, Vec<String>> {
        let Value::Object(arguments) = arguments else { panic!("not an object") };
        bind(&tool(), arguments)
            .map(|bound| Value::Object(bound.parameters))
            .map_err(|correction| correction.lines())
    }

    #[test]
    fn bind_accepts_names_in_any_case_aliases_and_single_values() {
        assert_eq!(
            bound(json!({"processname": "pwsh", "COUNT": 3, "level": "high", "Force": null})),
            Ok(json!({"Name": ["pwsh"], "Count": 3, "Level": "High"}))
        );
        assert_eq!(bound(json!({"Name": ["a", 7]})), Ok(json!({"Name": ["a", "7"]})));
    }

    #[test]
    fn bind_takes_a_switch_that_is_off_for_one_that_is_not_there() {
        assert_eq!(bound(json!({"Name": "a", "Force": false})), Ok(json!({"Name": ["a"]})));
        assert_eq!(bound(json!({"Name": "a", "Force": true})), Ok(json!({"Name": ["a"], "Force": true})));
        for off in [json!("off"), json!(false)] {
            assert_eq!(
                bound(json!({"Name": "a", "Colour": off})),
                Ok(json!({"Name": ["a"], "Colour": false}))
            );
        }
        assert_eq!(bound(json!({"Name": "a", "Colour": "On"})), Ok(json!({"Name": ["a"], "Colour": true})));
    }

    #[test]
    fn bind_names_what_was_given_and_what_would_work() {
        let mistakes = bound(
            json!({"Count": 11, "Level": "Hihg", "Force": "yes", "Filter": "{}", "Cuont": 1, "Code": "abcd"}),
        );
        assert_eq!(
            mistakes.unwrap_err(),
            [
                "'Count' was given 11, it must be at least 1 and at most 10",
                "'Level' was given \"Hihg\", it takes one of Low, High; the nearest is \"High\"",
                "'Force' was given \"yes\", it takes true or false",
                "'Filter' is not offered: it takes what no JSON value stands for",
                "'Cuont' is not a parameter; the nearest is 'Count'. There are Name, Count, Level, Force, Colour, Code",
                "'Code' was given \"abcd\", it must match ^[a-z]{3}$",
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

    #[test]
    fn bind_tells_pipeline_input_and_dry_run_from_parameters() {
        let mut command = crate::catalog::tool::tests::command(
            "Set-Thing",
            json!([{"name": "InputObject", "type": "object", "bindable": true, "mandatory_in": ["__AllParameterSets"],
                    "sets": [{"name": "__AllParameterSets", "value_from_pipeline": true}]}]),
        );
        command.supports_should_process = true;
        let tool = ToolSpec::of(&command).expect("a tool");
        let Value::Object(given) = json!({"input": [1, {"a": 2}], "dry_run": true}) else { return };
        let arguments = bind(&tool, given).expect("it fits");
        assert_eq!(arguments.input, Some(vec![json!(1), json!({"a": 2})]));
        assert_eq!(Value::Object(arguments.parameters), json!({"WhatIf": true}));
        assert!(arguments.dry_run);
    }
}
