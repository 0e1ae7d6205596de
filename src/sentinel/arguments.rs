//! Arguments as they are given - by a model, a script, a command line - brought into the form that an operation reads.

use serde_json::{Map, Value};

use super::parameter::{Common, Parameter};
use super::{Error, Operation, Result};

/// Arguments, checked and split.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    pub(crate) common: Common,
    /// The operation's own, under their canonical names.
    pub(crate) own: Value,
    /// All that were given, for the journal and digests.
    pub(crate) all: Value,
}

/// Checks arguments. Names count in any case and with or without `_` and `-`; a single value stands for a list of one;
/// texts are read as numbers and flags where those are wanted.
///
/// # Errors
/// [`Error::Arguments`] with every mistake.
pub(crate) fn bind(operation: &Operation, given: Map<String, Value>) -> Result<Bound> {
    let parameters = operation.parameters();
    let mut problems = Vec::new();
    let mut bound: Map<String, Value> = Map::new();
    for (name, value) in given {
        let Some(parameter) = find(parameters, &name) else {
            let names = parameters.iter().map(|parameter| parameter.power_shell.as_str());
            let nearest = crate::nearest::nearest(&name.replace(['_', '-'], ""), names);
            problems.push(match nearest {
                Some(nearest) => format!("there is no parameter '{name}': did you mean {nearest}?"),
                None => format!("there is no parameter '{name}'"),
            });
            continue;
        };
        if value.is_null() {
            continue;
        }
        match shape(parameter, value) {
            Ok(value) => {
                if bound.insert(parameter.name.clone(), value).is_some() {
                    problems.push(format!("{} was given twice", parameter.power_shell));
                }
            }
            Err(problem) => problems.push(format!("{}: {problem}", parameter.power_shell)),
        }
    }
    for parameter in parameters.iter().filter(|parameter| parameter.required) {
        if !bound.contains_key(&parameter.name)
            && !problems.iter().any(|text| text.starts_with(&parameter.power_shell))
        {
            problems.push(format!("{} is missing: it takes {}", parameter.power_shell, parameter.takes()));
        }
    }
    if !problems.is_empty() {
        return Err(Error::Arguments { operation: operation.name.to_owned(), problems });
    }
    bound.sort_keys();
    let all = Value::Object(bound.clone());
    let (common, own): (Map<_, _>, Map<_, _>) = bound.into_iter().partition(|(name, _)| {
        parameters.iter().any(|parameter| parameter.common && parameter.name == *name)
    });
    let common = serde_json::from_value(Value::Object(common))
        .map_err(|error| Error::arguments(operation.name, error.to_string()))?;
    Ok(Bound { common, own: Value::Object(own), all })
}

fn find<'a>(parameters: &'a [Parameter], given: &str) -> Option<&'a Parameter> {
    let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    let given = plain(given);
    parameters.iter().find(|parameter| plain(&parameter.name) == given).or_else(|| {
        parameters.iter().find(|parameter| parameter.aliases.iter().any(|alias| plain(alias) == given))
    })
}

fn shape(parameter: &Parameter, value: Value) -> Result<Value, String> {
    if !parameter.many {
        return shape_one(parameter, value);
    }
    let items = match value {
        Value::Array(items) => items,
        // Words of a fixed set may be written with commas; anything else may have commas of its own.
        Value::String(text) if !parameter.allowed.is_empty() => {
            text.split(',').map(|part| Value::String(part.trim().to_owned())).collect()
        }
        one => vec![one],
    };
    items.into_iter().map(|item| shape_one(parameter, item)).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

fn shape_one(parameter: &Parameter, value: Value) -> Result<Value, String> {
    let wrong = |value: &Value| {
        let shown: String = value.to_string().chars().take(60).collect();
        format!("{shown} was given, it takes {}", parameter.takes())
    };
    match parameter.kind.as_str() {
        "string" => {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(flag) if parameter.allowed.is_empty() => flag.to_string(),
                other => return Err(wrong(&other)),
            };
            if !parameter.allowed.is_empty() {
                let word = parameter
                    .words
                    .iter()
                    .find(|(word, _)| word.eq_ignore_ascii_case(&text))
                    .map(|(_, meaning)| meaning);
                let wanted = word.unwrap_or(&text);
                return match parameter.allowed.iter().find(|allowed| allowed.eq_ignore_ascii_case(wanted)) {
                    Some(allowed) => Ok(Value::String(allowed.clone())),
                    None => Err(wrong(&Value::String(text))),
                };
            }
            let length = text.chars().count() as u64;
            let fits = parameter.min_length.is_none_or(|least| length >= least)
                && parameter.max_length.is_none_or(|most| length <= most)
                && parameter.pattern.as_ref().is_none_or(|pattern| pattern.fits(&text));
            if fits { Ok(Value::String(text)) } else { Err(wrong(&Value::String(text))) }
        }
        "integer" => {
            let number = match &value {
                Value::Number(number) => number
                    .as_i64()
                    .or_else(|| number.as_f64().filter(|real| real.fract() == 0.0).map(|real| real as i64)),
                Value::String(text) => text.trim().parse().ok(),
                _ => None,
            };
            match number {
                Some(number)
                    if parameter.minimum.is_none_or(|least| number >= least)
                        && parameter.maximum.is_none_or(|most| number <= most) =>
                {
                    Ok(number.into())
                }
                _ => Err(wrong(&value)),
            }
        }
        "number" => match &value {
            Value::Number(_) => Ok(value),
            Value::String(text) => {
                text.trim().parse::<f64>().ok().map(Value::from).ok_or_else(|| wrong(&value))
            }
            _ => Err(wrong(&value)),
        },
        "boolean" => match &value {
            Value::Bool(_) => Ok(value),
            Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "$true" | "" => Ok(true.into()),
                "false" | "0" | "$false" => Ok(false.into()),
                _ => Err(wrong(&value)),
            },
            _ => Err(wrong(&value)),
        },
        _ => match value {
            // A command line gives documents as text.
            Value::String(text) if matches!(text.trim_start().chars().next(), Some('{' | '[')) => {
                serde_json::from_str(&text).map_err(|error| format!("the text is no JSON: {error}"))
            }
            value if parameter.kind == "object" && !value.is_object() => Err(wrong(&value)),
            value => Ok(value),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sentinel::operation;

    fn bound(name: &str, arguments: Value) -> Result<Bound> {
        let Value::Object(arguments) = arguments else { panic!("an object") };
        bind(operation(name).expect("is known"), arguments)
    }

    #[test]
    fn names_and_values_of_three_worlds_mean_the_same() {
        let tool = bound(
            "Get-SentinelIncidents",
            json!({"workspace_name": "w", "status": ["New", "Active"], "top": 5}),
        );
        let shell = bound(
            "Get-SentinelIncidents",
            json!({"WorkspaceName": ["w"], "Status": ["new", "ACTIVE"], "Top": 5}),
        );
        let terminal = bound(
            "Get-SentinelIncidents",
            json!({"workspace-name": "w", "status": "new,active", "top": "5"}),
        );
        let tool = tool.expect("is fine");
        assert_eq!(tool.all, shell.expect("is fine").all);
        assert_eq!(tool.all, terminal.expect("is fine").all);
        assert_eq!(tool.common.workspace_name, ["w"]);
        assert_eq!(tool.own, json!({"status": ["New", "Active"], "top": 5}));
    }

    #[test]
    fn every_mistake_is_named_at_once() {
        let error = bound("Get-SentinelIncidents", json!({"staus": "New", "severity": "Huge", "top": -1}))
            .expect_err("is wrong");
        let text = error.to_string();
        assert!(text.contains("did you mean Status?"), "{text}");
        assert!(text.contains("High, Medium, Low, Informational"), "{text}");
        assert!(text.contains("Top: -1 was given"), "{text}");
        let missing = bound("Close-SentinelIncident", json!({})).expect_err("is wrong").to_string();
        assert!(missing.contains("Classification is missing"), "{missing}");
    }

    #[test]
    fn hostile_texts_stay_texts() {
        for text in ["'; Remove-Item x; '", "$(rm)", "`n", "\u{2018}x\u{201b}", "{not json"] {
            let bound = bound("Get-AnalyticsRules", json!({"name": text, "workspace_name": text}))
                .expect("is a text");
            assert_eq!(bound.own["name"], text);
            assert_eq!(bound.common.workspace_name, [text]);
        }
    }
}
