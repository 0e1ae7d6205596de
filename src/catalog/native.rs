//! Tools that are no PowerShell commands: name, schema and hints are given, and another executor carries them out.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

use super::{
    annotations::Annotations,
    kind::Kind,
    name::{MAX_NAME_CHARS, is_tool_name},
    parameter::{Membership, Parameter, Role},
    rules::{Bound, Rules},
    tool::{Target, ToolSpec},
};

/// A name without what nobody remembers of it.
pub(super) fn squashed(name: &str) -> String {
    name.replace(['-', '_'], "").to_ascii_lowercase()
}

/// A tool as its source describes it.
#[derive(Debug, Clone)]
pub(crate) struct NativeTool {
    /// Unique, at most 40 characters of `[a-z0-9_]`.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) description: String,
    /// JSON Schema of the arguments: an object, properties without references.
    pub(crate) schema: Map<String, Value>,
    /// JSON Schema of `structuredContent`, if it is promised.
    pub(crate) output_schema: Option<Map<String, Value>>,
    pub(crate) annotations: Annotations,
    /// The toolset it belongs to; its source is one too.
    pub(crate) group: String,
    /// Which executor carries it out, and as what.
    pub(crate) source: Arc<str>,
    pub(crate) operation: Arc<str>,
    /// Other names that a call may use. Case, `-` and `_` make no difference in any of them.
    pub(crate) aliases: Vec<String>,
    /// Other names of parameters, by parameter.
    pub(crate) parameter_aliases: BTreeMap<String, Vec<String>>,
    /// The PowerShell module whose function does the same; any other command of the tool's name takes its place.
    pub(crate) module: Option<Arc<str>>,
}

impl ToolSpec {
    /// Makes a tool of a description. Arguments are checked like those of commands, as far as the schema's properties are
    /// simple; what is inside of objects is left to the executor.
    ///
    /// # Errors
    /// What is wrong with the description.
    pub(crate) fn native(native: NativeTool) -> Result<Self, String> {
        let NativeTool {
            name,
            title,
            description,
            schema,
            output_schema,
            annotations,
            group,
            source,
            operation,
            aliases,
            parameter_aliases,
            module,
        } = native;
        if !is_tool_name(&name) {
            return Err(format!(
                "'{name}' is no name of a tool: it has to be 1 to {MAX_NAME_CHARS} characters of a-z, 0-9 and _"
            ));
        }
        if !schema.get("properties").is_none_or(Value::is_object) {
            return Err(format!("{name}: the properties of its schema are no object"));
        }
        let origin = format!("{operation} of {source}");
        let target = Target::Native { source, operation };
        let mut tool = Self::from_schema(&name, &title, &description, schema, annotations, target);
        tool.group = group;
        tool.origin = origin;
        tool.output_schema = output_schema.map(Arc::new);
        tool.aliases = aliases.iter().chain([&tool.name]).map(|name| squashed(name)).collect();
        for parameter in &mut tool.parameters {
            parameter.aliases = parameter_aliases.get(&parameter.name).cloned().unwrap_or_default();
        }
        tool.twin = module;
        Ok(tool)
    }

    /// A tool whose schema is given; its parameters are read from there.
    pub(super) fn from_schema(
        name: &str,
        title: &str,
        description: &str,
        schema: Map<String, Value>,
        annotations: Annotations,
        target: Target,
    ) -> Self {
        let (name, title, description) = (name.to_owned(), title.to_owned(), description.to_owned());
        let mut tool = Self::plain(name, title, description, annotations, target);
        let required: Vec<&str> = match schema.get("required") {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if let Some(Value::Object(properties)) = schema.get("properties") {
            let parameters = properties.iter().map(|(name, schema)| {
                parameter(
                    name.clone(),
                    schema.as_object().cloned().unwrap_or_default(),
                    required.contains(&name.as_str()),
                )
            });
            tool.parameters = parameters.collect();
        }
        tool.give_schema(schema);
        tool
    }
}

fn parameter(name: String, given: Map<String, Value>, required: bool) -> Parameter {
    let (type_name, nullable) = type_of(&given);
    let items = match given.get("items") {
        Some(Value::Object(items)) if type_name == Some("array") => items.clone(),
        _ => Map::new(),
    };
    let list = type_name == Some("array");
    let one = if list { &items } else { &given };
    Parameter {
        aliases: Vec::new(),
        role: Role::Named,
        kind: kind(one),
        list,
        required,
        nullable,
        default: given.get("default").cloned(),
        description: text(&given, "description"),
        rules: rules(one, &given),
        membership: Membership::default(),
        given_schema: Some(given),
        name,
    }
}

/// The first type that is not null, and whether null is one of them.
fn type_of(schema: &Map<String, Value>) -> (Option<&str>, bool) {
    match schema.get("type") {
        Some(Value::String(name)) => (Some(name), false),
        Some(Value::Array(names)) => {
            let names = || names.iter().filter_map(Value::as_str);
            (names().find(|name| *name != "null"), names().any(|name| name == "null"))
        }
        // Any value, null too, or one of several schemas.
        _ => (None, true),
    }
}

fn kind(schema: &Map<String, Value>) -> Kind {
    match type_of(schema).0 {
        Some("string") => match schema.get("format").and_then(Value::as_str) {
            Some("date-time") => Kind::Formatted("date-time"),
            Some("uuid") => Kind::Formatted("uuid"),
            Some("uri") => Kind::Formatted("uri"),
            _ => Kind::Text,
        },
        Some("integer") => Kind::Integer,
        Some("number") => Kind::Number,
        Some("boolean") => Kind::Boolean,
        Some("object") => Kind::Object,
        _ => Kind::Any,
    }
}

fn rules(one: &Map<String, Value>, whole: &Map<String, Value>) -> Rules {
    let size = |schema: &Map<String, Value>, name: &str| schema.get(name).and_then(Value::as_u64);
    let bound = |inclusive: &str, exclusive: &str| {
        let of = |name: &str, exclusive| {
            one.get(name).and_then(Value::as_number).map(|value| Bound { value: value.clone(), exclusive })
        };
        of(inclusive, false).or_else(|| of(exclusive, true))
    };
    let choices = match one.get("enum") {
        Some(Value::Array(choices)) => choices.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    Rules {
        choices,
        minimum: bound("minimum", "exclusiveMinimum"),
        maximum: bound("maximum", "exclusiveMaximum"),
        min_chars: size(one, "minLength"),
        max_chars: size(one, "maxLength"),
        min_items: size(whole, "minItems"),
        max_items: size(whole, "maxItems"),
        pattern: one.get("pattern").and_then(Value::as_str).map(str::to_owned),
    }
}

fn text(schema: &Map<String, Value>, name: &str) -> String {
    schema.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::bind;

    pub(crate) fn native(name: &str) -> NativeTool {
        let Value::Object(schema) = json!({
            "type": "object",
            "properties": {
                "workspace": {"type": "string", "minLength": 1, "description": "Which workspace"},
                "severity": {"type": ["string", "null"], "enum": ["Low", "High", null]},
                "first": {"type": "integer", "minimum": 1, "maximum": 500, "default": 50},
                "labels": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
            },
            "required": ["workspace"],
            "additionalProperties": false,
        }) else {
            panic!("an object")
        };
        NativeTool {
            name: name.to_owned(),
            title: "List incidents".to_owned(),
            description: "Lists incidents.".to_owned(),
            schema,
            output_schema: None,
            annotations: Annotations {
                read_only: true,
                destructive: false,
                idempotent: true,
                open_world: true,
            },
            group: "sentinel".to_owned(),
            source: "sentinel".into(),
            operation: "incidents.list".into(),
            aliases: vec!["Get-Incidents".to_owned()],
            parameter_aliases: BTreeMap::from([("workspace".to_owned(), vec!["WorkspaceName".to_owned()])]),
            module: Some("SentinelManager".into()),
        }
    }

    #[test]
    fn native_tool_keeps_its_schema_and_checks_arguments_like_a_command() {
        let tool = ToolSpec::native(native("list_incidents")).expect("a tool");
        assert_eq!(tool.schema()["properties"]["first"]["default"], json!(50));
        let arguments = |value: Value| match value {
            Value::Object(arguments) => bind(&tool, arguments).map_err(|correction| correction.lines()),
            _ => panic!("not an object"),
        };
        let bound = arguments(json!({"workspace": "w", "severity": null, "labels": ["a"]})).expect("it fits");
        assert_eq!(
            Value::Object(bound.parameters),
            json!({"workspace": "w", "severity": null, "labels": ["a"]})
        );
        assert_eq!(
            arguments(json!({"first": 0, "severity": "Hgh"})).expect_err("it does not fit"),
            [
                "'first' was given 0, it must be at least 1 and at most 500",
                "'severity' was given \"Hgh\", it takes one of Low, High; the nearest is \"High\"",
                "'workspace' is missing: it takes a string",
            ]
        );
    }

    #[test]
    fn native_tool_needs_a_proper_name() {
        assert!(ToolSpec::native(native("List-Incidents")).is_err());
        assert!(ToolSpec::native(native(&"x".repeat(41))).is_err());
    }
}
