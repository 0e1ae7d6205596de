//! Arguments that tools take beside their command's parameters. Their names begin with an underscore, as no parameter of a
//! command does; should one do so all the same, the command's own is meant.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::catalog::{Target, ToolSpec};

/// Only these properties of each row.
pub(crate) const FIELDS: &str = "_fields";
/// At most so many rows.
pub(crate) const FIRST: &str = "_first";
/// Time after which the call is stopped.
pub(crate) const TIMEOUT: &str = "_timeout_seconds";
/// Do not ask for confirmation.
pub(crate) const CONFIRMED: &str = "_confirmed";

/// What a call asks for beside the parameters of its command.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CallOptions {
    pub(crate) fields: Vec<String>,
    pub(crate) first: Option<usize>,
    pub(crate) confirmed: bool,
    /// The tool takes [`CONFIRMED`].
    pub(crate) confirmable: bool,
}

/// True for commands with `SupportsShouldProcess`: they can say what they would do, and may ask before they do it.
fn has_should_process(tool: &ToolSpec) -> bool {
    tool.parameters.iter().any(|parameter| matches!(parameter.name.as_str(), "dry_run" | "WhatIf"))
}

fn offered(tool: &ToolSpec, name: &str) -> bool {
    // A plan and what became of it are never long.
    let plans = matches!(tool.target, Target::Native { .. }) && !tool.annotations.read_only;
    !tool.parameters.iter().any(|parameter| parameter.is_called(name))
        && (name != CONFIRMED || has_should_process(tool))
        && !(plans && [FIELDS, FIRST].contains(&name))
}

/// The schema of a tool's arguments, these among them.
pub(crate) fn schema(tool: &ToolSpec) -> Map<String, Value> {
    let mut schema = tool.schema().as_ref().clone();
    if matches!(tool.target, Target::Finder(_)) {
        return schema;
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        let own = [
            (
                CONFIRMED,
                json!({"type": "boolean", "description": "true: do it without the command's own question"}),
            ),
            (
                FIELDS,
                json!({"type": "array", "items": {"type": "string"}, "description": "Result: only these properties"}),
            ),
            (FIRST, json!({"type": "integer", "minimum": 1, "description": "Result: only the first n rows"})),
            (TIMEOUT, json!({"type": "integer", "minimum": 1})),
        ];
        for (name, property) in own.into_iter().filter(|(name, _)| offered(tool, name)) {
            properties.insert(name.to_owned(), property);
        }
    }
    schema
}

impl CallOptions {
    /// Takes the options out of the arguments of a call.
    ///
    /// # Errors
    /// Every mistake, each one line.
    pub(crate) fn take(tool: &ToolSpec, arguments: &mut Map<String, Value>) -> Result<Self, Vec<String>> {
        let mut options = Self { confirmable: offered(tool, CONFIRMED), ..Self::default() };
        let mut mistakes = Vec::new();
        for name in [FIELDS, FIRST, TIMEOUT, CONFIRMED] {
            if !offered(tool, name) {
                continue;
            }
            let Some(value) = arguments.shift_remove(name).filter(|value| !value.is_null()) else { continue };
            if let Err(takes) = options.set(name, &value) {
                mistakes.push(format!("'{name}' was given {value}, it takes {takes}"));
            }
        }
        if mistakes.is_empty() { Ok(options) } else { Err(mistakes) }
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<(), &'static str> {
        match name {
            FIELDS => self.fields = names(value).ok_or("a list of names of properties")?,
            FIRST => self.first = Some(positive(value).ok_or("a whole number of 1 or more")?),
            TIMEOUT => {
                // Taken before, see `requested_timeout`: the time runs while the tool is looked for.
                positive(value).ok_or("a whole number of seconds, 1 or more")?;
            }
            _ => self.confirmed = value.as_bool().ok_or("true or false")?,
        }
        Ok(())
    }

    /// Adds what they mean for the command itself.
    pub(crate) fn apply(&self, arguments: &mut Map<String, Value>) {
        if self.confirmed {
            arguments.insert("Confirm".to_owned(), json!(false));
        }
    }
}

/// The time that a call gives itself.
pub(crate) fn requested_timeout(arguments: &Map<String, Value>) -> Option<Duration> {
    arguments.get(TIMEOUT).and_then(positive).map(|seconds| Duration::from_secs(seconds as u64))
}

/// A list of names, or one name.
pub(super) fn names(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(name) => Some(vec![name.clone()]),
        Value::Array(names) => names.iter().map(|name| name.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

pub(super) fn positive(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|number| usize::try_from(number).ok()).filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, test_command};

    fn tool(parameters: Value, should_process: bool) -> ToolSpec {
        let mut command = test_command("Remove-Thing", parameters);
        command.supports_should_process = should_process;
        let catalog = Catalog::new(&[command]).expect("a catalogue");
        catalog.get("remove_thing").expect("a tool").clone()
    }

    fn taken(tool: &ToolSpec, arguments: Value) -> (Result<CallOptions, Vec<String>>, Value) {
        let Value::Object(mut arguments) = arguments else { panic!("not an object") };
        let options = CallOptions::take(tool, &mut arguments);
        (options, Value::Object(arguments))
    }

    #[test]
    fn options_are_in_the_schema_and_taken_out_of_the_arguments() {
        let tool = tool(json!([]), true);
        let schema = Value::Object(schema(&tool));
        let names: Vec<&String> = schema["properties"].as_object().expect("properties").keys().collect();
        assert_eq!(names, ["dry_run", CONFIRMED, FIELDS, FIRST, TIMEOUT]);
        let given =
            json!({"_fields": "Id", "_first": 3, "_timeout_seconds": 9, "_confirmed": true, "Name": "x"});
        assert_eq!(requested_timeout(given.as_object().expect("an object")), Some(Duration::from_secs(9)));
        let (options, left) = taken(&tool, given);
        let options = options.expect("options");
        assert_eq!((options.fields.as_slice(), options.first), (["Id".to_owned()].as_slice(), Some(3)));
        assert_eq!(left, json!({"Name": "x"}));
        let mut arguments = Map::new();
        options.apply(&mut arguments);
        assert_eq!(Value::Object(arguments), json!({"Confirm": false}));
    }

    #[test]
    fn commands_that_change_nothing_have_nothing_to_confirm() {
        let tool = tool(json!([]), false);
        assert!(schema(&tool)["properties"].get(CONFIRMED).is_none());
        assert_eq!(taken(&tool, json!({"_confirmed": true})).1, json!({"_confirmed": true}));
    }

    #[test]
    fn parameter_of_the_same_name_is_the_commands_own() {
        let own = json!([{"name": "_First", "type": "string", "type_full_name": "System.String", "bindable": true}]);
        let tool = tool(own, false);
        assert_eq!(schema(&tool)["properties"]["_First"]["type"], "string");
        assert!(schema(&tool)["properties"].get(FIRST).is_none());
        assert_eq!(taken(&tool, json!({"_first": "x"})).1, json!({"_first": "x"}));
    }

    #[test]
    fn mistakes_say_what_was_given_and_what_is_taken() {
        let (options, _) =
            taken(&tool(json!([]), true), json!({"_first": 0, "_fields": 7, "_confirmed": "yes"}));
        assert_eq!(
            options,
            Err(vec![
                "'_fields' was given 7, it takes a list of names of properties".to_owned(),
                "'_first' was given 0, it takes a whole number of 1 or more".to_owned(),
                "'_confirmed' was given \"yes\", it takes true or false".to_owned(),
            ])
        );
    }
}
