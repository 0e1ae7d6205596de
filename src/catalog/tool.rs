//! A tool: one command, as clients see it.

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

use serde_json::{Map, Value};

use super::{
    annotations::{Annotations, Asks},
    command::Command,
    description,
    exposure::ToolOverride,
    name::{MAX_NAME_CHARS, is_tool_name, tool_name},
    parameter::{LeftOut, Parameter},
    schema::input_schema,
};

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
    /// Names of the parameter sets.
    pub(crate) sets: Vec<String>,
    pub(crate) default_set: Option<String>,
    pub(crate) annotations: Annotations,
    /// The configuration says hints of it.
    pub(crate) has_given_hints: bool,
    /// The command declares that `-WhatIf` says what it would do.
    pub(crate) should_process: bool,
    /// What a call runs.
    pub(crate) target: Target,
    /// Where the command comes from, for messages.
    pub(crate) origin: String,
    /// It has the common parameters: `-Verbose` makes it talk.
    pub(crate) has_common_parameters: bool,
    /// The toolset by origin: a module, a script's file name without its ending, a native group.
    pub(crate) group: String,
    /// First sentence of its help, for lists.
    pub(crate) synopsis: String,
    /// Other names, squashed.
    pub(super) aliases: Vec<String>,
    /// The module whose function is the same tool.
    pub(super) twin: Option<Arc<str>>,
    /// JSON Schema of the results, where it is promised.
    pub(crate) output_schema: Option<Arc<Map<String, Value>>>,
    /// Made when somebody asks for it.
    schema: OnceLock<Arc<Map<String, Value>>>,
}

/// What a call of a tool runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A PowerShell command, by the name under which exactly it is found.
    Command(String),
    /// The script among the arguments.
    Script,
    /// An operation of another source, which has an executor of its own.
    Native { source: Arc<str>, operation: Arc<str> },
    /// The catalogue itself.
    Finder(Finder),
}

/// What the catalogue does itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finder {
    /// Finds tools.
    Search,
    /// Gives the schema of one.
    Describe,
    /// Calls one.
    Invoke,
}

impl ToolSpec {
    /// Makes a tool of a command.
    ///
    /// # Errors
    /// Why it cannot be one.
    pub(crate) fn of(command: &Command) -> Result<Self, String> {
        if let Some(error) = &command.error {
            return Err(format!("its parameters cannot be read: {error}"));
        }
        if is_shorthand(&command.name) {
            return Err("its name is a shorthand for people at a prompt".to_owned());
        }
        let (mut parameters, mut left_out) = Parameter::all_of(command);
        if let Some(needed) = left_out.iter().find(|left_out| left_out.required) {
            return Err(format!(
                "its mandatory parameter {} cannot be given: {}",
                needed.name, needed.reason
            ));
        }
        let usable = UsableSets::of(command, &left_out)?;
        left_out.extend(usable.take_others(&mut parameters));
        let asks = match command.confirm_impact.as_str() {
            _ if !command.supports_should_process => Asks::Never,
            "High" => Asks::ByItself,
            _ => Asks::OnRequest,
        };
        let mut tool = Self::plain(
            tool_name(&command.name),
            command.name.clone(),
            description::of_command(command, &usable.syntax),
            Annotations::of(&command.name, &command.module, asks),
            Target::Command(target(command)),
        );
        tool.synopsis = description::synopsis(command);
        tool.origin = command.origin();
        tool.group = group(command);
        tool.default_set =
            command.parameter_sets.iter().find(|set| set.is_default).map(|set| set.name.clone());
        tool.sets = usable.names;
        tool.should_process = command.supports_should_process;
        tool.parameters = parameters;
        tool.left_out = left_out;
        tool.has_common_parameters = command.syntax.iter().any(|line| line.ends_with("[<CommonParameters>]"));
        Ok(tool)
    }

    /// A tool without parameters.
    pub(super) fn plain(
        name: String,
        title: String,
        description: String,
        annotations: Annotations,
        target: Target,
    ) -> Self {
        Self {
            synopsis: description::first_sentence(&description).to_owned(),
            origin: name.clone(),
            name,
            title,
            description,
            annotations,
            has_given_hints: false,
            should_process: false,
            target,
            parameters: Vec::new(),
            left_out: Vec::new(),
            sets: Vec::new(),
            default_set: None,
            group: String::new(),
            has_common_parameters: false,
            aliases: Vec::new(),
            twin: None,
            output_schema: None,
            schema: OnceLock::new(),
        }
    }

    /// The schema that it was given with.
    pub(super) fn give_schema(&mut self, schema: Map<String, Value>) {
        self.schema = OnceLock::from(Arc::new(schema));
    }

    /// JSON Schema of the arguments.
    pub(crate) fn schema(&self) -> &Arc<Map<String, Value>> {
        self.schema.get_or_init(|| Arc::new(input_schema(&self.parameters)))
    }

    /// The tool as the configuration wants it.
    ///
    /// # Errors
    /// If the name is none.
    pub(crate) fn overridden(mut self, by: &ToolOverride) -> Result<Self, String> {
        if let Some(name) = &by.name {
            if !is_tool_name(name) {
                return Err(format!(
                    "'{name}' cannot be the name of {}: a name is 1 to {MAX_NAME_CHARS} characters of a-z, 0-9 and _",
                    self.title
                ));
            }
            self.name.clone_from(name);
        }
        if let Some(text) = &by.description {
            description::first_sentence(text).clone_into(&mut self.synopsis);
            self.description.clone_from(text);
        }
        let given = [by.read_only, by.destructive, by.idempotent, by.open_world];
        self.has_given_hints = given.iter().any(Option::is_some);
        self.annotations = self.annotations.overridden(by);
        Ok(self)
    }
}

/// The parameter sets that a client can complete.
struct UsableSets {
    names: Vec<String>,
    /// A line each, if there are several.
    syntax: Vec<String>,
    /// The others, each with a parameter that they need.
    others: Vec<(String, String)>,
}

impl UsableSets {
    /// # Errors
    /// If there is none: what they need.
    fn of(command: &Command, left_out: &[LeftOut]) -> Result<Self, String> {
        let mut usable = Self { names: Vec::new(), syntax: Vec::new(), others: Vec::new() };
        for (index, set) in command.parameter_sets.iter().enumerate() {
            match left_out.iter().find(|left_out| left_out.membership.is_mandatory_in(&set.name)) {
                Some(needed) => usable.others.push((set.name.clone(), needed.name.clone())),
                None => {
                    usable.names.push(set.name.clone());
                    usable.syntax.extend(command.syntax.get(index).cloned());
                }
            }
        }
        if usable.names.is_empty() && !usable.others.is_empty() {
            let needed: Vec<&str> = usable.others.iter().map(|(_, needed)| needed.as_str()).collect();
            return Err(format!(
                "each of its parameter sets needs one of {}, which cannot be given",
                needed.join(", ")
            ));
        }
        Ok(usable)
    }

    /// Takes out the parameters that belong to no usable set.
    fn take_others(&self, parameters: &mut Vec<Parameter>) -> Vec<LeftOut> {
        let is_usable = |parameter: &mut Parameter| {
            self.others.is_empty() || self.names.iter().any(|set| parameter.membership.is_in(set))
        };
        let others: Vec<Parameter> = parameters.extract_if(.., |parameter| !is_usable(parameter)).collect();
        others
            .into_iter()
            .map(|parameter| {
                let needed = self.others.iter().find(|(set, _)| parameter.membership.is_in(set));
                let needed = needed.map_or("another", |(_, needed)| needed.as_str());
                LeftOut {
                    name: parameter.name,
                    reason: format!("it goes with {needed} only, which cannot be given"),
                    membership: parameter.membership,
                    required: false,
                }
            })
            .collect()
    }
}

/// `cd..`, `cd~`, `A:`.
fn is_shorthand(name: &str) -> bool {
    name.ends_with('.') || !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// The name with its module, so that nothing another call defines can stand in its way.
fn target(command: &Command) -> String {
    if command.module.is_empty() {
        command.name.clone()
    } else {
        format!("{}\\{}", command.module, command.name)
    }
}

fn group(command: &Command) -> String {
    if !command.module.is_empty() {
        return command.module.clone();
    }
    Path::new(&command.path).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
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
            Value::Object(tool.schema().as_ref().clone()),
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
        assert_eq!(tool.schema()["required"], json!(["Kind"]));
        assert_eq!(tool.schema()["properties"]["Id"]["description"], json!("Parameter set: ById."));
    }

    #[test]
    fn spec_of_command_with_mandatory_unbindable_parameter_is_refused() {
        let command = command(
            "ForEach-Object",
            json!([{"name": "Process", "type": "scriptblock", "bindable": false, "mandatory_in": ["__AllParameterSets"]}]),
        );
        let reason = ToolSpec::of(&command).expect_err("no tool");
        assert!(reason.contains("mandatory parameter Process"), "{reason}");
    }

    #[test]
    fn spec_has_only_parameter_sets_that_can_be_completed() {
        let mut command = command(
            "Get-Thing",
            json!([
                {"name": "Code", "type": "scriptblock", "bindable": false, "mandatory_in": ["ByCode"],
                 "sets": [{"name": "ByCode"}]},
                {"name": "AsJob", "type": "switch", "is_switch": true, "bindable": true, "sets": [{"name": "ByCode"}]},
                {"name": "Name", "type": "string", "bindable": true, "mandatory_in": ["ByName"], "sets": [{"name": "ByName"}]},
            ]),
        );
        command.parameter_sets =
            serde_json::from_value(json!([{"name": "ByCode", "is_default": true}, {"name": "ByName"}]))
                .expect("sets");
        command.syntax = vec!["Get-Thing -Code".to_owned(), "Get-Thing -Name".to_owned()];
        let tool = ToolSpec::of(&command).expect("a tool");
        assert_eq!(tool.sets, ["ByName"]);
        assert_eq!(tool.schema()["properties"].as_object().map(Map::len), Some(1));
        let left_out: Vec<(&str, &str)> =
            tool.left_out.iter().map(|left_out| (left_out.name.as_str(), left_out.reason.as_str())).collect();
        assert_eq!(left_out[1], ("AsJob", "it goes with Code only, which cannot be given"));
        assert!(!tool.description.contains("Use one of"), "{}", tool.description);
        command.parameters.truncate(1);
        command.parameter_sets.truncate(1);
        assert!(ToolSpec::of(&command).expect_err("no tool").contains("Code"));
    }

    #[test]
    fn spec_offers_what_if_where_the_command_has_it() {
        let mut command = command("Remove-Thing", json!([]));
        command.supports_should_process = true;
        let tool = ToolSpec::of(&command).expect("a tool");
        assert_eq!(tool.schema()["properties"]["dry_run"]["type"], json!("boolean"));
    }
}
