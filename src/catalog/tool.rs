//! A tool: one command, as clients see it.

use serde_json::{Map, Value};

use super::{
    annotations::Annotations,
    command::Command,
    name::tool_name,
    parameter::{Kind, LeftOut, Parameter, Rules},
    schema::input_schema,
};

/// Longest description. Clients cut at about 2 KiB.
const MAX_DESCRIPTION_CHARS: usize = 1_200;

/// One tool.
#[derive(Debug, Clone)]
pub(crate) struct ToolSpec {
    /// Unique, at most 40 characters of `[a-z0-9_]`.
    pub(crate) name: String,
    /// The command's own name.
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) parameters: Vec<Parameter>,
    /// Parameters of the command that clients cannot give.
    pub(crate) left_out: Vec<LeftOut>,
    pub(crate) schema: Map<String, Value>,
    pub(crate) annotations: Annotations,
    /// The command declares that `-WhatIf` says what it would do.
    pub(crate) should_process: bool,
    /// What a call runs.
    pub(crate) target: Target,
    /// Where the command comes from, for messages.
    pub(crate) origin: String,
}

/// What a call of a tool runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A PowerShell command, by the name under which exactly it is found.
    Command(String),
    /// The script among the arguments.
    Script,
}

impl ToolSpec {
    /// Makes a tool of a command.
    ///
    /// # Errors
    /// Why it cannot be one.
    pub(crate) fn of(command: &Command) -> Result<Self, String> {
        if let Some(error) = &command.error {
            return Err(format!("{}: its parameters cannot be read: {error}", command.origin()));
        }
        let mut parameters = Vec::new();
        let mut left_out = Vec::new();
        for parameter in &command.parameters {
            match Parameter::of(parameter, &command.parameter_sets) {
                Ok(parameter) => parameters.push(parameter),
                Err(reason) => left_out.push(reason),
            }
        }
        if let Some(needed) = left_out.iter().find(|left_out| left_out.required) {
            return Err(format!(
                "{}: its mandatory parameter {} cannot be given: {}",
                command.origin(),
                needed.name,
                needed.reason
            ));
        }
        if command.supports_should_process {
            parameters.push(what_if());
        }
        // What must be given comes first; the rest stays in the order of the command.
        parameters.sort_by_key(|parameter| !parameter.required);
        Ok(Self {
            name: tool_name(&command.name),
            title: command.name.clone(),
            description: description(command),
            schema: input_schema(&parameters),
            annotations: Annotations::of(&command.name, &command.module),
            should_process: command.supports_should_process,
            target: Target::Command(target(command)),
            origin: command.origin(),
            parameters,
            left_out,
        })
    }
}

/// The name with its module, so that nothing another call defines can stand in its way.
fn target(command: &Command) -> String {
    if command.module.is_empty() {
        command.name.clone()
    } else {
        format!("{}\\{}", command.module, command.name)
    }
}

fn what_if() -> Parameter {
    Parameter {
        name: "WhatIf".to_owned(),
        aliases: vec!["wi".to_owned()],
        kind: Kind::Switch,
        list: false,
        required: false,
        nullable: false,
        description: "Only says what would be done.".to_owned(),
        rules: Rules::default(),
    }
}

fn description(command: &Command) -> String {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let synopsis = squeezed(&command.synopsis);
    let detail = squeezed(&command.description);
    let mut text = if synopsis.is_empty() { by_name(command) } else { synopsis };
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    if !detail.is_empty() && !text.starts_with(&detail) {
        text.push(' ');
        text.push_str(&detail);
    }
    if command.parameter_sets.len() > 1 && !command.syntax.is_empty() {
        // Several sets exclude each other; the schema cannot say so in a way that all clients read.
        text.push_str("\nUse one of:");
        for line in &command.syntax {
            text.push_str("\n  ");
            text.push_str(squeezed(line).trim_end_matches(" [<CommonParameters>]"));
        }
    }
    if let Some((end, _)) = text.char_indices().nth(MAX_DESCRIPTION_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// For a command without help: its own name says the most.
fn by_name(command: &Command) -> String {
    let of = if command.module.is_empty() { String::new() } else { format!(" (module {})", command.module) };
    format!("Runs the PowerShell command {}{of}", command.name)
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    pub(crate) fn spec(parameters: Value) -> ToolSpec {
        ToolSpec::of(&command("Get-Thing", parameters)).expect("a tool")
    }

    pub(crate) fn command(name: &str, parameters: Value) -> Command {
        serde_json::from_value(json!({
            "name": name, "module": "Things", "synopsis": "Gets things", "description": null,
            "parameters": parameters, "parameter_sets": [{"name": "__AllParameterSets"}], "syntax": [name],
        }))
        .expect("a command")
    }

    #[test]
    fn spec_has_schema_of_types_rules_and_mandatory_parameters() {
        let tool = spec(json!([
            {"name": "Since", "type": "datetime", "type_full_name": "System.DateTime", "bindable": true},
            {"name": "Id", "type": "int[]", "type_full_name": "System.Int32[]", "element_type": "int", "bindable": true,
             "validate_count": {"min": 1, "max": 5}, "validate_range": {"kind": "Positive"}},
            {"name": "Name", "type": "string", "type_full_name": "System.String", "bindable": true,
             "mandatory_in": ["__AllParameterSets"], "validate_length": {"min": 2, "max": 8},
             "validate_pattern": "^[a-z]+$", "help_message": "Which thing", "allow_null": false},
            {"name": "Kind", "type": "Things.Kind", "type_full_name": "Things.Kind", "enum_values": ["A", "B"],
             "bindable": true},
            {"name": "Ratio", "type": "double", "type_full_name": "System.Double", "bindable": true,
             "validate_range": {"min": 0.5, "max": null}},
            {"name": "Version", "type": "version", "type_full_name": "System.Version", "bindable": true},
            {"name": "InputObject", "type": "Things.Thing", "bindable": true, "sets":
             [{"name": "__AllParameterSets", "value_from_pipeline": true}]},
            {"name": "Table", "type": "hashtable", "type_full_name": "System.Collections.Hashtable", "bindable": true},
            {"name": "Force", "type": "switch", "is_switch": true, "bindable": true, "description": "No questions"},
            {"name": "Credential", "type": "pscredential", "type_full_name": "x", "bindable": true},
        ]));
        assert_eq!(tool.name, "get_thing");
        assert_eq!(tool.title, "Get-Thing");
        assert_eq!(tool.description, "Gets things.");
        assert_eq!(tool.target, Target::Command("Things\\Get-Thing".to_owned()));
        let left_out: Vec<&str> = tool.left_out.iter().map(|left_out| left_out.name.as_str()).collect();
        assert_eq!(left_out, ["InputObject", "Credential"]);
        assert_eq!(
            Value::Object(tool.schema),
            json!({
                "type": "object",
                "properties": {
                    "Name": {"type": "string", "minLength": 2, "maxLength": 8, "pattern": "^[a-z]+$",
                             "description": "Which thing. Must match the regular expression ^[a-z]+$."},
                    "Since": {"type": "string", "format": "date-time"},
                    "Id": {"type": "array", "items": {"type": "integer", "exclusiveMinimum": 0},
                           "minItems": 1, "maxItems": 5},
                    "Kind": {"type": "string", "enum": ["A", "B"]},
                    "Ratio": {"type": "number", "minimum": 0.5},
                    "Version": {"type": "string", "description": "PowerShell type version."},
                    "Table": {"type": "object"},
                    "Force": {"type": "boolean", "default": false, "description": "No questions."},
                },
                "required": ["Name"],
                "additionalProperties": false,
            })
        );
    }

    #[test]
    fn spec_requires_what_every_parameter_set_requires() {
        let mut command = command(
            "Get-Thing",
            json!([
                {"name": "Id", "type": "int", "bindable": true, "mandatory_in": ["ById"], "sets": [{"name": "ById"}]},
                {"name": "Kind", "type": "string", "bindable": true, "mandatory_in": ["ById", "ByName"],
                 "sets": [{"name": "ById"}, {"name": "ByName"}]},
            ]),
        );
        command.parameter_sets =
            serde_json::from_value(json!([{"name": "ById"}, {"name": "ByName"}])).expect("sets");
        let tool = ToolSpec::of(&command).expect("a tool");
        assert_eq!(tool.schema["required"], json!(["Kind"]));
        assert_eq!(tool.schema["properties"]["Id"]["description"], json!("Parameter set: ById."));
    }

    #[test]
    fn spec_of_command_with_mandatory_unbindable_parameter_is_refused() {
        let command = command(
            "ForEach-Object",
            json!([{"name": "Process", "type": "scriptblock", "bindable": false, "mandatory_in": ["__AllParameterSets"]}]),
        );
        let reason = ToolSpec::of(&command).expect_err("no tool");
        assert!(reason.contains("ForEach-Object of module Things") && reason.contains("Process"), "{reason}");
    }

    #[test]
    fn spec_offers_what_if_where_the_command_has_it() {
        let mut command = command("Remove-Thing", json!([]));
        command.supports_should_process = true;
        let tool = ToolSpec::of(&command).expect("a tool");
        assert_eq!(tool.schema["properties"]["WhatIf"]["type"], json!("boolean"));
    }
}
