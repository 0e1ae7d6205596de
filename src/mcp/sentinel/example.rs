//! The examples of operations, which are written as PowerShell has them, as arguments of a tool.

use serde_json::{Map, Value, json};

use crate::sentinel::{Operation, Parameter};

/// The arguments of an operation's first example.
pub(super) fn arguments(operation: &Operation) -> Option<Map<String, Value>> {
    operation.examples.iter().find_map(|example| {
        let mut words = words(example.power_shell).into_iter();
        (words.next()?.text == operation.name).then(|| read(operation.parameters(), words.collect()))?
    })
}

fn read(parameters: &[Parameter], words: Vec<Word>) -> Option<Map<String, Value>> {
    let mut arguments = Map::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let given = word.text.strip_prefix('-').filter(|_| !word.quoted)?;
        let (name, value) = match given.split_once(':') {
            Some((name, value)) => (name, Some(value.trim_start_matches('$').to_owned())),
            None => (given, None),
        };
        if name == "WhatIf" {
            continue;
        }
        let parameter = parameters.iter().find(|parameter| parameter.power_shell == name)?;
        let value = match value {
            Some(value) => json!(value.parse::<bool>().ok()?),
            None if parameter.switch => json!(true),
            None if parameter.kind == "boolean"
                && words.peek().is_none_or(|next| next.text.starts_with('-')) =>
            {
                json!(true)
            }
            None => value_of(parameter, &words.next()?)?,
        };
        arguments.insert(parameter.name.clone(), value);
    }
    Some(arguments)
}

fn value_of(parameter: &Parameter, word: &Word) -> Option<Value> {
    if let Some(table) =
        word.text.strip_prefix("@{").and_then(|rest| rest.strip_suffix('}')).filter(|_| !word.quoted)
    {
        let pairs = table.split(';').map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((name.trim().to_owned(), json!(value.trim().trim_matches('\''))))
        });
        return pairs.collect::<Option<Map<_, _>>>().map(Value::Object);
    }
    let one = |text: &str| match parameter.kind.as_str() {
        "integer" => text.parse::<i64>().ok().map(|number| json!(number)),
        "boolean" => text.trim_start_matches('$').parse::<bool>().ok().map(|flag| json!(flag)),
        _ => Some(json!(text)),
    };
    match (parameter.many, word.quoted) {
        (true, false) => word.text.split(',').map(one).collect::<Option<Vec<_>>>().map(Value::Array),
        (true, true) => one(&word.text).map(|value| json!([value])),
        (false, _) => one(&word.text),
    }
}

struct Word {
    text: String,
    quoted: bool,
}

/// The words of a command, without what follows it in a pipeline.
fn words(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    while let Some(&char) = chars.peek() {
        match char {
            ' ' => {
                chars.next();
            }
            '|' => break,
            '\'' | '"' => {
                chars.next();
                let text = chars.by_ref().take_while(|next| *next != char).collect();
                words.push(Word { text, quoted: true });
            }
            _ => {
                let table = char == '@';
                let mut text = String::new();
                while let Some(next) = chars.next_if(|next| table || *next != ' ') {
                    text.push(next);
                    if table && next == '}' {
                        break;
                    }
                }
                words.push(Word { text, quoted: false });
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentinel::{operation, operations};

    #[test]
    fn every_operation_has_an_example_that_fits_its_schema() {
        for operation in operations() {
            let arguments = arguments(operation).unwrap_or_else(|| panic!("{} has none", operation.name));
            let schema = operation.schema();
            for (name, value) in &arguments {
                let property = &schema["properties"][name];
                assert!(property.is_object(), "{}: {name}", operation.name);
                let fits = match property["type"].as_str() {
                    Some("array") => value.is_array(),
                    Some("integer") => value.is_i64(),
                    Some("boolean") => value.is_boolean(),
                    Some("string") => value.is_string(),
                    _ => true,
                };
                assert!(fits, "{}: {name} is {value}", operation.name);
            }
            for name in schema["required"].as_array().into_iter().flatten() {
                let name = name.as_str().expect("a name");
                assert!(arguments.contains_key(name), "{}: {name} is wanted", operation.name);
            }
        }
    }

    #[test]
    fn quotes_lists_switches_and_tables_are_read() {
        let of = |name: &str| Value::Object(operation(name).and_then(arguments).expect("has one"));
        assert_eq!(
            of("New-SentinelTable"),
            json!({"workspace_name": ["law-contoso"], "table_name": "Firewall_CL", "retention_in_days": 90,
                   "schema": {"Action": "string", "Bytes": "long"}})
        );
        assert_eq!(
            of("Get-SentinelIncidents"),
            json!({"workspace_name": ["*"], "status": ["New"], "severity": ["High"]})
        );
        assert_eq!(of("Get-AnalyticsRules"), json!({"workspace_name": ["*"], "enabled": false}));
        assert_eq!(of("Add-DCRDataSource")["log_levels"], json!(["Warning", "Error"]));
    }
}
